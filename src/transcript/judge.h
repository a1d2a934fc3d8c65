#pragma once

#include "pipeline/run.h"
#include "transcript/attempt.h"

/*
 * An attempt that has been concluded, judged by the checks as a whole, wherever it went. To be
 * given back with spf_attempt_judged. NULL: no memory.
 */
struct spf_run *spf_attempt_judge(const struct spf_attempt *attempt,
                                  const struct spf_transcript_facts *facts);
void spf_attempt_judged(struct spf_run *run); /* takes NULL */

/* What fails by its checks, for certain; SPF_NO_FINDING: nothing that is known. */
enum spf_finding spf_attempt_failure(const struct spf_run *run);
