#ifndef SPF_DIAGNOSIS_PARTS_H
#define SPF_DIAGNOSIS_PARTS_H

#include "base/text.h"
#include "diagnosis/diagnosis.h"
#include "pipeline/slots.h"

/* What the files of this room share. */

/* Seconds from the start of an instance until cloud-init has installed the key, at the longest. */
#define SPF_BOOT_TAKES_S 300

static inline struct spf_view spf_view_of(const struct spf_run *run)
{
    return (struct spf_view){run->target, &run->facts, run->results};
}

static inline bool spf_has(const struct spf_run *run, enum spf_check_id check,
                           enum spf_finding finding)
{
    return run->results[check].finding == finding;
}

static inline bool spf_failed(const struct spf_run *run, enum spf_check_id check)
{
    return run->results[check].status == SPF_FAIL;
}

/* It was judged, and nothing is in the way: pass or warn. */
static inline bool spf_fine(const struct spf_run *run, enum spf_check_id check)
{
    return run->results[check].status == SPF_PASS || run->results[check].status == SPF_WARN;
}

/* The bound pair and the local key were compared, and are the same. */
bool spf_pair_is_proved(const struct spf_run *run);
/* The server said that this key would do, whatever came of the login (RFC 4252 section 7). */
bool spf_key_is_accepted(const struct spf_run *run);

/* The console shows that this boot authorised the local key for the user (NULL: for anybody). */
bool spf_boot_authorized(const struct spf_run *run, const char *user);
/* A remedy of the cause is carried out inside the instance, by Session Manager for one. */
bool spf_is_done_inside(enum spf_finding finding);
/* The console lists what this boot authorised for the user, and the local key is not in it. */
bool spf_boot_left_key_out(const struct spf_run *run);
/* Puts what the console, system events, the image and the agent say into the evidence; judges an
 * unknown host key. */
void spf_tell_late_facts(struct spf_run *run);

void spf_suggest_candidates(const struct spf_run *run, int64_t now_utc,
                            struct spf_diagnosis *diagnosis);
void spf_summarise(const struct spf_run *run, struct spf_diagnosis *diagnosis);
void spf_connect_lines(const struct spf_run *run, struct spf_diagnosis *diagnosis);

#endif
