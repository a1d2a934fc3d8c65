#pragma once

#include "pipeline/inquiry.h"
#include "transcript/attempt.h"

/* Serves a group from what was read, at once: the facts, or a failure not-in-transcript. */
void spf_attempt_serve(const struct spf_attempt *attempt, const struct spf_transcript_facts *facts,
                       struct spf_inquiry *inquiry, enum spf_group group);
