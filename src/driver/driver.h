#pragma once

#include "driver/options.h"

/*
 * The room that brings facts and checks together: the only one below cli that includes every
 * probe. It knows which probe serves a group, and nothing of what facts mean. A new group is served
 * in task.c.
 */

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
 * One round for one target or thousands: asks each run what it wants, has the probes fetch it, and
 * judges again, until every check of every run has its result, its time is up or somebody said
 * stop. Everything happens in the calling thread, on one loop; workers only return values.
 *
 * The runs are initialised, or begun again (spf_run_again), and all done afterwards,
 * whatever happened; what could not be determined is unknown with the cause. deadline_ms: of each
 * target, from its start. *stopped says that stop_fd ended it. An error is the loop's
 * (SPF_ERR_SYS); the runs are then done with system-error.
 */
SPF_MUST_USE
struct spf_error spf_driver_round(struct spf_driver *driver, int64_t deadline_ms, bool *stopped);
