#pragma once

#include "report/report.h"

/*
 * The formats of --format and --output, in one table. To add one: a file with its function
 * (render.h), a row in format.c and a word in enum spf_format; the option, the help and the
 * completion follow, and a test holds that the manual names it.
 */
enum spf_format {
    SPF_FORMAT_TEXT,
    SPF_FORMAT_SHORT,
    SPF_FORMAT_JSON,
    SPF_FORMAT_NDJSON,
    SPF_FORMAT_JUNIT,
    SPF_FORMAT_TAP,
    SPF_FORMAT_NAGIOS,
    SPF_FORMAT_PROMETHEUS,
    SPF_FORMAT_GITHUB,
    SPF_FORMAT_HTML,
    SPF_FORMAT_COUNT,
};

/* The names, in the order of the enum, NULL after the last: as the option table wants them. */
extern const char *const spf_format_names[SPF_FORMAT_COUNT + 1];

/* style: of text. */
void spf_report_render(struct spf_buf *buf, enum spf_format format, const struct spf_report *report,
                       const struct spf_style *style);
