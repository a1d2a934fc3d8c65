#ifndef SPF_TESTS_REPLIES_RUN_H
#define SPF_TESTS_REPLIES_RUN_H

#include "cloud/aliyun/aliyun.h"
#include "pipeline/run.h"
#include "replies_worlds.h"

/* ---- a run --------------------------------------------------------------------------------- */

/* What is said of the instance: a status and a cause for each check, and what the candidates of a
 * refused login are made of. */
struct verdict {
    enum spf_status status[SPF_CHECK_COUNT];
    enum spf_finding finding[SPF_CHECK_COUNT];
    bool without_cloud_init, as_non_root, session_manager;
};

struct stage {
    struct spf_inquiry inquiry; /* first */
    struct spf_run run;
    struct spf_target target;
    struct spf_aliyun *aliyun;
    struct spf_loop *loop;
};

static void arrived(struct spf_inquiry *inquiry, enum spf_group group,
                    const struct spf_failure *failure)
{
    spf_run_arrived(&((struct stage *)inquiry)->run, group, failure, 1);
}

static void ask(struct stage *stage, enum spf_group group)
{
    if (!spf_run_asked(&stage->run, group, 1)) {
        return; /* without memory for its facts */
    }
    spf_aliyun_serve(stage->aliyun, &stage->inquiry, group);
    /* what is shared is sent in the loop, at its next turn */
    for (int turns = 0; deliver() || stage->run.facts.group[group].phase == SPF_ASKED;) {
        if (client != NULL && client->calls != NULL) {
            continue;
        }
        if (turns++ == 100) { /* nothing is under way: only the deadline would end it */
            spf_aliyun_cancel(stage->aliyun, &stage->inquiry);
            arrived(&stage->inquiry, group, &(struct spf_failure){.cause = SPF_SYSTEM_ERROR});
        }
        (void)!spf_loop_turn(stage->loop, 0).code;
    }
}

static void give(struct stage *stage, const struct world *world, enum spf_group group)
{
    const struct spf_failure failure = spf_failure(SPF_NOT_RECORDED, "not in this test");
    struct spf_key_facts *key =
        group == SPF_GROUP_KEY ? spf_facts_group(&stage->run.facts, group) : NULL;

    if (key != NULL) {
        key->public_blob = strdup(
            world->other_key
                ? "AAAAC3NzaC1lZDI1NTE5AAAAIDgzqxEqsLmZdFrm2ffTiOe6/3oLo5ZkQqkRAvNYPc1Y"
                : strchr(spf_json_text(
                             spf_json_item(spf_json_path(replies, "DescribeKeyPairs.KeyPairs."
                                                                  "KeyPair"),
                                           0),
                             "PublicKey"),
                         ' ') +
                      1);
    }
    spf_run_arrived(&stage->run, group,
                    key != NULL || group == SPF_GROUP_LOCAL_ENVIRONMENT ? NULL : &failure, 1);
}

/* Groups that a diagnosis may want after the checks. */
static const enum spf_group late[] = {
    SPF_GROUP_MEMBERSHIP, SPF_GROUP_GATEWAY, SPF_GROUP_EVENTS,       SPF_GROUP_IMAGE,
    SPF_GROUP_ASSISTANT,  SPF_GROUP_CONSOLE, SPF_GROUP_JUMP_INSTANCE};

/* No control byte gets into a sentence. An assertion a byte would be slow: Check writes each one to
 * a pipe. */
static void check_words(const struct spf_run *run)
{
    for (int i = 0; i < SPF_CHECK_COUNT; i++) {
        const char *words = run->results[i].summary;
        bool clean = true;

        for (const char *c = words; c != NULL && *c != '\0'; c++) {
            clean &= (unsigned char)*c >= ' ' && *c != 127;
        }
        ck_assert_msg(clean, "%s", words);
    }
}

/* What is called around all that is asked and judged. */
static void (*begin_asking)(void), (*end_asking)(void);

static struct verdict judged(const struct world *world)
{
    const char *const ids[] = {INSTANCE, "i-2ze0000000000000bbbb"};
    struct spf_aliyun_options options = {0};
    struct stage stage = {0};
    struct verdict verdict;
    spf_groups wants;

    stage.target =
        (struct spf_target){.instance_id = world->instance != NULL ? world->instance : INSTANCE,
                            .host = world->host,
                            .user = "root",
                            .key_path = "key.pem",
                            .port = 22,
                            .address = world->address,
                            .selected = SPF_CLOUD_CHECKS,
                            .timeout_ms = 1000};
    ck_assert(world->source == NULL || spf_ip_parse(world->source, &stage.target.source_ip));
    stage.loop = spf_loop_new();
    stage.aliyun = spf_aliyun_new(stage.loop, &options);
    stage.inquiry = (struct spf_inquiry){
        .target = &stage.target, .facts = &stage.run.facts, .loop = stage.loop, .arrived = arrived};
    ck_assert(!world->shared || spf_aliyun_share(stage.aliyun, ids, 2));
    spf_run_init(&stage.run, &stage.target);
    if (begin_asking != NULL) {
        begin_asking();
    }
    while ((wants = spf_run_advance(&stage.run, 1)) != 0) {
        for (int i = 0; i < SPF_GROUP_COUNT; i++) {
            if (wants >> i & 1 && SPF_CLOUD_GROUPS >> i & 1) {
                ask(&stage, (enum spf_group)i);
            } else if (wants >> i & 1) {
                give(&stage, world, (enum spf_group)i);
            }
        }
    }
    ck_assert(spf_run_done(&stage.run));
    for (size_t i = 0; i < sizeof late / sizeof *late; i++) {
        if (stage.run.facts.group[late[i]].phase == SPF_ABSENT &&
            stage.run.facts.instance->search == SPF_INSTANCE_FOUND &&
            spf_facts_have(&stage.run.facts, SPF_GROUP_INSTANCE)) {
            ask(&stage, late[i]);
        }
    }
    for (int i = 0; i < SPF_CHECK_COUNT; i++) {
        if (stage.run.results[i].status != SPF_SKIP) {
            spf_run_judge_again(&stage.run, (enum spf_check_id)i);
        }
    }
    if (end_asking != NULL) {
        end_asking();
    }
    for (int i = 0; i < SPF_CHECK_COUNT; i++) {
        verdict.status[i] = stage.run.results[i].status;
        verdict.finding[i] = stage.run.results[i].finding;
    }
    check_words(&stage.run);
    verdict.without_cloud_init = stage.run.facts.image->without_cloud_init;
    verdict.as_non_root = stage.run.facts.image->login_as_non_root;
    verdict.session_manager = stage.run.facts.assistant->session_manager;
    spf_run_clear(&stage.run);
    spf_aliyun_free(stage.aliyun);
    spf_loop_free(stage.loop);
    return verdict;
}

#endif
