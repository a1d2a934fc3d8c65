#include "diagnosis/words.h"

#include <ctype.h>
#include <string.h>

#include "base/language.h"
#include "diagnosis/predicates.h"
#include "pipeline/slots.h"

/* Sentences. Each is said to somebody who is tired and wants to get in. */

static void add_plain_id(struct spf_buf *buf, enum spf_finding finding)
{
    for (const char *c = spf_findings[finding].id; *c; c++) {
        spf_buf_addch(buf, *c == '-' ? ' ' : *c);
    }
}

/*
 * A sentence as a fragment, to follow a symbol or a colon: "The rules deny" becomes
 * "the rules deny", while names (OpenSSH, Windows) and the user's own words stay as they are.
 */
static void lower_first(struct spf_buf *buf, size_t from)
{
    static const char *const openers[] = {
        "A",       "All",     "An",    "Interrupted", "It",   "Its",      "Key",
        "Neither", "Network", "No",    "None",        "Not",  "Nothing",  "One",
        "Only",    "Opening", "Other", "Packets",     "Port", "Security", "Something",
        "The",     "There",   "These", "This",        "What", "Your"};
    size_t len;

    if (spf_buf_failed(buf) || from >= buf->len) {
        return;
    }
    len = strcspn(buf->data + from, " ");
    for (size_t i = 0; i < sizeof openers / sizeof *openers; i++) {
        if (strlen(openers[i]) == len && strncmp(buf->data + from, openers[i], len) == 0) {
            buf->data[from] = (char)tolower((unsigned char)buf->data[from]);
        }
    }
}

/* Their own words are those of a library or a server, and say little without the catalogue's. */
static bool is_raw_detail(enum spf_finding finding)
{
    return finding == SPF_API_UNREACHABLE || finding == SPF_API_TLS_FAILED ||
           finding == SPF_API_ERROR || finding == SPF_API_REPLY_INVALID ||
           finding == SPF_REGION_UNKNOWN || finding == SPF_SYSTEM_ERROR;
}

/* What probes found is recorded, and so in English: beside another language it is a detail. */
static void add_with_detail(struct spf_buf *buf, const struct spf_view *view,
                            const struct spf_result *result, enum spf_finding finding)
{
    if (spf_slots_expand(buf, spf_findings[finding].sentence, SPF_SLOT_TEXT, view, result)) {
        spf_buf_addf(buf, _(" (%s)"), result->summary);
    } else {
        spf_buf_addstr(buf, result->summary);
    }
}

/*
 * What the check itself said; for a cause of the whole target the catalogue's sentence, or where a
 * value for that is missing, the check's words after all.
 */
static void add_sentence(struct spf_buf *buf, const struct spf_run *run, enum spf_check_id check,
                         enum spf_finding finding)
{
    const struct spf_result *result = &run->results[check];
    struct spf_view view = spf_view_of(run);
    bool own = finding == result->finding;
    size_t from = buf->len;

    if (own && result->summary[0] &&
        (is_raw_detail(finding) || (result->from_facts && spf_language_is_foreign()))) {
        add_with_detail(buf, &view, result, finding);
    } else if (own && result->summary[0]) {
        spf_buf_addstr(buf, result->summary);
    } else if (!spf_slots_expand(buf, spf_findings[finding].sentence, SPF_SLOT_TEXT, &view,
                                 result)) {
        if (result->summary[0]) {
            spf_buf_addstr(buf, result->summary);
        } else {
            add_plain_id(buf, finding);
        }
    }
    lower_first(buf, from);
}

void spf_words(struct spf_buf *buf, const struct spf_run *run, enum spf_check_id check)
{
    const struct spf_result *result = &run->results[check];

    if (run->said != NULL && run->said[check].words != NULL) {
        spf_buf_addstr(buf, run->said[check].words);
    } else if (result->finding != SPF_NO_FINDING) {
        add_sentence(buf, run, check, result->finding);
    } else if (result->summary[0]) {
        spf_buf_addstr(buf, result->summary);
    } else if (result->status != SPF_SKIP) {
        spf_buf_addstr(buf, spf_tr(spf_check_table[check].title));
    } else if (result->skip_reason == SPF_SKIP_NEED) {
        spf_buf_addf(buf, _("not reached: it needs %s"), spf_check_table[result->because].id);
    } else if (result->skip_reason == SPF_SKIP_NOT_SELECTED) {
        spf_buf_addstr(buf, _("not selected"));
    } else {
        spf_buf_addstr(buf, _("does not apply here"));
    }
}

/* Of what only took longer than we wait it is not known whether ssh, which waits on, gets in. */
static void say_no_login(const struct spf_run *run, const struct spf_diagnosis *d,
                         struct spf_buf *buf)
{
    struct spf_view view = spf_view_of(run);

    spf_buf_addstr(buf, _("You can't log in"));
    if (d->cause == SPF_SESSION_TIMEOUT) {
        (void)spf_slots_expand(buf, N_(" within {waited_s} s"), SPF_SLOT_TEXT, &view,
                               &run->results[d->check]);
    }
}

static void say_opening(const struct spf_run *run, const struct spf_diagnosis *d,
                        struct spf_buf *buf)
{
    enum spf_check_id goal;
    bool has_goal = spf_goal(run, &goal);
    bool of_key = d->check == SPF_CHECK_KEY_FILE || d->check == SPF_CHECK_KEY_MODE ||
                  d->check == SPF_CHECK_KEY_FORMAT;
    const char *start;

    if (d->verdict == SPF_VERDICT_FAIL && has_goal && !spf_fine(run, goal)) {
        start = NULL;
    } else if (d->verdict == SPF_VERDICT_FAIL) {
        start = !has_goal ? _("Something is wrong")
                : !of_key ? _("The login works, but something is wrong")
                : d->cause == SPF_PUTTY_NEEDS_PPK
                    ? _("The server accepts this key, but PuTTY can't use the file")
                    : _("The server accepts this key, but ssh can't use the file");
    } else {
        start = !has_goal ? _("Not everything could be checked")
                : spf_fine(run, SPF_CHECK_SSH_AUTH)
                    ? _("The server accepts this key, but whether a session starts is not known")
                : spf_key_is_accepted(run) && d->check != SPF_CHECK_SSH_AUTH
                    ? _("The server takes this key, but whether you can log in is not known")
                    : _("Whether you can log in is not known");
    }
    if (start != NULL) {
        spf_buf_addstr(buf, start);
    } else {
        say_no_login(run, d, buf);
    }
    if (d->further_count > 0) {
        spf_buf_addf(buf, _(", for %zu reasons; the first"), d->further_count + 1);
    }
    spf_buf_addstr(buf, _(": "));
}

/* The key would do, but ssh as it was called offers so many others first that a server usually ends
 * it before: counted, not tried. */
static bool may_be_cut_off(const struct spf_run *run, struct spf_buf *buf)
{
    const struct spf_result *auth = &run->results[SPF_CHECK_SSH_AUTH];
    struct spf_view view = spf_view_of(run);

    return auth->finding == SPF_AGENT_KEYS_TOO_MANY &&
           (run->target->openssh_typed || run->target->key_configured) &&
           spf_slots_expand(buf,
                            N_("{key} logs in as {user} to {host} by itself, but ssh would offer "
                               "{agent_keys} other keys first, and mostly be cut off: it needs "
                               "-o IdentitiesOnly=yes"),
                            SPF_SLOT_TEXT, &view, auth);
}

/* By a key that no file has, or by none. */
static void say_keyless_pass(const struct spf_run *run, enum spf_check_id goal, struct spf_buf *buf)
{
    struct spf_view view = spf_view_of(run);
    const struct spf_key_facts *key = run->facts.key;

    if (!spf_slots_expand(buf,
                          goal == SPF_CHECK_SSH_SESSION
                              ? N_("You can log in as {user} to {host}")
                              : N_("The server accepts a key for {user} at {host}"),
                          SPF_SLOT_TEXT, &view, &run->results[goal])) {
        spf_buf_addstr(buf, _("You can log in"));
    } else if (key->in_agent && key->sha256[0] != '\0') {
        spf_buf_addf(buf, _(" (key %s, in %s)"), key->sha256, spf_key_agent_name(key));
    }
}

static void say_pass(const struct spf_run *run, struct spf_buf *buf)
{
    struct spf_view view = spf_view_of(run);
    enum spf_check_id goal;
    bool has_goal = spf_goal(run, &goal);

    if (run->target->from_transcript) {
        spf_buf_addstr(buf, _("The login worked there, and nothing failed after it"));
    } else if (!has_goal) {
        spf_buf_addstr(buf,
                       _("No problem found in the checks that ran; a login was not attempted"));
    } else if (may_be_cut_off(run, buf)) {
        return;
    } else if (!spf_slots_expand(buf,
                                 goal == SPF_CHECK_SSH_SESSION
                                     ? N_("You can log in as {user} to {host} with {key}")
                                     : N_("The server accepts {key} for {user} at {host}"),
                                 SPF_SLOT_TEXT, &view, &run->results[goal])) {
        say_keyless_pass(run, goal, buf);
    }
}

void spf_summarise(const struct spf_run *run, struct spf_diagnosis *d)
{
    struct spf_buf buf;

    spf_buf_init(&buf, sizeof d->summary - 1);
    if (d->verdict == SPF_VERDICT_PASS) {
        say_pass(run, &buf);
    } else if (d->cause == SPF_NO_FINDING) {
        spf_buf_addstr(&buf, _("It could not be determined whether you can log in"));
    } else {
        say_opening(run, d, &buf);
        add_sentence(&buf, run, d->check, d->cause);
    }
    spf_clean(d->summary, sizeof d->summary, buf.data, strlen(buf.data));
    spf_buf_clear(&buf);
}
