#include "openssh/config_keys.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "key/agent.h"
#include "key/file.h"
#include "login/offers.h"
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
};

static struct spf_ssh_offer *append(struct spf_ssh_config_facts *config)
{
    return config->offers.count < OFFERS_MAX ? SPF_APPEND(&config->offers) : NULL;
}

/* PubkeyAcceptedAlgorithms and RequiredRSASize: ssh offers no others. */
static bool is_allowed(const struct spf_ssh_config_facts *config, const char *algorithm,
                       int64_t bits)
{
    const char *accepted = config->accepted_algorithms;

    if (strcmp(algorithm, "ssh-rsa") != 0)
        return accepted == NULL || algorithm[0] == '\0' || spf_names_have(accepted, algorithm);
    if (bits > 0 && bits < config->required_rsa)
        return false;
    return accepted == NULL || spf_names_have(accepted, "rsa-sha2-512") ||
           spf_names_have(accepted, "rsa-sha2-256") || spf_names_have(accepted, "ssh-rsa");
}

static void offer_file(struct spf_ssh_config_facts *config, const struct spf_ssh_file *file,
                       const struct spf_key_facts *key)
{
    const int variants = key->certificate[0] != '\0' ? 2 : 1;
    struct spf_ssh_offer *offer;

    if (!is_allowed(config, key->algorithm, key->bits))
        return;
    for (int i = 0; i < variants && (offer = append(config)) != NULL; i++) {
        (void)spf_copy(offer->path, sizeof offer->path, file->path);
        (void)spf_copy(offer->algorithm, sizeof offer->algorithm, key->algorithm);
        (void)spf_copy(offer->sha256, sizeof offer->sha256, key->sha256);
        offer->blob = key->public_blob != NULL ? strdup(key->public_blob) : NULL;
        offer->usable = key->usable;
        if (i == 1)
            (void)spf_copy(offer->certificate, sizeof offer->certificate, key->certificate);
    }
}

/* What ssh makes of a key file (sshconnect2.c, load_identity_file). */
static void read_file(struct spf_ssh_keys_job *job, struct spf_ssh_file *file)
{
    struct spf_key_facts facts = {0};

    if (!file->exists)
        return;
    /* a public key will do where an agent has the private one */
    if (spf_key_file_read(file->path, NULL, &facts, NULL)) {
        file->passed_over =
            facts.outcome != SPF_KEY_READ || (facts.mine && (facts.mode & 077) != 0) ||
            (!spf_openssh_loads(&job->ssh, &facts) && strcmp(facts.damage, "key-is-public") != 0);
        if (!file->passed_over)
            offer_file(&job->config, file, &facts);
    }
    spf_shape_clear(&spf_key_shape, &facts);
}

static bool is_offer_of(const struct spf_ssh_offer *offer, struct spf_bytes blob)
{
    uint8_t bytes[BLOB_MAX];
    long len;

    if (offer->blob == NULL || offer->certificate[0] != '\0' || offer->in_agent)
        return false;
    len = spf_base64_decode(offer->blob, strlen(offer->blob), bytes, sizeof bytes);
    return len > 0 && spf_bytes_equal((struct spf_bytes){bytes, (size_t)len}, blob);
}

/* Puts offer `from` in place `to`, before those that stand there. */
static void move(struct spf_ssh_config_facts *config, size_t from, size_t to)
{
    struct spf_ssh_offer *items = config->offers.items, moved = items[from];

    memmove(items + to + 1, items + to, (from - to) * sizeof *items);
    items[to] = moved;
}

static void offer_agent_key(struct spf_ssh_config_facts *config, struct spf_bytes blob, size_t at)
{
    struct spf_key_facts key = {0};
    struct spf_ssh_offer *offer = NULL;

    if (spf_key_read_blob(blob, &key) && is_allowed(config, key.algorithm, key.bits))
        offer = append(config);
    if (offer != NULL) {
        (void)spf_copy(offer->algorithm, sizeof offer->algorithm, key.algorithm);
        (void)spf_copy(offer->sha256, sizeof offer->sha256, key.sha256);
        if (key.container == SPF_CONTAINER_CERTIFICATE)
            (void)spf_copy(offer->certificate, sizeof offer->certificate, "in the agent");
        offer->blob = strdup(key.public_blob);
        offer->in_agent = true;
        move(config, config->offers.count - 1, at);
    }
    spf_shape_clear(&spf_key_shape, &key);
}

/*
 * ssh's order (sshconnect2.c, pubkey_prepare): keys of the files that an agent holds, in the
 * agent's order; the agent's others, unless IdentitiesOnly; then the rest of the files.
 */
static void order_by_agent(struct spf_ssh_config_facts *config)
{
    struct spf_agent_keys keys;
    size_t front = 0;

    if (!spf_agent_list(spf_ssh_config_agent(config), &keys))
        return;
    for (size_t i = 0; i < keys.count; i++) {
        for (size_t k = front; k < config->offers.count; k++) {
            if (!is_offer_of(&config->offers.items[k], keys.blobs[i]))
                continue;
            config->offers.items[k].in_agent = true;
            move(config, k, front++);
            keys.blobs[i].len = 0;
            break;
        }
    }
    for (size_t i = 0; i < keys.count && !config->identities_only; i++) {
        const size_t before = config->offers.count;

        if (keys.blobs[i].len > 0)
            offer_agent_key(config, keys.blobs[i], front);
        front += config->offers.count - before;
    }
    spf_agent_keys_clear(&keys);
}

static void work(struct spf_job *job)
{
    struct spf_ssh_keys_job *keys = (struct spf_ssh_keys_job *)job;

    for (size_t i = 0; i < keys->config.identities.count; i++)
        read_file(keys, &keys->config.identities.items[i]);
    order_by_agent(&keys->config);
}

static void done(struct spf_job *job)
{
    struct spf_ssh_keys_job *keys = (struct spf_ssh_keys_job *)job;

    keys->done(keys->owner);
}

static void release(struct spf_job *job)
{
    spf_shape_clear(&spf_ssh_config_shape, &((struct spf_ssh_keys_job *)job)->config);
    free(job);
}

/* The job may outlive the facts: it has copies. */
static bool copy(const struct spf_ssh_config_facts *from, struct spf_ssh_config_facts *to)
{
    to->identities_only = from->identities_only;
    to->required_rsa = from->required_rsa;
    (void)spf_copy(to->identity_agent, sizeof to->identity_agent, from->identity_agent);
    if (from->accepted_algorithms != NULL)
        to->accepted_algorithms = strdup(from->accepted_algorithms);
    for (size_t i = 0; i < from->identities.count; i++) {
        struct spf_ssh_file *file = SPF_APPEND(&to->identities);

        if (file == NULL)
            return false;
        *file = from->identities.items[i];
    }
    return from->accepted_algorithms == NULL || to->accepted_algorithms != NULL;
}

struct spf_ssh_keys_job *spf_ssh_keys_start(struct spf_loop *loop,
                                            const struct spf_ssh_config_facts *config,
                                            const struct spf_openssh_facts *ssh,
                                            void (*when_done)(void *owner), void *owner)
{
    struct spf_ssh_keys_job *keys = calloc(1, sizeof *keys);

    if (keys == NULL)
        return NULL;
    keys->job = (struct spf_job){.work = work, .done = done, .release = release};
    keys->done = when_done;
    keys->owner = owner;
    keys->ssh = *ssh;
    if (!copy(config, &keys->config)) {
        release(&keys->job);
        return NULL;
    }
    return spf_loop_submit(loop, &keys->job) ? keys : NULL;
}

void spf_ssh_keys_take(struct spf_ssh_keys_job *job, struct spf_ssh_config_facts *config)
{
    const struct spf_ssh_config_facts made = job->config;

    for (size_t i = 0; i < made.identities.count && i < config->identities.count; i++)
        config->identities.items[i].passed_over = made.identities.items[i].passed_over;
    config->offers.items = made.offers.items;
    config->offers.count = made.offers.count;
    job->config.offers.items = NULL;
    job->config.offers.count = 0;
}

void spf_ssh_keys_cancel(struct spf_loop *loop, struct spf_ssh_keys_job *job)
{
    if (job != NULL)
        spf_loop_cancel(loop, &job->job);
}
