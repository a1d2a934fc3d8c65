#ifndef SPF_TRANSCRIPT_JUDGE_H
#define SPF_TRANSCRIPT_JUDGE_H

#include <stddef.h>

#include "pipeline/finding.h"

/*
 * A transcript evaluated as a whole, for those who need only its cause: what an ssh that was
 * started for us (a jump host's) said. SPF_NO_FINDING: the text does not show one, then the
 * likeliest candidate is returned if it names any. words receives the line that decided, clean and
 * cut; "" where nothing in the text is known.
 */
enum spf_finding spf_transcript_cause(const char *text, size_t len, char words[128]);

/* What fails by the checks of a run, for certain; SPF_NO_FINDING: nothing that is known, or no
 * memory. */
struct spf_transcript;
enum spf_finding spf_transcript_failure(const struct spf_transcript *transcript);

#endif
