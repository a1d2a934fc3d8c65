/* The formats of one line a target: short, for people and logs; ndjson, for streams. */
#include <json-c/json.h>
#include <string.h>

#include "base/clock.h"
#include "base/json_build.h"
#include "base/language.h"
#include "report/changes.h"
#include "report/json.h"
#include "report/render.h"
#include "report/title.h"

/* What is not in the run any more has no line of its own. */
static void add_gone(struct spf_buf *buf, const struct spf_report *report)
{
    for (size_t i = 0; report->baseline != NULL && i < report->baseline->gone_count; i++) {
        spf_buf_addf(buf, "%-7s  -  %s: %s\n", "-", report->baseline->gone[i],
                     _("not in this run any more"));
    }
}

/* "fail  sg-source-excluded  i-bp1…: one sentence" */
void spf_report_short(struct spf_buf *buf, const struct spf_report *report)
{
    for (size_t i = 0; i < report->count; i++) {
        const struct spf_report_target *target = &report->targets[i];
        const struct spf_diagnosis *d = target->diagnosis;

        spf_buf_addf(buf, "%-7s  %s  ", spf_verdict_name(d->verdict),
                     d->cause != SPF_NO_FINDING ? spf_findings[d->cause].id
                     : spf_report_warns(target) ? _("warnings")
                                                : "-");
        spf_target_title(buf, target->run);
        spf_buf_addstr(buf, ": ");
        if (spf_has_changed(target)) {
            spf_changes_phrase(buf, target);
            spf_buf_addstr(buf, ": ");
        }
        spf_buf_addf(buf, "%s\n", d->summary);
    }
    for (size_t i = 0; i < report->lacks_count; i++) {
        spf_buf_addf(buf, "%-7s  -  %s: %s\n", spf_verdict_name(SPF_VERDICT_UNKNOWN),
                     report->lacks[i].where, report->lacks[i].why);
    }
    add_gone(buf, report);
}

/* What a line says of its run. */
static struct json_object *begin_line(const struct spf_report *report, const char *schema)
{
    char started[SPF_UTC_SIZE];
    char replayed[SPF_UTC_SIZE];
    char shard[32];
    struct json_object *line = spf_json_object();
    bool part = report->shards > 0;

    spf_utc_format(report->started_utc, started);
    spf_utc_format(report->replayed_utc, replayed);
    spf_format(shard, sizeof shard, "%u/%u", report->shard, report->shards);
    spf_json_add(line, "schema", spf_json_string(schema));
    spf_json_add(line, "version", spf_json_string(SPF_VERSION));
    spf_json_add(line, "started_at", spf_json_string(started));
    spf_json_add(line, "replayed_from",
                 report->replayed_utc != 0 ? spf_json_string(replayed) : NULL);
    spf_json_add(line, "shard", part ? spf_json_string(shard) : NULL);
    spf_json_add(line, "run", part ? spf_json_string(report->run) : NULL);
    spf_json_add(line, "selection", part ? spf_json_string(report->selection) : NULL);
    return line;
}

static void end_line(struct spf_buf *buf, struct json_object *line)
{
    const char *text = json_object_to_json_string_ext(line, JSON_C_TO_STRING_PLAIN |
                                                                JSON_C_TO_STRING_NOSLASHESCAPE);

    if (text != NULL) {
        spf_buf_addf(buf, "%s\n", text);
    } else {
        buf->failed = true;
    }
    json_object_put(line);
}

void spf_report_ndjson_end(struct spf_buf *buf, const struct spf_report *report, size_t targets)
{
    struct json_object *line = begin_line(report, "sshpreflight.shard/1");

    spf_json_add(line, "targets", spf_json_integer((int64_t)targets));
    spf_json_add(line, "left_out", spf_left_out_json(report));
    spf_json_add(line, "duration_ms", spf_json_integer(report->duration_ms));
    spf_json_add(line, "exit_status", spf_json_integer(report->exit_status));
    end_line(buf, line);
}

void spf_report_ndjson_baseline(struct spf_buf *buf, const struct spf_report *report)
{
    struct json_object *line;
    struct json_object *baseline = spf_baseline_json(report);

    if (baseline == NULL) {
        return;
    }
    line = begin_line(report, "sshpreflight.baseline/1");
    spf_json_add(line, "baseline", baseline);
    end_line(buf, line);
}

/* Each line is a target's object of the JSON report, with the run's own members before it. */
void spf_report_ndjson(struct spf_buf *buf, const struct spf_report *report)
{
    for (size_t i = 0; i < report->count; i++) {
        struct json_object *line = begin_line(report, "sshpreflight.target/1");
        struct json_object *target = spf_report_target_json(&report->targets[i]);

        if (target == NULL) {
            continue;
        }
        json_object_object_foreach(target, name, member)
        {
            spf_json_add(line, name, json_object_get(member));
        }
        json_object_put(target);
        end_line(buf, line);
    }
    if (!report->streamed) {
        spf_report_ndjson_baseline(buf, report);
    }
}
