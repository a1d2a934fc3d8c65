#pragma once

#include "transcript/attempt.h"

/* Where the last attempt ended, once all lines are read; what the text names as the cause, or
 * leaves open. */
void spf_conclude(struct spf_attempt *attempt, struct spf_transcript_facts *facts);
