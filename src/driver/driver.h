#ifndef SPF_DRIVER_DRIVER_H
#define SPF_DRIVER_DRIVER_H

#include "cloud/cloud.h"
#include "pipeline/run.h"
#include "transcript/transcript.h"

/*
 * The room that brings facts and checks together: the only one below cli that includes every
 * probe. It knows which probe serves a group, and nothing of what facts mean. A new group is served
 * in course.c.
 */

/* How far a round has come. */
struct spf_driver_state {
    size_t count;
    size_t finished;
    const struct spf_run *only; /* the run, where there is but one target; else NULL */
};

/* A region and credentials: what is asked, found out and refused there is apart from the others'.
 */
struct spf_account {
    struct spf_cloud_options cloud;
    /* The ids of its targets' instances; where there are several, what is common is asked once. */
    SPF_LIST(const char *) instances;
};

/*
 * One round for one target or thousands: asks each run what it wants, has the probes fetch
 * it, and judges again, until every check of every run has its result, its time is up or
 * somebody said stop. Everything happens in the calling thread, on one loop; workers only return
 * values.
 */
struct spf_driver_options {
    int stop_fd; /* readable: stop now; -1 none */
    /* Those whose instances the targets are, by target->account; none: no cloud is asked. */
    struct spf_account *const *accounts;
    size_t account_count;
    spf_groups reported; /* groups without inputs that the report shows, whatever the checks want */
    /* everything but the cloud comes from it; NULL: there is none */
    const struct spf_transcript *transcript;
    bool remembers; /* addresses of instances, in the user's cache */
    size_t jobs;    /* so many targets at once, at most; 0: all */
    /* What is asked; NULL: nothing, for the answer is known. */
    const struct spf_target *(*target)(void *context, size_t index);
    /* Makes runs[index], which is NULL, before the target is begun: initialised. False: no memory.
     */
    bool (*begin)(void *context, size_t index);
    /* The target's run is done, and nothing touches it any more; its owner may free it and set
     * runs[index] to NULL. May be NULL. */
    void (*finished)(void *context, size_t index);
    /* Called whenever something new is known; may be NULL. */
    void (*progress)(void *context, const struct spf_driver_state *state);
    void *context;
};

/*
 * What stays from one round to the next: the loop, the client of the cloud's API with its
 * credentials and connections, the keys.
 */
struct spf_driver;

/* runs and options are borrowed for the driver's life. NULL: no memory or descriptors. */
struct spf_driver *spf_driver_new(struct spf_run **runs, size_t count,
                                  const struct spf_driver_options *options);
/* Closes connections and forgets secrets. Takes NULL. */
void spf_driver_free(struct spf_driver *driver);

/*
 * One round. The runs are initialised, or begun again (spf_run_again), and all done afterwards,
 * whatever happened; what could not be determined is unknown with the cause. deadline_ms: of each
 * target, from its start. *stopped says that stop_fd ended it. An error is the loop's
 * (SPF_ERR_SYS); the runs are then done with system-error.
 */
SPF_MUST_USE
struct spf_error spf_driver_round(struct spf_driver *driver, int64_t deadline_ms, bool *stopped);

#endif
