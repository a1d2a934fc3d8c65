#include "base/loop.h"

#include <errno.h>
#include <limits.h>
#include <openssl/crypto.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/shortage.h"
#include "platform/poller.h"

#define EVENTS_AT_ONCE 256

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
        bool computes, counted;                 /* as its job; among the computing */
        struct spf_jobs *jobs;
    } workers[SPF_LOOP_WORKERS];
};

static atomic_bool abandoned;

/* Those of the abandoned that compute, and who waits for them to end. */
static struct {
    pthread_once_t once;
    pthread_mutex_t lock;
    pthread_cond_t none_left;
    clockid_t clock; /* that the condition goes by */
    unsigned count;
} computing = {.once = PTHREAD_ONCE_INIT, .lock = PTHREAD_MUTEX_INITIALIZER};

bool spf_loop_abandoned(void)
{
    return atomic_load(&abandoned);
}

static void init_computing(void)
{
    pthread_condattr_t how;

    (void)pthread_condattr_init(&how);
    computing.clock =
        pthread_condattr_setclock(&how, CLOCK_MONOTONIC) == 0 ? CLOCK_MONOTONIC : CLOCK_REALTIME;
    (void)pthread_cond_init(&computing.none_left, &how);
    (void)pthread_condattr_destroy(&how);
}

static void count_computing(int change)
{
    (void)pthread_once(&computing.once, init_computing);
    (void)pthread_mutex_lock(&computing.lock);
    computing.count += (unsigned)change;
    if (computing.count == 0) {
        (void)pthread_cond_broadcast(&computing.none_left);
    }
    (void)pthread_mutex_unlock(&computing.lock);
}

void spf_loop_wait_for_computing(unsigned seconds)
{
    struct timespec until;
    int error = 0;

    (void)pthread_once(&computing.once, init_computing);
    (void)clock_gettime(computing.clock, &until);
    until.tv_sec += (time_t)seconds;
    (void)pthread_mutex_lock(&computing.lock);
    while (computing.count > 0 && error == 0) {
        error = pthread_cond_timedwait(&computing.none_left, &computing.lock, &until);
    }
    (void)pthread_mutex_unlock(&computing.lock);
}

/* A watch's place; its number is the poller's key. */
struct entry {
    struct spf_watch *watch; /* NULL: a gap */
    int64_t due_ms;          /* while it is in the heap */
    size_t heap_slot;        /* its place there, from 1 on; 0: it is not there */
    unsigned turn;           /* in which it was last called */
    bool broken;             /* its descriptor cannot be waited for; reported in the next turn */
};

/*
 * What happens costs its callback and a step in the heap of timers, however many watches there are:
 * a turn looks at none that has nothing to say.
 */
struct spf_loop {
    struct spf_poller *poller;
    unsigned turn;
    struct entry *entries;
    size_t count, room;
    size_t *heap; /* entries by due_ms, the first one due on top */
    size_t heap_count;
    /* Entries without a watch. One that was left in this turn may still have an event in line, and
     * is used again only in the next: those are at the end. */
    size_t *gaps;
    size_t gap_count, usable_gaps;
    size_t *due; /* of this turn */
    struct spf_jobs *jobs;
    struct spf_watch wake; /* the eventfd of jobs */
};

static void jobs_leave(struct spf_jobs *jobs) /* with the lock held */
{
    bool last = --jobs->holders == 0;

    (void)pthread_mutex_unlock(&jobs->lock);
    if (!last) {
        return;
    }
    (void)pthread_mutex_destroy(&jobs->lock);
    free(jobs);
}

/* A worker takes jobs until none waits, then ends: an idle loop has no threads. */
static void *work(void *arg)
{
    struct worker *self = arg;
    struct spf_jobs *jobs = self->jobs;
    bool counted;

    (void)pthread_mutex_lock(&jobs->lock);
    while (jobs->waiting != NULL && jobs->wake >= 0) {
        struct spf_job *job = jobs->waiting;
        const uint64_t one = 1;

        jobs->waiting = job->next;
        self->state = BUSY;
        self->computes = job->computes;
        (void)pthread_mutex_unlock(&jobs->lock);
        (void)spf_was_short(); /* it asks about its own work */
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
        if (write(jobs->wake, &one, sizeof one) < 0) {
            continue;
        }
    }
    self->state = ENDED;
    counted = self->counted; /* the jobs may go with the last who holds them */
    jobs_leave(jobs);
    if (counted) {
        OPENSSL_thread_stop(); /* else it comes when the thread has ended */
        count_computing(-1);
    }
    return NULL;
}

static void finish_jobs(struct spf_watch *watch, short revents)
{
    struct spf_loop *loop = watch->owner;
    struct spf_job *job;
    struct spf_job *next;
    uint64_t ignored;

    (void)revents;
    if (read(watch->fd, &ignored, sizeof ignored) < 0 && errno != EAGAIN) {
        return;
    }
    (void)pthread_mutex_lock(&loop->jobs->lock);
    job = loop->jobs->finished;
    loop->jobs->finished = NULL;
    (void)pthread_mutex_unlock(&loop->jobs->lock);
    for (; job != NULL; job = next) {
        next = job->next;
        if (!job->cancelled) {
            job->done(job);
        }
        job->release(job);
    }
}

struct spf_loop *spf_loop_new(void)
{
    struct spf_loop *loop = calloc(1, sizeof *loop);
    struct spf_jobs *jobs = calloc(1, sizeof *jobs);
    struct spf_poller *poller = spf_poller_new();

    if (loop == NULL || jobs == NULL || poller == NULL) {
        free(loop);
        free(jobs);
        spf_poller_free(poller);
        return NULL;
    }
    loop->poller = poller;
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

    if (loop == NULL) {
        return;
    }
    jobs = loop->jobs;
    for (size_t i = 0; i < loop->count; i++) {
        if (loop->entries[i].watch != NULL) {
            loop->entries[i].watch->slot = 0;
        }
    }
    spf_poller_free(loop->poller);
    free(loop->entries);
    free(loop->heap);
    free(loop->gaps);
    free(loop->due);
    free(loop);

    (void)pthread_mutex_lock(&jobs->lock);
    if (jobs->wake >= 0) {
        (void)close(jobs->wake);
    }
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
            worker->counted = worker->computes;
            if (worker->counted) {
                count_computing(1);
            }
        } else if (worker->state != FREE) {
            (void)pthread_mutex_unlock(&jobs->lock);
            (void)pthread_join(worker->thread, NULL);
            (void)pthread_mutex_lock(&jobs->lock);
        }
    }
    jobs_leave(jobs);
}

/* Puts the entry at the place of the heap, from 0 on. */
static void settle(struct spf_loop *loop, size_t place, size_t index)
{
    loop->heap[place] = index;
    loop->entries[index].heap_slot = place + 1;
}

static int64_t due_at(const struct spf_loop *loop, size_t place)
{
    return loop->entries[loop->heap[place]].due_ms;
}

/* An entry that may be too early or too late at its place goes to where it belongs. */
static void sift(struct spf_loop *loop, size_t place)
{
    const size_t index = loop->heap[place];
    const int64_t due_ms = loop->entries[index].due_ms;

    for (size_t above; place > 0 && due_at(loop, above = (place - 1) / 2) > due_ms; place = above) {
        settle(loop, place, loop->heap[above]);
    }
    for (size_t below; (below = 2 * place + 1) < loop->heap_count; place = below) {
        below += below + 1 < loop->heap_count && due_at(loop, below + 1) < due_at(loop, below);
        if (due_at(loop, below) >= due_ms) {
            break;
        }
        settle(loop, place, loop->heap[below]);
    }
    settle(loop, place, index);
}

/* due_ms 0: never. */
static void set_due(struct spf_loop *loop, size_t index, int64_t due_ms)
{
    struct entry *entry = &loop->entries[index];
    const size_t place = entry->heap_slot - 1;

    if (due_ms == 0 && entry->heap_slot == 0) {
        return;
    }
    if (due_ms == 0) {
        entry->heap_slot = 0;
        if (place == --loop->heap_count) {
            return;
        }
        settle(loop, place, loop->heap[loop->heap_count]);
        sift(loop, place);
        return;
    }
    if (entry->heap_slot > 0 && entry->due_ms == due_ms) {
        return;
    }
    entry->due_ms = due_ms;
    if (entry->heap_slot == 0) {
        settle(loop, loop->heap_count++, index);
    }
    sift(loop, entry->heap_slot - 1);
}

/* Takes over what the watch waits for. */
static bool look_at(struct spf_loop *loop, size_t index)
{
    struct entry *entry = &loop->entries[index];

    entry->broken = !spf_poller_set(loop->poller, index, entry->watch->fd, entry->watch->events);
    set_due(loop, index, entry->broken ? 1 : entry->watch->due_ms);
    return !entry->broken;
}

/* Makes *list one of room members. */
static bool widen(size_t **list, size_t room)
{
    size_t *wider = realloc(*list, room * sizeof *wider);

    if (wider != NULL) {
        *list = wider;
    }
    return wider != NULL;
}

static bool grow(struct spf_loop *loop)
{
    size_t room = loop->room > 0 ? loop->room * 2 : 8;
    struct entry *entries = realloc(loop->entries, room * sizeof *entries);

    if (entries == NULL) {
        return false;
    }
    loop->entries = entries;
    if (!widen(&loop->heap, room) || !widen(&loop->gaps, room) || !widen(&loop->due, room)) {
        return false;
    }
    loop->room = room;
    return true;
}

bool spf_loop_add(struct spf_loop *loop, struct spf_watch *watch)
{
    size_t index;

    if (watch->slot != 0) {
        spf_loop_update(loop, watch);
        return true;
    }
    if (loop->usable_gaps > 0) {
        index = loop->gaps[--loop->usable_gaps];
        loop->gaps[loop->usable_gaps] = loop->gaps[--loop->gap_count];
    } else if (loop->count < loop->room || grow(loop)) {
        index = loop->count++;
    } else {
        return false;
    }
    loop->entries[index] = (struct entry){.watch = watch};
    watch->slot = index + 1;
    if (look_at(loop, index)) {
        return true;
    }
    spf_loop_remove(loop, watch);
    return false;
}

void spf_loop_update(struct spf_loop *loop, struct spf_watch *watch)
{
    if (watch->slot != 0) {
        (void)look_at(loop, watch->slot - 1);
    }
}

void spf_loop_remove(struct spf_loop *loop, struct spf_watch *watch)
{
    const size_t index = watch->slot - 1;

    if (watch->slot == 0) {
        return;
    }
    (void)!spf_poller_set(loop->poller, index, -1, 0);
    set_due(loop, index, 0);
    loop->entries[index].watch = NULL;
    loop->gaps[loop->gap_count++] = index;
    watch->slot = 0;
}

/* With the lock held. A thread must not take the signals that are meant for the loop's. */
static bool start_worker(struct spf_jobs *jobs, struct worker *worker)
{
    sigset_t all;
    sigset_t before;
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
        if (worker->state == FREE) {
            unused = worker;
        } else {
            running = true;
        }
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
    while (*end != NULL) {
        end = &(*end)->next;
    }
    *end = job;
    taken = find_worker(jobs);
    if (!taken) {
        *end = NULL;
    }
    (void)pthread_mutex_unlock(&jobs->lock);
    if (!taken) {
        job->release(job);
    }
    return taken;
}

void spf_loop_cancel(struct spf_loop *loop, struct spf_job *job)
{
    (void)loop;
    job->cancelled = true; /* read only in the loop's thread */
}

/* The watch may have been removed meanwhile; what it waits for from now on is looked at again. */
static void call(struct spf_loop *loop, size_t index, short revents)
{
    struct spf_watch *watch = loop->entries[index].watch;

    if (watch == NULL) {
        return;
    }
    loop->entries[index].turn = loop->turn;
    watch->ready(watch, revents);
    if (loop->entries[index].watch != NULL) {
        (void)look_at(loop, index);
    }
}

/* Those whose time has come, each once, though one may be due again at once. */
static void call_due(struct spf_loop *loop)
{
    const int64_t now = spf_now_ms();
    size_t count = 0;

    while (loop->heap_count > 0 && due_at(loop, 0) <= now) {
        loop->due[count] = loop->heap[0];
        set_due(loop, loop->due[count++], 0);
    }
    for (size_t i = 0; i < count; i++) {
        const struct entry *entry = &loop->entries[loop->due[i]];
        const struct spf_watch *watch = entry->watch;

        if (watch == NULL || entry->heap_slot > 0) {
            continue; /* gone, or put off by another's callback */
        }
        if (entry->turn != loop->turn &&
            (entry->broken || (watch->due_ms != 0 && watch->due_ms <= now))) {
            call(loop, loop->due[i], entry->broken ? POLLNVAL : 0);
        } else {
            (void)look_at(loop, loop->due[i]);
        }
    }
}

struct spf_error spf_loop_turn(struct spf_loop *loop, int64_t until_ms)
{
    struct spf_poller_event events[EVENTS_AT_ONCE];
    const int64_t now = spf_now_ms();
    int64_t left;
    int count;

    loop->turn++;
    loop->usable_gaps = loop->gap_count;
    if (loop->heap_count > 0 && due_at(loop, 0) < until_ms) {
        until_ms = due_at(loop, 0);
    }
    left = until_ms > now ? until_ms - now : 0;
    count =
        spf_poller_wait(loop->poller, left < INT_MAX ? (int)left : INT_MAX, events, EVENTS_AT_ONCE);
    if (count < 0) { /* a signal: the caller looks at its flag */
        return errno == EINTR ? spf_ok() : spf_error_sys(errno, "poll");
    }
    for (int i = 0; i < count; i++) {
        call(loop, events[i].key, events[i].revents);
    }
    call_due(loop);
    return spf_ok();
}
