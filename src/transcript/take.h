#pragma once

#include "transcript/attempt.h"

/* Takes a message of the line into the attempt: how far it came, what ended it, what is shown of
 * it. */
void spf_attempt_take(struct spf_attempt *attempt, const struct spf_match *match, int64_t line,
                      struct spf_transcript_facts *facts);
