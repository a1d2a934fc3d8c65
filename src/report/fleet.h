#pragma once

#include "report/page.h"
#include "report/report.h"

/*
 * Several targets at a glance: those with one cause that comes of one and the same thing (a
 * security group, a key pair, a key file, a jump host) are a group, which one repair may serve.
 */

/* What a target's cause comes of. *id is borrowed, NULL with SPF_THING_NONE. */
enum spf_thing spf_thing_of(const struct spf_report_target *target, const char **id);

/* A target that has a cause, and what that comes of. */
struct spf_fleet_member {
    const struct spf_report_target *target;
    enum spf_finding cause;
    enum spf_thing thing;
    const char *id; /* borrowed; NULL: of nothing that is known */
};

struct spf_fleet_group {
    const struct spf_fleet_member *members; /* of one cause and thing, in the order of the report */
    size_t count;
    const struct spf_advice *remedy; /* the same command repairs each of them; NULL: none does */
};

struct spf_fleet {
    const struct spf_report *report; /* borrowed */
    struct spf_fleet_member *members;
    struct spf_fleet_group *groups; /* the largest first */
    size_t count;
};

#define SPF_FLEET_NAMES 8 /* of a group's targets are named where there is little room */

/* The names of so many targets, as a part of the text; at finds each in the list. */
typedef const struct spf_report_target *spf_target_at(const void *list, size_t i);
void spf_names_text(struct spf_page *page, size_t count, spf_target_at *at, const void *list);

/* The groups of all targets that have a cause. False: no memory. To be cleared in any case. */
bool spf_fleet_init(struct spf_fleet *fleet, const struct spf_report *report);
void spf_fleet_clear(struct spf_fleet *fleet);

/* For people, after the cause: ", all by security group sg-1; one rule repairs them"; clean text.
 */
void spf_fleet_shared(struct spf_buf *buf, const struct spf_fleet_group *group);

/* "summary" of the JSON report: how many, and the groups; the caller puts it. NULL: no memory. */
struct json_object *spf_fleet_json(const struct spf_report *report);

/* For people: how many, and a paragraph a group. */
void spf_fleet_text(struct spf_page *page, const struct spf_report *report);

/* For people: what names no target and which parts lack, a line each. */
void spf_left_out_text(struct spf_page *page, const struct spf_report *report);
