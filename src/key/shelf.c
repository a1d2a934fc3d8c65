#include "key/shelf.h"

#include <stdlib.h>
#include <string.h>

#include "key/probe.h"

/* A key that is there, or on its way, or the answer where one is: asked for by an inquiry of the
 * shelf's own. */
struct spot {
    struct spf_inquiry inquiry; /* first: arrived() finds the spot by it */
    struct spot *next;
    enum spf_group group;
    struct spf_target
        target; /* the first one that wanted it; only what the key probe reads of it */
    char *path, *agent, *dir; /* its own: the target may be gone before */
    struct spf_facts facts;   /* of the key pair what the search compares with */
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

static bool is_for(const struct spot *spot, const struct spf_inquiry *inquiry, enum spf_group group)
{
    const struct spf_target *target = inquiry->target;
    const struct spf_key_pair_facts *pair = &inquiry->facts->key_pair;

    if (spot->group != group) {
        return false;
    }
    if (group == SPF_GROUP_FOUND_KEY) {
        return same(spot->dir, spf_target_key_dir(target)) &&
               (spot->target.key_dir != NULL) == (target->key_dir != NULL) &&
               same(spot->facts.key_pair.name, pair->name) &&
               same(spot->facts.key_pair.public_key, pair->public_key);
    }
    return same(spot->path, target->key_path) && same(spot->agent, target->agent) &&
           spot->target.passphrase == target->passphrase &&
           spot->target.key_text == target->key_text;
}

static struct spot *find(const struct spf_key_shelf *shelf, const struct spf_inquiry *inquiry,
                         enum spf_group group)
{
    struct spot *spot = shelf->spots;

    while (spot != NULL && !is_for(spot, inquiry, group)) {
        spot = spot->next;
    }
    return spot;
}

static void fail(struct spf_inquiry *inquiry, enum spf_group group)
{
    const struct spf_failure failure = spf_failure(SPF_SYSTEM_ERROR, "out of memory");

    inquiry->arrived(inquiry, group, &failure);
}

static void tell(const struct spot *spot, struct spf_inquiry *inquiry)
{
    const struct spf_group_state *state = &spot->facts.group[spot->group];

    if (state->phase == SPF_FAILED) {
        inquiry->arrived(inquiry, spot->group, state->failure);
    } else if (spot->group == SPF_GROUP_FOUND_KEY) {
        inquiry->facts->found_key = spot->facts.found_key; /* owns nothing */
        inquiry->arrived(inquiry, SPF_GROUP_FOUND_KEY, NULL);
    } else if (!spf_shape_copy(&spf_key_shape, &spot->facts.key, &inquiry->facts->key)) {
        fail(inquiry, SPF_GROUP_KEY);
    } else {
        inquiry->arrived(inquiry, SPF_GROUP_KEY, NULL);
    }
}

static void arrived(struct spf_inquiry *inquiry, enum spf_group group,
                    const struct spf_failure *failure)
{
    struct spot *spot = (struct spot *)inquiry;
    struct spf_group_state *state = &spot->facts.group[group];

    spf_group_settle(state, failure);
    for (size_t i = 0; i < spot->waiting.count; i++) {
        tell(spot, spot->waiting.items[i]);
    }
    spot->waiting.count = 0;
}

static void free_spot(struct spot *spot)
{
    spf_key_probe_free(spot->probe);
    spf_facts_clear(&spot->facts);
    free(spot->waiting.items);
    free(spot->path);
    free(spot->agent);
    free(spot->dir);
    free(spot);
}

/* False: no memory. */
static bool copy_text(char **copy, const char *text)
{
    *copy = text != NULL ? strdup(text) : NULL;
    return *copy != NULL || text == NULL;
}

/* Makes a place for what is asked; NULL: no memory. */
static struct spot *add(struct spf_key_shelf *shelf, const struct spf_inquiry *inquiry,
                        enum spf_group group)
{
    const struct spf_target *target = inquiry->target;
    struct spot *spot = calloc(1, sizeof *spot);
    bool good;

    if (spot == NULL) {
        return NULL;
    }
    spot->group = group;
    good = copy_text(&spot->path, target->key_path) && copy_text(&spot->agent, target->agent);
    if (group == SPF_GROUP_FOUND_KEY) {
        good =
            good && copy_text(&spot->dir, spf_target_key_dir(target)) &&
            spf_shape_copy(&spf_key_pair_shape, &inquiry->facts->key_pair, &spot->facts.key_pair);
    }
    spot->target = (struct spf_target){
        .key_path = spot->path,
        .agent = spot->agent,
        .find_key = target->key_dir == NULL ? spot->dir : NULL,
        .key_dir = target->key_dir != NULL ? spot->dir : NULL,
        .passphrase = target->passphrase,
        .key_text = target->key_text,
        .key_file = target->key_file,
    };
    spot->inquiry = (struct spf_inquiry){
        .target = &spot->target, .facts = &spot->facts, .loop = shelf->loop, .arrived = arrived};
    spot->probe = spf_key_probe_new(&spot->inquiry);
    if (spot->probe == NULL || !good) {
        free_spot(spot);
        return NULL;
    }
    spot->next = shelf->spots;
    shelf->spots = spot;
    return spot;
}

void spf_key_shelf_serve(struct spf_key_shelf *shelf, struct spf_inquiry *inquiry,
                         enum spf_group group)
{
    struct spot *spot = find(shelf, inquiry, group);
    struct spf_inquiry **waiting;

    if (spot == NULL) {
        spot = add(shelf, inquiry, group);
    }
    if (spot == NULL) {
        fail(inquiry, group);
        return;
    }
    if (spot->facts.group[group].phase != SPF_ABSENT) {
        tell(spot, inquiry);
        return;
    }
    waiting = SPF_APPEND(&spot->waiting);
    if (waiting == NULL) {
        fail(inquiry, group);
        return;
    }
    *waiting = inquiry;
    if (spot->asked) {
        return;
    }
    spot->asked = true;
    spf_key_probe_serve(spot->probe, group);
}

void spf_key_shelf_cancel(struct spf_key_shelf *shelf, struct spf_inquiry *inquiry,
                          enum spf_group group)
{
    for (struct spot *spot = shelf->spots; spot != NULL; spot = spot->next) {
        size_t kept = 0;

        if (spot->group != group) {
            continue;
        }
        for (size_t i = 0; i < spot->waiting.count; i++) {
            if (spot->waiting.items[i] != inquiry) {
                spot->waiting.items[kept++] = spot->waiting.items[i];
            }
        }
        spot->waiting.count = kept;
    }
}

void spf_key_shelf_forget_found(struct spf_key_shelf *shelf)
{
    for (struct spot **at = &shelf->spots; *at != NULL;) {
        struct spot *spot = *at;

        if (spot->group == SPF_GROUP_FOUND_KEY) {
            *at = spot->next;
            free_spot(spot);
        } else {
            at = &spot->next;
        }
    }
}

struct spf_key_shelf *spf_key_shelf_new(struct spf_loop *loop)
{
    struct spf_key_shelf *shelf = calloc(1, sizeof *shelf);

    if (shelf != NULL) {
        shelf->loop = loop;
    }
    return shelf;
}

void spf_key_shelf_free(struct spf_key_shelf *shelf)
{
    if (shelf == NULL) {
        return;
    }
    for (struct spot *spot = shelf->spots, *next; spot != NULL; spot = next) {
        next = spot->next;
        free_spot(spot);
    }
    free(shelf);
}
