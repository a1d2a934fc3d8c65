#include "driver/driver.h"

#include <ctype.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/pace.h"
#include "base/text.h"
#include "driver/ahead.h"
#include "driver/task.h"
#include "openssh/config_answers.h"
#include "openssh/openssh.h"

struct spf_driver {
    struct spf_driver_shared shared;
    struct spf_run **runs;
    size_t count;
    size_t next, under_way, finished; /* of this round: the next to begin; how many are, were */
    size_t deferred;                  /* how many of those before next have not begun */
    struct spf_pace *pace;            /* of targets at the same host, or jump host */
    struct spf_task *first_due, *last_due; /* deferred ones whose turn has come */
    int64_t deadline_ms;                   /* of each, from its start */
    struct spf_watch stop;
    bool stopped;
};

static void stop(struct spf_watch *watch, short revents)
{
    struct spf_driver *driver = watch->owner;

    (void)revents;
    driver->stopped = true;
    spf_loop_remove(driver->shared.loop, watch);
}

/* failure: what is said of all that is not known yet; NULL where nothing is missing. */
static void finish(struct spf_driver *driver, struct spf_task *task,
                   const struct spf_failure *failure)
{
    const struct spf_driver_options *options = driver->shared.options;
    const size_t index = task->index;

    spf_task_rest(task);
    if (!spf_run_done(task->run)) {
        spf_run_abandon(task->run, failure, spf_now_ms());
    }
    spf_ahead_learn(task);
    task->run = NULL;
    spf_task_release(task);
    driver->under_way--;
    driver->finished++;
    if (options->finished != NULL) {
        options->finished(options->context, index);
    }
}

/* Without memory for its run nothing can be said of it: false. */
static bool make_run(struct spf_driver *driver, struct spf_task *task)
{
    const struct spf_driver_options *options = driver->shared.options;
    const size_t index = task->index;

    driver->deferred -= task->deferred;
    task->deferred = false;
    if (driver->runs[index] == NULL && !options->begin(options->context, index)) {
        return false;
    }
    task->run = driver->runs[index];
    driver->under_way++;
    return true;
}

/* False: no memory. */
static bool begin(struct spf_driver *driver, struct spf_task *task)
{
    const struct spf_failure failure = spf_failure(SPF_SYSTEM_ERROR, "out of memory");

    if (!make_run(driver, task)) {
        return false;
    }
    if (!spf_task_begin(task, task->run, spf_now_ms() + driver->deadline_ms)) {
        finish(driver, task, &failure);
    }
    return true;
}

static void turn_came(struct spf_watch *watch, short revents)
{
    struct spf_driver *driver = watch->owner;
    struct spf_task *task =
        (struct spf_task *)((char *)watch - offsetof(struct spf_task, deadline));

    (void)revents;
    spf_loop_remove(driver->shared.loop, watch);
    task->next_news = NULL;
    if (driver->last_due != NULL) {
        driver->last_due->next_news = task;
    } else {
        driver->first_due = task;
    }
    driver->last_due = task;
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
    return target->jump != NULL && driver->shared.login != NULL &&
           spf_jump_is_settled(&driver->shared.login->jumps, target->jump);
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
    const struct spf_driver_options *options = driver->shared.options;

    for (struct spf_task *task = driver->shared.tasks; driver->deferred > 0 && task != NULL;
         task = task->after) {
        const struct spf_target *target;

        if (task->deferred && task->deadline.slot != 0 &&
            (target = options->target(options->context, task->index)) != NULL &&
            target->jump != NULL && strcmp(target->jump, jump) == 0) {
            task->deadline.due_ms = turn_of(driver, target, spf_now_ms());
            spf_loop_update(driver->shared.loop, &task->deadline);
        }
    }
}

/* The next target in line begins, or has to let others at its place go first. False: no memory. */
static bool begin_next(struct spf_driver *driver)
{
    const struct spf_driver_options *options = driver->shared.options;
    struct spf_task *task = spf_task_new(&driver->shared, driver->next);
    const int64_t now_ms = spf_now_ms();
    const struct spf_target *target;
    int64_t due_ms = now_ms;

    if (task == NULL) {
        return false;
    }
    driver->next++;
    target = options->target(options->context, task->index);
    if (driver->pace != NULL && options->transcript == NULL && target != NULL) {
        due_ms = turn_of(driver, target, now_ms);
    }
    if (due_ms <= now_ms) {
        return begin(driver, task);
    }
    task->deadline =
        (struct spf_watch){.fd = -1, .due_ms = due_ms, .ready = turn_came, .owner = driver};
    task->deferred = true;
    driver->deferred++;
    return spf_loop_add(driver->shared.loop, &task->deadline) || begin(driver, task);
}

/* Begins as many as may be under way. False: no memory. */
static bool begin_some(struct spf_driver *driver)
{
    const size_t jobs = driver->shared.options->jobs;
    bool good = true;

    while (good && (jobs == 0 || driver->under_way < jobs)) {
        struct spf_task *task = driver->first_due;

        if (task != NULL) {
            driver->first_due = task->next_news;
            driver->last_due = driver->first_due != NULL ? driver->last_due : NULL;
            good = begin(driver, task);
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
    struct spf_task *task;
    bool news = false;

    while ((task = spf_task_next(&driver->shared)) != NULL) {
        if (task->run == NULL) { /* it was finished meanwhile */
            spf_task_release(task);
            continue;
        }
        news = true;
        if (task->inquiry.lost) {
            spf_task_begin_again(task);
        }
        spf_task_advance(task);
        if (spf_task_is_done(task)) {
            finish(driver, task, NULL);
        } else if (task->late) {
            const struct spf_failure failure = lateness(driver);

            finish(driver, task, &failure);
        }
    }
    return news;
}

static void tell_progress(struct spf_driver *driver)
{
    const struct spf_driver_options *options = driver->shared.options;
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
    const size_t jobs = driver->shared.options->jobs;

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
            return spf_no_memory();
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
        error = spf_loop_turn(driver->shared.loop, INT64_MAX);
        if (error.code != SPF_OK) {
            return error;
        }
    }
}

/* Whoever is under way or has not been begun: all there is to say is why. */
static struct spf_error finish_all(struct spf_driver *driver, const struct spf_failure *failure)
{
    struct spf_task *after;
    struct spf_task *task;

    for (task = driver->shared.tasks; task != NULL; task = after) {
        after = task->after;
        spf_loop_remove(driver->shared.loop, &task->deadline);
        if (task->deferred && !make_run(driver, task)) {
            return spf_no_memory();
        }
        if (task->run != NULL) {
            finish(driver, task, failure);
        }
    }
    for (; driver->next < driver->count; driver->next++) {
        task = spf_task_new(&driver->shared, driver->next);
        if (task == NULL || !make_run(driver, task)) {
            return spf_no_memory();
        }
        finish(driver, task, failure);
    }
    driver->first_due = driver->last_due = NULL;
    while ((task = spf_task_next(&driver->shared)) != NULL) {
        spf_task_release(task); /* nobody waits for their news any more */
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
    driver->shared.options = options;
    driver->runs = runs;
    driver->shared.loop = spf_loop_new();
    driver->shared.clouds = calloc(options->account_count + 1, sizeof(*driver->shared.clouds));
    if (driver->shared.loop == NULL || driver->shared.clouds == NULL) {
        spf_driver_free(driver);
        return NULL;
    }
    driver->count = count;
    driver->shared.several = count > 1;
    driver->pace = count > 1 ? spf_pace_new() : NULL;
    return driver;
}

void spf_driver_free(struct spf_driver *driver)
{
    if (driver == NULL) {
        return;
    }
    spf_key_cache_free(driver->shared.keys);
    spf_ahead_forget_all(&driver->shared);
    for (size_t i = 0; driver->shared.clouds != NULL && i < driver->shared.options->account_count;
         i++) {
        spf_cloud_free(driver->shared.clouds[i]);
    }
    free(driver->shared.clouds);
    spf_openssh_free(driver->shared.openssh);
    spf_ssh_answers_free(driver->shared.ssh_answers);
    spf_login_shared_free(driver->shared.login);
    spf_shape_clear(&spf_local_environment_shape, &driver->shared.local_environment);
    spf_pace_free(driver->pace);
    spf_loop_free(driver->shared.loop);
    spf_task_free_all(&driver->shared);
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
    spf_facts_forget(&run->facts, SPF_GROUP_KEY);
}

/* This machine may have changed since; nobody asks between rounds. What only spares a single target
 * nothing is not made for it. */
static void forget_machine(struct spf_driver *driver)
{
    struct spf_driver_shared *shared = &driver->shared;

    spf_ssh_answers_free(shared->ssh_answers);
    spf_login_shared_free(shared->login);
    shared->ssh_answers = NULL;
    shared->login = shared->several ? spf_login_shared_new() : NULL;
    if (shared->login != NULL) {
        shared->login->jumps.settled = jump_settled;
        shared->login->jumps.owner = driver;
    }
    spf_shape_clear(&spf_local_environment_shape, &shared->local_environment);
    shared->looked = false;
}

/* Credentials and keys that are to be looked for again are those of a new client, a new file. */
static void renew(struct spf_driver *driver)
{
    const struct spf_driver_options *options = driver->shared.options;
    const bool anew = is_to_be_asked_again(driver, SPF_GROUP_CREDENTIALS);

    for (size_t i = 0; i < options->account_count; i++) {
        const struct spf_account *account = options->accounts[i];
        struct spf_cloud **cloud = &driver->shared.clouds[i];

        if (anew) {
            spf_cloud_free(*cloud);
            *cloud = NULL;
        }
        if (*cloud != NULL && account->instances.count > 1) {
            (void)spf_cloud_share(*cloud, account->instances.items, account->instances.count);
        }
    }
    if (driver->shared.keys != NULL && is_to_be_asked_again(driver, SPF_GROUP_KEY)) {
        spf_key_cache_free(driver->shared.keys);
        driver->shared.keys = NULL;
        for (size_t i = 0; i < driver->count; i++) {
            take_key_away(driver, i);
        }
    }
    if (driver->shared.keys != NULL) {
        spf_key_cache_forget_found(driver->shared.keys);
    }
}

struct spf_error spf_driver_round(struct spf_driver *driver, int64_t deadline_ms, bool *stopped)
{
    struct spf_failure failure;
    struct spf_error error = spf_no_memory();
    struct spf_error last;

    renew(driver);
    forget_machine(driver);
    driver->next = driver->finished = 0;
    driver->deadline_ms = deadline_ms;
    driver->stop = (struct spf_watch){
        .fd = driver->shared.options->stop_fd, .events = POLLIN, .ready = stop, .owner = driver};
    if (driver->stop.fd < 0 || spf_loop_add(driver->shared.loop, &driver->stop)) {
        error = turn(driver);
    }
    failure = error.code != SPF_OK
                  ? spf_failure(SPF_SYSTEM_ERROR, "%s", error.text)
                  : spf_failure(SPF_INTERRUPTED, "interrupted before this was known");
    last = finish_all(driver, &failure);
    spf_ahead_save(&driver->shared);
    if (driver->shared.login != NULL) {
        spf_jump_leave_all(&driver->shared.login->jumps);
    }
    spf_loop_remove(driver->shared.loop, &driver->stop);
    *stopped = driver->stopped;
    return error.code != SPF_OK ? error : last;
}
