#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/language.h"
#include "report/changes.h"
#include "report/fleet.h"
#include "report/text_conclusion.h"
#include "report/timeline.h"
#include "report/title.h"

/*
 * The report for people. A group of checks is a line; what is not well gets a line of its own. The
 * conclusion comes last, because that is what stays on the screen: first the sentence, then the
 * line to paste, then where to read more.
 */
#define LABEL 12 /* columns of "Local key   " */

static const struct group {
    const char *label;
    enum spf_check_id first, last;
} groups[] = {
    {N_("Local key"), SPF_CHECK_KEY_FILE, SPF_CHECK_KEY_FORMAT},
    {N_("Cloud"), SPF_CHECK_CLOUD_ACCESS, SPF_CHECK_CLOUD_KEY_PAIR},
    {N_("Network"), SPF_CHECK_NET_PORT, SPF_CHECK_NET_PORT},
    {"SSH", SPF_CHECK_SSH_BANNER, SPF_CHECK_SSH_SESSION},
};

/* What a check found, in words; owned by the caller, NULL for want of memory. */
static char *words_of(const struct spf_run *run, enum spf_check_id check)
{
    struct spf_buf buf;

    spf_buf_init(&buf, 1000);
    spf_words(&buf, run, check);
    return spf_buf_take(&buf);
}

/* The check that a chain of skips goes back to. */
static enum spf_check_id blocker(const struct spf_run *run, enum spf_check_id check)
{
    const struct spf_result *result = &run->results[check];

    for (int i = 0;
         i < SPF_CHECK_COUNT && result->status == SPF_SKIP && result->skip_reason == SPF_SKIP_NEED;
         i++) {
        check = result->because;
        result = &run->results[check];
    }
    return check;
}

static bool is_same_skip(const struct spf_run *run, enum spf_check_id a, enum spf_check_id b)
{
    const struct spf_result *one = &run->results[a];
    const struct spf_result *two = &run->results[b];

    return one->status == SPF_SKIP && two->status == SPF_SKIP &&
           one->skip_reason == two->skip_reason &&
           (one->skip_reason != SPF_SKIP_NEED || blocker(run, a) == blocker(run, b));
}

/* Starts a line of its own within a group; the first one is next to the label. */
static void own_line(struct spf_page *page)
{
    if (page->column > LABEL) {
        spf_page_line(page);
    }
    if (page->column < LABEL) {
        spf_page_tab(page, LABEL);
    }
}

static void add_symbol(struct spf_page *page, enum spf_status status, enum spf_ink ink)
{
    spf_page_put(page, ink, spf_symbol(status, page->style));
    spf_page_put(page, SPF_INK_PLAIN, " ");
}

/* What passed runs on in one line, three spaces apart. */
static void add_pass(struct spf_page *page, const char *words)
{
    unsigned width =
        spf_page_width(page, words) + spf_page_width(page, spf_symbol(SPF_PASS, page->style)) + 1;

    bool wraps;

    if (page->column > LABEL && spf_page_fits(page, width + 3)) {
        spf_page_put(page, SPF_INK_PLAIN, "   ");
    } else {
        own_line(page);
    }
    add_symbol(page, SPF_PASS, SPF_INK_GREEN);
    page->indent = page->column > LABEL + 10 ? LABEL + 2 : page->column;
    wraps = !spf_page_fits(page, spf_page_width(page, words));
    spf_page_flow(page, SPF_INK_PLAIN, words);
    if (wraps) {
        spf_page_line(page); /* the next one would look like a part of it */
    }
}

static void add_trouble(struct spf_text_writer *w, enum spf_check_id check, const char *words)
{
    const struct spf_result *result = &w->run->results[check];
    const struct spf_finding_info *info = &spf_findings[result->finding];
    bool dim = result->status == SPF_WARN && info->advisory;

    own_line(&w->page);
    add_symbol(&w->page, result->status, dim ? SPF_INK_DIM : spf_status_ink(result->status));
    w->page.indent = w->page.column;
    spf_page_flow(&w->page, dim ? SPF_INK_DIM : SPF_INK_PLAIN, words);
    if (info->id != NULL) {
        char id[80];

        spf_format(id, sizeof id, " [%s]", info->id);
        spf_page_flow(&w->page, SPF_INK_DIM, id);
    }
    spf_page_line(&w->page);
}

/* Skips for one reason share a line, which names them if they are not the whole group. Returns the
 * last of them. */
static enum spf_check_id add_skips(struct spf_text_writer *w, enum spf_check_id from,
                                   const struct group *group)
{
    const struct spf_result *result = &w->run->results[from];
    enum spf_check_id check = from;
    struct spf_buf line;

    while (check < group->last && is_same_skip(w->run, from, check + 1)) {
        check++;
    }
    spf_buf_init(&line, 1000);
    for (enum spf_check_id i = from; i <= check && check - from < group->last - group->first; i++) {
        spf_buf_addf(&line, "%s%s", spf_tr(spf_check_table[i].title),
                     i < check ? _(", ") : _(": "));
    }
    if (result->skip_reason == SPF_SKIP_NEED) {
        spf_buf_addf(&line, _("not reached (needs %s)"), spf_check_table[blocker(w->run, from)].id);
    } else if (result->skip_reason == SPF_SKIP_NOT_SELECTED) {
        spf_buf_addstr(&line, _("not selected"));
    } else if (SPF_CLOUD_CHECKS >> from & 1 && w->run->target->instance_id == NULL) {
        spf_buf_addstr(&line, _("not asked, as no --instance was given"));
    } else {
        spf_buf_addstr(&line, _("does not apply here"));
    }
    own_line(&w->page);
    add_symbol(&w->page, SPF_SKIP, SPF_INK_DIM);
    w->page.indent = w->page.column;
    spf_page_flow(&w->page, SPF_INK_DIM, line.data);
    spf_page_line(&w->page);
    spf_buf_clear(&line);
    return check;
}

static bool is_unselected(const struct spf_run *run, const struct group *group)
{
    for (enum spf_check_id check = group->first; check <= group->last; check++) {
        if (run->results[check].status != SPF_SKIP ||
            run->results[check].skip_reason != SPF_SKIP_NOT_SELECTED) {
            return false;
        }
    }
    return true;
}

/* What a transcript does not show shares a line. Returns the last of them. */
static enum spf_check_id add_not_shown(struct spf_text_writer *w, enum spf_check_id from,
                                       const struct group *group)
{
    enum spf_check_id check = from;
    struct spf_buf line;

    spf_buf_init(&line, 1000);
    spf_buf_addstr(&line, spf_tr(spf_check_table[from].title));
    while (check < group->last && w->run->results[check + 1].finding == SPF_NOT_IN_TRANSCRIPT &&
           w->run->results[check + 1].summary[0] == '\0') {
        check++;
        spf_buf_addf(&line, "%s%s", _(", "), spf_tr(spf_check_table[check].title));
    }
    spf_buf_addstr(&line, _(": not in the transcript"));
    own_line(&w->page);
    add_symbol(&w->page, SPF_UNKNOWN, SPF_INK_DIM);
    w->page.indent = w->page.column;
    spf_page_flow(&w->page, SPF_INK_DIM, line.data);
    spf_page_line(&w->page);
    spf_buf_clear(&line);
    return check;
}

/* A question that a transcript leaves open for several checks of a group. */
static bool is_said_already(const struct spf_run *run, enum spf_check_id check)
{
    const struct spf_result *result = &run->results[check];
    const struct spf_result *before = result - 1;

    return result->finding == SPF_NOT_IN_TRANSCRIPT && before->finding == SPF_NOT_IN_TRANSCRIPT &&
           result->summary[0] != '\0' && strcmp(result->summary, before->summary) == 0;
}

static void add_group(struct spf_text_writer *w, const struct group *group)
{
    if (is_unselected(w->run, group)) {
        return;
    }
    spf_page_put(&w->page, SPF_INK_BOLD, spf_tr(group->label));
    spf_page_tab(&w->page, LABEL);
    for (enum spf_check_id check = group->first; check <= group->last; check++) {
        char *words = NULL;

        if (check > group->first && is_said_already(w->run, check)) {
            continue;
        }
        words = words_of(w->run, check);
        if (w->run->results[check].status == SPF_SKIP) {
            check = add_skips(w, check, group);
        } else if (w->run->results[check].finding == SPF_NOT_IN_TRANSCRIPT &&
                   w->run->results[check].summary[0] == '\0') {
            check = add_not_shown(w, check, group);
        } else if (w->run->results[check].status == SPF_PASS) {
            add_pass(&w->page, words != NULL ? words : spf_tr(spf_check_table[check].title));
        } else {
            add_trouble(w, check, words != NULL ? words : spf_tr(spf_check_table[check].title));
        }
        free(words);
    }
    if (w->page.column > 0) {
        spf_page_line(&w->page);
    }
}

/* Verbose: one line a check, and its evidence beneath. */
static void add_detail(struct spf_text_writer *w, enum spf_check_id check)
{
    const struct spf_result *result = &w->run->results[check];
    char *words = words_of(w->run, check);
    struct json_object *evidence;
    char text[80];

    add_symbol(&w->page, result->status, spf_status_ink(result->status));
    spf_page_tab(&w->page, w->page.style->utf8 ? 2 : 7);
    spf_page_put(&w->page, SPF_INK_BOLD, spf_check_table[check].id);
    if (result->concluded_ms > result->started_ms && result->status != SPF_SKIP) {
        spf_format(text, sizeof text, "  %lld ms",
                   (long long)(result->concluded_ms - result->started_ms));
        spf_page_put(&w->page, SPF_INK_DIM, text);
    }
    if (result->finding != SPF_NO_FINDING) {
        spf_format(text, sizeof text, "  [%s]", spf_findings[result->finding].id);
        spf_page_put(&w->page, SPF_INK_DIM, text);
    }
    spf_page_line(&w->page);
    w->page.indent = 6;
    spf_page_tab(&w->page, 6);
    spf_page_flow(&w->page, SPF_INK_PLAIN, words != NULL ? words : "");
    spf_page_line(&w->page);
    free(words);
    evidence = spf_result_evidence(result);
    if (evidence == NULL) {
        return;
    }
    json_object_object_foreach(evidence, name, value)
    {
        const char *shown =
            json_object_is_type(value, json_type_string)
                ? json_object_get_string(value)
                : json_object_to_json_string_ext(value, JSON_C_TO_STRING_NOSLASHESCAPE);

        if (value == NULL) {
            continue;
        }
        spf_page_tab(&w->page, 6);
        spf_page_put(&w->page, SPF_INK_DIM, name);
        spf_page_put(&w->page, SPF_INK_DIM, ": ");
        w->page.indent = 10;
        spf_page_flow(&w->page, SPF_INK_PLAIN, shown);
        spf_page_line(&w->page);
    }
    json_object_put(evidence);
}

static void add_groups(struct spf_text_writer *w)
{
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++) {
        add_group(w, &groups[i]);
    }
}

static void add_details(struct spf_text_writer *w)
{
    for (int check = 0; check < SPF_CHECK_COUNT; check++) {
        add_detail(w, (enum spf_check_id)check);
    }
}

static void add_title(struct spf_text_writer *w)
{
    struct spf_buf title;

    spf_buf_init(&title, 600);
    spf_target_title(&title, w->run);
    spf_page_put(&w->page, SPF_INK_BOLD, title.data);
    spf_page_line(&w->page);
    spf_buf_clear(&title);
}

/* Of several targets, one that is well is a line. */
static void add_good(struct spf_text_writer *w)
{
    struct spf_buf title;

    spf_buf_init(&title, 600);
    spf_target_title(&title, w->run);
    spf_page_put(&w->page, SPF_INK_GREEN, spf_symbol(SPF_PASS, w->page.style));
    spf_page_put(&w->page, SPF_INK_PLAIN, " ");
    w->page.indent = w->page.column;
    spf_page_put(&w->page, SPF_INK_BOLD, title.data);
    spf_page_put(&w->page, SPF_INK_PLAIN, ": ");
    spf_page_flow(&w->page, SPF_INK_PLAIN, w->d->summary);
    spf_page_line(&w->page);
    spf_buf_clear(&title);
}

/* What was evaluated is what somebody pasted; nobody was asked. */
static void add_source(struct spf_text_writer *w)
{
    const struct spf_transcript_facts *text = w->run->facts.transcript;
    char line[300];
    char client[120] = "";

    if (!w->run->target->from_transcript) {
        return;
    }
    if (text->client[0] != '\0') {
        spf_format(client, sizeof client, _(", %s"), text->client);
    }
    spf_format(line, sizeof line,
               text->lines == 1 ? _("From a transcript of %lld line%s; %s")
                                : _("From a transcript of %lld lines%s; %s"),
               (long long)text->lines, client,
               w->run->target->instance_id != NULL ? _("only the cloud was asked")
                                                   : _("nothing was contacted"));
    spf_page_flow(&w->page, SPF_INK_DIM, line);
    spf_page_line(&w->page);
    if (text->private_key) {
        spf_page_flow(&w->page, SPF_INK_RED,
                      _("The text contains a private key. Treat it as compromised: make a new one, "
                        "and remove this one wherever it is authorized."));
        spf_page_line(&w->page);
    }
}

/* What was checked is not only what was asked for. */
static void add_configuration(struct spf_text_writer *w)
{
    const char *says = w->run->facts.ssh_config->says;
    char line[800];

    if (w->run->target->ssh_config == NULL || w->run->target->no_openssh ||
        !spf_facts_have(&w->run->facts, SPF_GROUP_SSH_CONFIG)) {
        return;
    }
    spf_format(line, sizeof line, _("From the ssh configuration: %s"), says);
    w->page.indent = 4;
    spf_page_flow(&w->page, SPF_INK_DIM, says[0] ? line : _("From the ssh configuration: nothing"));
    spf_page_line(&w->page);
}

/* What overlapped with what, and where the time went. */
static void add_timeline(struct spf_text_writer *w, const struct spf_report *report)
{
    const struct spf_timeline timeline = spf_timeline_of(report, w->run);

    if (timeline.total_ms == 0) {
        return;
    }
    spf_page_line(&w->page);
    spf_timeline_draw(&w->page, &timeline, w->run);
}

/* --strict: an exit status that is not the verdict's, and the check that made it so. */
static void add_strictness(struct spf_page *page, const struct spf_report *report)
{
    static const int usual[] = {
        [SPF_VERDICT_PASS] = 0, [SPF_VERDICT_FAIL] = 1, [SPF_VERDICT_UNKNOWN] = 2};
    enum spf_status wanted = report->exit_status == 1 ? SPF_WARN : SPF_UNKNOWN;
    char line[200];

    if ((report->exit_status != 1 && report->exit_status != 2) ||
        report->exit_status == usual[spf_report_verdict(report)]) {
        return;
    }
    for (size_t i = 0; i < report->count; i++) {
        for (int k = 0; k < SPF_CHECK_COUNT; k++) {
            const struct spf_result *result = &report->targets[i].run->results[k];

            if (result->status != wanted || spf_findings[result->finding].advisory) {
                continue;
            }
            spf_format(line, sizeof line, _("Exit status %d because of --strict: %s is %s, %s"),
                       report->exit_status, spf_check_table[k].id, spf_status_name(wanted),
                       spf_findings[result->finding].id);
            page->indent = 2;
            spf_page_flow(page, SPF_INK_YELLOW, line);
            spf_page_line(page);
            return;
        }
    }
}

/* A replay says what it is before anything else: its verdict is about then. */
static void add_origin(struct spf_page *page, const struct spf_report *report)
{
    char when[SPF_UTC_SIZE];
    char line[120];

    if (report->replayed_utc == 0) {
        return;
    }
    spf_utc_format(report->replayed_utc, when);
    spf_format(line, sizeof line, _("Replay of evidence recorded at %s; nothing was contacted"),
               when);
    spf_page_flow(page, SPF_INK_YELLOW, line);
    spf_page_line(page);
    if (page->style->detail >= 0) {
        spf_page_line(page);
    }
}

/* Several at a glance. */
static void add_fleet(struct spf_page *page, const struct spf_report *report)
{
    spf_fleet_text(page, report);
    spf_left_out_text(page, report);
}

void spf_report_text(struct spf_buf *buf, const struct spf_report *report,
                     const struct spf_style *style)
{
    add_origin(&(struct spf_page){buf, style, 0, 0}, report);
    for (size_t i = 0; i < report->count; i++) {
        struct spf_text_writer w = {
            {buf, style, 0, 0}, report->targets[i].run, report->targets[i].diagnosis};

        if (report->count > 1 && style->detail <= 0 && w.d->verdict == SPF_VERDICT_PASS &&
            !spf_report_warns(&report->targets[i])) {
            add_good(&w);
            spf_changes_text(&w.page, &report->targets[i]);
            continue;
        }
        if (i > 0) {
            spf_page_line(&w.page);
        }
        if (report->count > 1) {
            add_title(&w);
        }
        if (style->detail >= 0) {
            spf_changes_text(&w.page, &report->targets[i]);
        }
        if (style->detail >= 0) {
            add_configuration(&w);
        }
        if (style->detail >= 0) {
            add_source(&w);
        }
        if (style->detail > 0) {
            add_details(&w);
        }
        if (style->detail > 1) {
            add_timeline(&w, report);
        }
        if (style->detail == 0) {
            add_groups(&w);
        }
        if (style->detail >= 0) {
            spf_page_line(&w.page);
        }
        spf_text_conclusion(&w);
    }
    if (report->count > 1 || report->left_out_count > 0 || report->lacks_count > 0) {
        add_fleet(&(struct spf_page){buf, style, 0, 0}, report);
    }
    spf_baseline_text(&(struct spf_page){buf, style, 0, 0}, report);
    add_strictness(&(struct spf_page){buf, style, 0, 0}, report);
}
