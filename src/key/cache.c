#include "key/cache.h"

#include <stdlib.h>
#include <string.h>

#include "base/encoding.h"
#include "base/shortage.h"
#include "base/text.h"
#include "key/agent.h"
#include "key/file.h"
#include "key/find.h"
#include "login/facts.h"

/*
 * A key or a search that somebody asked for, and its answer once there is one. It is the job that
 * finds it, too, and has copies of all it needs: it may outlive the target, and even the cache.
 */
struct question {
    struct spf_job job; /* first: the loop hands it back */
    struct question *next;
    SPF_LIST(struct spf_inquiry *) waiting;
    bool kept;    /* the cache has it */
    bool running; /* the loop has it */
    bool answered;
    /* what is asked */
    enum spf_group group;
    char *path; /* of a key; NULL: from text, or from blob */
    char *blob; /* base64 of the public key: of one that only an agent has, or that is looked for */
    char *agent;              /* as target->agent */
    char *dir;                /* to look in; NULL: none */
    char *name;               /* of the pair that is looked for */
    bool by_name;             /* it counts (--key-dir) */
    struct spf_key_file file; /* what the prompt saw at the path, where it looked */
    struct spf_secret *text, *passphrase;
    struct spf_key_directory *seen;
    /* the worker's answer */
    struct spf_error error;
    struct spf_key_facts *key;        /* the group's; NULL: no key is asked for */
    struct spf_found_key_facts found; /* owns nothing */
};

/* What the searches of one directory, for several key pairs, have read of it. */
struct place {
    struct place *next;
    char *dir;
    struct spf_key_directory *seen;
};

struct spf_key_cache {
    struct spf_loop *loop;
    struct question *questions;
    struct place *places; /* one, or a few */
};

static const char no_memory[] = "out of memory";
static const char no_resources[] = "no memory or descriptor for the key file";

/* False: no memory. */
static bool copy_text(char **copy, const char *text)
{
    *copy = text != NULL ? strdup(text) : NULL;
    return *copy != NULL || text == NULL;
}

/* The base64 word of "ssh-rsa AAAA… comment". */
static struct spf_bytes blob_word(const char *public_key)
{
    const char *word = public_key != NULL ? public_key : "";

    word += strspn(word, " \t");
    word += strcspn(word, " \t");
    word += strspn(word, " \t");
    return (struct spf_bytes){(const uint8_t *)word, strcspn(word, " \t\r\n")};
}

/* A key that only an agent has is known by its public key; no file is. */
static bool is_in_no_file(const struct spf_target *target)
{
    return target->offer != NULL && target->key_path == NULL;
}

static bool is_for(const struct question *question, const struct spf_inquiry *inquiry,
                   enum spf_group group)
{
    const struct spf_target *target = inquiry->target;
    const struct spf_key_pair_facts *pair = inquiry->facts->key_pair;
    struct spf_bytes blob;

    if (question->group != group) {
        return false;
    }
    if (group == SPF_GROUP_KEY) {
        return spf_same_text(question->path, target->key_path) &&
               spf_same_text(question->agent, target->agent) &&
               spf_same_text(question->blob, is_in_no_file(target) ? target->offer->blob : NULL) &&
               question->passphrase == target->passphrase && question->text == target->key_text;
    }
    blob = blob_word(pair->public_key);
    return spf_same_text(question->dir, spf_target_key_dir(target)) &&
           question->by_name == (target->key_dir != NULL) &&
           strcmp(question->name, pair->name) == 0 && strlen(question->blob) == blob.len &&
           memcmp(question->blob, blob.at, blob.len) == 0;
}

static struct question *find(const struct spf_key_cache *cache, const struct spf_inquiry *inquiry,
                             enum spf_group group)
{
    struct question *question = cache->questions;

    while (question != NULL && !is_for(question, inquiry, group)) {
        question = question->next;
    }
    return question;
}

static void fail(struct spf_inquiry *inquiry, enum spf_group group, const char *what)
{
    const struct spf_failure failure = spf_failure(SPF_SYSTEM_ERROR, "%s", what);

    inquiry->arrived(inquiry, group, &failure);
}

static void tell(const struct question *question, struct spf_inquiry *inquiry)
{
    if (question->error.code != SPF_OK) {
        fail(inquiry, question->group, question->error.text);
        return;
    }
    if (question->group == SPF_GROUP_FOUND_KEY) {
        *inquiry->facts->found_key = question->found;
    } else {
        spf_facts_share(inquiry->facts, SPF_GROUP_KEY, question->key);
    }
    inquiry->arrived(inquiry, question->group, NULL);
}

static void done(struct spf_job *job)
{
    struct question *question = (struct question *)job;

    question->answered = true;
    for (size_t i = 0; i < question->waiting.count; i++) {
        tell(question, question->waiting.items[i]);
    }
    question->waiting.count = 0;
}

static void free_question(struct question *question)
{
    spf_facts_release(SPF_GROUP_KEY, question->key);
    spf_key_file_clear(&question->file);
    spf_key_directory_free(question->seen);
    spf_secret_free(question->text);
    spf_secret_free(question->passphrase);
    free(question->waiting.items);
    free(question->path);
    free(question->blob);
    free(question->agent);
    free(question->dir);
    free(question->name);
    free(question);
}

/* The loop has done with it. */
static void release(struct spf_job *job)
{
    struct question *question = (struct question *)job;

    question->running = false;
    if (!question->kept) {
        free_question(question);
    }
}

/* The cache has done with it. */
static void drop(struct question *question)
{
    question->kept = false;
    if (question->running) {
        spf_job_cancel(&question->job);
    } else {
        free_question(question);
    }
}

/* False: no memory or descriptor. */
static bool read_key(struct question *question)
{
    struct spf_key_facts *key = question->key;

    if (question->blob != NULL) {
        uint8_t blob[8192];
        long len = spf_base64_decode(question->blob, strlen(question->blob), blob, sizeof blob);

        key->from_agent = true;
        return len > 0 && spf_key_read_blob((struct spf_bytes){blob, (size_t)len}, key);
    }
    if (question->path != NULL && strcmp(question->path, "-") != 0) {
        if (!question->file.looked) {
            spf_key_file_look(question->path, &question->file);
        }
        return spf_key_file_parse(&question->file, question->path, question->passphrase, key, NULL);
    }
    key->from_stdin = true;
    key->size = question->text != NULL ? (int64_t)spf_secret_len(question->text) : 0;
    key->outcome = key->size > 0 ? SPF_KEY_READ : SPF_KEY_ZERO_BYTES;
    return key->size == 0 || spf_key_read(spf_secret_view(question->text), spf_bytes_of(""),
                                          question->passphrase, key, NULL);
}

static void work_on_key(struct spf_job *job)
{
    struct question *question = (struct question *)job;
    bool good = read_key(question);

    if (good) {
        spf_agent_ask_about(question->agent, question->key);
        good = !spf_was_short();
    }
    if (!good) {
        question->error = spf_error(SPF_ERR_NOMEM, no_resources);
    }
}

static void search(struct spf_job *job)
{
    struct question *question = (struct question *)job;
    struct spf_found_key_facts *facts = &question->found;
    struct spf_key_found found;

    question->error = spf_key_find(question->dir[0] != '\0' ? question->dir : NULL, question->blob,
                                   question->by_name ? question->name : "", question->seen, &found);
    if (question->error.code != SPF_OK) {
        return;
    }
    spf_copy(facts->folder, sizeof facts->folder,
             question->dir[0] != '\0' ? question->dir : "~/.ssh");
    facts->by_name = found.by_name;
    facts->encrypted = found.encrypted;
    facts->looked_at = found.looked_at;
    facts->unclear = found.unclear;
    facts->all = found.all;
    /* A path too long for the facts would be another file's: then there is none. */
    if (!spf_copy_whole(facts->path, sizeof facts->path, found.path)) {
        facts->path[0] = '\0';
    }
    if (!spf_copy_whole(facts->public_only, sizeof facts->public_only, found.public_only)) {
        facts->public_only[0] = '\0';
    }
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

/* False: no memory. */
static bool ask_for_key(struct question *question, const struct spf_target *target)
{
    question->key = spf_facts_new(SPF_GROUP_KEY);
    if (question->key == NULL) {
        return false;
    }
    question->passphrase = spf_secret_share(target->passphrase);
    question->text = spf_secret_share(target->key_text);
    if (target->key_file != NULL) {
        question->file = spf_key_file_share(target->key_file);
    }
    if (is_in_no_file(target)) {
        question->blob = target->offer->blob != NULL ? strdup(target->offer->blob) : NULL;
        if (question->blob == NULL) {
            return false;
        }
    }
    return copy_text(&question->path, target->key_path) &&
           copy_text(&question->agent, target->agent);
}

/* False: no memory. */
static bool ask_for_search(struct spf_key_cache *cache, struct question *question,
                           const struct spf_inquiry *inquiry)
{
    const struct spf_key_pair_facts *pair = inquiry->facts->key_pair;
    const struct spf_bytes blob = blob_word(pair->public_key);

    question->by_name = inquiry->target->key_dir != NULL;
    question->dir = strdup(spf_target_key_dir(inquiry->target));
    question->blob = strndup((const char *)blob.at, blob.len);
    question->name = strdup(pair->name);
    if (question->dir == NULL || question->blob == NULL || question->name == NULL) {
        return false;
    }
    question->seen = spf_key_directory_share(seen_of(cache, question->dir));
    return question->seen != NULL;
}

/* NULL: no memory. */
static struct question *add(struct spf_key_cache *cache, const struct spf_inquiry *inquiry,
                            enum spf_group group)
{
    struct question *question = calloc(1, sizeof *question);
    const bool searches = group == SPF_GROUP_FOUND_KEY;

    if (question == NULL) {
        return NULL;
    }
    question->group = group;
    question->job = (struct spf_job){.work = searches ? search : work_on_key,
                                     .done = done,
                                     .release = release,
                                     .computes = true};
    if (searches ? !ask_for_search(cache, question, inquiry)
                 : !ask_for_key(question, inquiry->target)) {
        free_question(question);
        return NULL;
    }
    question->kept = true;
    question->next = cache->questions;
    cache->questions = question;
    return question;
}

void spf_key_cache_serve(struct spf_key_cache *cache, struct spf_inquiry *inquiry,
                         enum spf_group group)
{
    struct question *question = find(cache, inquiry, group);
    struct spf_inquiry **waiting;

    spf_key_cache_cancel(cache, inquiry, group);
    if (question == NULL) {
        question = add(cache, inquiry, group);
    }
    if (question != NULL && question->answered) {
        tell(question, inquiry);
        return;
    }
    waiting = question != NULL ? SPF_APPEND(&question->waiting) : NULL;
    if (waiting == NULL) {
        fail(inquiry, group, no_memory);
        return;
    }
    *waiting = inquiry;
    if (question->running) {
        return;
    }
    question->running = true;
    if (!spf_loop_submit(cache->loop, &question->job)) {
        question->error = spf_error(SPF_ERR_NOMEM, no_resources);
        done(&question->job);
    }
}

void spf_key_cache_cancel(struct spf_key_cache *cache, struct spf_inquiry *inquiry,
                          enum spf_group group)
{
    for (struct question *question = cache->questions; question != NULL;
         question = question->next) {
        size_t kept = 0;

        if (question->group != group) {
            continue;
        }
        for (size_t i = 0; i < question->waiting.count; i++) {
            if (question->waiting.items[i] != inquiry) {
                question->waiting.items[kept++] = question->waiting.items[i];
            }
        }
        question->waiting.count = kept;
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
    for (struct question **at = &cache->questions; *at != NULL;) {
        struct question *question = *at;

        if (question->group == SPF_GROUP_FOUND_KEY) {
            *at = question->next;
            drop(question);
        } else {
            at = &question->next;
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
    for (struct question *question = cache->questions, *next; question != NULL; question = next) {
        next = question->next;
        drop(question);
    }
    free_places(cache);
    free(cache);
}
