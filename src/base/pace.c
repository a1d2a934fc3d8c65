#include "base/pace.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

struct place {
    struct place *next; /* of all */
    int64_t next_ms;
    size_t len;
    unsigned char key[];
};

struct spf_pace {
    void *places; /* tsearch(3)'s tree */
    struct place *all;
    size_t count;
    size_t full; /* so many are worth a look at which are past */
};

#define FEW 256

struct spf_pace *spf_pace_new(void)
{
    struct spf_pace *pace = calloc(1, sizeof *pace);

    if (pace != NULL) {
        pace->full = FEW;
    }
    return pace;
}

void spf_pace_free(struct spf_pace *pace)
{
    if (pace != NULL) {
        tdestroy(pace->places, free);
    }
    free(pace);
}

static int compare(const void *left, const void *right)
{
    const struct place *a = left;
    const struct place *b = right;

    if (a->len != b->len) {
        return a->len < b->len ? -1 : 1;
    }
    return memcmp(a->key, b->key, a->len);
}

/* Where anybody may connect again nothing need be known. What is left may double before the next
 * look, so that each costs the places that are taken a constant. */
static void forget_past(struct spf_pace *pace, int64_t now_ms)
{
    for (struct place **link = &pace->all; *link != NULL;) {
        struct place *place = *link;

        if (place->next_ms > now_ms) {
            link = &place->next;
            continue;
        }
        *link = place->next;
        (void)tdelete(place, &pace->places, compare);
        free(place);
        pace->count--;
    }
    pace->full = pace->count * 2 > FEW ? pace->count * 2 : FEW;
}

int64_t spf_pace_take(struct spf_pace *pace, const void *key, size_t len, int64_t now_ms)
{
    struct place *place = malloc(sizeof *place + len);
    struct place **found;
    int64_t due_ms;

    if (pace->count >= pace->full) {
        forget_past(pace, now_ms);
    }
    if (place == NULL) {
        return now_ms;
    }
    place->next_ms = now_ms;
    place->len = len;
    memcpy(place->key, key, len);
    found = tsearch(place, &pace->places, compare);
    if (found == NULL || *found != place) {
        free(place);
    } else {
        place->next = pace->all;
        pace->all = place;
        pace->count++;
    }
    if (found == NULL) {
        return now_ms;
    }
    due_ms = (*found)->next_ms > now_ms ? (*found)->next_ms : now_ms;
    (*found)->next_ms = due_ms + SPF_PACE_MS;
    return due_ms;
}

size_t spf_pace_places(const struct spf_pace *pace)
{
    return pace->count;
}
