/*
 * TAP 14 (testanything.org): a test for each check, with what is known of one that is not ok in a
 * YAML block. An unknown is not ok, and its block says so; of several targets the descriptions
 * begin with the target.
 */
#include <string.h>

#include "report/render.h"
#include "report/title.h"

/* In a description "#" begins a directive, and a backslash escapes (TAP 14, "Escaping"). */
static void add_description(struct spf_buf *buf, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '#' || *text == '\\') {
            spf_buf_addch(buf, '\\');
        }
        spf_buf_addch(buf, *text == '\n' ? ' ' : *text);
    }
}

/* A double-quoted YAML scalar; clean text has no control bytes. */
static void add_member(struct spf_buf *buf, const char *name, const char *text)
{
    spf_buf_addf(buf, "  %s: \"", name);
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\') {
            spf_buf_addch(buf, '\\');
        }
        spf_buf_addch(buf, *text == '\n' ? ' ' : *text);
    }
    spf_buf_addstr(buf, "\"\n");
}

static void add_block(struct spf_buf *buf, const struct spf_run *run, enum spf_check_id check,
                      const char *words)
{
    const struct spf_result *result = &run->results[check];
    spf_advice_list list = {0};

    spf_buf_addstr(buf, "  ---\n");
    add_member(buf, "status", spf_status_name(result->status));
    add_member(buf, "cause", spf_findings[result->finding].id);
    add_member(buf, "message", words);
    spf_advise(run, check, result->finding, &list);
    if (list.count > 0) {
        add_member(buf, "remedy", list.items[0].text);
        if (list.items[0].command != NULL) {
            add_member(buf, "command", list.items[0].command);
        }
    }
    spf_advice_clear(&list);
    spf_buf_addstr(buf, "  ...\n");
}

static void add_test(struct spf_buf *buf, const struct spf_report *report, size_t target,
                     enum spf_check_id check)
{
    const struct spf_run *run = report->targets[target].run;
    const struct spf_result *result = &run->results[check];
    bool bad = result->status == SPF_FAIL || result->status == SPF_UNKNOWN;
    struct spf_buf words;
    struct spf_buf title;

    spf_buf_init(&words, 1000);
    spf_buf_init(&title, 600);
    spf_words(&words, run, check);
    spf_target_title(&title, run);
    spf_buf_addf(buf, "%s %zu - ", bad ? "not ok" : "ok", target * SPF_CHECK_COUNT + check + 1);
    if (report->count > 1) {
        add_description(buf, title.data);
        spf_buf_addch(buf, ' ');
    }
    spf_buf_addstr(buf, spf_check_table[check].id);
    if (result->status == SPF_SKIP) {
        spf_buf_addstr(buf, " # SKIP ");
    } else {
        spf_buf_addstr(buf, ": ");
    }
    add_description(buf, words.data);
    spf_buf_addch(buf, '\n');
    if (bad || result->status == SPF_WARN) {
        add_block(buf, run, check, words.data);
    }
    spf_buf_clear(&title);
    spf_buf_clear(&words);
}

void spf_report_tap(struct spf_buf *buf, const struct spf_report *report)
{
    const size_t tests = report->count * SPF_CHECK_COUNT;

    spf_buf_addf(buf, "TAP version 14\n1..%zu\n", tests + spf_report_gaps(report));
    for (size_t i = 0; i < report->count; i++) {
        for (int check = 0; check < SPF_CHECK_COUNT; check++) {
            add_test(buf, report, i, (enum spf_check_id)check);
        }
    }
    for (size_t i = 0; i < spf_report_gaps(report); i++) {
        struct spf_buf words;

        spf_buf_init(&words, SPF_GAP_MAX);
        spf_report_gap_words(&words, report, i);
        spf_buf_addf(buf, "not ok %zu - ", tests + i + 1);
        add_description(buf, words.data);
        spf_buf_addch(buf, '\n');
        spf_buf_clear(&words);
    }
}
