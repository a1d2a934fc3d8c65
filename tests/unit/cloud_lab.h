#ifndef SPF_TESTS_CLOUD_LAB_H
#define SPF_TESTS_CLOUD_LAB_H

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "all_facts.h"
#include "base/clock.h"
#include "base/json.h"
#include "cloud/aliyun/aliyun.h"
#include "unit.h"

/*
 * The probe against the emulated cloud: a lab-cloud process over plain HTTP on loopback, a loop,
 * and one inquiry whose groups are asked one after the other.
 */
#define LAB_ID       "LTAI5tLabCanaryId0001"
#define LAB_SECRET   "LabCanarySecretAk000000000001x"
#define LAB_INSTANCE "i-bp1lab0000000000web1"

struct lab {
    pid_t pid;
    char folder[64], log[100], url[64];
    struct spf_loop *loop;
    struct spf_endpoint endpoint;
    struct spf_aliyun_options options;
    struct spf_aliyun *aliyun;
    struct spf_target target;
    struct spf_facts facts;
    struct spf_inquiry inquiry;
    int arrived;
};

static void lab_arrived(struct spf_inquiry *inquiry, enum spf_group group,
                        const struct spf_failure *failure)
{
    struct lab *lab = (struct lab *)((char *)inquiry - offsetof(struct lab, inquiry));

    lab->arrived++;
    spf_group_settle(&lab->facts.group[group], failure);
}

/* Scenarios write down only the members of a rule that matter; the service sends all of them. */
static void lab_complete(struct json_object *world)
{
    struct json_object *regions = spf_json_get(world, "regions");

    json_object_object_foreach(regions, region_name, region)
    {
        struct json_object *groups = spf_json_get(region, "SecurityGroups");

        (void)region_name;
        if (groups == NULL) {
            continue;
        }
        json_object_object_foreach(groups, id, group)
        {
            struct json_object *rules = spf_json_path(group, "Permissions.Permission");

            (void)id;
            for (size_t i = 0; i < spf_json_count(rules); i++) {
                static const char *const members[][2] = {
                    {"Direction", "ingress"}, {"IpProtocol", "TCP"}, {"Policy", "Accept"}};
                struct json_object *rule = spf_json_item(rules, i);

                for (size_t k = 0; k < 3; k++) {
                    if (spf_json_get(rule, members[k][0]) == NULL) {
                        json_object_object_add(rule, members[k][0],
                                               json_object_new_string(members[k][1]));
                    }
                }
            }
        }
    }
}

/* The lab's base world, changed by a function if one is given. */
static void lab_start(struct lab *lab, void (*change)(struct json_object *world))
{
    const char *binary = getenv("LAB_CLOUD");
    struct json_object *world = json_object_from_file(TEST_LAB "/worlds/base.json");
    char world_file[100];
    int out[2], port = 0;
    FILE *ready;

    ck_assert_ptr_nonnull(binary);
    ck_assert_ptr_nonnull(world);
    memset(lab, 0, sizeof *lab);
    strcpy(lab->folder, "/tmp/spf-unit-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(lab->folder));
    (void)snprintf(world_file, sizeof world_file, "%s/world.json", lab->folder);
    (void)snprintf(lab->log, sizeof lab->log, "%s/calls", lab->folder);
    if (change != NULL) {
        change(world);
    }
    lab_complete(world);
    ck_assert_int_eq(json_object_to_file(world_file, world), 0);
    json_object_put(world);

    ck_assert_int_eq(pipe(out), 0);
    lab->pid = fork();
    if (lab->pid == 0) {
        dup2(out[1], 1);
        close(out[0]);
        execl(binary, binary, "--world", world_file, "--log", lab->log, (char *)NULL);
        _exit(127);
    }
    close(out[1]);
    ready = fdopen(out[0], "r");
    ck_assert_int_eq(fscanf(ready, "ready %d", &port), 1);
    fclose(ready);
    (void)snprintf(lab->url, sizeof lab->url, "http://127.0.0.1:%d", port);

    unsetenv("ALIBABA_CLOUD_REGION_ID");
    setenv("ALIBABA_CLOUD_ACCESS_KEY_ID", LAB_ID, 1);
    setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", LAB_SECRET, 1);
    setenv("HOME", lab->folder, 1);
    ck_assert_int_eq(spf_endpoint_parse(lab->url, &lab->endpoint).code, SPF_OK);
    lab->options.api.endpoints = &lab->endpoint;
    lab->options.api.endpoint_count = 1;
    lab->target = (struct spf_target){.instance_id = LAB_INSTANCE,
                                      .user = "root",
                                      .port = 22,
                                      .selected = SPF_ALL_CHECKS,
                                      .timeout_ms = 60000};
    lab->loop = spf_loop_new();
    ck_assert_ptr_nonnull(lab->loop);
    open_all(&lab->facts);
    lab->inquiry = (struct spf_inquiry){
        .target = &lab->target, .facts = &lab->facts, .loop = lab->loop, .arrived = lab_arrived};
    lab->aliyun = spf_aliyun_new(lab->loop, &lab->options);
    ck_assert_ptr_nonnull(lab->aliyun);
}

/* Asks and waits; at most ten seconds. NULL: the facts are there. */
static const struct spf_failure *lab_ask(struct lab *lab, enum spf_group group)
{
    int64_t until = spf_now_ms() + UNIT_HANGS_MS;
    int before = lab->arrived;

    spf_aliyun_serve(lab->aliyun, &lab->inquiry, group);
    while (lab->arrived == before && spf_now_ms() < until) {
        ck_assert_int_eq(spf_loop_turn(lab->loop, until).code, SPF_OK);
    }
    ck_assert_int_eq(lab->arrived, before + 1);
    return lab->facts.group[group].phase == SPF_FAILED ? lab->facts.group[group].failure : NULL;
}

/* How often an action was called. */
static inline int lab_calls(struct lab *lab, const char *action)
{
    FILE *in = fopen(lab->log, "r");
    char line[8192];
    int calls = 0;

    while (in != NULL && fgets(line, sizeof line, in) != NULL) {
        calls += strstr(line, action) != NULL;
    }
    if (in != NULL) {
        fclose(in);
    }
    return calls;
}

static void lab_stop(struct lab *lab)
{
    char command[120];

    spf_aliyun_free(lab->aliyun);
    spf_facts_clear(&lab->facts);
    spf_loop_free(lab->loop);
    ck_assert_int_eq(kill(lab->pid, SIGTERM), 0);
    ck_assert_int_eq(waitpid(lab->pid, NULL, 0), lab->pid);
    (void)snprintf(command, sizeof command, "rm -r %s", lab->folder);
    ck_assert_int_eq(system(command), 0);
}

#endif
