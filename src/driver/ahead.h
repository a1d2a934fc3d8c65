#pragma once

#include "driver/shared.h"

/*
 * A head start: an instance that was checked before is connected to where it was found then, while
 * the cloud is still being asked. What comes of it counts once the cloud has named the same
 * address; else it is forgotten, and the SSH half begins again. For targets that are reached
 * directly.
 */

/* The credentials have come: what is remembered of the instance under them. */
void spf_ahead_begin(struct spf_task *task);
/* What can be asked for beside what the run wants; 0 where there is no head start. */
spf_groups spf_ahead_wants(struct spf_task *task);
/* The cloud has answered, or cannot. */
void spf_ahead_confirm(struct spf_task *task);
/* It has not, and will not be waited for any longer. */
void spf_ahead_drop(struct spf_task *task);

/* The target is done: what is to be remembered of it. */
void spf_ahead_learn(struct spf_task *task);
/* Of all targets, for the runs to come. */
void spf_ahead_save(struct spf_driver_shared *shared);
void spf_ahead_forget_all(struct spf_driver_shared *shared);
