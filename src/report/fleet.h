#ifndef SPF_REPORT_FLEET_H
#define SPF_REPORT_FLEET_H

#include "base/shape.h"
#include "report/page.h"
#include "report/report.h"

/*
 * Several targets at a glance: those with one cause that comes of one and the same thing (a
 * security group, a key pair, a key file, a jump host) are a group, which one repair may serve.
 */
struct spf_fleet_member {
    char *title; /* owned */
    enum spf_verdict verdict;
    enum spf_finding cause;
    const char *thing, *value;    /* what the cause comes of: "group", "sg-1"; NULL; borrowed */
    struct json_object *evidence; /* of the check that has the cause; borrowed */
};

typedef SPF_LIST(struct spf_fleet_member) spf_fleet_members;

/*
 * Adds a target. check: of its cause, as are evidence, key_file and jump, what the target names
 * (NULL: nothing). title is copied. False: no memory.
 */
SPF_MUST_USE
bool spf_fleet_add(spf_fleet_members *members, const char *title,
                   const struct spf_fleet_member *target, enum spf_check_id check,
                   const char *key_file, const char *jump);
/* The targets of a report, in its order. */
SPF_MUST_USE bool spf_fleet_of(const struct spf_report *report, spf_fleet_members *members);
void spf_fleet_members_clear(spf_fleet_members *members);

/* "summary" of the JSON report: how many, and the groups; the caller puts it. NULL: no memory. */
struct json_object *spf_fleet_json(const spf_fleet_members *members);

/* For people: how many, and a paragraph a group. */
void spf_fleet_text(struct spf_page *page, const spf_fleet_members *members);

/* For people: what names no target, a line each. */
void spf_left_out_text(struct spf_page *page, const struct spf_report_left_out *lines,
                       size_t count);

#endif
