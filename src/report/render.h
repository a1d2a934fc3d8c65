#pragma once

#include "report/report.h"

/* A format's function (format.c has the table), and what some formats have beside it. */
typedef void spf_render(struct spf_buf *buf, const struct spf_report *report);

spf_render spf_report_short, spf_report_ndjson, spf_report_junit, spf_report_tap, spf_report_nagios,
    spf_report_prometheus, spf_report_github, spf_report_html;

/*
 * What GitHub Actions takes beside the log (github_job.c): a step's summary in GitHub's Markdown,
 * and its outputs, "verdict", "cause", "summary" and "exit-status", of several targets those of the
 * first with the worst verdict. The delimiter is a word that no value can hold.
 */
void spf_report_github_summary(struct spf_buf *buf, const struct spf_report *report);
void spf_report_github_outputs(struct spf_buf *buf, const struct spf_report *report,
                               const char *delimiter);

/* Nagios' own statuses (Monitoring Plugins Development Guidelines): 0 OK, 1 WARNING (a warn that is
 * not advisory), 2 CRITICAL (fail), 3 UNKNOWN. */
int spf_report_nagios_status(const struct spf_report *report);

/* After the targets' lines: how many changed since the baseline, and which are gone; nothing where
 * there is none. */
void spf_report_ndjson_baseline(struct spf_buf *buf, const struct spf_report *report);
/* The last line of a part's ndjson: that nothing is missing. targets: how many lines precede it. */
void spf_report_ndjson_end(struct spf_buf *buf, const struct spf_report *report, size_t targets);
