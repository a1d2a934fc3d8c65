#pragma once

#include <stdbool.h>

#include "base/error.h"

/*
 * What cannot be polled runs in threads of its own, a few at a time: name look-up, key derivation,
 * an agent. They belong to a loop (loop.h), in whose thread they come to their end.
 */
#define SPF_JOBS_AT_ONCE 16

/* Heap-allocated by the submitter, who must not touch it before done. */
struct spf_job {
    void (*work)(struct spf_job *job);    /* in a worker thread; touches nothing but the job */
    void (*done)(struct spf_job *job);    /* in the loop's thread; not called once cancelled */
    void (*release)(struct spf_job *job); /* frees it; always called last, in whichever thread */
    void *owner;
    bool computes; /* it is in OpenSSL rather than waiting for somebody, and comes to an end */
    /* ours: */
    struct spf_job *next;
    bool cancelled;
};

/* From the loop's thread, before done: done will not be called. The owner forgets the job. */
void spf_job_cancel(struct spf_job *job);

/* What a loop needs of them. */
struct spf_jobs;

struct spf_jobs *spf_jobs_new(void); /* NULL: no memory or descriptor */
/* Finished jobs are released, running ones abandoned. Takes NULL. */
void spf_jobs_free(struct spf_jobs *jobs);
/* Readable when some have finished; spf_jobs_finish then calls their done. */
int spf_jobs_wake(const struct spf_jobs *jobs);
void spf_jobs_finish(struct spf_jobs *jobs);
/* As spf_loop_submit. */
SPF_MUST_USE bool spf_jobs_submit(struct spf_jobs *jobs, struct spf_job *job);

/*
 * Was a job ever abandoned? Its thread may still be inside OpenSSL, libssh or libc, whose clean-up
 * exit(3) would run under its feet: such a process ends by _exit(2). From any thread.
 */
bool spf_jobs_abandoned(void);
/*
 * For a process that is not ours to end so: waits for the abandoned jobs that compute, at most so
 * many seconds. From any thread.
 */
void spf_jobs_wait_for_computing(unsigned seconds);
