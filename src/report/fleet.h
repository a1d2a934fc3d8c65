#ifndef SPF_REPORT_FLEET_H
#define SPF_REPORT_FLEET_H

#include "base/shape.h"
#include "report/page.h"
#include "report/report.h"

/*
 * Several targets at a glance: those with one cause that comes of one and the same thing (a
 * security group, a key pair, a key file, a jump host) are a group, which one repair may serve.
 */
struct spf_fleet_group {
    enum spf_finding cause;
    const char *thing;        /* its name in the evidence: "group"; NULL: they share none */
    const char *value;        /* borrowed from the report */
    SPF_LIST(size_t) members; /* indexes of the report's targets, in its order */
};

struct spf_fleet {
    SPF_LIST(struct spf_fleet_group) groups; /* the largest first */
};

/* False: no memory, and the groups that are there are not all. Cleared in any case. */
SPF_MUST_USE bool spf_fleet_group(const struct spf_report *report, struct spf_fleet *fleet);
void spf_fleet_clear(struct spf_fleet *fleet);

/* The evidence that all members of the group have in common: an object that the caller puts. */
struct json_object *spf_fleet_shared(const struct spf_report *report,
                                     const struct spf_fleet_group *group);

/* "summary.groups" of the JSON report; the caller puts it. */
struct json_object *spf_fleet_json(const struct spf_report *report);

/* For people: how many, and a paragraph a group. */
void spf_fleet_text(struct spf_page *page, const struct spf_report *report);

#endif
