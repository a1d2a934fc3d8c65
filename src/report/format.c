#include "report/format.h"

#include <string.h>

#include "base/shortage.h"
#include "report/render.h"

static void render_json(struct spf_buf *buf, const struct spf_report *report,
                        const struct spf_style *style)
{
    (void)style;
    spf_report_json(buf, report);
}

static const struct {
    const char *name;
    spf_render *render;
} formats[SPF_FORMAT_COUNT] = {
    [SPF_FORMAT_TEXT] = {"text", spf_report_text},
    [SPF_FORMAT_SHORT] = {"short", spf_report_short},
    [SPF_FORMAT_JSON] = {"json", render_json},
    [SPF_FORMAT_NDJSON] = {"ndjson", spf_report_ndjson},
    [SPF_FORMAT_JUNIT] = {"junit", spf_report_junit},
    [SPF_FORMAT_TAP] = {"tap", spf_report_tap},
    [SPF_FORMAT_NAGIOS] = {"nagios", spf_report_nagios},
    [SPF_FORMAT_PROMETHEUS] = {"prometheus", spf_report_prometheus},
    [SPF_FORMAT_GITHUB] = {"github", spf_report_github},
    [SPF_FORMAT_HTML] = {"html", spf_report_html},
};

const char *const spf_format_names[SPF_FORMAT_COUNT + 1] = {
    "text",   "short",      "json",   "ndjson", "junit", "tap",
    "nagios", "prometheus", "github", "html",   NULL,
};

void spf_report_render(struct spf_buf *buf, enum spf_format format, const struct spf_report *report,
                       const struct spf_style *style)
{
    (void)spf_was_short();
    formats[format].render(buf, report, style);
    if (spf_was_short()) {
        spf_buf_fail(buf); /* rather no report than one with members missing */
    }
}
