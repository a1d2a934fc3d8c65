#include "transcript/judge.h"

#include <stdlib.h>

#include "transcript/serve.h"

static void arrived(struct spf_inquiry *inquiry, enum spf_group group,
                    const struct spf_failure *failure)
{
    /* the run's facts are the inquiry's */
    struct spf_run *run =
        (struct spf_run *)(void *)((char *)inquiry->facts - offsetof(struct spf_run, facts));

    spf_run_arrived(run, group, failure, 0);
}

static void evaluate(const struct spf_attempt *attempt, const struct spf_transcript_facts *facts,
                     struct spf_run *run)
{
    struct spf_inquiry inquiry = {.target = run->target, .facts = &run->facts, .arrived = arrived};

    for (spf_groups wants = spf_run_advance(run, 0); wants != 0; wants = spf_run_advance(run, 0)) {
        for (int i = 0; i < SPF_GROUP_COUNT; i++) {
            if (wants >> i & 1 && spf_run_asked(run, (enum spf_group)i, 0)) {
                spf_attempt_serve(attempt, facts, &inquiry, (enum spf_group)i);
            }
        }
    }
}

enum spf_finding spf_attempt_failure(const struct spf_run *run)
{
    for (int i = SPF_CHECK_NET_PORT; i < SPF_CHECK_COUNT; i++) {
        if (run->results[i].status == SPF_FAIL) {
            return run->results[i].finding;
        }
    }
    for (int i = 0; i < SPF_CHECK_NET_PORT; i++) {
        if (run->results[i].status == SPF_FAIL) {
            return run->results[i].finding;
        }
    }
    return SPF_NO_FINDING;
}

struct spf_run *spf_attempt_judge(const struct spf_attempt *attempt,
                                  const struct spf_transcript_facts *facts)
{
    static const struct spf_target anywhere = {.host = SPF_UNNAMED_HOST,
                                               .user = SPF_UNNAMED_USER,
                                               .port = 22,
                                               .from_transcript = true,
                                               .session = SPF_SESSION_NEVER,
                                               .selected = SPF_ALL_CHECKS};
    struct spf_run *run = calloc(1, sizeof *run);

    if (run != NULL) {
        spf_run_init(run, &anywhere);
        evaluate(attempt, facts, run);
    }
    return run;
}

void spf_attempt_judged(struct spf_run *run)
{
    if (run != NULL) {
        spf_run_clear(run);
    }
    free(run);
}
