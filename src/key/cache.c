#include "key/cache.h"

#include <stdlib.h>
#include <string.h>

#include "key/probe.h"

/* A key that is there, or on its way, or the answer where one is: asked for by an inquiry of the
 * cache's own. */
struct entry {
    struct spf_inquiry inquiry; /* first: arrived() finds the entry by it */
    struct entry *next;
    enum spf_group group;
    struct spf_target
        target; /* the first one that wanted it; only what the key probe reads of it */
    char *path, *agent, *dir; /* its own: the target may be gone before */
    struct spf_facts facts;   /* of the key pair what the search compares with */
    struct spf_key_probe *probe;
    bool asked;
    SPF_LIST(struct spf_inquiry *) waiting;
};

/* What the searches of one directory, for several key pairs, have read of it. */
struct place {
    struct place *next;
    char *dir;
    struct spf_key_directory *seen;
};

struct spf_key_cache {
    struct spf_loop *loop;
    struct entry *entries;
    struct place *places; /* one, or a few */
};

static bool same(const char *one, const char *other)
{
    return one == other || (one != NULL && other != NULL && strcmp(one, other) == 0);
}

static bool is_for(const struct entry *entry, const struct spf_inquiry *inquiry,
                   enum spf_group group)
{
    const struct spf_target *target = inquiry->target;
    const struct spf_key_pair_facts *pair = &inquiry->facts->key_pair;

    if (entry->group != group) {
        return false;
    }
    if (group == SPF_GROUP_FOUND_KEY) {
        return same(entry->dir, spf_target_key_dir(target)) &&
               (entry->target.key_dir != NULL) == (target->key_dir != NULL) &&
               same(entry->facts.key_pair.name, pair->name) &&
               same(entry->facts.key_pair.public_key, pair->public_key);
    }
    return same(entry->path, target->key_path) && same(entry->agent, target->agent) &&
           entry->target.passphrase == target->passphrase &&
           entry->target.key_text == target->key_text;
}

static struct entry *find(const struct spf_key_cache *cache, const struct spf_inquiry *inquiry,
                          enum spf_group group)
{
    struct entry *entry = cache->entries;

    while (entry != NULL && !is_for(entry, inquiry, group)) {
        entry = entry->next;
    }
    return entry;
}

static void fail(struct spf_inquiry *inquiry, enum spf_group group)
{
    const struct spf_failure failure = spf_failure(SPF_SYSTEM_ERROR, "out of memory");

    inquiry->arrived(inquiry, group, &failure);
}

static void tell(const struct entry *entry, struct spf_inquiry *inquiry)
{
    const struct spf_group_state *state = &entry->facts.group[entry->group];

    if (state->phase == SPF_FAILED) {
        inquiry->arrived(inquiry, entry->group, state->failure);
    } else if (entry->group == SPF_GROUP_FOUND_KEY) {
        inquiry->facts->found_key = entry->facts.found_key; /* owns nothing */
        inquiry->arrived(inquiry, SPF_GROUP_FOUND_KEY, NULL);
    } else if (!spf_shape_copy(&spf_key_shape, &entry->facts.key, &inquiry->facts->key)) {
        fail(inquiry, SPF_GROUP_KEY);
    } else {
        inquiry->arrived(inquiry, SPF_GROUP_KEY, NULL);
    }
}

static void arrived(struct spf_inquiry *inquiry, enum spf_group group,
                    const struct spf_failure *failure)
{
    struct entry *entry = (struct entry *)inquiry;
    struct spf_group_state *state = &entry->facts.group[group];

    spf_group_settle(state, failure);
    for (size_t i = 0; i < entry->waiting.count; i++) {
        tell(entry, entry->waiting.items[i]);
    }
    entry->waiting.count = 0;
}

static void free_entry(struct entry *entry)
{
    spf_key_probe_free(entry->probe);
    spf_facts_clear(&entry->facts);
    free(entry->waiting.items);
    free(entry->path);
    free(entry->agent);
    free(entry->dir);
    free(entry);
}

/* False: no memory. */
static bool copy_text(char **copy, const char *text)
{
    *copy = text != NULL ? strdup(text) : NULL;
    return *copy != NULL || text == NULL;
}

static void free_place(struct place *place)
{
    spf_key_directory_free(place->seen);
    free(place->dir);
    free(place);
}

/* What has been seen of the directory, and will be; NULL: no memory. */
static struct spf_key_directory *seen_of(struct spf_key_cache *cache, const char *dir)
{
    struct place *place = cache->places;

    while (place != NULL && strcmp(place->dir, dir) != 0) {
        place = place->next;
    }
    if (place != NULL) {
        return place->seen;
    }
    place = calloc(1, sizeof *place);
    if (place == NULL) {
        return NULL;
    }
    place->dir = strdup(dir);
    place->seen = spf_key_directory_new();
    if (place->dir == NULL || place->seen == NULL) {
        free_place(place);
        return NULL;
    }
    place->next = cache->places;
    cache->places = place;
    return place->seen;
}

/* Makes room for what is asked; NULL: no memory. */
static struct entry *add(struct spf_key_cache *cache, const struct spf_inquiry *inquiry,
                         enum spf_group group)
{
    const struct spf_target *target = inquiry->target;
    struct entry *entry = calloc(1, sizeof *entry);
    struct spf_key_directory *seen = NULL;
    bool good;

    if (entry == NULL) {
        return NULL;
    }
    entry->group = group;
    good = copy_text(&entry->path, target->key_path) && copy_text(&entry->agent, target->agent);
    if (group == SPF_GROUP_FOUND_KEY) {
        good =
            good && copy_text(&entry->dir, spf_target_key_dir(target)) &&
            spf_shape_copy(&spf_key_pair_shape, &inquiry->facts->key_pair, &entry->facts.key_pair);
        seen = good ? seen_of(cache, entry->dir) : NULL;
        good = seen != NULL;
    }
    entry->target = (struct spf_target){
        .key_path = entry->path,
        .agent = entry->agent,
        .find_key = target->key_dir == NULL ? entry->dir : NULL,
        .key_dir = target->key_dir != NULL ? entry->dir : NULL,
        .passphrase = target->passphrase,
        .key_text = target->key_text,
        .key_file = target->key_file,
    };
    entry->inquiry = (struct spf_inquiry){
        .target = &entry->target, .facts = &entry->facts, .loop = cache->loop, .arrived = arrived};
    entry->probe = spf_key_probe_new(&entry->inquiry, seen);
    if (entry->probe == NULL || !good) {
        free_entry(entry);
        return NULL;
    }
    entry->next = cache->entries;
    cache->entries = entry;
    return entry;
}

void spf_key_cache_serve(struct spf_key_cache *cache, struct spf_inquiry *inquiry,
                         enum spf_group group)
{
    struct entry *entry = find(cache, inquiry, group);
    struct spf_inquiry **waiting;

    if (entry == NULL) {
        entry = add(cache, inquiry, group);
    }
    if (entry == NULL) {
        fail(inquiry, group);
        return;
    }
    if (entry->facts.group[group].phase != SPF_ABSENT) {
        tell(entry, inquiry);
        return;
    }
    waiting = SPF_APPEND(&entry->waiting);
    if (waiting == NULL) {
        fail(inquiry, group);
        return;
    }
    *waiting = inquiry;
    if (entry->asked) {
        return;
    }
    entry->asked = true;
    spf_key_probe_serve(entry->probe, group);
}

void spf_key_cache_cancel(struct spf_key_cache *cache, struct spf_inquiry *inquiry,
                          enum spf_group group)
{
    for (struct entry *entry = cache->entries; entry != NULL; entry = entry->next) {
        size_t kept = 0;

        if (entry->group != group) {
            continue;
        }
        for (size_t i = 0; i < entry->waiting.count; i++) {
            if (entry->waiting.items[i] != inquiry) {
                entry->waiting.items[kept++] = entry->waiting.items[i];
            }
        }
        entry->waiting.count = kept;
    }
}

static void free_places(struct spf_key_cache *cache)
{
    for (struct place *next; cache->places != NULL; cache->places = next) {
        next = cache->places->next;
        free_place(cache->places);
    }
}

void spf_key_cache_forget_found(struct spf_key_cache *cache)
{
    for (struct entry **at = &cache->entries; *at != NULL;) {
        struct entry *entry = *at;

        if (entry->group == SPF_GROUP_FOUND_KEY) {
            *at = entry->next;
            free_entry(entry);
        } else {
            at = &entry->next;
        }
    }
    free_places(cache);
}

struct spf_key_cache *spf_key_cache_new(struct spf_loop *loop)
{
    struct spf_key_cache *cache = calloc(1, sizeof *cache);

    if (cache != NULL) {
        cache->loop = loop;
    }
    return cache;
}

void spf_key_cache_free(struct spf_key_cache *cache)
{
    if (cache == NULL) {
        return;
    }
    for (struct entry *entry = cache->entries, *next; entry != NULL; entry = next) {
        next = entry->next;
        free_entry(entry);
    }
    free_places(cache);
    free(cache);
}
