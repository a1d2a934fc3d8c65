#include "report/format.h"

#include <string.h>

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
    formats[format].render(buf, report, style);
}

void spf_target_title(struct spf_buf *buf, const struct spf_run *run)
{
    const struct spf_target *target = run->target;
    const char *host = target->alias != NULL ? target->alias : target->host;

    if (target->instance_id != NULL) {
        spf_buf_add_clean(buf, target->instance_id, strlen(target->instance_id), 100);
        if (run->facts.instance.name[0] != '\0') {
            spf_buf_addstr(buf, " (");
            spf_buf_add_clean(buf, run->facts.instance.name, strlen(run->facts.instance.name), 130);
            spf_buf_addch(buf, ')');
        }
        return;
    }
    if (host == NULL) { /* the key alone */
        host = target->key_path != NULL ? target->key_path : "this machine";
        spf_buf_add_clean(buf, host, strlen(host), 300);
        return;
    }
    spf_buf_add_clean(buf, target->user, strlen(target->user), 100);
    spf_buf_addch(buf, '@');
    spf_buf_add_clean(buf, host, strlen(host), 300);
    if (target->port != 22)
        spf_buf_addf(buf, " port %u", (unsigned)target->port);
}

/* Neither takes control bytes; clean text has none. */
void spf_add_markup(struct spf_buf *buf, const char *text)
{
    for (; *text != '\0'; text++) {
        switch (*text) {
        case '&':
            spf_buf_addstr(buf, "&amp;");
            break;
        case '<':
            spf_buf_addstr(buf, "&lt;");
            break;
        case '>':
            spf_buf_addstr(buf, "&gt;");
            break;
        case '"':
            spf_buf_addstr(buf, "&quot;");
            break;
        case '\n':
            spf_buf_addstr(buf, "&#10;");
            break;
        default:
            spf_buf_addch(buf, *text);
            break;
        }
    }
}

bool spf_report_warns(const struct spf_report_target *target)
{
    for (size_t i = 0; i < SPF_CHECK_COUNT; i++) {
        const struct spf_result *result = &target->run->results[i];

        if (result->status == SPF_WARN && !spf_findings[result->finding].advisory)
            return true;
    }
    return false;
}
