#include "transcript/transcript.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "transcript/attempt.h"
#include "transcript/conclude.h"
#include "transcript/judge.h"
#include "transcript/words.h"

struct spf_transcript {
    struct spf_attempt attempt;
    struct spf_transcript_facts facts;
    struct spf_transcript_target target;
};

/* The last line before a ProxyCommand's connection ended that no client says is the command's own.
 */
static void keep_own_words(struct spf_attempt *attempt, const char *line)
{
    static const char *const ours[] = {"debug1:", "debug2:", "debug3:"};

    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++) {
        if (strstr(line, ours[i]) != NULL) {
            return;
        }
    }
    if (line[strspn(line, " \t")] != '\0' && attempt->stage <= SPF_STAGE_CONNECTING &&
        attempt->tcp == NULL) {
        spf_clean(attempt->tcp_error, sizeof attempt->tcp_error, line, strlen(line));
    }
}

/* Names that only Windows has: its client's, a drive's, its groups' and a program's. */
static bool is_of_windows(const char *line)
{
    static const char *const signs[] = {":\\", "BUILTIN\\", "NT AUTHORITY\\", ".\\"};

    if (strstr(line, "for_Windows") != NULL || strstr(line, "CreateProcessW") != NULL) {
        return true;
    }
    for (size_t i = 0; i < sizeof signs / sizeof *signs && strchr(line, '\\') != NULL; i++) {
        if (strstr(line, signs[i]) != NULL) {
            return true;
        }
    }
    return false;
}

/* Marks of mail, forums and Terraform's frames, and blanks: what may precede a wrapped line's rest.
 */
static const char *after_marks(const char *line)
{
    static const char *const marks[] = {" ", "\t", ">", "|", "│"};

    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        if (spf_starts_with(line, marks[i])) {
            return after_marks(line + strlen(marks[i]));
        }
    }
    return line;
}

/*
 * A terminal of 40 to some 200 columns breaks a message between words or within one, also twice.
 * Words that lie across the breaks count; those of fewer lines alone were seen.
 */
#define WRAPS_FROM 35u
#define WRAPS_TO   250u
#define NARROWER   15u /* where a long word did not fit */
#define WRAPPED    3u  /* lines of one message at most */

#define JOINED_SIZE (WRAPPED * (WRAPS_TO + 1) + 1)

struct wrapping {
    const char *lines[WRAPPED];      /* the newest last */
    struct spf_match found[WRAPPED]; /* what each says by itself; row NULL: nothing */
};

/* Does the message need the last of the joined lines, which begins at last? */
static bool reaches(const struct spf_match *match, const char *last)
{
    if (match->rest > last) {
        return true;
    }
    return match->row->then != NULL && strstr(match->rest, match->row->then) != NULL &&
           strstr(match->rest, match->row->then) + strlen(match->row->then) > last;
}

/* Does it name the reason by itself, so that no other one is looked for in the next line? */
static bool is_complete(const struct spf_message *row)
{
    return row->then != NULL && strlen(row->then) > 2;
}

static size_t weight_of(const struct spf_message *row)
{
    return strlen(row->words) + (row->then != NULL ? strlen(row->then) : 0);
}

/* The new length; the line is cut to what a message needs. */
static size_t append(char *joined, size_t len, const char *line, bool spaced)
{
    size_t size = strnlen(line, WRAPS_TO);

    if (size > 0 && spaced && joined[len - 1] != ' ') {
        joined[len++] = ' ';
    }
    memcpy(joined + len, line, size);
    joined[len + size] = '\0';
    return len + size;
}

/* Joins the last count lines and finds words that begin in the first and end in the last. */
static bool find_wrapped(const struct spf_matcher *matcher, const struct wrapping *wrapping,
                         size_t count, char joined[JOINED_SIZE], struct spf_match *match)
{
    const char *const *lines = wrapping->lines + WRAPPED - count;
    const struct spf_message *alone = wrapping->found[WRAPPED - count].row;

    for (size_t i = 0; i + 1 < count; i++) {
        if (strlen(lines[i]) < WRAPS_FROM || strlen(lines[i]) > WRAPS_TO) {
            return false;
        }
    }
    /* of three, two are as wide as the terminal */
    if (count > 2 && strlen(lines[0]) + NARROWER < strlen(lines[1])) {
        return false;
    }
    if (count > 2 && strlen(lines[1]) + NARROWER < strlen(lines[0])) {
        return false;
    }
    for (int spaced = 1; spaced >= 0; spaced--) {
        size_t last = 0;
        size_t len = strlen(lines[0]);

        memcpy(joined, lines[0], len + 1);
        for (size_t i = 1; i < count; i++) {
            len = append(joined, last = len, after_marks(lines[i]), spaced);
        }
        if (last < len && spf_matcher_find(matcher, joined, strlen(lines[0]), match) &&
            reaches(match, joined + last + spaced) &&
            !(alone != NULL && is_complete(alone) &&
              strcmp(alone->words, match->row->words) == 0)) {
            return true;
        }
    }
    return false;
}

/* A command that somebody typed; after an attempt that ended, it begins the next. */
static bool take_command(struct spf_transcript *transcript, const char *line, int64_t number)
{
    struct spf_attempt *attempt = &transcript->attempt;
    struct spf_attempt typed = {0};

    if (!spf_typed_command(line, &typed)) {
        return false;
    }
    /* a log's "> ssh child died" is none */
    if (strstr(line, "> ssh ") != NULL && strstr(line, "PS ") == NULL &&
        strstr(line, ":\\") == NULL) {
        return spf_attempt_is_over(attempt) || spf_typed_command(line, attempt);
    }
    if (spf_attempt_is_over(attempt)) {
        spf_attempt_begin_next(attempt, number, &transcript->facts);
        attempt->user[0] = attempt->key_file[0] = attempt->proxy[0] = '\0';
    }
    (void)spf_typed_command(line, attempt);
    spf_copy(attempt->typed_host, sizeof attempt->typed_host, attempt->host);
    spf_copy(attempt->typed_user, sizeof attempt->typed_user, attempt->user);
    return true;
}

static void shift(struct wrapping *wrapping, const char *line)
{
    for (size_t i = 0; i + 1 < WRAPPED; i++) {
        wrapping->lines[i] = wrapping->lines[i + 1];
        wrapping->found[i] = wrapping->found[i + 1];
    }
    wrapping->lines[WRAPPED - 1] = line;
    wrapping->found[WRAPPED - 1].row = NULL;
}

static void read_lines(struct spf_transcript *transcript, struct spf_lines *lines,
                       const struct spf_matcher *matcher)
{
    struct spf_attempt *attempt = &transcript->attempt;
    struct wrapping wrapping = {.lines = {"", "", ""}};
    struct spf_match match;
    const char *line;
    char joined[JOINED_SIZE];
    int64_t number;
    size_t weight;

    spf_attempt_begin(attempt, 1);
    transcript->facts.attempts = 1;
    while ((line = spf_lines_next(lines, &number)) != NULL) {
        transcript->facts.lines = number;
        shift(&wrapping, line);
        if (*line == '\0') {
            continue;
        }
        attempt->windows = attempt->windows || is_of_windows(line);
        if (take_command(transcript, line, number)) {
            continue;
        }
        weight = 0;
        for (unsigned count = WRAPPED; count > 1 && weight == 0; count--) {
            if (find_wrapped(matcher, &wrapping, count, joined, &match)) {
                weight = weight_of(match.row);
                spf_attempt_take(attempt, &match, number - count + 1, &transcript->facts);
            }
        }
        if (spf_matcher_find(matcher, line, SIZE_MAX, &match)) {
            wrapping.found[WRAPPED - 1] = match;
            if (weight_of(match.row) > weight) { /* else it is a part of that */
                spf_attempt_take(attempt, &match, number, &transcript->facts);
            }
        } else {
            attempt->session_used |= attempt->stage == SPF_STAGE_IN;
            keep_own_words(attempt, line);
        }
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
    spf_copy(transcript->facts.key_mode, sizeof transcript->facts.key_mode, attempt->key_mode);
    spf_copy(transcript->facts.client, sizeof transcript->facts.client, attempt->client);
}

/* What failed is the login to a jump host: its cause is found as that of any login. */
static void conclude_hop(struct spf_transcript *transcript)
{
    struct spf_transcript hop = {.attempt = transcript->attempt};
    enum spf_finding cause;

    hop.attempt.no_way_on = false;
    hop.attempt.proxy[0] = '\0'; /* of the ssh that waits for it */
    spf_conclude(&hop.attempt, &hop.facts);
    cause = spf_transcript_failure(&hop);
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
        read_lines(transcript, &lines, matcher);
        if (transcript->attempt.no_way_on) {
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
