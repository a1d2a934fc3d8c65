#pragma once

#include "report/report.h"

/* Appends what is in one object of the JSON report's "targets", without the braces. */
void spf_report_target_members(struct spf_buf *out, const struct spf_report_target *target);
/* "left_out" of the JSON report; the caller puts it. */
struct json_object *spf_left_out_json(const struct spf_report *report);
