#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/jobs.h"

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

/* Runs the job, at most SPF_JOBS_AT_ONCE at a time. On failure false, and release has been called.
 */
SPF_MUST_USE bool spf_loop_submit(struct spf_loop *loop, struct spf_job *job);

/* Waits until something is ready, due, or until_ms (monotonic) has come, and calls back. */
SPF_MUST_USE struct spf_error spf_loop_turn(struct spf_loop *loop, int64_t until_ms);
