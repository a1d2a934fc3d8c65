#ifndef SPF_REPORT_MERGE_PARTS_H
#define SPF_REPORT_MERGE_PARTS_H

#include "base/clock.h"
#include "base/shape.h"
#include "report/fleet.h"
#include "report/merge.h"

/* What merge.c has read and merge_report.c shows. */

/* One run of one part. */
struct spf_part_run {
    unsigned part;
    char name[17], started[SPF_UTC_SIZE]; /* ISO 8601 in UTC: compared as texts */
    size_t place;                         /* in which order they were met */
    SPF_LIST(struct json_object *) targets;
    struct json_object *end; /* NULL: its last line is not there */
};

struct spf_merge {
    SPF_LIST(struct spf_part_run) runs;
    unsigned parts;
    char selection[17];
    char *first; /* the file that says so */
    size_t remarks;
    /* of the runs that count, once finished */
    SPF_LIST(struct json_object *) targets; /* borrowed, sorted */
    SPF_LIST(struct spf_report_left_out) lacks;
    SPF_LIST(char *) texts; /* of lacks */
    spf_fleet_members members;
    struct spf_tally tally;
    struct json_object *left_out; /* borrowed; lines of lists that named no target */
    char started[SPF_UTC_SIZE];
    int64_t duration_ms;
    int exit_status;
};

#endif
