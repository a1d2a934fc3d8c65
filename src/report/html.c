/*
 * One HTML file that holds all of a report: it needs no script, no network and no other file, and
 * allows itself none (Content-Security-Policy).
 */
#include "report/html_parts.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/language.h"
#include "report/changes.h"
#include "report/markup.h"
#include "report/render.h"
#include "report/timeline.h"
#include "report/title.h"

/* <span class="mark fail">✗ fail</span> */
static void add_mark(struct spf_buf *buf, const char *status)
{
    static const struct {
        const char *status, *sign;
    } signs[] = {{"pass", "✓"}, {"warn", "!"}, {"fail", "✗"}, {"unknown", "?"}, {"skip", "–"}};
    const char *sign = "";

    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
        if (strcmp(signs[i].status, status) == 0) {
            sign = signs[i].sign;
        }
    }
    spf_buf_addf(buf, "<span class=\"mark %s\">%s %s</span>", status, sign, status);
}

static void add_element(struct spf_buf *buf, const char *begin, const char *text, const char *end)
{
    spf_buf_addstr(buf, begin);
    spf_add_markup(buf, text);
    spf_buf_addstr(buf, end);
}

static void add_command(struct spf_buf *buf, const char *command)
{
    if (command != NULL) {
        add_element(buf, "<pre><code>", command, "</code></pre>\n");
    }
}

static void add_advice(struct spf_buf *buf, const struct spf_advice *advice)
{
    add_element(buf, "<li>", advice->text, "");
    if (advice->impact != NULL) {
        add_element(buf, " <strong>(", spf_tr(advice->impact), ")</strong>");
    }
    add_command(buf, advice->command);
    spf_buf_addstr(buf, "</li>\n");
}

static void add_remedies(struct spf_buf *buf, const struct spf_diagnosis *d)
{
    if (d->candidates.count > 0) {
        spf_buf_addf(buf, "<h3>%s</h3>\n<ol>\n", _("What it may be, likeliest first"));
        for (size_t i = 0; i < d->candidates.count; i++) {
            add_element(buf, "<li>", d->candidates.items[i].text, "");
            add_element(buf, "<br><span class=\"dim\">", d->candidates.items[i].tell_apart,
                        "</span></li>\n");
        }
        spf_buf_addstr(buf, "</ol>\n");
    }
    if (d->remedies.count > 0) {
        spf_buf_addf(buf, "<h3>%s</h3>\n<ul>\n", _("What to do"));
        for (size_t i = 0; i < d->remedies.count; i++) {
            add_advice(buf, &d->remedies.items[i]);
        }
        spf_buf_addstr(buf, "</ul>\n");
    }
    if (d->verdict == SPF_VERDICT_PASS && (d->openssh != NULL || d->putty != NULL)) {
        spf_buf_addf(buf, "<h3>%s</h3>\n", _("Log in"));
        add_command(buf, d->openssh);
        add_command(buf, d->putty_prepare);
        add_command(buf, d->putty);
        if (d->putty_settings != NULL) {
            add_element(buf, "<p>", d->putty_settings, "</p>\n");
        }
    }
}

static void add_evidence(struct spf_buf *buf, const struct spf_result *result)
{
    struct json_object *evidence = spf_result_evidence(result);
    bool any = false;

    if (evidence == NULL) {
        return;
    }
    json_object_object_foreach(evidence, name, value)
    {
        if (value == NULL ||
            (json_object_is_type(value, json_type_array) && json_object_array_length(value) == 0)) {
            continue;
        }
        if (!any) {
            spf_buf_addf(buf, "<details><summary>%s</summary><dl>", _("Evidence"));
        }
        any = true;
        add_element(buf, "<dt>", name, "</dt>");
        add_element(buf, "<dd>",
                    json_object_is_type(value, json_type_string)
                        ? json_object_get_string(value)
                        : json_object_to_json_string_ext(value, JSON_C_TO_STRING_NOSLASHESCAPE),
                    "</dd>");
    }
    if (any) {
        spf_buf_addstr(buf, "</dl></details>");
    }
    json_object_put(evidence);
}

static void add_checks(struct spf_buf *buf, const struct spf_run *run)
{
    struct spf_buf words;

    spf_buf_init(&words, 1000);
    spf_buf_addf(buf, "<h3>%s</h3>\n<ul class=\"checks\">\n", _("Checks"));
    for (size_t i = 0; i < SPF_CHECK_COUNT; i++) {
        const struct spf_result *result = &run->results[i];

        spf_buf_clear(&words);
        spf_words(&words, run, (enum spf_check_id)i);
        spf_buf_addstr(buf, "<li>");
        add_mark(buf, spf_status_name(result->status));
        add_element(buf, " <code>", spf_check_table[i].id, "</code>");
        if (result->finding != SPF_NO_FINDING) {
            add_element(buf, " <span class=\"dim\">", spf_findings[result->finding].id, "</span>");
        }
        add_element(buf, "<p>", words.data, "</p>");
        add_evidence(buf, result);
        spf_buf_addstr(buf, "</li>\n");
    }
    spf_buf_addstr(buf, "</ul>\n");
    spf_buf_clear(&words);
}

/* --baseline: the fact that changed, and what became of it. */
static void add_changes(struct spf_buf *buf, const struct spf_report_target *target)
{
    const struct spf_changes *changes = target->changes;
    struct spf_buf phrase;

    spf_buf_init(&phrase, 2000);
    spf_changes_phrase(&phrase, target);
    spf_buf_addf(buf, "<p><strong>%s</strong>: ", _("Changed"));
    add_element(buf, "", phrase.data, "</p>\n");
    spf_buf_clear(&phrase);
    if (changes->facts.count < 2) {
        return;
    }
    spf_buf_addstr(buf, "<ul>\n");
    for (size_t i = 1; i < changes->facts.count; i++) {
        add_element(buf, "<li>", changes->facts.items[i].text, "</li>\n");
    }
    spf_buf_addstr(buf, "</ul>\n");
}

/* Opens the target: folded it is its title and sentence. */
static void add_title(struct spf_buf *buf, const struct spf_report_target *target, bool folded)
{
    const struct spf_diagnosis *d = target->diagnosis;
    const char *verdict = spf_verdict_name(d->verdict);
    struct spf_buf title;

    spf_buf_init(&title, 600);
    spf_target_title(&title, target->run);
    if (folded) {
        spf_buf_addf(buf, "<details class=\"target %s %s\"><summary><h2>", verdict,
                     d->cause != SPF_NO_FINDING ? spf_findings[d->cause].id : "");
    } else {
        spf_buf_addf(buf,
                     "<section class=\"target %s\" aria-labelledby=\"target\">\n"
                     "<h2 id=\"target\">",
                     verdict);
    }
    add_element(buf, "", title.data, " ");
    add_mark(buf, verdict);
    add_element(buf, "</h2>\n<span class=\"summary\">", d->summary, "</span>");
    spf_buf_addstr(buf, folded ? "</summary>\n" : "\n");
    spf_buf_clear(&title);
}

static void add_target(struct spf_buf *buf, const struct spf_report *report, size_t i)
{
    const struct spf_run *run = report->targets[i].run;
    const struct spf_diagnosis *d = report->targets[i].diagnosis;
    const struct spf_timeline timeline = spf_timeline_of(report, run);
    const bool folded = report->count > 1;

    add_title(buf, &report->targets[i], folded);
    if (spf_has_changed(&report->targets[i])) {
        add_changes(buf, &report->targets[i]);
    }
    if (d->cause != SPF_NO_FINDING) {
        spf_buf_addf(buf, "<p class=\"dim\">%s<code>%s</code></p>\n", _("Cause: "),
                     spf_findings[d->cause].id);
    }
    spf_html_way(buf, run, d);
    add_remedies(buf, d);
    add_checks(buf, run);
    if (timeline.total_ms > 0) {
        spf_buf_addf(buf, "<h3>%s</h3>\n<figure>\n", _("Where the time went"));
        spf_timeline_svg(buf, &timeline, run);
        spf_buf_addstr(buf, "</figure>\n");
    }
    spf_buf_addstr(buf, folded ? "</details>\n" : "</section>\n");
}

static void add_heading(struct spf_buf *buf, const struct spf_report *report)
{
    char when[SPF_UTC_SIZE];

    spf_utc_format(report->started_utc, when);
    spf_buf_addf(buf,
                 "<header>\n<h1>SSH preflight</h1>\n<p class=\"dim\">%s, %lld.%03lld s, "
                 "sshpreflight %s</p>\n",
                 when, (long long)(report->duration_ms / 1000),
                 (long long)(report->duration_ms % 1000), SPF_VERSION);
    if (report->replayed_utc != 0) {
        spf_utc_format(report->replayed_utc, when);
        spf_buf_addstr(buf, "<p><strong>");
        spf_buf_addf(buf, _("Replay of evidence recorded at %s; nothing was contacted"), when);
        spf_buf_addstr(buf, "</strong></p>\n");
    }
    if (report->count > 1) {
        spf_html_fleet(buf, report);
    }
    for (size_t i = 0; i < report->left_out_count; i++) {
        char line[600];

        spf_format(line, sizeof line, _("%s names no target: %s"), report->left_out[i].where,
                   report->left_out[i].why);
        spf_buf_addstr(buf, "<p>");
        spf_add_markup(buf, line);
        spf_buf_addstr(buf, "</p>\n");
    }
    for (size_t i = 0; i < report->lacks_count; i++) {
        spf_buf_addf(buf, "<p><strong>%s</strong> ", _("This is not the whole fleet:"));
        spf_add_markup(buf, report->lacks[i].where);
        spf_buf_addch(buf, ' ');
        spf_add_markup(buf, report->lacks[i].why);
        spf_buf_addstr(buf, "</p>\n");
    }
    spf_buf_addstr(buf, "</header>\n");
}

void spf_report_html(struct spf_buf *buf, const struct spf_report *report)
{
    spf_buf_addf(buf,
                 "<!DOCTYPE html>\n<html lang=\"%s\">\n<head>\n<meta charset=\"utf-8\">\n"
                 "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                 "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
                 "style-src 'unsafe-inline'\">\n<title>%s: SSH preflight</title>\n<style>\n%s",
                 spf_language_tag(), spf_verdict_name(spf_report_verdict(report)), spf_html_style);
    if (report->count > 1) {
        spf_html_fleet_style(buf, report);
    }
    spf_buf_addstr(buf, "</style>\n</head>\n<body>\n<main>\n");
    add_heading(buf, report);
    for (size_t i = 0; i < report->count; i++) {
        add_target(buf, report, i);
    }
    spf_buf_addstr(buf, "</main>\n</body>\n</html>\n");
}
