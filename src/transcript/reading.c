/*
 * The lines of a text become the last attempt that they show; a message that a terminal or a mail
 * has broken into up to three lines is found across the breaks.
 */
#include "transcript/reading.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "transcript/take.h"
#include "transcript/words.h"

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
static bool take_command(struct spf_attempt *attempt, struct spf_transcript_facts *facts,
                         const char *line, int64_t number)
{
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
        spf_attempt_begin_next(attempt, number, facts);
        attempt->user[0] = attempt->key_file[0] = attempt->proxy[0] = '\0';
        attempt->key_named = SPF_KEY_UNNAMED;
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

void spf_read_lines(struct spf_lines *lines, const struct spf_matcher *matcher,
                    struct spf_attempt *attempt, struct spf_transcript_facts *facts)
{
    struct wrapping wrapping = {.lines = {"", "", ""}};
    struct spf_match match;
    const char *line;
    char joined[JOINED_SIZE];
    int64_t number;
    size_t weight;

    spf_attempt_begin(attempt, 1);
    facts->attempts = 1;
    while ((line = spf_lines_next(lines, &number)) != NULL) {
        facts->lines = number;
        shift(&wrapping, line);
        if (*line == '\0') {
            continue;
        }
        attempt->windows = attempt->windows || is_of_windows(line);
        if (take_command(attempt, facts, line, number)) {
            continue;
        }
        weight = 0;
        for (unsigned count = WRAPPED; count > 1 && weight == 0; count--) {
            if (find_wrapped(matcher, &wrapping, count, joined, &match)) {
                weight = weight_of(match.row);
                spf_attempt_take(attempt, &match, number - count + 1, facts);
            }
        }
        if (spf_matcher_find(matcher, line, SIZE_MAX, &match)) {
            wrapping.found[WRAPPED - 1] = match;
            if (weight_of(match.row) > weight) { /* else it is a part of that */
                spf_attempt_take(attempt, &match, number, facts);
            }
        } else {
            attempt->session_used |= attempt->stage == SPF_STAGE_IN;
            keep_own_words(attempt, line);
        }
    }
    facts->private_key = lines->private_key;
}
