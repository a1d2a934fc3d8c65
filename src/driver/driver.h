#ifndef SPF_DRIVER_DRIVER_H
#define SPF_DRIVER_DRIVER_H

#include "cloud/aliyun/aliyun.h"
#include "pipeline/run.h"
#include "transcript/transcript.h"

/*
 * One round for one target or thousands: asks each run what it wants, has the probes (or a record)
 * fetch it, and judges again, until every check of every run has its result, the deadline has come
 * or somebody said stop. Everything happens in the calling thread, on one poll(2); workers only
 * return values.
 */
struct spf_driver_options {
    int64_t deadline_ms; /* of the round, from its start */
    int stop_fd;         /* readable: stop now; -1 none */
    const struct spf_aliyun_options *cloud;
    spf_groups reported; /* groups without inputs that the report shows, whatever the checks want */
    /* everything but the cloud comes from it; NULL: there is none */
    const struct spf_transcript *transcript;
    const struct spf_record *replay; /* serve wants from it instead of asking; NULL: ask */
    /* Called whenever something new is known; may be NULL. */
    void (*progress)(void *context, const struct spf_run *runs, size_t count);
    void *context;
};

/*
 * runs are initialised and all done afterwards, whatever happened; what could not be determined is
 * unknown with the cause. *stopped says that stop_fd ended it. An error means that not even the
 * loop could be had (SPF_ERR_NOMEM, SPF_ERR_SYS); the runs are then done with system-error.
 */
SPF_MUST_USE
struct spf_error spf_drive(struct spf_run *runs, size_t count,
                           const struct spf_driver_options *options, bool *stopped);

#endif
