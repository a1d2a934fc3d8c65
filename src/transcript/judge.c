#include "transcript/judge.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "pipeline/run.h"
#include "transcript/transcript.h"

static void arrived(struct spf_inquiry *inquiry, enum spf_group group,
                    const struct spf_failure *failure)
{
    /* the run's facts are the inquiry's */
    struct spf_run *run =
        (struct spf_run *)(void *)((char *)inquiry->facts - offsetof(struct spf_run, facts));

    spf_run_arrived(run, group, failure, 0);
}

static void evaluate(const struct spf_transcript *transcript, struct spf_run *run)
{
    struct spf_inquiry inquiry = {.target = run->target, .facts = &run->facts, .arrived = arrived};

    for (spf_groups wants = spf_run_advance(run, 0); wants != 0; wants = spf_run_advance(run, 0)) {
        for (int i = 0; i < SPF_GROUP_COUNT; i++) {
            if (!(wants >> i & 1)) {
                continue;
            }
            spf_run_asked(run, (enum spf_group)i, 0);
            spf_transcript_serve(transcript, &inquiry, (enum spf_group)i);
        }
    }
}

static enum spf_finding failed_check(const struct spf_run *run)
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

static struct spf_run *run_of(const struct spf_transcript *transcript,
                              const struct spf_target *target)
{
    struct spf_run *run = calloc(1, sizeof *run);

    if (run != NULL) {
        spf_run_init(run, target);
        evaluate(transcript, run);
    }
    return run;
}

static const struct spf_target anywhere = {.host = SPF_UNNAMED_HOST,
                                           .user = SPF_UNNAMED_USER,
                                           .port = 22,
                                           .from_transcript = true,
                                           .session = SPF_SESSION_NEVER,
                                           .selected = SPF_ALL_CHECKS};

enum spf_finding spf_transcript_failure(const struct spf_transcript *transcript)
{
    struct spf_run *run = run_of(transcript, &anywhere);
    enum spf_finding cause = run != NULL ? failed_check(run) : SPF_NO_FINDING;

    if (run != NULL) {
        spf_run_clear(run);
    }
    free(run);
    return cause;
}

enum spf_finding spf_transcript_cause(const char *text, size_t len, char words[128])
{
    struct spf_transcript *transcript =
        spf_transcript_read(text, len < SPF_TRANSCRIPT_MAX ? len : SPF_TRANSCRIPT_MAX);
    struct spf_run *run = transcript != NULL ? run_of(transcript, &anywhere) : NULL;
    enum spf_finding cause = SPF_NO_FINDING;
    char first[64];

    words[0] = '\0';
    if (run != NULL) {
        const char *candidates = run->facts.transcript.candidates;

        cause = failed_check(run);
        spf_format(first, sizeof first, "%.*s", (int)strcspn(candidates, ","), candidates);
        if (cause == SPF_NO_FINDING) { /* then the candidate that comes first */
            cause = spf_finding_by_id(first);
        }
        spf_clean(words, 128, run->facts.transcript.words, strlen(run->facts.transcript.words));
        spf_run_clear(run);
    }
    free(run);
    spf_transcript_free(transcript);
    return cause;
}
