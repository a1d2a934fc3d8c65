#include "transcript/transcript.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "transcript/conclude.h"
#include "transcript/judge.h"
#include "transcript/reading.h"
#include "transcript/serve.h"

struct spf_transcript {
    struct spf_attempt attempt;
    struct spf_transcript_facts facts;
    struct spf_transcript_target target;
};

static const char *or_null(const char *text)
{
    return text[0] != '\0' ? text : NULL;
}

static void name_target(struct spf_transcript *transcript)
{
    const struct spf_attempt *attempt = &transcript->attempt;
    const char *key =
        attempt->key_trouble_file[0] != '\0' ? attempt->key_trouble_file : attempt->key_file;

    if (key[0] == '\0' && attempt->keys_listed == 1) { /* nothing was said of it, and it is alone */
        key = attempt->listed_file;
    }

    transcript->target = (struct spf_transcript_target){
        .host = or_null(attempt->host[0] != '\0' ? attempt->host : attempt->address),
        .user = or_null(attempt->user),
        .key_path = or_null(key),
        /* where the text does not name it, a phrase stands there */
        .jump = strchr(attempt->jump, ' ') == NULL ? or_null(attempt->jump) : NULL,
        .port = attempt->port > 0 && attempt->port < 65536 ? (uint16_t)attempt->port : 0,
    };
    transcript->facts.host_named = transcript->target.host != NULL;
    transcript->facts.windows = attempt->windows;
    transcript->facts.certificate = attempt->certificate;
    transcript->facts.user_named = transcript->target.user != NULL;
    spf_copy(transcript->facts.key_mode, sizeof transcript->facts.key_mode, attempt->key_mode);
    spf_copy(transcript->facts.client, sizeof transcript->facts.client, attempt->client);
}

/* What failed is the login to a jump host: its cause is found as that of any login. */
static void conclude_hop(struct spf_transcript *transcript)
{
    struct spf_attempt hop = transcript->attempt;
    struct spf_transcript_facts facts = {0};
    struct spf_run *run;
    enum spf_finding cause;

    hop.no_way_on = false;
    hop.proxy[0] = '\0'; /* of the ssh that waits for it */
    spf_conclude(&hop, &facts);
    run = spf_attempt_judge(&hop, &facts);
    cause = run != NULL ? spf_attempt_failure(run) : SPF_NO_FINDING;
    spf_attempt_judged(run);
    if (cause != SPF_NO_FINDING) {
        spf_copy(transcript->attempt.jump_cause, sizeof transcript->attempt.jump_cause,
                 spf_findings[cause].id);
    }
}

struct spf_transcript *spf_transcript_read(const char *text, size_t len)
{
    struct spf_transcript *transcript = calloc(1, sizeof *transcript);
    struct spf_matcher *matcher = spf_matcher_new();
    struct spf_lines lines = {0};
    bool good = transcript != NULL && matcher != NULL && spf_unwrap(text, len, &lines);

    if (good) {
        spf_read_lines(&lines, matcher, &transcript->attempt, &transcript->facts);
        if (transcript->attempt.no_way_on && !transcript->attempt.forwarding &&
            (transcript->attempt.tcp == NULL || strcmp(transcript->attempt.tcp, "proxy") != 0)) {
            conclude_hop(transcript);
        }
        spf_conclude(&transcript->attempt, &transcript->facts);
        name_target(transcript);
    } else {
        free(transcript);
        transcript = NULL;
    }
    spf_matcher_free(matcher);
    spf_lines_clear(&lines);
    return transcript;
}

void spf_transcript_free(struct spf_transcript *transcript)
{
    if (transcript == NULL) {
        return;
    }
    spf_shape_clear(&spf_transcript_shape, &transcript->facts);
    free(transcript);
}

const struct spf_transcript_target *spf_transcript_target(const struct spf_transcript *transcript)
{
    return &transcript->target;
}

bool spf_transcript_shows_session(const struct spf_transcript *transcript)
{
    return strcmp(transcript->facts.stopped_at, "ssh.session") == 0;
}

void spf_transcript_serve(const struct spf_transcript *transcript, struct spf_inquiry *inquiry,
                          enum spf_group group)
{
    spf_attempt_serve(&transcript->attempt, &transcript->facts, inquiry, group);
}

enum spf_finding spf_transcript_cause(const char *text, size_t len, char words[128])
{
    struct spf_transcript *transcript =
        spf_transcript_read(text, len < SPF_TRANSCRIPT_MAX ? len : SPF_TRANSCRIPT_MAX);
    struct spf_run *run =
        transcript != NULL ? spf_attempt_judge(&transcript->attempt, &transcript->facts) : NULL;
    enum spf_finding cause = SPF_NO_FINDING;
    char first[64];

    words[0] = '\0';
    if (run != NULL) {
        const char *candidates = run->facts.transcript->candidates;

        cause = spf_attempt_failure(run);
        spf_format(first, sizeof first, "%.*s", (int)strcspn(candidates, ","), candidates);
        if (cause == SPF_NO_FINDING) { /* then the candidate that comes first */
            cause = spf_finding_by_id(first);
        }
        spf_clean(words, 128, run->facts.transcript->words, strlen(run->facts.transcript->words));
    }
    spf_attempt_judged(run);
    spf_transcript_free(transcript);
    return cause;
}
