#include "openssh/config_keys.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/encoding.h"
#include "base/shortage.h"
#include "base/text.h"
#include "key/agent.h"
#include "key/file.h"
#include "login/offers.h"
#include "openssh/ask.h"
#include "openssh/key_support.h"

#define OFFERS_MAX 100 /* ssh.h, SSH_MAX_IDENTITY_FILES */
#define BLOB_MAX   8192

struct spf_ssh_keys_job {
    struct spf_job job; /* first: the loop hands it back */
    void (*done)(void *owner);
    void *owner;
    struct spf_openssh_facts ssh;
    struct spf_ssh_config_facts config; /* of it, what says which keys; files and offers are filled
                                         */
    char *typed;                        /* of the command's -i; NULL none */
    bool asks_for_passphrase;           /* ssh would, of its user */
    bool has_passphrase;                /* it was given to us */
    bool incomplete;                    /* memory or descriptors ran out */
};

static struct spf_ssh_offer *append(struct spf_ssh_config_facts *config)
{
    return config->offers.count < OFFERS_MAX ? SPF_APPEND(&config->offers) : NULL;
}

/* By PubkeyAcceptedAlgorithms, in which a certificate has a name of its own (PROTOCOL.certkeys). */
static bool is_accepted(const struct spf_ssh_config_facts *config, const char *algorithm,
                        bool certified)
{
    char name[80];

    if (config->accepted_algorithms == NULL || algorithm[0] == '\0') {
        return true;
    }
    if (!certified) {
        return spf_names_have(config->accepted_algorithms, algorithm);
    }
    return spf_format_whole(name, sizeof name, "%.*s-cert-v01@openssh.com",
                            (int)strcspn(algorithm, "@"), algorithm) &&
           spf_names_have(config->accepted_algorithms, name);
}

/* PubkeyAcceptedAlgorithms and RequiredRSASize: ssh offers no others. */
static bool is_allowed(const struct spf_ssh_config_facts *config, const struct spf_key_facts *key,
                       bool certified)
{
    const bool is_rsa = strcmp(key->algorithm, "ssh-rsa") == 0;

    if (is_rsa && key->bits > 0 && key->bits < config->required_rsa) {
        return false;
    }
    return is_accepted(config, key->algorithm, certified) ||
           (is_rsa && (is_accepted(config, "rsa-sha2-512", certified) ||
                       is_accepted(config, "rsa-sha2-256", certified)));
}

static struct spf_ssh_offer *offer_key(struct spf_ssh_config_facts *config,
                                       const struct spf_key_facts *key, bool certified)
{
    struct spf_ssh_offer *offer = is_allowed(config, key, certified) ? append(config) : NULL;

    if (offer == NULL) {
        return NULL;
    }
    spf_copy(offer->algorithm, sizeof offer->algorithm, key->algorithm);
    spf_copy(offer->sha256, sizeof offer->sha256, key->sha256);
    offer->blob = key->public_blob != NULL ? strdup(key->public_blob) : NULL;
    offer->beyond_us = strcmp(key->damage, "key-algorithm-unsupported") == 0;
    return offer;
}

/* The key, then the certificate beside it (ssh.c, load_public_identity_files), unless a host's. */
static void offer_file(struct spf_ssh_config_facts *config, const struct spf_ssh_file *file,
                       const struct spf_key_facts *key, struct spf_ssh_offer manner)
{
    const int variants = key->certificate_line != NULL && !key->certified.host ? 2 : 1;

    for (int i = 0; i < variants; i++) {
        struct spf_ssh_offer *offer = offer_key(config, key, i == 1);

        if (offer == NULL) {
            continue;
        }
        spf_copy(offer->path, sizeof offer->path, file->path);
        offer->usable = manner.usable;
        offer->private_only = manner.private_only;
        offer->skipped = manner.skipped;
        if (i == 1) {
            spf_copy(offer->certificate, sizeof offer->certificate, key->certificate);
            offer->certificate_line = spf_secret_share(key->certificate_line);
        }
    }
}

static bool is_public(const struct spf_key_facts *key)
{
    return strcmp(key->damage, "key-is-public") == 0;
}

/*
 * The public key as ssh has it before it loads a private key (authfile.c, sshkey_load_public): the
 * file itself, the .pub beside it, or what OpenSSH's own format says before what it encrypts.
 * False: ssh has none.
 */
static bool read_public_half(const char *path, const struct spf_key_facts *key,
                             struct spf_key_facts *half)
{
    char name[PATH_MAX];

    if (is_public(key)) {
        return false;
    }
    return spf_format_whole(name, sizeof name, "%s.pub", path) &&
           spf_key_file_read(name, NULL, half, NULL) && is_public(half) &&
           half->public_blob != NULL;
}

/* A file that ssh says that it can't use; where it has the public key, it offers that key all the
 * same, and goes on when the server accepts it, unless the agent has the private one. */
static void offer_skipped(struct spf_ssh_keys_job *job, const struct spf_ssh_file *file,
                          const struct spf_key_facts *key)
{
    const struct spf_ssh_offer skipped = {.usable = key->usable, .skipped = true};
    struct spf_key_facts half = {0};

    if (read_public_half(file->path, key, &half) &&
        !spf_same_text(half.public_blob, key->public_blob)) {
        offer_file(&job->config, file, &half, skipped);
    } else if (half.public_blob != NULL || is_public(key) ||
               (key->container == SPF_CONTAINER_OPENSSH && key->openssh_accepts)) {
        offer_file(&job->config, file, key, skipped);
    }
    spf_shape_clear(&spf_key_shape, &half);
}

static void offer_loaded(struct spf_ssh_keys_job *job, const struct spf_ssh_file *file,
                         const struct spf_key_facts *key)
{
    struct spf_key_facts half = {0};
    struct spf_ssh_offer manner = {.usable = key->usable};

    if (key->container != SPF_CONTAINER_OPENSSH) {
        manner.private_only = !read_public_half(file->path, key, &half);
    }
    offer_file(&job->config, file, key, manner);
    spf_shape_clear(&spf_key_shape, &half);
}

/* Takes over the facts of the file that -i names. */
static void keep_skipped(struct spf_ssh_keys_job *job, struct spf_key_facts *key)
{
    struct spf_skipped_file *skipped =
        job->config.skipped.count == 0 ? SPF_APPEND(&job->config.skipped) : NULL;

    if (skipped != NULL) {
        skipped->path = strdup(job->typed);
        skipped->key = *key;
        *key = (struct spf_key_facts){0};
    }
}

/* What ssh makes of a key file (sshconnect2.c, load_identity_file). */
static void read_file(struct spf_ssh_keys_job *job, struct spf_ssh_file *file)
{
    const bool typed = spf_same_text(job->typed, file->path);
    struct spf_key_facts facts = {0};
    bool locked;

    if (!file->exists && !typed) {
        return;
    }
    /* a public key will do where an agent has the private one */
    if (spf_key_file_read(file->path, NULL, &facts, NULL)) {
        /* which ssh it is decides, and nobody may have asked yet */
        if (facts.needs != 0 && job->ssh.version == 0) {
            spf_openssh_ask_version(&job->ssh);
        }
        locked = facts.encrypted && !facts.usable;
        file->passed_over = facts.outcome != SPF_KEY_READ ||
                            (facts.mine && (facts.mode & 077) != 0 && !is_public(&facts)) ||
                            (!spf_openssh_loads(&job->ssh, &facts) && !is_public(&facts));
        if (file->passed_over || is_public(&facts) || (locked && !job->asks_for_passphrase)) {
            offer_skipped(job, file, &facts);
        } else {
            offer_loaded(job, file, &facts);
        }
        if (typed && (file->passed_over || is_public(&facts) || (locked && !job->has_passphrase))) {
            keep_skipped(job, &facts);
        }
    }
    spf_shape_clear(&spf_key_shape, &facts);
}

/*
 * The file of -i that ssh never comes to offer stands last, as what it is found to hold: would the
 * server take it, once it is repaired?
 */
static void append_skipped(struct spf_ssh_config_facts *config)
{
    const struct spf_skipped_file *file = config->skipped.items;
    struct spf_ssh_offer *offer;

    for (size_t i = 0; i < config->offers.count; i++) {
        if (config->skipped.count > 0 && strcmp(config->offers.items[i].path, file->path) == 0) {
            return;
        }
    }
    offer = config->skipped.count > 0 ? append(config) : NULL;
    if (offer != NULL) {
        spf_copy(offer->path, sizeof offer->path, file->path);
        spf_copy(offer->algorithm, sizeof offer->algorithm, file->key.algorithm);
        spf_copy(offer->sha256, sizeof offer->sha256, file->key.sha256);
        offer->blob = file->key.public_blob != NULL ? strdup(file->key.public_blob) : NULL;
        offer->beyond_us = strcmp(file->key.damage, "key-algorithm-unsupported") == 0;
        offer->usable = file->key.usable;
        offer->private_only = offer->skipped = true;
    }
}

static bool is_offer_of(const struct spf_ssh_offer *offer, struct spf_bytes blob)
{
    const char *text =
        offer->certificate_line != NULL ? spf_secret_text(offer->certificate_line) : offer->blob;
    uint8_t bytes[BLOB_MAX];
    long len;

    if (text == NULL || offer->in_agent || offer->private_only) {
        return false;
    }
    len = spf_base64_decode(text, strlen(text), bytes, sizeof bytes);
    return len > 0 && spf_bytes_equal((struct spf_bytes){bytes, (size_t)len}, blob);
}

/* Puts offer `from` in place `to`, before those that stand there. */
static void move(struct spf_ssh_config_facts *config, size_t from, size_t to)
{
    struct spf_ssh_offer *items = config->offers.items;
    struct spf_ssh_offer moved = items[from];

    memmove(items + to + 1, items + to, (from - to) * sizeof *items);
    items[to] = moved;
}

static void offer_agent_key(struct spf_ssh_config_facts *config, struct spf_bytes blob, size_t at)
{
    struct spf_key_facts key = {0};
    struct spf_ssh_offer *offer = NULL;
    struct spf_buf base64;

    if (spf_key_read_blob(blob, &key)) {
        offer = offer_key(config, &key, key.container == SPF_CONTAINER_CERTIFICATE);
    }
    if (offer != NULL) {
        if (key.container == SPF_CONTAINER_CERTIFICATE) {
            spf_copy(offer->certificate, sizeof offer->certificate, "in the agent");
            spf_buf_init(&base64, 2 * BLOB_MAX);
            spf_buf_add_base64(&base64, blob.at, blob.len, true);
            offer->certificate_line = spf_secret_new(base64.data, base64.len);
            spf_buf_clear(&base64);
        }
        offer->in_agent = true;
        move(config, config->offers.count - 1, at);
    }
    spf_shape_clear(&spf_key_shape, &key);
}

/*
 * ssh's order (sshconnect2.c, pubkey_prepare): keys of the files that an agent holds, in the
 * agent's order; the agent's others, unless IdentitiesOnly; then the rest of the files. Returns how
 * many are the agent's.
 */
static size_t order_by_agent(struct spf_ssh_config_facts *config)
{
    struct spf_agent_keys keys;
    size_t front = 0;

    if (!spf_agent_list(spf_ssh_config_agent(config), &keys)) {
        return 0;
    }
    for (size_t i = 0; i < keys.count; i++) {
        for (size_t k = front; k < config->offers.count; k++) {
            if (!is_offer_of(&config->offers.items[k], keys.blobs[i])) {
                continue;
            }
            config->offers.items[k].in_agent = true;
            config->offers.items[k].skipped = false;
            move(config, k, front++);
            keys.blobs[i].len = 0;
            break;
        }
    }
    for (size_t i = 0; i < keys.count && !config->identities_only; i++) {
        const size_t before = config->offers.count;

        if (keys.blobs[i].len > 0) {
            offer_agent_key(config, keys.blobs[i], front);
        }
        front += config->offers.count - before;
    }
    spf_agent_keys_clear(&keys);
    return front;
}

/* Not one of the usual files (ssh.h, _PATH_SSH_CLIENT_ID_*), which ssh takes where none is named:
 * several of these, and nothing else, are its own choice. */
static bool names_files(const struct spf_ssh_config_facts *config)
{
    for (size_t i = 0; i < config->identities.count; i++) {
        const char *slash = strrchr(config->identities.items[i].path, '/');

        if (slash == NULL || !spf_starts_with(slash, "/id_")) {
            return true;
        }
    }
    return config->identities.count < 4;
}

/*
 * Since 10.5 certificates go before keys alone, among the agent's keys and among the files; those
 * that the configuration names keep their places (identity_prioritise; that it puts FIDO keys which
 * want no touch first, and those which want a PIN last, is left out here).
 */
static void prefer_certificates(struct spf_ssh_config_facts *config, size_t from, size_t to,
                                bool named)
{
    for (bool moved = true; moved;) {
        struct spf_ssh_offer *before = NULL; /* the last that may move */

        moved = false;
        for (size_t i = from; i < to; i++) {
            struct spf_ssh_offer *offer = &config->offers.items[i];

            if (named && offer->path[0] != '\0') {
                continue;
            }
            if (before != NULL && before->certificate[0] == '\0' && offer->certificate[0] != '\0') {
                const struct spf_ssh_offer key = *before;

                *before = *offer;
                *offer = key;
                moved = true;
            }
            before = offer;
        }
    }
}

static void order_certificates(struct spf_ssh_keys_job *job, size_t of_agent)
{
    struct spf_ssh_config_facts *config = &job->config;
    const bool named = names_files(config);
    bool any = false;

    for (size_t i = 0; i < config->offers.count; i++) {
        any |= config->offers.items[i].certificate[0] != '\0';
    }
    if (any && job->ssh.version == 0) {
        spf_openssh_ask_version(&job->ssh);
    }
    if (!any || job->ssh.version < 1005) {
        return;
    }
    prefer_certificates(config, 0, of_agent, named);
    prefer_certificates(config, of_agent, config->offers.count, named);
}

static void work(struct spf_job *job)
{
    struct spf_ssh_keys_job *keys = (struct spf_ssh_keys_job *)job;

    for (size_t i = 0; i < keys->config.identities.count; i++) {
        read_file(keys, &keys->config.identities.items[i]);
    }
    order_certificates(keys, order_by_agent(&keys->config));
    append_skipped(&keys->config);
    keys->incomplete = spf_was_short();
}

static void done(struct spf_job *job)
{
    struct spf_ssh_keys_job *keys = (struct spf_ssh_keys_job *)job;

    keys->done(keys->owner);
}

static void release(struct spf_job *job)
{
    struct spf_ssh_keys_job *keys = (struct spf_ssh_keys_job *)job;

    spf_shape_clear(&spf_ssh_config_shape, &keys->config);
    free(keys->typed);
    free(keys);
}

/* The job may outlive the facts: it has copies. */
static bool copy(const struct spf_ssh_config_facts *from, struct spf_ssh_config_facts *to)
{
    to->identities_only = from->identities_only;
    to->required_rsa = from->required_rsa;
    spf_copy(to->identity_agent, sizeof to->identity_agent, from->identity_agent);
    if (from->accepted_algorithms != NULL) {
        to->accepted_algorithms = strdup(from->accepted_algorithms);
    }
    for (size_t i = 0; i < from->identities.count; i++) {
        struct spf_ssh_file *file = SPF_APPEND(&to->identities);

        if (file == NULL) {
            return false;
        }
        file->exists = from->identities.items[i].exists;
        file->path = strdup(from->identities.items[i].path);
        if (file->path == NULL) {
            return false;
        }
    }
    return from->accepted_algorithms == NULL || to->accepted_algorithms != NULL;
}

struct spf_ssh_keys_job *spf_ssh_keys_start(struct spf_loop *loop,
                                            const struct spf_ssh_config_facts *config,
                                            const struct spf_openssh_facts *ssh,
                                            const struct spf_target *target,
                                            void (*when_done)(void *owner), void *owner)
{
    struct spf_ssh_keys_job *keys = calloc(1, sizeof *keys);

    if (keys == NULL) {
        return NULL;
    }
    keys->job = (struct spf_job){.work = work, .done = done, .release = release, .computes = true};
    keys->done = when_done;
    keys->owner = owner;
    keys->ssh = *ssh;
    keys->asks_for_passphrase =
        !config->manners.is_batch && !config->manners.asks_for_no_passphrase;
    keys->has_passphrase = target->passphrase != NULL;
    if (spf_target_has_typed_key(target)) {
        keys->typed = strdup(target->key_path);
    }
    if (!copy(config, &keys->config) || (keys->typed == NULL && spf_target_has_typed_key(target))) {
        release(&keys->job);
        return NULL;
    }
    return spf_loop_submit(loop, &keys->job) ? keys : NULL;
}

bool spf_ssh_keys_take(struct spf_ssh_keys_job *job, struct spf_ssh_config_facts *config)
{
    const struct spf_ssh_config_facts made = job->config;

    for (size_t i = 0; i < made.identities.count && i < config->identities.count; i++) {
        config->identities.items[i].passed_over = made.identities.items[i].passed_over;
    }
    config->offers.items = made.offers.items;
    config->offers.count = made.offers.count;
    config->skipped.items = made.skipped.items;
    config->skipped.count = made.skipped.count;
    job->config.offers.items = NULL;
    job->config.offers.count = 0;
    job->config.skipped.items = NULL;
    job->config.skipped.count = 0;
    return !job->incomplete;
}

void spf_ssh_keys_cancel(struct spf_ssh_keys_job *job)
{
    if (job != NULL) {
        spf_job_cancel(&job->job);
    }
}
