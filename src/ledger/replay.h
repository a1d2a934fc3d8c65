#pragma once

#include "pipeline/inquiry.h"
#include "pipeline/run.h"

/* Drives run, which is initialised, to its end by the groups of a recorded target. */
void spf_replay(struct json_object *groups, struct spf_run *run, spf_groups reported);
/* Serves one group of them. */
void spf_replay_serve(struct json_object *groups, struct spf_inquiry *inquiry,
                      enum spf_group group);
