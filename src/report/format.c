#include "report/format.h"

#include "base/shortage.h"
#include "report/render.h"

static spf_render *const renders[SPF_FORMAT_COUNT] = {
    [SPF_FORMAT_SHORT] = spf_report_short,
    [SPF_FORMAT_JSON] = spf_report_json,
    [SPF_FORMAT_NDJSON] = spf_report_ndjson,
    [SPF_FORMAT_JUNIT] = spf_report_junit,
    [SPF_FORMAT_TAP] = spf_report_tap,
    [SPF_FORMAT_NAGIOS] = spf_report_nagios,
    [SPF_FORMAT_PROMETHEUS] = spf_report_prometheus,
    [SPF_FORMAT_GITHUB] = spf_report_github,
    [SPF_FORMAT_HTML] = spf_report_html,
};

const char *const spf_format_names[SPF_FORMAT_COUNT + 1] = {
    [SPF_FORMAT_TEXT] = "text",     [SPF_FORMAT_SHORT] = "short",
    [SPF_FORMAT_JSON] = "json",     [SPF_FORMAT_NDJSON] = "ndjson",
    [SPF_FORMAT_JUNIT] = "junit",   [SPF_FORMAT_TAP] = "tap",
    [SPF_FORMAT_NAGIOS] = "nagios", [SPF_FORMAT_PROMETHEUS] = "prometheus",
    [SPF_FORMAT_GITHUB] = "github", [SPF_FORMAT_HTML] = "html",
};

void spf_report_render(struct spf_buf *buf, enum spf_format format, const struct spf_report *report,
                       const struct spf_style *style)
{
    (void)spf_was_short();
    if (format == SPF_FORMAT_TEXT) {
        spf_report_text(buf, report, style);
    } else {
        renders[format](buf, report);
    }
    if (spf_was_short()) {
        spf_buf_fail(buf); /* rather no report than one with members missing */
    }
}
