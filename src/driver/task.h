#pragma once

#include "driver/shared.h"

/* A task for the target of that index; NULL: no memory. */
SPF_MUST_USE struct spf_task *spf_task_new(struct spf_driver_shared *shared, size_t index);
/* Its run is NULL. Frees it, or where it still has news leaves it to whoever looks at them. */
void spf_task_release(struct spf_task *task);
void spf_task_free_all(struct spf_driver_shared *shared);

/* The task begins, without connections; what its run has kept is not asked again. deadline_ms:
 * monotonic. False: no memory. */
SPF_MUST_USE bool spf_task_begin(struct spf_task *task, struct spf_run *run, int64_t deadline_ms);

/* From the beginning, with what the cloud has said and the time that is left. */
void spf_task_begin_again(struct spf_task *task);

/* Asks for what the run wants. What is known at once makes news again. */
void spf_task_advance(struct spf_task *task);
/* Nothing is missing, neither to the checks nor to the report. */
bool spf_task_is_done(const struct spf_task *task);

/* Closes the connections to the host, and drops what has not come; nobody calls arrived afterwards.
 */
void spf_task_rest(struct spf_task *task);

/* The next one that has news; NULL: none has. */
struct spf_task *spf_task_next(struct spf_driver_shared *shared);
