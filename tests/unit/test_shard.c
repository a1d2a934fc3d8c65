/* --shard (cli/shard.c): which part, and what an engine says. */
#include <stdio.h>
#include <stdlib.h>

#include "cli/shard.h"
#include "unit.h"

static void forget_engines(void)
{
    static const char *const names[] = {"SLURM_ARRAY_TASK_ID",
                                        "SLURM_ARRAY_TASK_MIN",
                                        "SLURM_ARRAY_TASK_STEP",
                                        "SLURM_ARRAY_TASK_COUNT",
                                        "JOB_COMPLETION_INDEX",
                                        "CI_NODE_INDEX",
                                        "CI_NODE_TOTAL",
                                        "AWS_BATCH_JOB_ARRAY_INDEX",
                                        "AWS_BATCH_JOB_ARRAY_SIZE",
                                        "PARALLEL_SEQ"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        ck_assert_int_eq(unsetenv(names[i]), 0);
    }
}

/* environment: "NAME=value NAME=value" */
static void check_parse(const char *environment, const char *text, const char *expected)
{
    static char kept[20][300]; /* putenv(3) keeps what it is given */
    static size_t used;
    unsigned index;
    unsigned count;
    struct spf_error error;
    char said[300];
    char copy[300];

    forget_engines();
    ck_assert(spf_copy_whole(copy, sizeof copy, environment));
    for (char *at = copy, *word; (word = strsep(&at, " ")) != NULL;) {
        if (word[0] == '\0') {
            continue;
        }
        used = (used + 1) % 20;
        ck_assert(spf_copy_whole(kept[used], sizeof kept[used], word));
        ck_assert_int_eq(putenv(kept[used]), 0);
    }
    error = spf_shard_parse(text, &index, &count);
    if (error.code == SPF_OK) {
        spf_format(said, sizeof said, "%u/%u", index, count);
    } else {
        spf_copy(said, sizeof said, error.text);
    }
    forget_engines();
    if (strstr(said, expected) == NULL) {
        ck_abort_msg("%s --shard %s: %s, should be %s", environment, text, said, expected);
    }
}

START_TEST(parts_are_counted_from_one)
{
    check_parse("", "3/10", "3/10");
    check_parse("", "1/1", "1/1");
    check_parse("", "0/10", "counted from 1");
    check_parse("", "11/10", "counted from 1");
    check_parse("", "3", "give K/N");
    check_parse("", "3/", "give K/N");
    check_parse("", "3/0", "give K/N");
    check_parse("", "-1/2", "give K/N");
    check_parse("", "1/2/3", "give K/N");
    check_parse("", "1/100001", "at most 100000");
    check_parse("", "", "give K/N");
}
END_TEST

START_TEST(engines_say_which)
{
    const char *slurm = "SLURM_ARRAY_TASK_ID=14 SLURM_ARRAY_TASK_MIN=10 SLURM_ARRAY_TASK_STEP=2 "
                        "SLURM_ARRAY_TASK_COUNT=5";

    check_parse(slurm, "auto", "3/5");
    check_parse("SLURM_ARRAY_TASK_ID=0 SLURM_ARRAY_TASK_MIN=0 SLURM_ARRAY_TASK_COUNT=10", "auto",
                "1/10");
    check_parse("SLURM_ARRAY_TASK_ID=4", "auto", "SLURM_ARRAY_TASK_MIN is not");
    check_parse("JOB_COMPLETION_INDEX=0", "auto/10", "1/10");
    check_parse("JOB_COMPLETION_INDEX=0", "auto", "give --shard auto/N");
    check_parse("CI_NODE_INDEX=2 CI_NODE_TOTAL=4", "auto", "2/4");
    check_parse("AWS_BATCH_JOB_ARRAY_INDEX=9 AWS_BATCH_JOB_ARRAY_SIZE=10", "auto", "10/10");
    check_parse("PARALLEL_SEQ=7", "auto/9", "7/9");
    check_parse("PARALLEL_SEQ=10", "auto/9", "counted from 1");
    check_parse("", "auto", "no engine says");
}
END_TEST

/* Each is in one part, the parts are of about one size, and what part it is does not depend on
 * anything else. */
START_TEST(every_target_is_in_one_part)
{
    unsigned sizes[11] = {0};

    for (unsigned i = 0; i < 10000; i++) {
        char host[40];
        struct spf_target target = {.host = host, .user = "root", .port = 22};
        unsigned part;

        spf_format(host, sizeof host, "10.0.%u.%u", i / 256, i % 256);
        part = spf_shard_of(&target, 10);
        ck_assert(part >= 1 && part <= 10);
        sizes[part]++;
        target.key_path = "other";
        ck_assert_uint_eq(spf_shard_of(&target, 10), part);
    }
    for (unsigned i = 1; i <= 10; i++) {
        ck_assert(sizes[i] > 850 && sizes[i] < 1150);
    }
    /* Of all releases: files of two of them are joined. */
    ck_assert_uint_eq(
        spf_shard_of(&(struct spf_target){.instance_id = "i-bp1", .user = "root", .port = 22}, 10),
        9);
}
END_TEST

int main(void)
{
    return unit_main("shard", (const TTest *const[]){parts_are_counted_from_one, engines_say_which,
                                                     every_target_is_in_one_part, NULL});
}
