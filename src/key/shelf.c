#include "key/shelf.h"

#include <stdlib.h>
#include <string.h>

#include "key/probe.h"

/* A key that is there, or on its way: asked for by an inquiry of the shelf's own. */
struct spot {
    struct spf_inquiry inquiry; /* first: arrived() finds the spot by it */
    struct spot *next;
    struct spf_target
        target;         /* the first one that wanted it; only what the key probe reads of it */
    char *path, *agent; /* its own: the target may be gone before */
    struct spf_facts facts;
    struct spf_key_probe *probe;
    bool asked;
    SPF_LIST(struct spf_inquiry *) waiting;
};

struct spf_key_shelf {
    struct spf_loop *loop;
    struct spot *spots;
};

static bool same(const char *one, const char *other)
{
    return one == other || (one != NULL && other != NULL && strcmp(one, other) == 0);
}

static struct spot *find(const struct spf_key_shelf *shelf, const struct spf_target *target)
{
    struct spot *spot = shelf->spots;

    while (spot != NULL &&
           !(same(spot->path, target->key_path) && same(spot->agent, target->agent) &&
             spot->target.passphrase == target->passphrase &&
             spot->target.key_text == target->key_text))
        spot = spot->next;
    return spot;
}

static void fail(struct spf_inquiry *inquiry)
{
    const struct spf_failure failure = spf_failure(SPF_SYSTEM_ERROR, "out of memory");

    inquiry->arrived(inquiry, SPF_GROUP_KEY, &failure);
}

static void tell(const struct spot *spot, struct spf_inquiry *inquiry)
{
    const struct spf_group_state *state = &spot->facts.group[SPF_GROUP_KEY];

    if (state->phase == SPF_FAILED) {
        inquiry->arrived(inquiry, SPF_GROUP_KEY, &state->failure);
    } else if (!spf_shape_copy(&spf_key_shape, &spot->facts.key, &inquiry->facts->key)) {
        fail(inquiry);
    } else {
        inquiry->login_key = spot->inquiry.login_key;
        inquiry->certificate = spot->inquiry.certificate;
        inquiry->arrived(inquiry, SPF_GROUP_KEY, NULL);
    }
}

static void arrived(struct spf_inquiry *inquiry, enum spf_group group,
                    const struct spf_failure *failure)
{
    struct spot *spot = (struct spot *)inquiry;
    struct spf_group_state *state = &spot->facts.group[group];

    state->phase = failure == NULL ? SPF_PRESENT : SPF_FAILED;
    if (failure != NULL)
        state->failure = *failure;
    for (size_t i = 0; i < spot->waiting.count; i++)
        tell(spot, spot->waiting.items[i]);
    spot->waiting.count = 0;
}

static void free_spot(struct spot *spot)
{
    spf_key_probe_free(spot->probe);
    spf_secret_free(spot->inquiry.login_key);
    spf_secret_free(spot->inquiry.certificate);
    spf_facts_clear(&spot->facts);
    free(spot->waiting.items);
    free(spot->path);
    free(spot->agent);
    free(spot);
}

/* Makes a place for the target's key; NULL: no memory. */
static struct spot *add(struct spf_key_shelf *shelf, const struct spf_target *target)
{
    struct spot *spot = calloc(1, sizeof *spot);

    if (spot == NULL)
        return NULL;
    spot->path = target->key_path != NULL ? strdup(target->key_path) : NULL;
    spot->agent = target->agent != NULL ? strdup(target->agent) : NULL;
    spot->target = (struct spf_target){
        .key_path = spot->path,
        .agent = spot->agent,
        .passphrase = target->passphrase,
        .key_text = target->key_text,
    };
    spot->inquiry = (struct spf_inquiry){
        .target = &spot->target, .facts = &spot->facts, .loop = shelf->loop, .arrived = arrived};
    spot->probe = spf_key_probe_new(&spot->inquiry);
    if (spot->probe == NULL || (spot->path == NULL && target->key_path != NULL) ||
        (spot->agent == NULL && target->agent != NULL)) {
        free_spot(spot);
        return NULL;
    }
    spot->next = shelf->spots;
    shelf->spots = spot;
    return spot;
}

void spf_key_shelf_serve(struct spf_key_shelf *shelf, struct spf_inquiry *inquiry)
{
    struct spot *spot = find(shelf, inquiry->target);
    struct spf_inquiry **waiting;

    if (spot == NULL)
        spot = add(shelf, inquiry->target);
    if (spot == NULL) {
        fail(inquiry);
        return;
    }
    if (spot->facts.group[SPF_GROUP_KEY].phase != SPF_ABSENT) {
        tell(spot, inquiry);
        return;
    }
    waiting = SPF_APPEND(&spot->waiting);
    if (waiting == NULL) {
        fail(inquiry);
        return;
    }
    *waiting = inquiry;
    if (spot->asked)
        return;
    spot->asked = true;
    spf_key_probe_serve(spot->probe, SPF_GROUP_KEY);
}

void spf_key_shelf_cancel(struct spf_key_shelf *shelf, struct spf_inquiry *inquiry)
{
    for (struct spot *spot = shelf->spots; spot != NULL; spot = spot->next) {
        size_t kept = 0;

        for (size_t i = 0; i < spot->waiting.count; i++)
            if (spot->waiting.items[i] != inquiry)
                spot->waiting.items[kept++] = spot->waiting.items[i];
        spot->waiting.count = kept;
    }
}

struct spf_key_shelf *spf_key_shelf_new(struct spf_loop *loop)
{
    struct spf_key_shelf *shelf = calloc(1, sizeof *shelf);

    if (shelf != NULL)
        shelf->loop = loop;
    return shelf;
}

void spf_key_shelf_free(struct spf_key_shelf *shelf)
{
    if (shelf == NULL)
        return;
    for (struct spot *spot = shelf->spots, *next; spot != NULL; spot = next) {
        next = spot->next;
        free_spot(spot);
    }
    free(shelf);
}
