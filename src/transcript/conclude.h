#ifndef SPF_TRANSCRIPT_CONCLUDE_H
#define SPF_TRANSCRIPT_CONCLUDE_H

#include "pipeline/facts.h"
#include "transcript/attempt.h"

/* From the last attempt, once all lines are read, to facts. */

/* Where it ended, what the text names as the cause, or what it leaves open. */
void spf_conclude(struct spf_attempt *attempt, struct spf_transcript_facts *facts);
/* Fills the group's facts; false: the text does not show it. */
bool spf_conclude_group(const struct spf_attempt *attempt, enum spf_group group,
                        struct spf_facts *facts);
/* Why a group that the text does not show is missing, in words; "" if there is nothing more to
 * say. Borrowed. */
const char *spf_open_question(const struct spf_attempt *attempt,
                              const struct spf_transcript_facts *facts, enum spf_group group);

#endif
