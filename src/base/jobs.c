#include "base/jobs.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/shortage.h"

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
    } workers[SPF_JOBS_AT_ONCE];
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

bool spf_jobs_abandoned(void)
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

void spf_jobs_wait_for_computing(unsigned seconds)
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

void spf_jobs_finish(struct spf_jobs *jobs)
{
    struct spf_job *job;
    struct spf_job *next;
    uint64_t ignored;

    if (read(jobs->wake, &ignored, sizeof ignored) < 0 && errno != EAGAIN) {
        return;
    }
    (void)pthread_mutex_lock(&jobs->lock);
    job = jobs->finished;
    jobs->finished = NULL;
    (void)pthread_mutex_unlock(&jobs->lock);
    for (; job != NULL; job = next) {
        next = job->next;
        if (!job->cancelled) {
            job->done(job);
        }
        job->release(job);
    }
}

struct spf_jobs *spf_jobs_new(void)
{
    struct spf_jobs *jobs = calloc(1, sizeof *jobs);

    if (jobs == NULL) {
        return NULL;
    }
    jobs->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (jobs->wake < 0) {
        free(jobs);
        return NULL;
    }
    jobs->holders = 1;
    (void)pthread_mutex_init(&jobs->lock, NULL);
    return jobs;
}

int spf_jobs_wake(const struct spf_jobs *jobs)
{
    return jobs->wake;
}

static void release_all(struct spf_job *job)
{
    struct spf_job *next;

    for (; job != NULL; job = next) {
        next = job->next;
        job->release(job);
    }
}

void spf_jobs_free(struct spf_jobs *jobs)
{
    if (jobs == NULL) {
        return;
    }
    (void)pthread_mutex_lock(&jobs->lock);
    (void)close(jobs->wake);
    jobs->wake = -1;
    release_all(jobs->waiting);
    release_all(jobs->finished);
    jobs->waiting = jobs->finished = NULL;
    /* Idle workers end at once and are waited for, so that nothing of theirs is left; busy ones may
     * take for ever and are left to themselves. */
    for (size_t i = 0; i < SPF_JOBS_AT_ONCE; i++) {
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

    for (size_t i = 0; i < SPF_JOBS_AT_ONCE; i++) {
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

bool spf_jobs_submit(struct spf_jobs *jobs, struct spf_job *job)
{
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

void spf_job_cancel(struct spf_job *job)
{
    job->cancelled = true; /* read only in the loop's thread */
}
