#pragma once

#include "base/shape.h"
#include "pipeline/target.h"
#include "report/report.h"

/* A run that wrote into a ledger; of the parts of a fleet there may be several in one file. */
struct spf_ledger_run {
    unsigned shard, shards;       /* 0: no part */
    char name[17], selection[17]; /* "": not said */
    int64_t started_utc, ended_utc, duration_ms;
    int64_t asked;  /* so many targets; -1: not said */
    size_t entries; /* so many of them are here, each decided */
    bool of_record;
    bool ended;                                    /* its last line is there */
    SPF_LIST(struct spf_report_left_out) left_out; /* lines of lists that named no target */
};

struct spf_ledger_entry {
    size_t run;
    bool decided;                    /* not interrupted before its checks had their results */
    int64_t recorded_utc;            /* when it was done */
    int64_t duration_ms;             /* that it took; -1: not said */
    const struct spf_target *target; /* what was asked; of a line what it says of it */
};
