/* The formats of one line a target: short, for people and logs; ndjson, for streams. */
#include <json-c/json.h>
#include <string.h>

#include "base/clock.h"
#include "base/json_write.h"
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
    for (size_t i = 0; i < spf_report_gaps(report); i++) {
        spf_buf_addf(buf, "%-7s  -  ", spf_verdict_name(SPF_VERDICT_UNKNOWN));
        spf_report_gap_words(buf, report, i);
        spf_buf_addch(buf, '\n');
    }
    add_gone(buf, report);
}

/* What a line says of its run; end_line when the rest has been added. */
static void begin_line(struct spf_buf *buf, const struct spf_report *report, const char *schema)
{
    char started[SPF_UTC_SIZE];
    char replayed[SPF_UTC_SIZE];
    char shard[32];
    bool part = report->shards > 0;

    spf_utc_format(report->started_utc, started);
    spf_utc_format(report->replayed_utc, replayed);
    spf_format(shard, sizeof shard, "%u/%u", report->shard, report->shards);
    spf_json_open(buf, NULL, '{');
    spf_json_write_text(buf, "schema", schema);
    spf_json_write_text(buf, "version", SPF_VERSION);
    spf_json_write_text(buf, "started_at", started);
    spf_json_write_text(buf, "replayed_from", report->replayed_utc != 0 ? replayed : NULL);
    spf_json_write_text(buf, "shard", part ? shard : NULL);
    spf_json_write_text(buf, "run", part ? report->run : NULL);
    spf_json_write_text(buf, "selection", part ? report->selection : NULL);
}

static void end_line(struct spf_buf *buf)
{
    spf_json_close(buf, '}');
    spf_buf_addch(buf, '\n');
}

/* Takes over the value. */
static void add_json(struct spf_buf *buf, const char *name, struct json_object *value)
{
    spf_json_write(buf, name, value);
    json_object_put(value);
}

void spf_report_ndjson_end(struct spf_buf *buf, const struct spf_report *report, size_t targets)
{
    begin_line(buf, report, "sshpreflight.shard/1");
    spf_json_write_number(buf, "targets", (int64_t)targets);
    add_json(buf, "left_out", spf_left_out_json(report));
    spf_json_write_number(buf, "duration_ms", report->duration_ms);
    spf_json_write_number(buf, "exit_status", report->exit_status);
    end_line(buf);
}

void spf_report_ndjson_baseline(struct spf_buf *buf, const struct spf_report *report)
{
    if (report->baseline == NULL) {
        return;
    }
    begin_line(buf, report, "sshpreflight.baseline/1");
    add_json(buf, "baseline", spf_baseline_json(report));
    end_line(buf);
}

/* Each line is a target's object of the JSON report, with the run's own members before it. */
void spf_report_ndjson(struct spf_buf *buf, const struct spf_report *report)
{
    for (size_t i = 0; i < report->count; i++) {
        begin_line(buf, report, "sshpreflight.target/1");
        spf_report_target_members(buf, &report->targets[i]);
        end_line(buf);
    }
    if (!report->streamed) {
        spf_report_ndjson_baseline(buf, report);
    }
}
