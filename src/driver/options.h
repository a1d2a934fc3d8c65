#pragma once

#include "cloud/cloud.h"
#include "pipeline/run.h"
#include "transcript/transcript.h"

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

/* What a driver is given: the targets, whom it may ask, and who waits for its results. */
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
    /* What is asked, until the next call; NULL: nothing, for the answer is known. */
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
