/*
 * What GitHub Actions keeps of a step beside its log: the summary, in GitHub's Markdown, and the
 * outputs ("Workflow commands for GitHub Actions", "Adding a job summary", "Setting an output
 * parameter", "Multiline strings").
 */
#include <ctype.h>
#include <string.h>

#include "report/markup.h"
#include "report/render.h"
#include "report/title.h"

/* GitHub takes 1 MiB of a step's summary, and all of it or nothing. */
#define SUMMARY_MAX (960u * 1024)

/* Every mark of Markdown is ASCII punctuation, which a backslash makes a plain character
 * (CommonMark, "Backslash escapes"). GitHub makes a link of what looks like a mail address even
 * then; a comment in it prevents that. */
static void add_markdown(struct spf_buf *buf, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '@') {
            spf_buf_addstr(buf, "<!-- -->");
        }
        if (ispunct((unsigned char)*text) && (unsigned char)*text < 0x80) {
            spf_buf_addch(buf, '\\');
        }
        spf_buf_addch(buf, *text == '\n' ? ' ' : *text);
    }
}

/* Within <pre> nothing of Markdown holds, and of HTML only what these make harmless. */
static void add_command(struct spf_buf *buf, const char *command)
{
    spf_buf_addstr(buf, "\n<pre>");
    spf_add_markup(buf, command);
    spf_buf_addstr(buf, "</pre>\n\n");
}

static void add_checks(struct spf_buf *buf, const struct spf_run *run)
{
    struct spf_buf words;

    spf_buf_init(&words, 1000);
    spf_buf_addstr(buf,
                   "\n<details><summary>Checks</summary>\n\n| check | status | |\n|---|---|---|\n");
    for (size_t i = 0; i < SPF_CHECK_COUNT; i++) {
        spf_buf_clear(&words);
        spf_words(&words, run, (enum spf_check_id)i);
        spf_buf_addf(buf, "| %s | %s | ", spf_check_table[i].id,
                     spf_status_name(run->results[i].status));
        add_markdown(buf, words.data);
        spf_buf_addstr(buf, " |\n");
    }
    spf_buf_addstr(buf, "\n</details>\n\n");
    spf_buf_clear(&words);
}

static void add_target(struct spf_buf *buf, const struct spf_report_target *target)
{
    static const char *const marks[] = {[SPF_VERDICT_PASS] = ":white_check_mark:",
                                        [SPF_VERDICT_FAIL] = ":x:",
                                        [SPF_VERDICT_UNKNOWN] = ":grey_question:"};
    const struct spf_diagnosis *d = target->diagnosis;
    struct spf_buf title;

    spf_buf_init(&title, 600);
    spf_target_title(&title, target->run);
    spf_buf_addf(buf, "### %s ", marks[d->verdict]);
    add_markdown(buf, title.data);
    spf_buf_addstr(buf, "\n\n");
    add_markdown(buf, d->summary);
    if (d->cause != SPF_NO_FINDING) {
        spf_buf_addf(buf, " (`%s`)", spf_findings[d->cause].id);
    }
    spf_buf_addstr(buf, "\n\n");
    for (size_t i = 0; i < d->candidates.count; i++) {
        spf_buf_addf(buf, "%zu. ", i + 1);
        add_markdown(buf, d->candidates.items[i].text);
        spf_buf_addch(buf, '\n');
    }
    for (size_t i = 0; i < d->remedies.count; i++) {
        const struct spf_advice *advice = &d->remedies.items[i];

        spf_buf_addch(buf, '\n');
        add_markdown(buf, advice->text);
        if (advice->impact != NULL) {
            spf_buf_addf(buf, " (**%s**)", advice->impact);
        }
        spf_buf_addch(buf, '\n');
        if (advice->command != NULL) {
            add_command(buf, advice->command);
        }
    }
    add_checks(buf, target->run);
    spf_buf_clear(&title);
}

void spf_report_github_summary(struct spf_buf *buf, const struct spf_report *report)
{
    for (size_t i = 0; i < report->count; i++) {
        size_t before = buf->len;

        add_target(buf, &report->targets[i]);
        if (buf->len <= SUMMARY_MAX || buf->failed) {
            continue;
        }
        buf->len = before;
        buf->data[before] = '\0';
        spf_buf_addf(buf, "%zu more targets are in the log alone.\n", report->count - i);
        return;
    }
}

static void add_output(struct spf_buf *buf, const char *name, const char *value,
                       const char *delimiter)
{
    spf_buf_addf(buf, "%s<<%s\n%s\n%s\n", name, delimiter, value, delimiter);
}

void spf_report_github_outputs(struct spf_buf *buf, const struct spf_report *report,
                               const char *delimiter)
{
    enum spf_verdict verdict = spf_report_verdict(report);
    const struct spf_diagnosis *d = NULL;
    char status[12];

    for (size_t i = 0; d == NULL && i < report->count; i++) {
        if (report->targets[i].diagnosis->verdict == verdict) {
            d = report->targets[i].diagnosis;
        }
    }
    spf_format(status, sizeof status, "%d", report->exit_status);
    add_output(buf, "verdict", spf_verdict_name(verdict), delimiter);
    add_output(buf, "cause",
               d != NULL && d->cause != SPF_NO_FINDING ? spf_findings[d->cause].id : "", delimiter);
    add_output(buf, "summary", d != NULL ? d->summary : "", delimiter);
    add_output(buf, "exit-status", status, delimiter);
}
