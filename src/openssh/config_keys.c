#include "openssh/config_keys.h"

#include <stdlib.h>
#include <string.h>

#include "key/file.h"
#include "openssh/key_support.h"

struct spf_ssh_keys_job {
    struct spf_job job; /* first: the loop hands it back */
    void (*done)(void *owner);
    void *owner;
    struct spf_openssh_facts ssh;
    size_t count;
    struct spf_ssh_file files[]; /* copies, in the configuration's order */
};

static bool is_skipped(const char *path, const struct spf_openssh_facts *ssh)
{
    struct spf_key_secrets secrets = {0};
    struct spf_key_facts facts = {0};
    bool usable;

    /* a public key will do where an agent has the private one */
    usable = !spf_key_file_read(path, NULL, &facts, &secrets) ||
             (facts.outcome == SPF_KEY_READ && !(facts.mine && (facts.mode & 077) != 0) &&
              (spf_openssh_loads(ssh, &facts) || strcmp(facts.damage, "key-is-public") == 0));
    spf_shape_clear(&spf_key_shape, &facts);
    spf_key_secrets_clear(&secrets);
    return !usable;
}

static void work(struct spf_job *job)
{
    struct spf_ssh_keys_job *keys = (struct spf_ssh_keys_job *)job;

    for (size_t i = 0; i < keys->count; i++)
        keys->files[i].passed_over =
            keys->files[i].exists && is_skipped(keys->files[i].path, &keys->ssh);
}

static void done(struct spf_job *job)
{
    struct spf_ssh_keys_job *keys = (struct spf_ssh_keys_job *)job;

    keys->done(keys->owner);
}

static void release(struct spf_job *job)
{
    free(job);
}

struct spf_ssh_keys_job *spf_ssh_keys_start(struct spf_loop *loop,
                                            const struct spf_ssh_config_facts *config,
                                            const struct spf_openssh_facts *ssh,
                                            void (*when_done)(void *owner), void *owner)
{
    size_t count = config->identities.count;
    struct spf_ssh_keys_job *keys = calloc(1, sizeof *keys + count * sizeof *keys->files);

    if (keys == NULL)
        return NULL;
    keys->job = (struct spf_job){.work = work, .done = done, .release = release};
    keys->done = when_done;
    keys->owner = owner;
    keys->ssh = *ssh;
    keys->count = count;
    if (count > 0)
        memcpy(keys->files, config->identities.items, count * sizeof *keys->files);
    return spf_loop_submit(loop, &keys->job) ? keys : NULL;
}

void spf_ssh_keys_mark(const struct spf_ssh_keys_job *job, struct spf_ssh_config_facts *config)
{
    for (size_t i = 0; i < job->count && i < config->identities.count; i++)
        config->identities.items[i].passed_over = job->files[i].passed_over;
}

void spf_ssh_keys_cancel(struct spf_loop *loop, struct spf_ssh_keys_job *job)
{
    if (job != NULL)
        spf_loop_cancel(loop, &job->job);
}
