#include "cli/shard.h"

#include <stdlib.h>
#include <string.h>

#include "cli/identity.h"

#define SHARDS_MAX 100000

/* What engines that run one command many times tell it. */
static const struct {
    const char *index;
    const char *base; /* the variable with the first index; NULL: it is `first` */
    unsigned first;
    const char *step;  /* NULL: 1 */
    const char *count; /* NULL: it does not say how many there are */
} engines[] = {
    {"SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_TASK_MIN", 0, "SLURM_ARRAY_TASK_STEP",
     "SLURM_ARRAY_TASK_COUNT"},                        /* sbatch(1) */
    {"JOB_COMPLETION_INDEX", NULL, 0, NULL, NULL},     /* Kubernetes' Indexed Jobs */
    {"CI_NODE_INDEX", NULL, 1, NULL, "CI_NODE_TOTAL"}, /* GitLab CI */
    {"AWS_BATCH_JOB_ARRAY_INDEX", NULL, 0, NULL, "AWS_BATCH_JOB_ARRAY_SIZE"},
    {"PARALLEL_SEQ", NULL, 1, NULL, NULL}, /* parallel(1) */
};

static bool number(const char *text, unsigned *value)
{
    if (text == NULL || text[0] == '\0' || strlen(text) > 9 ||
        text[strspn(text, "0123456789")] != '\0') {
        return false;
    }
    *value = (unsigned)strtoul(text, NULL, 10);
    return true;
}

/* *count stays where it is known. */
static struct spf_error ask_engine(unsigned *index, unsigned *count)
{
    for (size_t i = 0; i < sizeof engines / sizeof *engines; i++) {
        unsigned at;
        unsigned first = engines[i].first;
        unsigned step = 1;

        if (!number(getenv(engines[i].index), &at)) {
            continue;
        }
        if (engines[i].base != NULL && !number(getenv(engines[i].base), &first)) {
            return spf_usage("--shard auto: %s is set, and %s is not", engines[i].index,
                             engines[i].base);
        }
        if (engines[i].step != NULL) {
            (void)number(getenv(engines[i].step), &step);
        }
        if (*count == 0 && (engines[i].count == NULL || !number(getenv(engines[i].count), count))) {
            return spf_usage("--shard auto: %s does not say of how many; give --shard auto/N",
                             engines[i].index);
        }
        if (at < first || step == 0 || (at - first) % step != 0) {
            return spf_usage("--shard auto: %s is %u, and the first is %u", engines[i].index, at,
                             first);
        }
        *index = (at - first) / step + 1;
        return spf_ok();
    }
    return spf_usage(
        "--shard auto: no engine says which part this is (SLURM_ARRAY_TASK_ID, "
        "JOB_COMPLETION_INDEX, CI_NODE_INDEX, AWS_BATCH_JOB_ARRAY_INDEX, PARALLEL_SEQ)");
}

struct spf_error spf_shard_parse(const char *text, unsigned *index, unsigned *count)
{
    size_t len = strcspn(text, "/");
    struct spf_error error = spf_ok();
    char which[12];

    *index = *count = 0;
    if (!spf_format_whole(which, sizeof which, "%.*s", (int)len, text) ||
        (text[len] == '/' && (!number(text + len + 1, count) || *count == 0))) {
        return spf_usage("--shard \"%s\": give K/N, such as 3/10, auto/N or auto", text);
    }
    if (strcmp(which, "auto") == 0) {
        error = ask_engine(index, count);
    } else if (!number(which, index) || *count == 0) {
        return spf_usage("--shard \"%s\": give K/N, such as 3/10, auto/N or auto", text);
    }
    if (error.code == SPF_OK && (*index == 0 || *index > *count || *count > SHARDS_MAX)) {
        error = spf_usage("--shard %u/%u: parts are counted from 1 to N, of at most %d", *index,
                          *count, SHARDS_MAX);
    }
    return error;
}

uint64_t spf_shard_hash(const struct spf_target *target)
{
    uint64_t hash = SPF_HASH_BEGIN;
    char port[8];

    spf_format(port, sizeof port, "%u", (unsigned)target->port);
    hash = spf_hash_text(hash, target->instance_id);
    hash = spf_hash_text(hash, target->host);
    hash = spf_hash_text(hash, target->user);
    hash = spf_hash_text(hash, port);
    return spf_hash_end(hash);
}

unsigned spf_shard_of(const struct spf_target *target, unsigned count)
{
    return (unsigned)(spf_shard_hash(target) % count) + 1;
}
