#pragma once

#include "cli/output.h"
#include "cli/round.h"

/*
 * What leaves the program: the report on standard output and in files, and the record. Lines of
 * ndjson, and the record of a fleet, are written as targets are done.
 */
struct spf_publisher {
    const struct spf_options *options;
    const struct spf_style *style; /* of standard output */
    struct spf_round *round;
    int stop_fd;
    bool lines, records;    /* they are written as targets are done */
    struct spf_error error; /* of the lines: the first one; then none is written any more */
    struct spf_output_file record;
    struct spf_error record_error; /* likewise */
    size_t recorded;               /* so many targets are in it */
    int64_t synced_ms;
};

/* Before the round, which tells it of each target from now on. */
void spf_publish_begin(struct spf_publisher *publisher);
/* After it, and after signals were released: 0, or the exit status where something could not be
 * written. Errors are on standard error. */
SPF_MUST_USE int spf_publish_end(struct spf_publisher *publisher);

/* A report that is there as a whole; the same status. */
SPF_MUST_USE
int spf_publish_report(const struct spf_options *options, const struct spf_style *style,
                       struct spf_report *report);
