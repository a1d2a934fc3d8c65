#ifndef SPF_DRIVER_COURSE_H
#define SPF_DRIVER_COURSE_H

#include "driver/desk.h"

/* The course begins, without connections; what its run has kept is not asked again. deadline_ms:
 * monotonic. False: no memory. */
SPF_MUST_USE bool spf_course_begin(struct spf_course *course, struct spf_run *run,
                                   int64_t deadline_ms);

/* From the beginning, with what the cloud has said and the time that is left. */
void spf_course_begin_again(struct spf_course *course);

/* Asks for what the run wants. What is known at once makes news again. */
void spf_course_advance(struct spf_course *course);
/* Nothing is missing, neither to the checks nor to the report. */
bool spf_course_is_done(const struct spf_course *course);

/* Closes the connections to the host, and drops what has not come; nobody calls arrived afterwards.
 */
void spf_course_rest(struct spf_course *course);

/* The next one that has news; NULL: none has. */
struct spf_course *spf_course_next(struct spf_desk *desk);

#endif
