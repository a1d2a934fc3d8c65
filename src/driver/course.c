#include "driver/course.h"

#include <stdlib.h>

#include "base/clock.h"
#include "diagnosis/diagnosis.h"
#include "driver/ahead.h"
#include "key/probe.h"
#include "key/surroundings.h"
#include "login/conversation.h"
#include "login/second_look.h"
#include "openssh/config.h"
#include "openssh/openssh.h"
#include "pipeline/needs.h"

static void queue(struct spf_course *course)
{
    struct spf_desk *desk = course->desk;

    if (course->queued) {
        return;
    }
    course->queued = true;
    course->next_news = NULL;
    if (desk->last != NULL) {
        desk->last->next_news = course;
    } else {
        desk->first = course;
    }
    desk->last = course;
}

struct spf_course *spf_course_next(struct spf_desk *desk)
{
    struct spf_course *course = desk->first;

    if (course == NULL) {
        return NULL;
    }
    desk->first = course->next_news;
    if (desk->first == NULL) {
        desk->last = NULL;
    }
    course->queued = false;
    return course;
}

static void arrived(struct spf_inquiry *inquiry, enum spf_group group,
                    const struct spf_failure *failure)
{
    struct spf_course *course = (struct spf_course *)inquiry;

    struct spf_facts *facts = &course->run->facts;

    /* The question was forgotten since, for it is about another key by now: it is asked again, and
     * its answer must find no other one there. */
    if (facts->group[group].phase == SPF_ABSENT) {
        spf_shape_clear(spf_groups_info[group].shape, spf_facts_group(facts, group));
    }
    if (facts->group[group].phase != SPF_ASKED) {
        return;
    }
    spf_run_arrived(course->run, group, failure, spf_now_ms());
    inquiry->target = course->run->target; /* the ssh configuration may have made another of it */
    if (group == SPF_GROUP_CREDENTIALS && failure == NULL) {
        spf_ahead_recall(course);
    }
    if (group == SPF_GROUP_INSTANCE) {
        spf_ahead_confirm(course);
    }
    queue(course);
}

static void fail(struct spf_course *course, enum spf_group group, const char *what)
{
    const struct spf_failure failure = spf_failure(SPF_SYSTEM_ERROR, "%s", what);

    arrived(&course->inquiry, group, &failure);
}

static void serve_cloud(struct spf_course *course, enum spf_group group)
{
    const struct spf_desk *desk = course->desk;
    const unsigned place = course->run->target->account;
    const struct spf_account *account = desk->options->accounts[place];
    struct spf_cloud **cloud = &desk->clouds[place];

    if (*cloud == NULL) {
        *cloud = spf_cloud_new(desk->loop, &account->cloud);
        if (*cloud != NULL && account->instances.count > 1) {
            (void)spf_cloud_share(*cloud, account->instances.items, account->instances.count);
        }
    }
    if (*cloud == NULL) {
        fail(course, group, "out of memory");
    } else {
        spf_cloud_serve(*cloud, &course->inquiry, group);
    }
}

static void serve_about_key(struct spf_course *course, enum spf_group group)
{
    if (course->key == NULL) {
        course->key = spf_key_probe_new(&course->inquiry);
    }
    if (course->key == NULL) {
        fail(course, group, "out of memory");
    } else {
        spf_key_probe_serve(course->key, group);
    }
}

static void serve_from_cache(struct spf_course *course, enum spf_group group)
{
    struct spf_desk *desk = course->desk;

    if (desk->keys == NULL) {
        desk->keys = spf_key_cache_new(desk->loop);
    }
    if (desk->keys == NULL) {
        fail(course, group, "out of memory");
    } else {
        spf_key_cache_serve(desk->keys, &course->inquiry, group);
    }
}

/* Asked again, it is about another key. One that only an agent has is in no file, so it is not
 * shared. */
static void serve_key(struct spf_course *course)
{
    struct spf_desk *desk = course->desk;
    const struct spf_target *target = course->run->target;

    if (course->key != NULL) {
        spf_key_probe_forget_key(course->key);
    }
    if (desk->keys != NULL) {
        spf_key_cache_cancel(desk->keys, &course->inquiry, SPF_GROUP_KEY);
    }
    if (target->offer != NULL && target->key_path == NULL) {
        serve_about_key(course, SPF_GROUP_KEY);
        return;
    }
    serve_from_cache(course, SPF_GROUP_KEY);
}

static void serve_ssh_config(struct spf_course *course)
{
    struct spf_desk *desk = course->desk;

    if (desk->several && desk->ssh_answers == NULL) {
        desk->ssh_answers = spf_ssh_answers_new();
    }
    course->ssh_config = spf_ssh_config_new(&course->inquiry, desk->ssh_answers);
    if (course->ssh_config == NULL) {
        fail(course, SPF_GROUP_SSH_CONFIG, "out of memory");
    }
}

static void serve_openssh(struct spf_course *course, enum spf_group group)
{
    struct spf_desk *desk = course->desk;

    if (desk->openssh == NULL) {
        desk->openssh = spf_openssh_new(desk->loop);
    }
    if (desk->openssh == NULL) {
        fail(course, group, "out of memory");
    } else {
        spf_openssh_serve(desk->openssh, &course->inquiry, group);
    }
}

/* This machine is the same for all. */
static void serve_surroundings(struct spf_course *course)
{
    struct spf_desk *desk = course->desk;

    if (!desk->looked) {
        spf_surroundings_look(&desk->surroundings);
    }
    desk->looked = true;
    if (spf_shape_copy(&spf_surroundings_shape, &desk->surroundings,
                       &course->run->facts.surroundings)) {
        arrived(&course->inquiry, SPF_GROUP_SURROUNDINGS, NULL);
    } else {
        fail(course, SPF_GROUP_SURROUNDINGS, "out of memory");
    }
}

static void serve_conversation(struct spf_course *course, enum spf_group group)
{
    if (course->conversation == NULL) {
        course->conversation = spf_conversation_new(
            &course->inquiry, spf_run_expects(course->run, SPF_CHECK_SSH_HANDSHAKE));
    }
    if (course->conversation == NULL) {
        fail(course, group, "out of memory");
    } else {
        spf_conversation_serve(course->conversation, group);
    }
}

static void serve_host_key_again(struct spf_course *course)
{
    course->second_look = spf_second_look_new(&course->inquiry);
    if (course->second_look == NULL) {
        fail(course, SPF_GROUP_HOST_KEY_AGAIN, "no memory to connect");
    } else {
        spf_second_look_begin(course->second_look);
    }
}

/* Who serves what. */
static void serve(struct spf_course *course, enum spf_group group)
{
    const struct spf_driver_options *options = course->desk->options;

    if (options->transcript != NULL && !(SPF_CLOUD_GROUPS >> group & 1)) {
        spf_transcript_serve(options->transcript, &course->inquiry, group);
        return;
    }
    switch (group) {
    case SPF_GROUP_KEY:
        serve_key(course);
        break;
    case SPF_GROUP_SURROUNDINGS:
        serve_surroundings(course);
        break;
    case SPF_GROUP_FOUND_KEY:
        serve_from_cache(course, group);
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
    case SPF_GROUP_HOST_KEY_AGAIN:
        serve_host_key_again(course);
        break;
    case SPF_GROUP_TRANSCRIPT: /* there is none */
    case SPF_GROUP_COUNT:
        break;
    }
}

/* What the report needs beside the checks, as far as it is in this phase. */
static spf_groups missing(const struct spf_course *course, enum spf_group_phase phase)
{
    spf_groups groups = course->desk->options->reported;

    for (int i = 0; i < SPF_GROUP_COUNT; i++) {
        if (course->run->facts.group[i].phase != phase) {
            groups &= ~((spf_groups)1u << i);
        }
    }
    return groups;
}

void spf_course_advance(struct spf_course *course)
{
    spf_groups wants = spf_run_advance(course->run, spf_now_ms());

    if (course->run->replayed) { /* whose results may leave a question, but nobody is asked */
        return;
    }
    wants |= spf_diagnosis_wants(course->run) | missing(course, SPF_ABSENT);
    wants |= spf_ahead_wants(course);
    if (course->conversation != NULL &&
        spf_silence_is_explained(&course->run->facts, course->run->results)) {
        spf_conversation_expect_silence(course->conversation);
    }
    for (int i = 0; i < SPF_GROUP_COUNT; i++) {
        if (wants >> i & 1) {
            spf_run_asked(course->run, (enum spf_group)i, spf_now_ms());
            serve(course, (enum spf_group)i);
        }
    }
}

bool spf_course_is_done(const struct spf_course *course)
{
    return spf_run_done(course->run) && !spf_diagnosis_awaits(course->run) &&
           missing(course, SPF_ASKED) == 0;
}

/* Has somebody been asked who has not answered? */
static bool awaits(const struct spf_run *run, spf_groups groups)
{
    for (int i = 0; i < SPF_GROUP_COUNT; i++) {
        if (groups >> i & 1 && run->facts.group[i].phase == SPF_ASKED) {
            return true;
        }
    }
    return false;
}

void spf_course_rest(struct spf_course *course)
{
    struct spf_desk *desk = course->desk;

    spf_loop_remove(desk->loop, &course->deadline);
    spf_ahead_drop(course);
    spf_second_look_free(course->second_look);
    course->second_look = NULL;
    spf_conversation_free(course->conversation);
    course->conversation = NULL;
    spf_ssh_config_free(course->ssh_config);
    course->ssh_config = NULL;
    spf_key_probe_free(course->key);
    course->key = NULL;
    if (desk->keys != NULL && awaits(course->run, SPF_GROUP_BIT(KEY))) {
        spf_key_cache_cancel(desk->keys, &course->inquiry, SPF_GROUP_KEY);
    }
    if (desk->keys != NULL && awaits(course->run, SPF_GROUP_BIT(FOUND_KEY))) {
        spf_key_cache_cancel(desk->keys, &course->inquiry, SPF_GROUP_FOUND_KEY);
    }
    if (awaits(course->run, SPF_CLOUD_GROUPS)) {
        spf_cloud_cancel(desk->clouds[course->run->target->account], &course->inquiry);
    }
    if (desk->openssh != NULL &&
        awaits(course->run, SPF_GROUP_BIT(OPENSSH) | SPF_GROUP_BIT(OPENSSH_ALGORITHMS))) {
        spf_openssh_cancel(desk->openssh, &course->inquiry);
    }
}

static void time_is_up(struct spf_watch *watch, short revents)
{
    struct spf_course *course = watch->owner;

    (void)revents;
    spf_loop_remove(course->desk->loop, watch);
    course->late = true;
    queue(course);
}

bool spf_course_begin(struct spf_course *course, struct spf_run *run, int64_t deadline_ms)
{
    struct spf_desk *desk = course->desk;

    course->run = run;
    course->late = course->ahead = false;
    course->inquiry = (struct spf_inquiry){.target = run->target,
                                           .facts = &run->facts,
                                           .loop = desk->loop,
                                           .arrived = arrived,
                                           .login = desk->login};
    course->deadline =
        (struct spf_watch){.fd = -1, .due_ms = deadline_ms, .ready = time_is_up, .owner = course};
    queue(course);
    return spf_loop_add(desk->loop, &course->deadline);
}

void spf_course_begin_again(struct spf_course *course)
{
    const int64_t due_ms = course->deadline.due_ms;
    spf_groups keep = 0;

    spf_course_rest(course);
    for (int i = 0; i < SPF_GROUP_COUNT; i++) {
        if (SPF_CLOUD_GROUPS >> i & 1 && course->run->facts.group[i].phase != SPF_ASKED) {
            keep |= (spf_groups)1u << i;
        }
    }
    spf_run_again(course->run, keep);
    if (!spf_course_begin(course, course->run, due_ms)) {
        course->late = true; /* no memory: what is not known yet is not waited for */
    }
}
