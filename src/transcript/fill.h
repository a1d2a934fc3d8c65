#pragma once

#include "pipeline/facts.h"
#include "transcript/attempt.h"

/* From an attempt that has been concluded to the facts of a group. */

/* Fills the group's facts; false: the text does not show it. */
bool spf_attempt_fill(const struct spf_attempt *attempt, enum spf_group group,
                      struct spf_facts *facts);
/* Why a group that the text does not show is missing, in words; "" if there is nothing more to
 * say. Borrowed. */
const char *spf_open_question(const struct spf_attempt *attempt,
                              const struct spf_transcript_facts *facts, enum spf_group group);
