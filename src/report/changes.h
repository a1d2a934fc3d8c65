#pragma once

#include "report/page.h"
#include "report/report.h"

/* --baseline: what is different from an earlier run. The fact that changed is named first, then
 * what became of the target. */

/* Is there anything to say? */
bool spf_has_changed(const struct spf_report_target *target);
/* "rule sgr-1 of sg-1 was removed: …; newly failing, it could log in then"; clean text. */
void spf_changes_phrase(struct spf_buf *buf, const struct spf_report_target *target);

/* "changes" of a target in the JSON report, and "baseline" of the report; NULL, which is null,
 * without a baseline. The caller puts them. */
struct json_object *spf_changes_json(const struct spf_report_target *target);
struct json_object *spf_baseline_json(const struct spf_report *report);

/* For people: a target's changes as a group of lines, and those of a fleet by what changed. */
void spf_changes_text(struct spf_page *page, const struct spf_report_target *target);
void spf_baseline_text(struct spf_page *page, const struct spf_report *report);
