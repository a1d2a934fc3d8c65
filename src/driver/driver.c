#include "driver/driver.h"

#include <poll.h>
#include <stddef.h>
#include <stdlib.h>

#include "base/clock.h"
#include "diagnosis/diagnosis.h"
#include "driver/record.h"
#include "key/probe.h"
#include "login/conversation.h"
#include "openssh/config.h"
#include "openssh/openssh.h"
#include "pipeline/inquiry.h"

/* One target on its way: its run, and what its probes hold for it. */
struct course {
    struct spf_inquiry inquiry; /* first: arrived() finds the course by it */
    struct spf_run *run;
    struct spf_driver *driver;
    struct spf_key_probe *key;
    struct spf_conversation *conversation;
    struct spf_ssh_config *ssh_config;
    bool news; /* something has come since the run was last asked what it wants */
};

struct spf_driver {
    const struct spf_driver_options *options;
    struct spf_loop *loop;
    struct spf_aliyun
        *cloud; /* made when the first cloud group is wanted: no start-up for nothing */
    struct spf_openssh *openssh; /* likewise */
    struct spf_run *runs;
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
    struct spf_driver *driver = course->driver;

    if (driver->cloud == NULL)
        driver->cloud = spf_aliyun_new(driver->loop, driver->options->cloud);
    if (driver->cloud == NULL)
        fail(course, group, "out of memory");
    else
        spf_aliyun_serve(driver->cloud, &course->inquiry, group);
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
    struct spf_driver *driver = course->driver;

    if (driver->openssh == NULL)
        driver->openssh = spf_openssh_new(driver->loop);
    if (driver->openssh == NULL)
        fail(course, group, "out of memory");
    else
        spf_openssh_serve(driver->openssh, &course->inquiry, group);
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
    if (course->driver->options->replay != NULL) {
        spf_replay_serve(course->driver->options->replay,
                         (size_t)(course - course->driver->courses), &course->inquiry, group);
        return;
    }
    if (course->driver->options->transcript != NULL && !(SPF_CLOUD_GROUPS >> group & 1)) {
        spf_transcript_serve(course->driver->options->transcript, &course->inquiry, group);
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
    spf_groups groups = course->driver->options->reported;

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
    struct spf_driver *driver = watch->owner;

    (void)revents;
    driver->stopped = true;
    spf_loop_remove(driver->loop, watch);
}

/* Until all are done or the time is up; an error is poll(2)'s. */
static struct spf_error turn(struct spf_driver *driver, struct spf_run *runs, int64_t deadline)
{
    const struct spf_driver_options *options = driver->options;

    for (;;) {
        bool done = true, news = false;
        struct spf_error error;

        for (size_t i = 0; i < driver->count; i++) {
            struct course *course = &driver->courses[i];

            news |= course->news;
            advance(course);
            done &= spf_run_done(course->run) && !spf_diagnosis_awaits(course->run) &&
                    missing(course, SPF_ASKED) == 0;
        }
        if (news && options->progress != NULL)
            options->progress(options->context, runs, driver->count);
        if (done || driver->stopped || spf_now_ms() >= deadline)
            return spf_ok();
        error = spf_loop_turn(driver->loop, deadline);
        if (error.code != SPF_OK)
            return error;
    }
}

/* Each course of a round begins without connections; what its run has kept is not asked again. */
static bool start(struct spf_driver *driver)
{
    for (size_t i = 0; i < driver->count; i++) {
        struct course *course = &driver->courses[i];

        course->inquiry.target = driver->runs[i].target;
        course->news = true;
    }
    driver->stop = (struct spf_watch){
        .fd = driver->options->stop_fd, .events = POLLIN, .ready = stop, .owner = driver};
    return driver->stop.fd < 0 || spf_loop_add(driver->loop, &driver->stop);
}

/* Has somebody been asked who has not answered? */
static bool awaits(const struct spf_run *run, spf_groups groups)
{
    for (int i = 0; i < SPF_GROUP_COUNT; i++) {
        if (groups >> i & 1 && run->facts.group[i].phase == SPF_ASKED)
            return true;
    }
    return false;
}

/* Closes the connections to the host, and drops what has not come; nobody calls arrived afterwards.
 */
static void rest(struct spf_driver *driver)
{
    for (size_t i = 0; i < driver->count; i++) {
        struct course *course = &driver->courses[i];

        spf_conversation_free(course->conversation);
        course->conversation = NULL;
        spf_ssh_config_free(course->ssh_config);
        course->ssh_config = NULL;
        spf_key_probe_free(course->key);
        course->key = NULL;
        if (driver->cloud != NULL && awaits(course->run, SPF_CLOUD_GROUPS))
            spf_aliyun_cancel(driver->cloud, &course->inquiry);
        if (awaits(course->run, SPF_GROUP_BIT(OPENSSH) | SPF_GROUP_BIT(OPENSSH_ALGORITHMS))) {
            spf_openssh_free(driver->openssh);
            driver->openssh = NULL;
        }
    }
    spf_loop_remove(driver->loop, &driver->stop);
}

struct spf_driver *spf_driver_new(struct spf_run *runs, size_t count,
                                  const struct spf_driver_options *options)
{
    struct spf_driver *driver = calloc(1, sizeof *driver);

    if (driver == NULL)
        return NULL;
    driver->options = options;
    driver->runs = runs;
    driver->loop = spf_loop_new();
    driver->courses = calloc(count, sizeof *driver->courses);
    if (driver->loop == NULL || driver->courses == NULL) {
        spf_driver_free(driver);
        return NULL;
    }
    driver->count = count;
    for (size_t i = 0; i < count; i++) {
        driver->courses[i] = (struct course){
            .inquiry = {.facts = &runs[i].facts, .loop = driver->loop, .arrived = arrived},
            .run = &runs[i],
            .driver = driver,
        };
    }
    return driver;
}

void spf_driver_free(struct spf_driver *driver)
{
    if (driver == NULL)
        return;
    for (size_t i = 0; i < driver->count; i++) {
        spf_secret_free(driver->courses[i].inquiry.login_key);
        spf_secret_free(driver->courses[i].inquiry.certificate);
    }
    spf_aliyun_free(driver->cloud);
    spf_openssh_free(driver->openssh);
    spf_loop_free(driver->loop);
    free(driver->courses);
    free(driver);
}

/* Credentials that are to be looked for again are those of a new client. */
static void renew_cloud(struct spf_driver *driver)
{
    for (size_t i = 0; driver->cloud != NULL && i < driver->count; i++) {
        if (driver->runs[i].facts.group[SPF_GROUP_CREDENTIALS].phase == SPF_ABSENT) {
            spf_aliyun_free(driver->cloud);
            driver->cloud = NULL;
        }
    }
}

struct spf_error spf_driver_round(struct spf_driver *driver, int64_t deadline_ms, bool *stopped)
{
    struct spf_failure failure = spf_failure(SPF_DEADLINE_EXCEEDED, "not known within %lld s",
                                             (long long)((deadline_ms + 500) / 1000));
    struct spf_error error = spf_error(SPF_ERR_NOMEM, "out of memory");

    renew_cloud(driver);
    if (start(driver))
        error = turn(driver, driver->runs, spf_now_ms() + deadline_ms);
    if (error.code != SPF_OK)
        failure = spf_failure(SPF_SYSTEM_ERROR, "%s", error.text);
    else if (driver->stopped)
        failure = spf_failure(SPF_INTERRUPTED, "interrupted before this was known");
    rest(driver);
    for (size_t i = 0; i < driver->count; i++) {
        if (!spf_run_done(&driver->runs[i]))
            spf_run_abandon(&driver->runs[i], &failure, spf_now_ms());
    }
    *stopped = driver->stopped;
    return error;
}
