#pragma once

#include "pipeline/run.h"

/*
 * What may still explain the results, once they are there: the console, say. To be asked for with
 * what the checks want; it is never wanted twice. While it is awaited the run is not at its end,
 * though nothing else waits for it.
 */
spf_groups spf_diagnosis_wants(const struct spf_run *run);
bool spf_diagnosis_awaits(const struct spf_run *run);

/* Puts what the console, system events, the image and the agent say into the evidence; judges an
 * unknown host key. */
void spf_tell_late_facts(struct spf_run *run);
