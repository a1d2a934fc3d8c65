#include "base/pace.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

struct place {
    int64_t next_ms;
    size_t len;
    unsigned char key[];
};

struct spf_pace {
    void *places; /* tsearch(3)'s tree */
};

struct spf_pace *spf_pace_new(void)
{
    return calloc(1, sizeof(struct spf_pace));
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

int64_t spf_pace_take(struct spf_pace *pace, const void *key, size_t len, int64_t now_ms)
{
    struct place *place = malloc(sizeof *place + len);
    struct place **found;
    int64_t due_ms;

    if (place == NULL) {
        return now_ms;
    }
    place->next_ms = now_ms;
    place->len = len;
    memcpy(place->key, key, len);
    found = tsearch(place, &pace->places, compare);
    if (found == NULL || *found != place) {
        free(place);
    }
    if (found == NULL) {
        return now_ms;
    }
    due_ms = (*found)->next_ms > now_ms ? (*found)->next_ms : now_ms;
    (*found)->next_ms = due_ms + SPF_PACE_MS;
    return due_ms;
}
