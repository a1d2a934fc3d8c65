#ifndef SPF_DIAGNOSIS_PARTS_H
#define SPF_DIAGNOSIS_PARTS_H

#include "base/text.h"
#include "diagnosis/diagnosis.h"
#include "pipeline/slots.h"

/* What the files of this room share. */

/* Seconds from the start of an instance until cloud-init has installed the key, at the longest. */
#define SPF_BOOT_TAKES_S 300

/* A remedy of the cause is carried out inside the instance, by Session Manager for one. */
bool spf_is_done_inside(enum spf_finding finding);
/* Puts what the console, system events, the image and the agent say into the evidence; judges an
 * unknown host key. */
void spf_tell_late_facts(struct spf_run *run);

void spf_suggest_candidates(const struct spf_run *run, int64_t now_utc,
                            struct spf_diagnosis *diagnosis);
void spf_summarise(const struct spf_run *run, struct spf_diagnosis *diagnosis);
void spf_connect_lines(const struct spf_run *run, struct spf_diagnosis *diagnosis);

#endif
