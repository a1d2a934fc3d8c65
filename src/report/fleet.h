#ifndef SPF_REPORT_FLEET_H
#define SPF_REPORT_FLEET_H

#include "report/page.h"
#include "report/report.h"

/*
 * Several targets at a glance: those with one cause that comes of one and the same thing (a
 * security group, a key pair, a key file, a jump host) are a group, which one repair may serve.
 */

/* What a target's cause comes of. *id is borrowed, NULL with SPF_THING_NONE. */
enum spf_thing spf_thing_of(const struct spf_report_target *target, const char **id);

/* "summary" of the JSON report: how many, and the groups; the caller puts it. NULL: no memory. */
struct json_object *spf_fleet_json(const struct spf_report *report);

/* For people: how many, and a paragraph a group. */
void spf_fleet_text(struct spf_page *page, const struct spf_report *report);

/* For people: what names no target and which parts lack, a line each. */
void spf_left_out_text(struct spf_page *page, const struct spf_report *report);

#endif
