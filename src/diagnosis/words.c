#include <ctype.h>
#include <string.h>

#include "diagnosis/parts.h"

/* Sentences. Each is said to somebody who is tired and wants to get in. */

static void add_plain_id(struct spf_buf *buf, enum spf_finding finding)
{
    for (const char *c = spf_findings[finding].id; *c; c++)
        spf_buf_addch(buf, *c == '-' ? ' ' : *c);
}

/* Causes whose own words are those of a library or a server: they need the catalogue's before them.
 */
static bool is_raw_detail(enum spf_finding finding)
{
    return finding == SPF_API_UNREACHABLE || finding == SPF_API_TLS_FAILED ||
           finding == SPF_API_ERROR || finding == SPF_API_REPLY_INVALID ||
           finding == SPF_SYSTEM_ERROR;
}

/* The sentence of the catalogue; where a value for it is missing, what the check itself said. */
static void add_sentence(struct spf_buf *buf, const struct spf_run *run, enum spf_check_id check,
                         enum spf_finding finding)
{
    const struct spf_result *result = &run->results[check];
    struct spf_view view = spf_view_of(run);
    bool own = finding == result->finding;

    if (own && result->summary[0] && is_raw_detail(finding))
        spf_buf_addf(buf, "%s (%s)", spf_findings[finding].sentence, result->summary);
    else if (own && result->summary[0])
        spf_buf_addstr(buf, result->summary);
    else if (spf_slots_expand(buf, spf_findings[finding].sentence, SPF_SLOT_TEXT, &view, result))
        return;
    else if (result->summary[0])
        spf_buf_addstr(buf, result->summary);
    else
        add_plain_id(buf, finding);
}

void spf_words(struct spf_buf *buf, const struct spf_run *run, enum spf_check_id check)
{
    const struct spf_result *result = &run->results[check];

    if (result->finding != SPF_NO_FINDING) {
        add_sentence(buf, run, check, result->finding);
    } else if (result->summary[0]) {
        spf_buf_addstr(buf, result->summary);
    } else if (result->status != SPF_SKIP) {
        spf_buf_addstr(buf, spf_check_table[check].title);
    } else if (result->skip_reason == SPF_SKIP_NEED) {
        spf_buf_addf(buf, "not reached: it needs %s", spf_check_table[result->because].id);
    } else if (result->skip_reason == SPF_SKIP_NOT_SELECTED) {
        spf_buf_addstr(buf, "not selected");
    } else {
        spf_buf_addstr(buf, "does not apply here");
    }
}

void spf_add_mid_sentence(struct spf_buf *buf, const char *sentence)
{
    static const char *const openers[] = {
        "A",  "An",  "The",  "There",   "This", "These", "No",   "None", "Nothing",
        "It", "Its", "Only", "Packets", "One",  "Other", "Your", "Not",  "Something"};
    size_t len = strcspn(sentence, " ");

    for (size_t i = 0; i < sizeof openers / sizeof *openers; i++)
        if (strlen(openers[i]) == len && strncmp(sentence, openers[i], len) == 0) {
            spf_buf_addch(buf, (char)tolower((unsigned char)*sentence));
            spf_buf_addstr(buf, sentence + 1);
            return;
        }
    spf_buf_addstr(buf, sentence);
}

static const char *opening(const struct spf_run *run, const struct spf_diagnosis *d)
{
    enum spf_check_id goal;
    bool has_goal = spf_goal(run, &goal);

    if (!has_goal)
        return "";
    if (d->verdict == SPF_VERDICT_FAIL) {
        if (!spf_fine(run, goal))
            return "You can't log in: ";
        if (d->check == SPF_CHECK_KEY_FILE || d->check == SPF_CHECK_KEY_MODE ||
            d->check == SPF_CHECK_KEY_FORMAT)
            return "The server accepts this key, but ssh can't use the file: ";
        return "The login works, but something is wrong: ";
    }
    if (spf_fine(run, SPF_CHECK_SSH_AUTH))
        return "The server accepts this key, but whether a session starts is not known: ";
    if (spf_key_is_accepted(run) && d->check != SPF_CHECK_SSH_AUTH) /* which says so itself */
        return "The server takes this key, but whether you can log in is not known: ";
    return "Whether you can log in is not known: ";
}

static void say_pass(const struct spf_run *run, struct spf_buf *buf)
{
    struct spf_view view = spf_view_of(run);
    enum spf_check_id goal;
    bool has_goal = spf_goal(run, &goal);

    if (!has_goal)
        spf_buf_addstr(buf, "Nothing wrong was found by the checks that were run");
    else if (!spf_slots_expand(buf,
                               goal == SPF_CHECK_SSH_SESSION
                                   ? "You can log in as {user} to {host} with {key}"
                                   : "The server accepts {key} for {user} at {host}",
                               SPF_SLOT_TEXT, &view, &run->results[goal]))
        spf_buf_addstr(buf, "You can log in");
}

void spf_summarise(const struct spf_run *run, struct spf_diagnosis *d)
{
    struct spf_buf buf, sentence;

    spf_buf_init(&buf, sizeof d->summary - 1);
    spf_buf_init(&sentence, sizeof d->summary - 1);
    if (d->verdict == SPF_VERDICT_PASS) {
        say_pass(run, &buf);
    } else if (d->cause == SPF_NO_FINDING) {
        spf_buf_addstr(&buf, "It could not be determined whether you can log in");
    } else {
        const char *start = opening(run, d);

        add_sentence(&sentence, run, d->check, d->cause);
        spf_buf_addstr(&buf, start);
        if (*start)
            spf_add_mid_sentence(&buf, sentence.data);
        else
            spf_buf_addstr(&buf, sentence.data);
    }
    spf_clean(d->summary, sizeof d->summary, buf.data, strlen(buf.data));
    spf_buf_clear(&sentence);
    spf_buf_clear(&buf);
}
