#include "transcript/serve.h"

#include "transcript/fill.h"

/* The facts own their list, so each target gets one of its own. */
static bool copy_facts(const struct spf_transcript_facts *from, struct spf_transcript_facts *to)
{
    *to = *from;
    to->shown.items = NULL;
    to->shown.count = 0;
    for (size_t i = 0; i < from->shown.count; i++) {
        struct spf_transcript_line *line = SPF_APPEND(&to->shown);

        if (line == NULL) {
            return false;
        }
        *line = from->shown.items[i];
    }
    return true;
}

void spf_attempt_serve(const struct spf_attempt *attempt, const struct spf_transcript_facts *facts,
                       struct spf_inquiry *inquiry, enum spf_group group)
{
    struct spf_failure failure;

    if (group == SPF_GROUP_TRANSCRIPT) {
        if (copy_facts(facts, inquiry->facts->transcript)) {
            inquiry->arrived(inquiry, group, NULL);
            return;
        }
        failure = spf_failure(SPF_SYSTEM_ERROR, "out of memory");
    } else if (spf_attempt_fill(attempt, group, inquiry->facts)) {
        inquiry->arrived(inquiry, group, NULL);
        return;
    } else {
        failure =
            spf_failure(SPF_NOT_IN_TRANSCRIPT, "%s", spf_open_question(attempt, facts, group));
    }
    inquiry->arrived(inquiry, group, &failure);
}
