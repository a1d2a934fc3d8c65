#include "driver/driver.h"

#include <poll.h>
#include <stddef.h>
#include <stdlib.h>

#include "base/clock.h"
#include "diagnosis/diagnosis.h"
#include "driver/record.h"
#include "key/key_probe.h"
#include "login/conversation.h"
#include "login/ssh_config.h"
#include "openssh/openssh.h"
#include "pipeline/inquiry.h"

/* One target on its way: its run, and what its probes hold for it. */
struct course {
    struct spf_inquiry inquiry; /* first: arrived() finds the course by it */
    struct spf_run *run;
    struct round *round;
    struct spf_key_probe *key;
    struct spf_conversation *conversation;
    struct spf_ssh_config *ssh_config;
    bool news; /* something has come since the run was last asked what it wants */
};

struct round {
    const struct spf_driver_options *options;
    struct spf_loop *loop;
    struct spf_aliyun
        *cloud; /* made when the first cloud group is wanted: no start-up for nothing */
    struct spf_openssh *openssh; /* likewise */
    struct course *courses;
    size_t count;
    struct spf_watch stop;
    bool stopped;
};

static void arrived(struct spf_inquiry *inquiry, enum spf_group group,
                    const struct spf_failure *failure)
{
    struct course *course = (struct course *)inquiry;

    spf_run_arrived(course->run, group, failure, spf_now_ms());
    inquiry->target = course->run->target; /* the ssh configuration may have made another of it */
    course->news = true;
}

static void fail(struct course *course, enum spf_group group, const char *what)
{
    const struct spf_failure failure = spf_failure(SPF_SYSTEM_ERROR, "%s", what);

    arrived(&course->inquiry, group, &failure);
}

static void serve_cloud(struct course *course, enum spf_group group)
{
    struct round *round = course->round;

    if (round->cloud == NULL)
        round->cloud = spf_aliyun_new(round->loop, round->options->cloud);
    if (round->cloud == NULL)
        fail(course, group, "out of memory");
    else
        spf_aliyun_serve(round->cloud, &course->inquiry, group);
}

static void serve_key(struct course *course, enum spf_group group)
{
    if (course->key == NULL)
        course->key = spf_key_probe_new(&course->inquiry);
    if (course->key == NULL)
        fail(course, group, "out of memory");
    else
        spf_key_probe_serve(course->key, group);
}

static void serve_ssh_config(struct course *course)
{
    course->ssh_config = spf_ssh_config_new(&course->inquiry);
    if (course->ssh_config == NULL)
        fail(course, SPF_GROUP_SSH_CONFIG, "out of memory");
}

static void serve_openssh(struct course *course, enum spf_group group)
{
    struct round *round = course->round;

    if (round->openssh == NULL)
        round->openssh = spf_openssh_new(round->loop);
    if (round->openssh == NULL)
        fail(course, group, "out of memory");
    else
        spf_openssh_serve(round->openssh, &course->inquiry, group);
}

static void serve_conversation(struct course *course, enum spf_group group)
{
    if (course->conversation == NULL)
        course->conversation = spf_conversation_new(
            &course->inquiry, spf_run_expects(course->run, SPF_CHECK_SSH_HANDSHAKE));
    if (course->conversation == NULL)
        fail(course, group, "out of memory");
    else
        spf_conversation_serve(course->conversation, group);
}

/* Who serves what. */
static void serve(struct course *course, enum spf_group group)
{
    if (course->round->options->replay != NULL) {
        spf_replay_serve(course->round->options->replay, (size_t)(course - course->round->courses),
                         &course->inquiry, group);
        return;
    }
    if (course->round->options->transcript != NULL && !(SPF_CLOUD_GROUPS >> group & 1)) {
        spf_transcript_serve(course->round->options->transcript, &course->inquiry, group);
        return;
    }
    switch (group) {
    case SPF_GROUP_SURROUNDINGS:
    case SPF_GROUP_KEY:
    case SPF_GROUP_FOUND_KEY:
        serve_key(course, group);
        break;
    case SPF_GROUP_CREDENTIALS:
    case SPF_GROUP_IDENTITY:
    case SPF_GROUP_INSTANCE:
    case SPF_GROUP_LOOKUP:
    case SPF_GROUP_RULES:
    case SPF_GROUP_MEMBERSHIP:
    case SPF_GROUP_NETWORK_ACL:
    case SPF_GROUP_GATEWAY:
    case SPF_GROUP_EVENTS:
    case SPF_GROUP_IMAGE:
    case SPF_GROUP_ASSISTANT:
    case SPF_GROUP_KEY_PAIR:
    case SPF_GROUP_CONSOLE:
        serve_cloud(course, group);
        break;
    case SPF_GROUP_SSH_CONFIG:
        serve_ssh_config(course);
        break;
    case SPF_GROUP_OPENSSH:
    case SPF_GROUP_OPENSSH_ALGORITHMS:
        serve_openssh(course, group);
        break;
    case SPF_GROUP_KNOWN_HOSTS:
    case SPF_GROUP_TCP:
    case SPF_GROUP_IDENTIFICATION:
    case SPF_GROUP_HANDSHAKE:
    case SPF_GROUP_QUERY:
    case SPF_GROUP_SIGNATURE:
    case SPF_GROUP_SESSION:
        serve_conversation(course, group);
        break;
    case SPF_GROUP_TRANSCRIPT: /* there is none */
    case SPF_GROUP_COUNT:
        break;
    }
}

/* What the report needs beside the checks, as far as it is in this phase. */
static spf_groups missing(const struct course *course, enum spf_group_phase phase)
{
    spf_groups groups = course->round->options->reported;

    for (int i = 0; i < SPF_GROUP_COUNT; i++) {
        if (course->run->facts.group[i].phase != phase)
            groups &= ~((spf_groups)1u << i);
    }
    return groups;
}

/* Probes may answer at once; then there is news again before this returns. */
static void advance(struct course *course)
{
    while (course->news) {
        spf_groups wants;

        course->news = false;
        wants = spf_run_advance(course->run, spf_now_ms());
        wants |= spf_diagnosis_wants(course->run) | missing(course, SPF_ABSENT);
        if (course->conversation != NULL && spf_run_expects_silence(course->run))
            spf_conversation_expect_silence(course->conversation);
        for (int i = 0; i < SPF_GROUP_COUNT; i++) {
            if (wants >> i & 1) {
                spf_run_asked(course->run, (enum spf_group)i, spf_now_ms());
                serve(course, (enum spf_group)i);
            }
        }
    }
}

static void stop(struct spf_watch *watch, short revents)
{
    struct round *round = watch->owner;

    (void)revents;
    round->stopped = true;
    spf_loop_remove(round->loop, watch);
}

/* Until all are done or the time is up; an error is poll(2)'s. */
static struct spf_error turn(struct round *round, struct spf_run *runs, int64_t deadline)
{
    const struct spf_driver_options *options = round->options;

    for (;;) {
        bool done = true, news = false;
        struct spf_error error;

        for (size_t i = 0; i < round->count; i++) {
            struct course *course = &round->courses[i];

            news |= course->news;
            advance(course);
            done &= spf_run_done(course->run) && !spf_diagnosis_awaits(course->run) &&
                    missing(course, SPF_ASKED) == 0;
        }
        if (news && options->progress != NULL)
            options->progress(options->context, runs, round->count);
        if (done || round->stopped || spf_now_ms() >= deadline)
            return spf_ok();
        error = spf_loop_turn(round->loop, deadline);
        if (error.code != SPF_OK)
            return error;
    }
}

static struct spf_error start(struct round *round, struct spf_run *runs)
{
    round->loop = spf_loop_new();
    round->courses = calloc(round->count, sizeof *round->courses);
    if (round->loop == NULL || round->courses == NULL) {
        round->count = 0; /* no course has begun */
        return spf_error(SPF_ERR_NOMEM, "out of memory or descriptors");
    }
    for (size_t i = 0; i < round->count; i++) {
        round->courses[i] = (struct course){
            .inquiry = {.target = runs[i].target,
                        .facts = &runs[i].facts,
                        .loop = round->loop,
                        .arrived = arrived},
            .run = &runs[i],
            .round = round,
            .news = true,
        };
    }
    round->stop = (struct spf_watch){
        .fd = round->options->stop_fd, .events = POLLIN, .ready = stop, .owner = round};
    if (round->options->stop_fd >= 0 && !spf_loop_add(round->loop, &round->stop))
        return spf_error(SPF_ERR_NOMEM, "out of memory");
    return spf_ok();
}

/* Closes connections and forgets secrets; nobody calls arrived afterwards. */
static void finish(struct round *round)
{
    for (size_t i = 0; round->courses != NULL && i < round->count; i++) {
        struct course *course = &round->courses[i];

        spf_conversation_free(course->conversation);
        spf_ssh_config_free(course->ssh_config);
        spf_key_probe_free(course->key);
        spf_secret_free(course->inquiry.login_key);
    }
    spf_aliyun_free(round->cloud);
    spf_openssh_free(round->openssh);
    spf_loop_free(round->loop);
    free(round->courses);
}

struct spf_error spf_drive(struct spf_run *runs, size_t count,
                           const struct spf_driver_options *options, bool *stopped)
{
    struct round round = {.options = options, .count = count};
    struct spf_failure failure = spf_failure(SPF_DEADLINE_EXCEEDED, "not known within %lld s",
                                             (long long)((options->deadline_ms + 500) / 1000));
    struct spf_error error = start(&round, runs);

    if (error.code == SPF_OK)
        error = turn(&round, runs, spf_now_ms() + options->deadline_ms);
    if (error.code != SPF_OK)
        failure = spf_failure(SPF_SYSTEM_ERROR, "%s", error.text);
    else if (round.stopped)
        failure = spf_failure(SPF_INTERRUPTED, "interrupted before this was known");
    for (size_t i = 0; i < count; i++) {
        if (!spf_run_done(&runs[i]))
            spf_run_abandon(&runs[i], &failure, spf_now_ms());
    }
    *stopped = round.stopped;
    finish(&round);
    return error;
}
