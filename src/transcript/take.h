#ifndef SPF_TRANSCRIPT_TAKE_H
#define SPF_TRANSCRIPT_TAKE_H

#include "transcript/attempt.h"

/* What attempt.c is made of: the messages of each step, taken into the attempt. */

/* What says more than what: a suspicion is replaced by anything that names its cause. */
enum { SPF_WEIGHT_SUSPICION = 1, SPF_WEIGHT_NAMED = 2 };

void spf_attempt_reach(struct spf_attempt *attempt, enum spf_stage stage);
/* The message ends the attempt; its row's argument: "check cause[,cause…]". */
void spf_attempt_end(struct spf_attempt *attempt, const struct spf_match *match, int weight);

/* Each takes the messages of its step; false: it is of none of them. */
bool spf_take_transport(struct spf_attempt *attempt, const struct spf_match *match, int64_t line,
                        struct spf_transcript_facts *facts);
bool spf_take_host_keys(struct spf_attempt *attempt, const struct spf_match *match);
bool spf_take_keys(struct spf_attempt *attempt, const struct spf_match *match);
void spf_take_authentication(struct spf_attempt *attempt, const struct spf_match *match);
void spf_take_session(struct spf_attempt *attempt, const struct spf_match *match);

#endif
