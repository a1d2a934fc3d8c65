#include <string.h>

#include "base/clock.h"
#include "base/language.h"
#include "report/changes.h"
#include "report/fleet.h"
#include "report/text_parts.h"
#include "report/timeline.h"
#include "report/title.h"

/*
 * The report for people. A group of checks is a line; what is not well gets a line of its own. The
 * conclusion comes last, because that is what stays on the screen: first the sentence, then the
 * line to paste, then where to read more.
 */
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
    const struct spf_transcript_facts *text = &w->run->facts.transcript;
    char line[300];

    if (!w->run->target->from_transcript) {
        return;
    }
    spf_format(line, sizeof line,
               text->lines == 1 ? _("From a transcript of %lld line%s%s; %s")
                                : _("From a transcript of %lld lines%s%s; %s"),
               (long long)text->lines, text->client[0] ? ", " : "", text->client,
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
    const char *says = w->run->facts.ssh_config.says;
    char line[800];

    if (w->run->target->ssh_config == NULL ||
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
            spf_text_details(&w);
        }
        if (style->detail > 1) {
            add_timeline(&w, report);
        }
        if (style->detail == 0) {
            spf_text_groups(&w);
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
