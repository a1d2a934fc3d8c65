#include "driver/driver.h"

#include <ctype.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/pace.h"
#include "base/text.h"
#include "driver/ahead.h"
#include "driver/course.h"
#include "login/jump_share.h"
#include "openssh/config_answers.h"
#include "openssh/openssh.h"

struct spf_driver {
    struct spf_desk desk;
    struct spf_run **runs;
    struct spf_course *courses;
    size_t count;
    size_t next, under_way, finished; /* of this round: the next to begin; how many are, were */
    size_t deferred;                  /* how many of those before next have not begun */
    struct spf_pace *pace;            /* of targets at the same host, or jump host */
    struct spf_course *first_due, *last_due; /* deferred ones whose turn has come */
    int64_t deadline_ms;                     /* of each, from its start */
    struct spf_watch stop;
    bool stopped;
};

static void stop(struct spf_watch *watch, short revents)
{
    struct spf_driver *driver = watch->owner;

    (void)revents;
    driver->stopped = true;
    spf_loop_remove(driver->desk.loop, watch);
}

/* failure: what is said of all that is not known yet; NULL where nothing is missing. */
static void finish(struct spf_driver *driver, struct spf_course *course,
                   const struct spf_failure *failure)
{
    const struct spf_driver_options *options = driver->desk.options;

    spf_course_rest(course);
    if (!spf_run_done(course->run)) {
        spf_run_abandon(course->run, failure, spf_now_ms());
    }
    spf_ahead_learn(course);
    course->run = NULL;
    driver->under_way--;
    driver->finished++;
    if (options->finished != NULL) {
        options->finished(options->context, course->index);
    }
}

/* Without memory for its run nothing can be said of it: false. */
static bool begin(struct spf_driver *driver, struct spf_course *course)
{
    const struct spf_driver_options *options = driver->desk.options;
    size_t index = course->index;
    const struct spf_failure failure = spf_failure(SPF_SYSTEM_ERROR, "out of memory");

    driver->deferred -= course->deferred;
    course->deferred = false;
    if (driver->runs[index] == NULL && !options->begin(options->context, index)) {
        return false;
    }
    driver->under_way++;
    if (!spf_course_begin(course, driver->runs[index], spf_now_ms() + driver->deadline_ms)) {
        finish(driver, course, &failure);
    }
    return true;
}

static void turn_came(struct spf_watch *watch, short revents)
{
    struct spf_driver *driver = watch->owner;
    struct spf_course *course =
        (struct spf_course *)((char *)watch - offsetof(struct spf_course, deadline));

    (void)revents;
    spf_loop_remove(driver->desk.loop, watch);
    course->next_news = NULL;
    if (driver->last_due != NULL) {
        driver->last_due->next_news = course;
    } else {
        driver->first_due = course;
    }
    driver->last_due = course;
}

/* Where the target's connections go to first, as far as that is known: targets of one place are not
 * connected to at once. The ports of this machine are places of their own. False: not known. */
static bool place_of(const struct spf_target *target, char *out, size_t size)
{
    const bool through = target->jump != NULL && target->jump[0] != '\0';
    const char *place = through ? target->jump : target->host;
    const char *at;
    size_t len;

    if (place == NULL) {
        return false;
    }
    place += spf_starts_with(place, "ssh://") ? 6 : 0;
    len = strcspn(place, ",");
    at = memrchr(place, '@', len);
    len -= at != NULL ? (size_t)(at + 1 - place) : 0;
    place = at != NULL ? at + 1 : place;
    if (!spf_format_whole(out, size, "%.*s", (int)len, place)) {
        return false;
    }
    for (char *c = out; *c != '\0'; c++) {
        *c = (char)tolower((unsigned char)*c);
    }
    if (!through && (spf_starts_with(out, "127.") || strcmp(out, "::1") == 0 ||
                     strcmp(out, "localhost") == 0)) {
        return spf_format_whole(out + len, size - len, ":%u", (unsigned)target->port);
    }
    return true;
}

/* Does everybody go through the connection that stands there, or has the same answer? */
static bool is_way_settled(const struct spf_driver *driver, const struct spf_target *target)
{
    return target->jump != NULL && driver->desk.login != NULL &&
           spf_jump_is_settled(driver->desk.login, target->jump);
}

/* When the target may begin, monotonic; its turn is then taken. */
static int64_t turn_of(const struct spf_driver *driver, const struct spf_target *target,
                       int64_t now_ms)
{
    char place[620];
    bool known;

    if (is_way_settled(driver, target)) { /* what is left is the host behind it */
        known = target->host != NULL &&
                spf_format_whole(place, sizeof place, "%s behind %s", target->host, target->jump);
    } else {
        known = place_of(target, place, sizeof place);
    }
    return known ? spf_pace_take(driver->pace, place, strlen(place), now_ms) : now_ms;
}

static void jump_settled(void *owner, const char *jump)
{
    struct spf_driver *driver = owner;
    const struct spf_driver_options *options = driver->desk.options;

    for (size_t i = 0; driver->deferred > 0 && i < driver->next; i++) {
        struct spf_course *course = &driver->courses[i];
        const struct spf_target *target;

        if (course->deferred && course->deadline.slot != 0 &&
            (target = options->target(options->context, course->index)) != NULL &&
            target->jump != NULL && strcmp(target->jump, jump) == 0) {
            course->deadline.due_ms = turn_of(driver, target, spf_now_ms());
            spf_loop_update(driver->desk.loop, &course->deadline);
        }
    }
}

/* The next target in line begins, or has to let others at its place go first. False: no memory. */
static bool begin_next(struct spf_driver *driver)
{
    const struct spf_driver_options *options = driver->desk.options;
    struct spf_course *course = &driver->courses[driver->next++];
    const struct spf_target *target = options->target(options->context, course->index);
    const int64_t now_ms = spf_now_ms();
    int64_t due_ms = now_ms;

    if (driver->pace != NULL && options->transcript == NULL && target != NULL) {
        due_ms = turn_of(driver, target, now_ms);
    }
    if (due_ms <= now_ms) {
        return begin(driver, course);
    }
    course->deadline =
        (struct spf_watch){.fd = -1, .due_ms = due_ms, .ready = turn_came, .owner = driver};
    course->deferred = true;
    driver->deferred++;
    return spf_loop_add(driver->desk.loop, &course->deadline) || begin(driver, course);
}

/* Begins as many as may be under way. False: no memory. */
static bool begin_some(struct spf_driver *driver)
{
    const size_t jobs = driver->desk.options->jobs;
    bool good = true;

    while (good && (jobs == 0 || driver->under_way < jobs)) {
        struct spf_course *course = driver->first_due;

        if (course != NULL) {
            driver->first_due = course->next_news;
            driver->last_due = driver->first_due != NULL ? driver->last_due : NULL;
            good = begin(driver, course);
        } else if (driver->next < driver->count) {
            good = begin_next(driver);
        } else {
            break;
        }
    }
    return good;
}

static struct spf_failure lateness(const struct spf_driver *driver)
{
    return spf_failure(SPF_DEADLINE_EXCEEDED, "not known within %lld s",
                       (long long)((driver->deadline_ms + 500) / 1000));
}

/* As far as it goes without waiting; true if anything was new. */
static bool advance_all(struct spf_driver *driver)
{
    struct spf_course *course;
    bool news = false;

    while ((course = spf_course_next(&driver->desk)) != NULL) {
        if (course->run == NULL) { /* it was finished meanwhile */
            continue;
        }
        news = true;
        if (course->inquiry.lost) {
            spf_course_begin_again(course);
        }
        spf_course_advance(course);
        if (spf_course_is_done(course)) {
            finish(driver, course, NULL);
        } else if (course->late) {
            const struct spf_failure failure = lateness(driver);

            finish(driver, course, &failure);
        }
    }
    return news;
}

static void tell_progress(struct spf_driver *driver)
{
    const struct spf_driver_options *options = driver->desk.options;
    const struct spf_driver_state state = {
        .count = driver->count,
        .finished = driver->finished,
        .only = driver->count == 1 ? driver->runs[0] : NULL,
    };

    if (options->progress != NULL) {
        options->progress(options->context, &state);
    }
}

/* May another one begin at once? */
static bool may_begin(const struct spf_driver *driver)
{
    const size_t jobs = driver->desk.options->jobs;

    return (driver->first_due != NULL || driver->next < driver->count) &&
           (jobs == 0 || driver->under_way < jobs);
}

/* Until all are done or somebody said stop; an error is the loop's. */
static struct spf_error turn(struct spf_driver *driver)
{
    for (;;) {
        bool news;
        struct spf_error error;

        if (!begin_some(driver)) {
            return spf_error(SPF_ERR_NOMEM, "out of memory");
        }
        news = advance_all(driver);
        if (news) {
            tell_progress(driver);
        }
        if (driver->stopped ||
            (driver->under_way == 0 && driver->next == driver->count && driver->deferred == 0)) {
            return spf_ok();
        }
        if (news && may_begin(driver)) {
            continue;
        }
        error = spf_loop_turn(driver->desk.loop, INT64_MAX);
        if (error.code != SPF_OK) {
            return error;
        }
    }
}

/* Whoever is under way or has not been begun: all there is to say is why. */
static struct spf_error finish_all(struct spf_driver *driver, const struct spf_failure *failure)
{
    for (size_t i = 0; i < driver->count; i++) {
        struct spf_course *course = &driver->courses[i];

        if (course->deferred) {
            spf_loop_remove(driver->desk.loop, &course->deadline);
        }
        if ((course->deferred || i >= driver->next) && !begin(driver, course)) {
            return spf_error(SPF_ERR_NOMEM, "out of memory");
        }
        if (course->run != NULL) {
            finish(driver, course, failure);
        }
    }
    driver->next = driver->count;
    driver->first_due = driver->last_due = NULL;
    while (spf_course_next(&driver->desk) != NULL) {
        /* nobody waits for their news any more */
    }
    return spf_ok();
}

struct spf_driver *spf_driver_new(struct spf_run **runs, size_t count,
                                  const struct spf_driver_options *options)
{
    struct spf_driver *driver = calloc(1, sizeof *driver);

    if (driver == NULL) {
        return NULL;
    }
    driver->desk.options = options;
    driver->runs = runs;
    driver->desk.loop = spf_loop_new();
    driver->courses = calloc(count, sizeof *driver->courses);
    driver->desk.clouds = calloc(options->account_count + 1, sizeof(*driver->desk.clouds));
    if (driver->desk.loop == NULL || driver->courses == NULL || driver->desk.clouds == NULL) {
        spf_driver_free(driver);
        return NULL;
    }
    driver->count = count;
    driver->desk.several = count > 1;
    driver->pace = count > 1 ? spf_pace_new() : NULL;
    for (size_t i = 0; i < count; i++) {
        driver->courses[i].index = i;
        driver->courses[i].desk = &driver->desk;
    }
    return driver;
}

void spf_driver_free(struct spf_driver *driver)
{
    if (driver == NULL) {
        return;
    }
    spf_key_cache_free(driver->desk.keys);
    spf_ahead_forget_all(&driver->desk);
    for (size_t i = 0; driver->desk.clouds != NULL && i < driver->desk.options->account_count;
         i++) {
        spf_cloud_free(driver->desk.clouds[i]);
    }
    free(driver->desk.clouds);
    spf_openssh_free(driver->desk.openssh);
    spf_ssh_answers_free(driver->desk.ssh_answers);
    spf_login_shared_free(driver->desk.login);
    spf_shape_clear(&spf_surroundings_shape, &driver->desk.surroundings);
    spf_pace_free(driver->pace);
    spf_loop_free(driver->desk.loop);
    free(driver->courses);
    free(driver);
}

static bool is_to_be_asked_again(const struct spf_driver *driver, enum spf_group group)
{
    for (size_t i = 0; i < driver->count; i++) {
        if (driver->runs[i] != NULL && driver->runs[i]->facts.group[group].phase == SPF_ABSENT) {
            return true;
        }
    }
    return false;
}

/* The cache that lent it is gone: who kept what was known of the key asks for it again. */
static void take_key_away(struct spf_driver *driver, size_t i)
{
    struct spf_run *run = driver->runs[i];

    if (run == NULL) {
        return;
    }
    spf_shape_clear(&spf_key_shape, &run->facts.key);
    spf_group_forget(&run->facts.group[SPF_GROUP_KEY]);
}

/* This machine may have changed since; nobody asks between rounds. What only spares a single target
 * nothing is not made for it. */
static void forget_machine(struct spf_driver *driver)
{
    struct spf_desk *desk = &driver->desk;

    spf_ssh_answers_free(desk->ssh_answers);
    spf_login_shared_free(desk->login);
    desk->ssh_answers = NULL;
    desk->login = desk->several ? spf_login_shared_new() : NULL;
    if (desk->login != NULL) {
        desk->login->jump_settled = jump_settled;
        desk->login->owner = driver;
    }
    spf_shape_clear(&spf_surroundings_shape, &desk->surroundings);
    desk->looked = false;
}

/* Credentials and keys that are to be looked for again are those of a new client, a new file. */
static void renew(struct spf_driver *driver)
{
    const struct spf_driver_options *options = driver->desk.options;
    const bool anew = is_to_be_asked_again(driver, SPF_GROUP_CREDENTIALS);

    for (size_t i = 0; i < options->account_count; i++) {
        const struct spf_account *account = options->accounts[i];
        struct spf_cloud **cloud = &driver->desk.clouds[i];

        if (anew) {
            spf_cloud_free(*cloud);
            *cloud = NULL;
        }
        if (*cloud != NULL && account->instances.count > 1) {
            (void)spf_cloud_share(*cloud, account->instances.items, account->instances.count);
        }
    }
    if (driver->desk.keys != NULL && is_to_be_asked_again(driver, SPF_GROUP_KEY)) {
        spf_key_cache_free(driver->desk.keys);
        driver->desk.keys = NULL;
        for (size_t i = 0; i < driver->count; i++) {
            take_key_away(driver, i);
        }
    }
    if (driver->desk.keys != NULL) {
        spf_key_cache_forget_found(driver->desk.keys);
    }
}

struct spf_error spf_driver_round(struct spf_driver *driver, int64_t deadline_ms, bool *stopped)
{
    struct spf_failure failure;
    struct spf_error error = spf_error(SPF_ERR_NOMEM, "out of memory");
    struct spf_error last;

    renew(driver);
    forget_machine(driver);
    driver->next = driver->finished = 0;
    driver->deadline_ms = deadline_ms;
    driver->stop = (struct spf_watch){
        .fd = driver->desk.options->stop_fd, .events = POLLIN, .ready = stop, .owner = driver};
    if (driver->stop.fd < 0 || spf_loop_add(driver->desk.loop, &driver->stop)) {
        error = turn(driver);
    }
    failure = error.code != SPF_OK
                  ? spf_failure(SPF_SYSTEM_ERROR, "%s", error.text)
                  : spf_failure(SPF_INTERRUPTED, "interrupted before this was known");
    last = finish_all(driver, &failure);
    spf_ahead_save(&driver->desk);
    if (driver->desk.login != NULL) {
        spf_jump_leave_all(driver->desk.login);
    }
    spf_loop_remove(driver->desk.loop, &driver->stop);
    *stopped = driver->stopped;
    return error.code != SPF_OK ? error : last;
}
