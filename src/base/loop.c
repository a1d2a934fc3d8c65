#include "base/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"

/*
 * The jobs' side: it outlives the loop for as long as an abandoned worker still runs, so it is
 * counted. Everything in it is guarded by its mutex.
 */
struct spf_jobs {
    pthread_mutex_t lock;
    struct spf_job *waiting, *finished;
    int wake;         /* eventfd; -1 once the loop is gone */
    unsigned holders; /* the loop and each running worker */
    struct worker {
        pthread_t thread;
        enum { FREE, IDLE, BUSY, ENDED } state; /* ENDED: to be joined; FREE: no thread */
        struct spf_jobs *jobs;
    } workers[SPF_LOOP_WORKERS];
};

static atomic_bool abandoned;

bool spf_loop_abandoned(void)
{
    return atomic_load(&abandoned);
}

struct spf_loop {
    struct spf_watch **watches;
    struct pollfd *polls;
    size_t count, room;
    struct spf_jobs *jobs;
    struct spf_watch wake; /* the eventfd of jobs */
};

static void jobs_leave(struct spf_jobs *jobs) /* with the lock held */
{
    bool last = --jobs->holders == 0;

    (void)pthread_mutex_unlock(&jobs->lock);
    if (!last)
        return;
    (void)pthread_mutex_destroy(&jobs->lock);
    free(jobs);
}

/* A worker takes jobs until none waits, then ends: an idle loop has no threads. */
static void *work(void *arg)
{
    struct worker *self = arg;
    struct spf_jobs *jobs = self->jobs;

    (void)pthread_mutex_lock(&jobs->lock);
    while (jobs->waiting != NULL && jobs->wake >= 0) {
        struct spf_job *job = jobs->waiting;
        const uint64_t one = 1;

        jobs->waiting = job->next;
        self->state = BUSY;
        (void)pthread_mutex_unlock(&jobs->lock);
        job->work(job);
        (void)pthread_mutex_lock(&jobs->lock);
        self->state = IDLE;
        if (jobs->wake < 0) {
            job->release(job);
            continue;
        }
        job->next = jobs->finished;
        jobs->finished = job;
        /* Only a full counter can refuse, and then the loop wakes anyway. */
        if (write(jobs->wake, &one, sizeof one) < 0)
            continue;
    }
    self->state = ENDED;
    jobs_leave(jobs);
    return NULL;
}

static void finish_jobs(struct spf_watch *watch, short revents)
{
    struct spf_loop *loop = watch->owner;
    struct spf_job *job, *next;
    uint64_t ignored;

    (void)revents;
    if (read(watch->fd, &ignored, sizeof ignored) < 0 && errno != EAGAIN)
        return;
    (void)pthread_mutex_lock(&loop->jobs->lock);
    job = loop->jobs->finished;
    loop->jobs->finished = NULL;
    (void)pthread_mutex_unlock(&loop->jobs->lock);
    for (; job != NULL; job = next) {
        next = job->next;
        if (!job->cancelled)
            job->done(job);
        job->release(job);
    }
}

struct spf_loop *spf_loop_new(void)
{
    struct spf_loop *loop = calloc(1, sizeof *loop);
    struct spf_jobs *jobs = calloc(1, sizeof *jobs);

    if (loop == NULL || jobs == NULL) {
        free(loop);
        free(jobs);
        return NULL;
    }
    jobs->holders = 1;
    (void)pthread_mutex_init(&jobs->lock, NULL);
    loop->jobs = jobs;
    jobs->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    loop->wake =
        (struct spf_watch){.fd = jobs->wake, .events = POLLIN, .ready = finish_jobs, .owner = loop};
    if (jobs->wake < 0 || !spf_loop_add(loop, &loop->wake)) {
        spf_loop_free(loop);
        return NULL;
    }
    return loop;
}

static void release_all(struct spf_job *job)
{
    struct spf_job *next;

    for (; job != NULL; job = next) {
        next = job->next;
        job->release(job);
    }
}

void spf_loop_free(struct spf_loop *loop)
{
    struct spf_jobs *jobs;

    if (loop == NULL)
        return;
    jobs = loop->jobs;
    for (size_t i = 0; i < loop->count; i++) {
        if (loop->watches[i] != NULL)
            loop->watches[i]->slot = 0;
    }
    free(loop->watches);
    free(loop->polls);
    free(loop);

    (void)pthread_mutex_lock(&jobs->lock);
    if (jobs->wake >= 0)
        (void)close(jobs->wake);
    jobs->wake = -1;
    release_all(jobs->waiting);
    release_all(jobs->finished);
    jobs->waiting = jobs->finished = NULL;
    /* Idle workers end at once and are waited for, so that nothing of theirs is left; busy ones may
     * take for ever and are left to themselves. */
    for (size_t i = 0; i < SPF_LOOP_WORKERS; i++) {
        struct worker *worker = &jobs->workers[i];

        if (worker->state == BUSY) {
            (void)pthread_detach(worker->thread);
            atomic_store(&abandoned, true);
        } else if (worker->state != FREE) {
            (void)pthread_mutex_unlock(&jobs->lock);
            (void)pthread_join(worker->thread, NULL);
            (void)pthread_mutex_lock(&jobs->lock);
        }
    }
    jobs_leave(jobs);
}

bool spf_loop_add(struct spf_loop *loop, struct spf_watch *watch)
{
    if (watch->slot != 0)
        return true;
    if (loop->count == loop->room) {
        size_t room = loop->room > 0 ? loop->room * 2 : 8;
        struct spf_watch **watches = realloc(loop->watches, room * sizeof(*watches));
        struct pollfd *polls;

        if (watches == NULL)
            return false;
        loop->watches = watches;
        polls = realloc(loop->polls, room * sizeof *polls);
        if (polls == NULL)
            return false;
        loop->polls = polls;
        loop->room = room;
    }
    loop->watches[loop->count] = watch;
    watch->slot = ++loop->count;
    return true;
}

void spf_loop_remove(struct spf_loop *loop, struct spf_watch *watch)
{
    if (watch->slot == 0)
        return;
    /* The place stays empty until the next turn, so that a turn in progress can go on. */
    loop->watches[watch->slot - 1] = NULL;
    watch->slot = 0;
}

/* With the lock held. A thread must not take the signals that are meant for the loop's. */
static bool start_worker(struct spf_jobs *jobs, struct worker *worker)
{
    sigset_t all, before;
    bool started;

    worker->jobs = jobs;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    started = pthread_create(&worker->thread, NULL, work, worker) == 0;
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    worker->state = started ? IDLE : FREE;
    jobs->holders += started;
    return started;
}

/* With the lock held: is there somebody to take the job that was just put in line? */
static bool find_worker(struct spf_jobs *jobs)
{
    struct worker *unused = NULL;
    bool running = false;

    for (size_t i = 0; i < SPF_LOOP_WORKERS; i++) {
        struct worker *worker = &jobs->workers[i];

        if (worker->state == ENDED) { /* it has left the lock for the last time */
            (void)pthread_join(worker->thread, NULL);
            worker->state = FREE;
        }
        if (worker->state == FREE)
            unused = worker;
        else
            running = true;
    }
    /* With another worker at hand the job only waits longer. */
    return (unused != NULL && start_worker(jobs, unused)) || running;
}

bool spf_loop_submit(struct spf_loop *loop, struct spf_job *job)
{
    struct spf_jobs *jobs = loop->jobs;
    struct spf_job **end = &jobs->waiting;
    bool taken;

    job->cancelled = false;
    job->next = NULL;
    (void)pthread_mutex_lock(&jobs->lock);
    while (*end != NULL)
        end = &(*end)->next;
    *end = job;
    taken = find_worker(jobs);
    if (!taken)
        *end = NULL;
    (void)pthread_mutex_unlock(&jobs->lock);
    if (!taken)
        job->release(job);
    return taken;
}

void spf_loop_cancel(struct spf_loop *loop, struct spf_job *job)
{
    (void)loop;
    job->cancelled = true; /* read only in the loop's thread */
}

/* Closes the gaps that removed watches left. */
static void compact(struct spf_loop *loop)
{
    size_t kept = 0;

    for (size_t i = 0; i < loop->count; i++) {
        if (loop->watches[i] == NULL)
            continue;
        loop->watches[kept] = loop->watches[i];
        kept++;
        loop->watches[kept - 1]->slot = kept;
    }
    loop->count = kept;
}

struct spf_error spf_loop_turn(struct spf_loop *loop, int64_t until_ms)
{
    int64_t now = spf_now_ms(), next = until_ms;
    size_t count;

    compact(loop);
    count = loop->count;
    for (size_t i = 0; i < count; i++) {
        const struct spf_watch *watch = loop->watches[i];

        loop->polls[i] = (struct pollfd){.fd = watch->fd, .events = watch->events};
        if (watch->due_ms != 0 && watch->due_ms < next)
            next = watch->due_ms;
    }
    next = next > now ? next - now : 0;
    if (poll(loop->polls, (nfds_t)count, next < INT_MAX ? (int)next : INT_MAX) < 0) {
        /* A signal: the caller looks at its flag. */
        return errno == EINTR ? spf_ok() : spf_error_sys(errno, "poll");
    }

    /* Callbacks may remove any watch (its place is then NULL) and add others (beyond count). */
    now = spf_now_ms();
    for (size_t i = 0; i < count; i++) {
        struct spf_watch *watch = loop->watches[i];

        if (watch == NULL)
            continue;
        if (loop->polls[i].revents != 0)
            watch->ready(watch, loop->polls[i].revents);
        else if (watch->due_ms != 0 && watch->due_ms <= now)
            watch->ready(watch, 0);
    }
    return spf_ok();
}
