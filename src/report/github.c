/*
 * GitHub Actions' workflow commands: an annotation for each target that does not pass, and for its
 * further causes ("Workflow commands for GitHub Actions", "Setting an error message").
 */
#include <string.h>

#include "report/render.h"
#include "report/title.h"

/* Properties escape more than messages: they are separated by commas and colons. */
static void add_escaped(struct spf_buf *buf, const char *text, bool property)
{
    for (; *text != '\0'; text++) {
        switch (*text) {
        case '%':
            spf_buf_addstr(buf, "%25");
            break;
        case '\r':
            spf_buf_addstr(buf, "%0D");
            break;
        case '\n':
            spf_buf_addstr(buf, "%0A");
            break;
        case ':':
            spf_buf_addstr(buf, property ? "%3A" : ":");
            break;
        case ',':
            spf_buf_addstr(buf, property ? "%2C" : ",");
            break;
        default:
            spf_buf_addch(buf, *text);
            break;
        }
    }
}

static void annotate(struct spf_buf *buf, const char *level, const struct spf_run *run,
                     const char *id, const char *message, const struct spf_advice *advice)
{
    struct spf_buf title;

    spf_buf_init(&title, 700);
    spf_target_title(&title, run);
    spf_buf_addf(buf, "::%s title=", level);
    add_escaped(buf, id, true);
    spf_buf_addstr(buf, " (");
    add_escaped(buf, title.data, true);
    spf_buf_addstr(buf, ")::");
    add_escaped(buf, message, false);
    if (advice != NULL) {
        spf_buf_addstr(buf, "%0A");
        add_escaped(buf, advice->text, false);
    }
    if (advice != NULL && advice->command != NULL) {
        spf_buf_addstr(buf, "%0A");
        add_escaped(buf, advice->command, false);
    }
    spf_buf_addch(buf, '\n');
    spf_buf_clear(&title);
}

static const struct spf_advice *advice_for(const struct spf_diagnosis *d, enum spf_finding cause)
{
    for (size_t i = 0; i < d->remedies.count; i++) {
        if (d->remedies.items[i].cause == cause) {
            return &d->remedies.items[i];
        }
    }
    return NULL;
}

void spf_report_github(struct spf_buf *buf, const struct spf_report *report)
{
    for (size_t i = 0; i < report->count; i++) {
        const struct spf_run *run = report->targets[i].run;
        const struct spf_diagnosis *d = report->targets[i].diagnosis;

        if (d->cause == SPF_NO_FINDING) {
            annotate(buf, "notice", run, "pass", d->summary, NULL);
            continue;
        }
        annotate(buf, d->verdict == SPF_VERDICT_FAIL ? "error" : "warning", run,
                 spf_findings[d->cause].id, d->summary, advice_for(d, d->cause));
        for (size_t k = 0; k < d->further_count; k++) {
            struct spf_buf words;

            spf_buf_init(&words, 1000);
            spf_words(&words, run, d->further_check[k]);
            annotate(buf, "error", run, spf_findings[d->further[k]].id, words.data,
                     advice_for(d, d->further[k]));
            spf_buf_clear(&words);
        }
    }
    for (size_t i = 0; i < spf_report_gaps(report); i++) {
        struct spf_buf words;

        spf_buf_init(&words, SPF_GAP_MAX);
        spf_report_gap_words(&words, report, i);
        spf_buf_addstr(buf, "::warning title=");
        add_escaped(buf, spf_report_gap_place(report, i), true);
        spf_buf_addstr(buf, "::");
        add_escaped(buf, words.data, false);
        spf_buf_addch(buf, '\n');
        spf_buf_clear(&words);
    }
}
