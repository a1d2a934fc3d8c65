#include "driver/task.h"

#include <stdlib.h>

#include "base/clock.h"
#include "diagnosis/diagnosis.h"
#include "driver/ahead.h"
#include "key/local_environment.h"
#include "login/conversation.h"
#include "login/second_look.h"
#include "openssh/config.h"
#include "openssh/openssh.h"
#include "pipeline/needs.h"

struct spf_task *spf_task_new(struct spf_driver_shared *shared, size_t index)
{
    struct spf_task *task = calloc(1, sizeof *task);

    if (task == NULL) {
        return NULL;
    }
    task->index = index;
    task->shared = shared;
    task->before = shared->last_task;
    *(task->before != NULL ? &task->before->after : &shared->tasks) = task;
    shared->last_task = task;
    return task;
}

void spf_task_release(struct spf_task *task)
{
    struct spf_driver_shared *shared = task->shared;

    if (task->queued) {
        return;
    }
    *(task->before != NULL ? &task->before->after : &shared->tasks) = task->after;
    *(task->after != NULL ? &task->after->before : &shared->last_task) = task->before;
    free(task);
}

void spf_task_free_all(struct spf_driver_shared *shared)
{
    struct spf_task *after;

    for (struct spf_task *task = shared->tasks; task != NULL; task = after) {
        after = task->after;
        free(task);
    }
    shared->tasks = shared->last_task = NULL;
}

static void queue(struct spf_task *task)
{
    struct spf_driver_shared *shared = task->shared;

    if (task->queued) {
        return;
    }
    task->queued = true;
    task->next_news = NULL;
    if (shared->last != NULL) {
        shared->last->next_news = task;
    } else {
        shared->first = task;
    }
    shared->last = task;
}

struct spf_task *spf_task_next(struct spf_driver_shared *shared)
{
    struct spf_task *task = shared->first;

    if (task == NULL) {
        return NULL;
    }
    shared->first = task->next_news;
    if (shared->first == NULL) {
        shared->last = NULL;
    }
    task->queued = false;
    return task;
}

static void arrived(struct spf_inquiry *inquiry, enum spf_group group,
                    const struct spf_failure *failure)
{
    struct spf_task *task = (struct spf_task *)inquiry;

    struct spf_facts *facts = &task->run->facts;

    task->owed &= ~((spf_groups)1u << group);
    /* The question was forgotten since, for it is about another key by now: it is asked again, and
     * its answer must find no other one there. */
    if (facts->group[group].phase == SPF_ABSENT) {
        spf_facts_wipe(facts, group);
    }
    if (facts->group[group].phase != SPF_ASKED) {
        return;
    }
    spf_run_arrived(task->run, group, failure, spf_now_ms());
    inquiry->target = task->run->target; /* the ssh configuration may have made another of it */
    if (group == SPF_GROUP_CREDENTIALS && failure == NULL) {
        spf_ahead_begin(task);
    }
    if (group == SPF_GROUP_INSTANCE) {
        spf_ahead_confirm(task);
    }
    queue(task);
}

static void fail(struct spf_task *task, enum spf_group group, const char *what)
{
    const struct spf_failure failure = spf_failure(SPF_SYSTEM_ERROR, "%s", what);

    arrived(&task->inquiry, group, &failure);
}

static void serve_cloud(struct spf_task *task, enum spf_group group)
{
    const struct spf_driver_shared *shared = task->shared;
    const unsigned place = task->run->target->account;
    const struct spf_account *account = shared->options->accounts[place];
    struct spf_cloud **cloud = &shared->clouds[place];

    if (*cloud == NULL) {
        *cloud = spf_cloud_new(shared->loop, &account->cloud);
        if (*cloud != NULL && account->instances.count > 1) {
            (void)spf_cloud_share(*cloud, account->instances.items, account->instances.count);
        }
    }
    if (*cloud == NULL) {
        fail(task, group, "out of memory");
    } else {
        spf_cloud_serve(*cloud, &task->inquiry, group);
    }
}

static void serve_key(struct spf_task *task, enum spf_group group)
{
    struct spf_driver_shared *shared = task->shared;

    if (shared->keys == NULL) {
        shared->keys = spf_key_cache_new(shared->loop);
    }
    if (shared->keys == NULL) {
        fail(task, group, "out of memory");
    } else {
        spf_key_cache_serve(shared->keys, &task->inquiry, group);
    }
}

static void serve_ssh_config(struct spf_task *task)
{
    struct spf_driver_shared *shared = task->shared;

    if (shared->several && shared->ssh_answers == NULL) {
        shared->ssh_answers = spf_ssh_answers_new();
    }
    task->ssh_config = spf_ssh_config_new(&task->inquiry, shared->ssh_answers);
    if (task->ssh_config == NULL) {
        fail(task, SPF_GROUP_SSH_CONFIG, "out of memory");
    }
}

static void serve_openssh(struct spf_task *task, enum spf_group group)
{
    struct spf_driver_shared *shared = task->shared;

    if (shared->openssh == NULL) {
        shared->openssh = spf_openssh_new(shared->loop);
    }
    if (shared->openssh == NULL) {
        fail(task, group, "out of memory");
    } else {
        spf_openssh_serve(shared->openssh, &task->inquiry, group);
    }
}

/* This machine is the same for all. */
static void serve_local_environment(struct spf_task *task)
{
    struct spf_driver_shared *shared = task->shared;

    if (!shared->looked) {
        spf_local_environment_look(&shared->local_environment);
    }
    shared->looked = true;
    if (spf_shape_copy(&spf_local_environment_shape, &shared->local_environment,
                       task->run->facts.local_environment)) {
        arrived(&task->inquiry, SPF_GROUP_LOCAL_ENVIRONMENT, NULL);
    } else {
        fail(task, SPF_GROUP_LOCAL_ENVIRONMENT, "out of memory");
    }
}

static void serve_conversation(struct spf_task *task, enum spf_group group)
{
    if (task->conversation == NULL) {
        task->conversation = spf_conversation_new(
            &task->inquiry, spf_run_expects(task->run, SPF_CHECK_SSH_HANDSHAKE));
    }
    if (task->conversation == NULL) {
        fail(task, group, "out of memory");
    } else {
        spf_conversation_serve(task->conversation, group);
    }
}

static void serve_host_key_again(struct spf_task *task)
{
    task->second_look = spf_second_look_new(&task->inquiry);
    if (task->second_look == NULL) {
        fail(task, SPF_GROUP_HOST_KEY_AGAIN, "no memory to connect");
    } else {
        spf_second_look_begin(task->second_look);
    }
}

/* Who serves what. */
static void serve(struct spf_task *task, enum spf_group group)
{
    const struct spf_driver_options *options = task->shared->options;

    if (options->transcript != NULL && !(SPF_CLOUD_GROUPS >> group & 1)) {
        spf_transcript_serve(options->transcript, &task->inquiry, group);
        return;
    }
    switch (group) {
    case SPF_GROUP_KEY:
    case SPF_GROUP_FOUND_KEY:
        serve_key(task, group);
        break;
    case SPF_GROUP_LOCAL_ENVIRONMENT:
        serve_local_environment(task);
        break;
    case SPF_GROUP_CREDENTIALS:
    case SPF_GROUP_IDENTITY:
    case SPF_GROUP_INSTANCE:
    case SPF_GROUP_LOOKUP:
    case SPF_GROUP_RULES:
    case SPF_GROUP_MEMBERSHIP:
    case SPF_GROUP_JUMP_INSTANCE:
    case SPF_GROUP_NETWORK_ACL:
    case SPF_GROUP_GATEWAY:
    case SPF_GROUP_EVENTS:
    case SPF_GROUP_IMAGE:
    case SPF_GROUP_ASSISTANT:
    case SPF_GROUP_KEY_PAIR:
    case SPF_GROUP_CONSOLE:
        serve_cloud(task, group);
        break;
    case SPF_GROUP_SSH_CONFIG:
        serve_ssh_config(task);
        break;
    case SPF_GROUP_OPENSSH:
    case SPF_GROUP_OPENSSH_ALGORITHMS:
        serve_openssh(task, group);
        break;
    case SPF_GROUP_KNOWN_HOSTS:
    case SPF_GROUP_TCP:
    case SPF_GROUP_IDENTIFICATION:
    case SPF_GROUP_HANDSHAKE:
    case SPF_GROUP_QUERY:
    case SPF_GROUP_SIGNATURE:
    case SPF_GROUP_SESSION:
        serve_conversation(task, group);
        break;
    case SPF_GROUP_HOST_KEY_AGAIN:
        serve_host_key_again(task);
        break;
    case SPF_GROUP_TRANSCRIPT: /* there is none */
    case SPF_GROUP_COUNT:
        break;
    }
}

/* What the report needs beside the checks, as far as it is in this phase. */
static spf_groups missing(const struct spf_task *task, enum spf_group_phase phase)
{
    spf_groups groups = task->shared->options->reported;

    for (int i = 0; i < SPF_GROUP_COUNT; i++) {
        if (task->run->facts.group[i].phase != phase) {
            groups &= ~((spf_groups)1u << i);
        }
    }
    return groups;
}

void spf_task_advance(struct spf_task *task)
{
    spf_groups wants = spf_run_advance(task->run, spf_now_ms());

    if (!(task->owed & SPF_GROUP_BIT(SSH_CONFIG))) { /* it has answered */
        spf_ssh_config_free(task->ssh_config);
        task->ssh_config = NULL;
    }
    if (task->run->replayed) { /* whose results may leave a question, but nobody is asked */
        return;
    }
    wants |= spf_diagnosis_wants(task->run) | missing(task, SPF_ABSENT);
    wants |= spf_ahead_wants(task);
    if (task->conversation != NULL &&
        spf_silence_is_explained(&task->run->facts, task->run->results)) {
        spf_conversation_expect_silence(task->conversation);
    }
    for (int i = 0; i < SPF_GROUP_COUNT; i++) {
        if (wants >> i & 1) {
            if (spf_run_asked(task->run, (enum spf_group)i, spf_now_ms())) {
                task->owed |= (spf_groups)1u << i;
                serve(task, (enum spf_group)i);
            } else {
                queue(task);
            }
        }
    }
}

bool spf_task_is_done(const struct spf_task *task)
{
    return spf_run_done(task->run) && !spf_diagnosis_awaits(task->run) &&
           missing(task, SPF_ASKED) == 0;
}

void spf_task_rest(struct spf_task *task)
{
    struct spf_driver_shared *shared = task->shared;

    spf_loop_remove(shared->loop, &task->deadline);
    spf_ahead_drop(task);
    spf_second_look_free(task->second_look);
    task->second_look = NULL;
    spf_conversation_free(task->conversation);
    task->conversation = NULL;
    spf_ssh_config_free(task->ssh_config);
    task->ssh_config = NULL;
    if (task->owed & SPF_GROUP_BIT(KEY) && shared->keys != NULL) {
        spf_key_cache_cancel(shared->keys, &task->inquiry, SPF_GROUP_KEY);
    }
    if (task->owed & SPF_GROUP_BIT(FOUND_KEY) && shared->keys != NULL) {
        spf_key_cache_cancel(shared->keys, &task->inquiry, SPF_GROUP_FOUND_KEY);
    }
    if (task->owed & SPF_CLOUD_GROUPS && shared->clouds[task->run->target->account] != NULL) {
        spf_cloud_cancel(shared->clouds[task->run->target->account], &task->inquiry);
    }
    if (task->owed & (SPF_GROUP_BIT(OPENSSH) | SPF_GROUP_BIT(OPENSSH_ALGORITHMS)) &&
        shared->openssh != NULL) {
        spf_openssh_cancel(shared->openssh, &task->inquiry);
    }
    task->owed = 0;
}

static void time_is_up(struct spf_watch *watch, short revents)
{
    struct spf_task *task = watch->owner;

    (void)revents;
    spf_loop_remove(task->shared->loop, watch);
    task->late = true;
    queue(task);
}

bool spf_task_begin(struct spf_task *task, struct spf_run *run, int64_t deadline_ms)
{
    struct spf_driver_shared *shared = task->shared;

    task->run = run;
    task->late = task->ahead = false;
    task->inquiry = (struct spf_inquiry){.target = run->target,
                                         .facts = &run->facts,
                                         .loop = shared->loop,
                                         .arrived = arrived,
                                         .login = shared->login};
    task->deadline =
        (struct spf_watch){.fd = -1, .due_ms = deadline_ms, .ready = time_is_up, .owner = task};
    queue(task);
    return spf_loop_add(shared->loop, &task->deadline);
}

void spf_task_begin_again(struct spf_task *task)
{
    const int64_t due_ms = task->deadline.due_ms;
    spf_groups keep = 0;

    spf_task_rest(task);
    for (int i = 0; i < SPF_GROUP_COUNT; i++) {
        if (SPF_CLOUD_GROUPS >> i & 1 && task->run->facts.group[i].phase != SPF_ASKED) {
            keep |= (spf_groups)1u << i;
        }
    }
    spf_run_again(task->run, keep);
    if (!spf_task_begin(task, task->run, due_ms)) {
        task->late = true; /* no memory: what is not known yet is not waited for */
    }
}
