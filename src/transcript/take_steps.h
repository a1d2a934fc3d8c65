#pragma once

#include "transcript/attempt.h"

/* What take.c consists of: the messages of each step, taken into the attempt. */

/* Each takes the messages of its step; false: it is of none of them. */
bool spf_take_transport(struct spf_attempt *attempt, const struct spf_match *match, int64_t line,
                        struct spf_transcript_facts *facts);
bool spf_take_host_keys(struct spf_attempt *attempt, const struct spf_match *match);
bool spf_take_keys(struct spf_attempt *attempt, const struct spf_match *match);
void spf_take_authentication(struct spf_attempt *attempt, const struct spf_match *match);
void spf_take_session(struct spf_attempt *attempt, const struct spf_match *match);
