#include "key/probe.h"

#include <stdlib.h>
#include <string.h>

#include "base/encoding.h"
#include "base/shortage.h"
#include "base/text.h"
#include "key/agent.h"
#include "key/file.h"
#include "key/find.h"
#include "login/facts.h"

struct key_job {
    struct spf_job job;       /* first: the loop hands it back */
    char *path;               /* NULL: from text, or from blob */
    char *blob;               /* base64 of the public key, of one that only an agent has */
    char *agent;              /* as target->agent */
    struct spf_key_file file; /* what the prompt saw at the path, where it looked */
    struct spf_secret *text, *passphrase;
    struct spf_key_facts facts;
    bool good;
};

struct search_job {
    struct spf_job job; /* first, too */
    char *folder, *blob;
    char *name; /* of the pair, where it counts (--key-dir); "" */
    struct spf_key_directory *seen;
    struct spf_key_found found;
    struct spf_error error;
};

struct spf_key_probe {
    struct spf_inquiry *inquiry;
    struct key_job *running; /* NULL: none */
    struct search_job *searching;
    struct spf_key_directory *seen; /* borrowed */
};

static void ask_agent(const char *agent, struct spf_key_facts *facts)
{
    struct spf_agent_keys keys;
    uint8_t blob[8192];
    long len = 0;

    facts->agent_keys = -1;
    if (!spf_agent_list(spf_agent_for(agent, facts), &keys)) {
        return;
    }
    if (facts->public_blob != NULL) {
        len = spf_base64_decode(facts->public_blob, strlen(facts->public_blob), blob, sizeof blob);
    }
    facts->agent_keys = (int64_t)keys.count;
    facts->in_agent = facts->from_agent ||
                      spf_agent_holds(&keys, (struct spf_bytes){blob, len > 0 ? (size_t)len : 0});
    spf_agent_keys_clear(&keys);
}

static void read_key(struct key_job *key)
{
    if (key->blob != NULL) {
        uint8_t blob[8192];
        long len = spf_base64_decode(key->blob, strlen(key->blob), blob, sizeof blob);

        key->facts.from_agent = true;
        key->good =
            len > 0 && spf_key_read_blob((struct spf_bytes){blob, (size_t)len}, &key->facts);
        return;
    }
    if (key->path != NULL) {
        if (!key->file.looked) {
            spf_key_file_look(key->path, &key->file);
        }
        key->good = spf_key_file_parse(&key->file, key->path, key->passphrase, &key->facts, NULL);
        return;
    }
    key->facts.from_stdin = true;
    key->facts.size = (int64_t)spf_secret_len(key->text);
    key->facts.outcome = key->facts.size > 0 ? SPF_KEY_READ : SPF_KEY_ZERO_BYTES;
    key->good = key->facts.size == 0 || spf_key_read(spf_secret_view(key->text), spf_bytes_of(""),
                                                     key->passphrase, &key->facts, NULL);
}

static void work(struct spf_job *job)
{
    struct key_job *key = (struct key_job *)job;

    read_key(key);
    if (key->good) {
        ask_agent(key->agent, &key->facts);
        key->good = !spf_was_short();
    }
}

static void release(struct spf_job *job)
{
    struct key_job *key = (struct key_job *)job;

    spf_shape_clear(&spf_key_shape, &key->facts);
    spf_key_file_clear(&key->file);
    spf_secret_free(key->text);
    spf_secret_free(key->passphrase);
    free(key->path);
    free(key->blob);
    free(key->agent);
    free(key);
}

static void fail(struct spf_inquiry *inquiry, enum spf_group group, const char *what)
{
    const struct spf_failure failure = spf_failure(SPF_SYSTEM_ERROR, "%s", what);

    inquiry->arrived(inquiry, group, &failure);
}

static void done(struct spf_job *job)
{
    struct key_job *key = (struct key_job *)job;
    struct spf_key_probe *probe = job->owner;
    struct spf_inquiry *inquiry = probe->inquiry;

    probe->running = NULL;
    if (!key->good) {
        fail(inquiry, SPF_GROUP_KEY, "no memory or descriptor for the key file");
        return;
    }
    spf_shape_clear(&spf_key_shape, &inquiry->facts->key);
    inquiry->facts->key = key->facts;
    key->facts = (struct spf_key_facts){0};
    inquiry->arrived(inquiry, SPF_GROUP_KEY, NULL);
}

void spf_key_probe_forget_key(struct spf_key_probe *probe)
{
    if (probe->running != NULL) {
        spf_loop_cancel(probe->inquiry->loop, &probe->running->job);
    }
    probe->running = NULL;
}

/* The job has copies of all it needs: it may outlive the probe, and the target too. */
static bool start(struct spf_key_probe *probe)
{
    const struct spf_target *target = probe->inquiry->target;
    struct key_job *key = calloc(1, sizeof *key);
    bool good = key != NULL;

    if (key == NULL) {
        return false;
    }
    key->job = (struct spf_job){
        .work = work, .done = done, .release = release, .owner = probe, .computes = true};
    key->passphrase = spf_secret_share(target->passphrase);
    if (target->offer != NULL && target->key_path == NULL) {
        key->blob = target->offer->blob != NULL ? strdup(target->offer->blob) : NULL;
        good = good && key->blob != NULL;
    } else if (target->key_path != NULL && strcmp(target->key_path, "-") != 0) {
        key->path = strdup(target->key_path);
        good = good && key->path != NULL;
        if (target->key_file != NULL) {
            key->file = spf_key_file_share(target->key_file);
        }
    } else {
        key->text =
            target->key_text != NULL ? spf_secret_share(target->key_text) : spf_secret_new("", 0);
        good = good && key->text != NULL;
    }
    if (target->agent != NULL) {
        key->agent = strdup(target->agent);
        good = good && key->agent != NULL;
    }
    if (!good) {
        release(&key->job);
        return false;
    }
    spf_key_probe_forget_key(probe);
    probe->running = key;
    if (!spf_loop_submit(probe->inquiry->loop, &key->job)) {
        probe->running = NULL;
        return false;
    }
    return true;
}

static void search(struct spf_job *job)
{
    struct search_job *search = (struct search_job *)job;

    search->error = spf_key_find(*search->folder ? search->folder : NULL, search->blob,
                                 search->name, search->seen, &search->found);
}

static void search_release(struct spf_job *job)
{
    struct search_job *search = (struct search_job *)job;

    spf_key_directory_free(search->seen);
    free(search->folder);
    free(search->blob);
    free(search->name);
    free(search);
}

static void search_done(struct spf_job *job)
{
    struct search_job *search = (struct search_job *)job;
    struct spf_key_probe *probe = job->owner;
    struct spf_found_key_facts *facts = &probe->inquiry->facts->found_key;

    probe->searching = NULL;
    if (search->error.code != SPF_OK) {
        fail(probe->inquiry, SPF_GROUP_FOUND_KEY, search->error.text);
        return;
    }
    spf_copy(facts->folder, sizeof facts->folder, *search->folder ? search->folder : "~/.ssh");
    facts->by_name = search->found.by_name;
    facts->encrypted = search->found.encrypted;
    facts->looked_at = search->found.looked_at;
    facts->unclear = search->found.unclear;
    facts->all = search->found.all;
    /* A path too long for the facts would be another file's: then there is none. */
    if (!spf_copy_whole(facts->path, sizeof facts->path, search->found.path)) {
        facts->path[0] = '\0';
    }
    if (!spf_copy_whole(facts->public_only, sizeof facts->public_only, search->found.public_only)) {
        facts->public_only[0] = '\0';
    }
    probe->inquiry->arrived(probe->inquiry, SPF_GROUP_FOUND_KEY, NULL);
}

/* The base64 word of "ssh-rsa AAAA… comment"; NULL: no memory. */
static char *blob_word(const char *public_key)
{
    const char *word = public_key != NULL ? public_key : "";

    word += strspn(word, " \t");
    word += strcspn(word, " \t");
    word += strspn(word, " \t");
    return strndup(word, strcspn(word, " \t\r\n"));
}

static bool start_search(struct spf_key_probe *probe)
{
    const struct spf_target *target = probe->inquiry->target;
    struct search_job *search_job = calloc(1, sizeof *search_job);

    if (search_job == NULL) {
        return false;
    }
    search_job->job = (struct spf_job){.work = search,
                                       .done = search_done,
                                       .release = search_release,
                                       .owner = probe,
                                       .computes = true};
    search_job->seen = spf_key_directory_share(probe->seen);
    search_job->folder =
        strdup(spf_target_key_dir(target) != NULL ? spf_target_key_dir(target) : "");
    search_job->blob = blob_word(probe->inquiry->facts->key_pair.public_key);
    search_job->name = strdup(target->key_dir != NULL ? probe->inquiry->facts->key_pair.name : "");
    if (search_job->folder == NULL || search_job->blob == NULL || search_job->name == NULL) {
        search_release(&search_job->job);
        return false;
    }
    probe->searching = search_job;
    if (!spf_loop_submit(probe->inquiry->loop, &search_job->job)) {
        probe->searching = NULL;
        return false;
    }
    return true;
}

struct spf_key_probe *spf_key_probe_new(struct spf_inquiry *inquiry, struct spf_key_directory *seen)
{
    struct spf_key_probe *probe = calloc(1, sizeof *probe);

    if (probe != NULL) {
        probe->inquiry = inquiry;
        probe->seen = seen;
    }
    return probe;
}

void spf_key_probe_serve(struct spf_key_probe *probe, enum spf_group group)
{
    struct spf_inquiry *inquiry = probe->inquiry;

    if (group == SPF_GROUP_FOUND_KEY ? !start_search(probe) : !start(probe)) {
        fail(inquiry, group, "no memory or descriptor for the key file");
    }
}

void spf_key_probe_free(struct spf_key_probe *probe)
{
    if (probe == NULL) {
        return;
    }
    if (probe->running != NULL) {
        spf_loop_cancel(probe->inquiry->loop, &probe->running->job);
    }
    if (probe->searching != NULL) {
        spf_loop_cancel(probe->inquiry->loop, &probe->searching->job);
    }
    free(probe);
}

bool spf_key_wants_passphrase(const char *path, struct spf_key_file *file)
{
    struct spf_key_facts facts = {0};
    bool wants;

    spf_key_file_look(path, file);
    wants = spf_key_file_parse(file, path, NULL, &facts, NULL) && facts.encrypted && !facts.usable;
    if (wants) {
        ask_agent(NULL, &facts);
    }
    wants = wants && !spf_key_agent_signs(&facts);
    spf_shape_clear(&spf_key_shape, &facts);
    return wants;
}
