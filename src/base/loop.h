#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/*
 * One wait for everything: sockets, timers, and the results of worker threads.
 *
 * A loop belongs to one thread, in which all callbacks run. What cannot be polled (name look-up,
 * key derivation, an agent) is a job: its work runs in a thread of its own, its done in the loop's.
 */
struct spf_loop;

/*
 * Embedded by its owner, who outlives its stay in the loop. What it waits for may be changed in its
 * own callback; elsewhere the loop learns of it by spf_loop_update.
 */
struct spf_watch {
    int fd;         /* -1: only a timer */
    short events;   /* POLLIN, POLLOUT */
    int64_t due_ms; /* monotonic (spf_now_ms); 0: none */
    /* revents as poll(2) gives them; 0 when due_ms has come (the owner must then move or remove it)
     */
    void (*ready)(struct spf_watch *watch, short revents);
    void *owner;
    size_t slot; /* the loop's: index + 1, 0 when not in a loop */
};

struct spf_loop *spf_loop_new(void); /* NULL: no memory or descriptor */
/* Watches are forgotten, finished jobs released; running jobs are abandoned and release themselves.
 */
void spf_loop_free(struct spf_loop *loop);
/*
 * Was a job ever abandoned? Its thread may still be inside OpenSSL, libssh or libc, whose clean-up
 * exit(3) would run under its feet: such a process ends by _exit(2). From any thread.
 */
bool spf_loop_abandoned(void);
/*
 * For a process that is not ours to end so: waits for the abandoned jobs that compute, at most so
 * many seconds. From any thread.
 */
void spf_loop_wait_for_computing(unsigned seconds);

/*
 * False when memory ran out, or the descriptor cannot be waited for. One that is in the loop
 * already is updated.
 */
SPF_MUST_USE bool spf_loop_add(struct spf_loop *loop, struct spf_watch *watch);
/*
 * The watch waits for something else from now on. One that is not in the loop is left alone. A
 * descriptor that cannot be waited for shows as POLLNVAL in the next turn.
 */
void spf_loop_update(struct spf_loop *loop, struct spf_watch *watch);
/* Takes one that is not in the loop, too; may be called from any callback, also the watch's own. */
void spf_loop_remove(struct spf_loop *loop, struct spf_watch *watch);

/* Heap-allocated by the submitter, who must not touch it before done. */
struct spf_job {
    void (*work)(struct spf_job *job);    /* in a worker thread; touches nothing but the job */
    void (*done)(struct spf_job *job);    /* in the loop's thread; not called once cancelled */
    void (*release)(struct spf_job *job); /* frees it; always called last, in whichever thread */
    void *owner;
    bool computes; /* it is in OpenSSL rather than waiting for somebody, and comes to an end */
    /* the loop's: */
    struct spf_job *next;
    bool cancelled;
};

/* Runs the job, at most SPF_LOOP_WORKERS at once. On failure false, and release has been called. */
#define SPF_LOOP_WORKERS 16
SPF_MUST_USE bool spf_loop_submit(struct spf_loop *loop, struct spf_job *job);
/* From the loop's thread, before done: done will not be called. The owner forgets the job. */
void spf_loop_cancel(struct spf_loop *loop, struct spf_job *job);

/* Waits until something is ready, due, or until_ms (monotonic) has come, and calls back. */
SPF_MUST_USE struct spf_error spf_loop_turn(struct spf_loop *loop, int64_t until_ms);
