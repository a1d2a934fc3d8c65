#pragma once

#include "report/report.h"

/* One target as in the JSON report's "targets"; the caller puts it. */
struct json_object *spf_report_target_json(const struct spf_report_target *target);
/* "left_out" of the JSON report; the caller puts it. */
struct json_object *spf_left_out_json(const struct spf_report *report);
