#include "transcript/transcript.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "transcript/attempt.h"
#include "transcript/conclude.h"
#include "transcript/words.h"

struct spf_transcript {
    struct spf_attempt attempt;
    struct spf_transcript_facts facts;
    struct spf_transcript_target target;
};

static const struct spf_field line_fields[] = {
    SPF_SHAPE_NUMBER(struct spf_transcript_line, number),
    SPF_SHAPE_TEXT(struct spf_transcript_line, check),
    SPF_SHAPE_TEXT(struct spf_transcript_line, text),
};
const struct spf_shape spf_transcript_line_shape =
    SPF_SHAPE(struct spf_transcript_line, line_fields);

static const struct spf_field facts_fields[] = {
    SPF_SHAPE_TEXT(struct spf_transcript_facts, client),
    SPF_SHAPE_NUMBER(struct spf_transcript_facts, attempts),
    SPF_SHAPE_NUMBER(struct spf_transcript_facts, lines),
    SPF_SHAPE_BOOL(struct spf_transcript_facts, private_key),
    SPF_SHAPE_BOOL(struct spf_transcript_facts, host_named),
    SPF_SHAPE_BOOL(struct spf_transcript_facts, user_named),
    SPF_SHAPE_BOOL(struct spf_transcript_facts, windows),
    SPF_SHAPE_TEXT(struct spf_transcript_facts, stopped_at),
    SPF_SHAPE_TEXT(struct spf_transcript_facts, named),
    SPF_SHAPE_TEXT(struct spf_transcript_facts, words),
    SPF_SHAPE_TEXT(struct spf_transcript_facts, key_mode),
    SPF_SHAPE_TEXT(struct spf_transcript_facts, harmless),
    SPF_SHAPE_TEXT(struct spf_transcript_facts, candidates),
    SPF_SHAPE_LIST(struct spf_transcript_facts, shown, &spf_transcript_line_shape),
};
const struct spf_shape spf_transcript_shape = SPF_SHAPE(struct spf_transcript_facts, facts_fields);

/* The last line before a ProxyCommand's connection ended that no client says is the command's own.
 */
static void keep_own_words(struct spf_attempt *attempt, const char *line)
{
    static const char *const ours[] = {"debug1:", "debug2:", "debug3:"};

    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
        if (strstr(line, ours[i]) != NULL)
            return;
    if (line[strspn(line, " \t")] != '\0' && attempt->stage <= SPF_STAGE_CONNECTING &&
        attempt->tcp == NULL)
        spf_clean(attempt->tcp_error, sizeof attempt->tcp_error, line, strlen(line));
}

/* Names that only Windows has: its client's, a drive's, its groups' and a program's. */
static bool is_of_windows(const char *line)
{
    static const char *const signs[] = {":\\", "BUILTIN\\", "NT AUTHORITY\\", ".\\"};

    if (strstr(line, "for_Windows") != NULL || strstr(line, "CreateProcessW") != NULL)
        return true;
    for (size_t i = 0; i < sizeof signs / sizeof *signs && strchr(line, '\\') != NULL; i++)
        if (strstr(line, signs[i]) != NULL)
            return true;
    return false;
}

/* Marks of mail, forums and Terraform's frames, and blanks: what may precede a wrapped line's rest.
 */
static const char *after_marks(const char *line)
{
    static const char *const marks[] = {" ", "\t", ">", "|", "│"};

    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
        if (spf_starts_with(line, marks[i]))
            return after_marks(line + strlen(marks[i]));
    return line;
}

/*
 * A terminal of some 80 columns breaks a message in two, between words or within one. Words that
 * lie across the break count; those of one line alone were seen.
 */
#define WRAPS_FROM 50u
#define WRAPS_TO   250u

static bool find_wrapped(const struct spf_matcher *matcher, const char *line, const char *next,
                         char *joined, size_t size, struct spf_match *match)
{
    size_t len = strlen(line);

    next = after_marks(next);
    if (len < WRAPS_FROM || len > WRAPS_TO || *next == '\0')
        return false;
    for (int spaced = 1; spaced >= 0; spaced--) {
        if (!spf_format(joined, size, "%s%s%.300s", line, spaced && line[len - 1] != ' ' ? " " : "",
                        next) ||
            !spf_matcher_find(matcher, joined, match))
            continue;
        /* the row's words, or what must follow them, reach into the next line */
        if (match->rest > joined + len &&
            match->rest < joined + len + strlen(match->row->words) + (size_t)spaced)
            return true;
        if (match->row->then != NULL && match->rest <= joined + len &&
            strstr(match->rest, match->row->then) + strlen(match->row->then) > joined + len)
            return true;
    }
    return false;
}

/* A command that somebody typed; after an attempt that ended, it begins the next. */
static bool take_command(struct spf_transcript *transcript, const char *line, int64_t number)
{
    struct spf_attempt *attempt = &transcript->attempt, typed = {0};

    if (!spf_typed_command(line, &typed))
        return false;
    /* a log's "> ssh child died" is none */
    if (strstr(line, "> ssh ") != NULL && strstr(line, "PS ") == NULL &&
        strstr(line, ":\\") == NULL)
        return spf_attempt_is_over(attempt) || spf_typed_command(line, attempt);
    if (spf_attempt_is_over(attempt)) {
        spf_attempt_begin_next(attempt, number, &transcript->facts);
        attempt->user[0] = attempt->key_file[0] = attempt->proxy[0] = '\0';
    }
    (void)spf_typed_command(line, attempt);
    (void)spf_copy(attempt->typed_host, sizeof attempt->typed_host, attempt->host);
    (void)spf_copy(attempt->typed_user, sizeof attempt->typed_user, attempt->user);
    return true;
}

static void read_lines(struct spf_transcript *transcript, struct spf_lines *lines,
                       const struct spf_matcher *matcher)
{
    struct spf_attempt *attempt = &transcript->attempt;
    struct spf_match match;
    const char *line, *before = "";
    char joined[1024];
    int64_t number;

    spf_attempt_begin(attempt, 1);
    transcript->facts.attempts = 1;
    for (; (line = spf_lines_next(lines, &number)) != NULL; before = line) {
        transcript->facts.lines = number;
        if (*line == '\0')
            continue;
        attempt->windows = attempt->windows || is_of_windows(line);
        if (take_command(transcript, line, number))
            continue;
        if (find_wrapped(matcher, before, line, joined, sizeof joined, &match))
            spf_attempt_take(attempt, &match, number - 1, &transcript->facts);
        if (spf_matcher_find(matcher, line, &match))
            spf_attempt_take(attempt, &match, number, &transcript->facts);
        else
            keep_own_words(attempt, line);
    }
    transcript->facts.private_key = lines->private_key;
}

static const char *or_null(const char *text)
{
    return text[0] != '\0' ? text : NULL;
}

static void name_target(struct spf_transcript *transcript)
{
    const struct spf_attempt *attempt = &transcript->attempt;
    const char *key =
        attempt->key_trouble_file[0] != '\0' ? attempt->key_trouble_file : attempt->key_file;

    transcript->target = (struct spf_transcript_target){
        .host = or_null(attempt->host[0] != '\0' ? attempt->host : attempt->address),
        .user = or_null(attempt->user),
        .key_path = or_null(key),
        .jump = or_null(attempt->jump),
        .port = attempt->port > 0 && attempt->port < 65536 ? (uint16_t)attempt->port : 0,
    };
    transcript->facts.host_named = transcript->target.host != NULL;
    transcript->facts.windows = attempt->windows;
    transcript->facts.user_named = transcript->target.user != NULL;
    (void)spf_copy(transcript->facts.key_mode, sizeof transcript->facts.key_mode,
                   attempt->key_mode);
    (void)spf_copy(transcript->facts.client, sizeof transcript->facts.client, attempt->client);
}

struct spf_transcript *spf_transcript_read(const char *text, size_t len)
{
    struct spf_transcript *transcript = calloc(1, sizeof *transcript);
    struct spf_matcher *matcher = spf_matcher_new();
    struct spf_lines lines = {0};
    bool good = transcript != NULL && matcher != NULL && spf_unwrap(text, len, &lines);

    if (good) {
        read_lines(transcript, &lines, matcher);
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
    if (transcript == NULL)
        return;
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

/* The facts own their list, so each target gets one of its own. */
static bool copy_facts(const struct spf_transcript_facts *from, struct spf_transcript_facts *to)
{
    *to = *from;
    to->shown.items = NULL;
    to->shown.count = 0;
    for (size_t i = 0; i < from->shown.count; i++) {
        struct spf_transcript_line *line = SPF_APPEND(&to->shown);

        if (line == NULL)
            return false;
        *line = from->shown.items[i];
    }
    return true;
}

void spf_transcript_serve(const struct spf_transcript *transcript, struct spf_inquiry *inquiry,
                          enum spf_group group)
{
    struct spf_failure failure;

    if (group == SPF_GROUP_TRANSCRIPT) {
        if (copy_facts(&transcript->facts, &inquiry->facts->transcript)) {
            inquiry->arrived(inquiry, group, NULL);
            return;
        }
        failure = spf_failure(SPF_SYSTEM_ERROR, "out of memory");
    } else if (spf_conclude_group(&transcript->attempt, group, inquiry->facts)) {
        inquiry->arrived(inquiry, group, NULL);
        return;
    } else {
        failure = spf_failure(SPF_NOT_IN_TRANSCRIPT, "%s",
                              spf_open_question(&transcript->attempt, &transcript->facts, group));
    }
    inquiry->arrived(inquiry, group, &failure);
}
