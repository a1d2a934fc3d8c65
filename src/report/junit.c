/*
 * JUnit XML, as Jenkins, GitLab and GitHub read it: a test suite for each target, a test case for
 * each check. A fail is a failure, an unknown an error, a skip is skipped; a warn passes, and says
 * why in system-out.
 */
#include <string.h>

#include "base/clock.h"
#include "report/markup.h"
#include "report/render.h"
#include "report/title.h"

static void add_attribute(struct spf_buf *buf, const char *name, const char *value)
{
    spf_buf_addf(buf, " %s=\"", name);
    spf_add_markup(buf, value);
    spf_buf_addch(buf, '"');
}

struct counts {
    unsigned failures, errors, skipped;
};

static struct counts count(const struct spf_run *run)
{
    struct counts counts = {0};

    for (size_t i = 0; i < SPF_CHECK_COUNT; i++) {
        counts.failures += run->results[i].status == SPF_FAIL;
        counts.errors += run->results[i].status == SPF_UNKNOWN;
        counts.skipped += run->results[i].status == SPF_SKIP;
    }
    return counts;
}

static void add_seconds(struct spf_buf *buf, int64_t ms)
{
    spf_buf_addf(buf, " time=\"%lld.%03lld\"", (long long)(ms / 1000), (long long)(ms % 1000));
}

/* What repairs it, as the text of the failure. */
static void add_remedies(struct spf_buf *buf, const struct spf_run *run, enum spf_check_id check)
{
    spf_advice_list list = {0};

    spf_advise(run, check, run->results[check].finding, &list);
    for (size_t i = 0; i < list.count; i++) {
        spf_add_markup(buf, list.items[i].text);
        spf_buf_addch(buf, '\n');
        if (list.items[i].command != NULL) {
            spf_buf_addstr(buf, "  ");
            spf_add_markup(buf, list.items[i].command);
            spf_buf_addch(buf, '\n');
        }
    }
    spf_advice_clear(&list);
}

static void add_outcome(struct spf_buf *buf, const struct spf_run *run, enum spf_check_id check)
{
    const struct spf_result *result = &run->results[check];
    const char *element = result->status == SPF_FAIL ? "failure" : "error";
    struct spf_buf words;

    spf_buf_init(&words, 1000);
    spf_words(&words, run, check);
    if (result->status == SPF_SKIP) {
        spf_buf_addstr(buf, "<skipped");
        add_attribute(buf, "message", words.data);
        spf_buf_addstr(buf, "/>");
    } else if (result->status == SPF_WARN) {
        spf_buf_addstr(buf, "<system-out>");
        spf_add_markup(buf, spf_findings[result->finding].id);
        spf_buf_addstr(buf, ": ");
        spf_add_markup(buf, words.data);
        spf_buf_addstr(buf, "</system-out>");
    } else if (result->status == SPF_FAIL || result->status == SPF_UNKNOWN) {
        spf_buf_addf(buf, "<%s", element);
        add_attribute(buf, "message", words.data);
        add_attribute(buf, "type", spf_findings[result->finding].id);
        spf_buf_addch(buf, '>');
        add_remedies(buf, run, check);
        spf_buf_addf(buf, "</%s>", element);
    }
    spf_buf_clear(&words);
}

static void add_suite(struct spf_buf *buf, const struct spf_report *report,
                      const struct spf_report_target *target)
{
    const struct spf_run *run = target->run;
    struct counts counts = count(run);
    char started[SPF_UTC_SIZE];
    struct spf_buf title;

    spf_utc_format(report->started_utc, started);
    started[strcspn(started, "Z")] = '\0'; /* the schema knows no zone */
    spf_buf_init(&title, 600);
    spf_target_title(&title, run);
    spf_buf_addstr(buf, "  <testsuite");
    add_attribute(buf, "name", title.data);
    spf_buf_addf(buf, " tests=\"%d\" failures=\"%u\" errors=\"%u\" skipped=\"%u\"", SPF_CHECK_COUNT,
                 counts.failures, counts.errors, counts.skipped);
    add_seconds(buf, target->duration_ms);
    add_attribute(buf, "timestamp", started);
    add_attribute(buf, "hostname", "localhost");
    spf_buf_addstr(buf, ">\n");
    for (size_t i = 0; i < SPF_CHECK_COUNT; i++) {
        const struct spf_result *result = &run->results[i];

        spf_buf_addstr(buf, "    <testcase");
        add_attribute(buf, "classname", title.data);
        add_attribute(buf, "name", spf_check_table[i].id);
        add_seconds(buf, result->concluded_ms > result->started_ms && result->status != SPF_SKIP
                             ? result->concluded_ms - result->started_ms
                             : 0);
        spf_buf_addch(buf, '>');
        add_outcome(buf, run, (enum spf_check_id)i);
        spf_buf_addstr(buf, "</testcase>\n");
    }
    spf_buf_addstr(buf, "  </testsuite>\n");
    spf_buf_clear(&title);
}

/* What no target shows is an error of its own: a part of a fleet, or a line of a list. */
static void add_gaps(struct spf_buf *buf, const char *suite, const char *type,
                     const struct spf_report_left_out *gaps, size_t count)
{
    if (count == 0) {
        return;
    }
    spf_buf_addf(buf,
                 "  <testsuite name=\"%s\" tests=\"%zu\" failures=\"0\" errors=\"%zu\" "
                 "skipped=\"0\" time=\"0.000\">\n",
                 suite, count, count);
    for (size_t i = 0; i < count; i++) {
        spf_buf_addstr(buf, "    <testcase");
        add_attribute(buf, "classname", suite);
        add_attribute(buf, "name", gaps[i].where);
        spf_buf_addstr(buf, " time=\"0.000\"><error");
        add_attribute(buf, "message", gaps[i].why);
        add_attribute(buf, "type", type);
        spf_buf_addstr(buf, "/></testcase>\n");
    }
    spf_buf_addstr(buf, "  </testsuite>\n");
}

void spf_report_junit(struct spf_buf *buf, const struct spf_report *report)
{
    struct counts total = {.errors = (unsigned)spf_report_gaps(report)};

    for (size_t i = 0; i < report->count; i++) {
        struct counts counts = count(report->targets[i].run);

        total.failures += counts.failures;
        total.errors += counts.errors;
    }
    spf_buf_addf(buf,
                 "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"sshpreflight\" "
                 "tests=\"%zu\" failures=\"%u\" errors=\"%u\"",
                 report->count * SPF_CHECK_COUNT + spf_report_gaps(report), total.failures,
                 total.errors);
    add_seconds(buf, report->duration_ms);
    spf_buf_addstr(buf, ">\n");
    for (size_t i = 0; i < report->count; i++) {
        add_suite(buf, report, &report->targets[i]);
    }
    add_gaps(buf, "parts", "part", report->lacks, report->lacks_count);
    add_gaps(buf, "lines", "line", report->left_out, report->left_out_count);
    spf_buf_addstr(buf, "</testsuites>\n");
}
