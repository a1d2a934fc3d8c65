#pragma once

#include "base/text.h"
#include "diagnosis/diagnosis.h"

/*
 * The room of what is shown. It includes pipeline and diagnosis, and decides nothing. A format is a
 * file of its own and a row of format.c (format.h).
 */

/*
 * Reports render what was found and decide nothing. All of them are pure: they append to a buffer
 * that the caller gave a cap and writes out; its failure (no memory, cap met) sticks in it. Results
 * hold clean text already (spf_clean); each format neutralises its own special characters once
 * more.
 */

/* What became of a target since an earlier run (--baseline). */
enum spf_since {
    SPF_SINCE_SAME, /* the verdict and the cause */
    SPF_SINCE_NEW,  /* it was not in that run */
    SPF_SINCE_FAILING,
    SPF_SINCE_UNKNOWN,
    SPF_SINCE_OTHER_CAUSE,
    SPF_SINCE_REPAIRED,   /* it failed, and passes */
    SPF_SINCE_KNOWN,      /* it was unknown, and passes */
    SPF_SINCE_UNCOMPARED, /* which of that run's targets it was is not known */
    SPF_SINCE_COUNT,
};

/* A fact that is different. Texts are clean. */
struct spf_change {
    const char *fact;        /* its name for programs: "rule", "host_key"; static */
    enum spf_check_id check; /* the one that rests on it */
    int rank;                /* the smallest is the one that explains the most */
    char *text;              /* a fragment for people */
    char *before, *now;      /* NULL: it was, or is, not there */
};

struct spf_changes {
    enum spf_since since;
    enum spf_verdict verdict; /* before */
    enum spf_finding cause;
    SPF_LIST(struct spf_change) facts; /* what the cause rests on first */
};

struct spf_report_baseline {
    int64_t recorded_utc;
    size_t count[SPF_SINCE_COUNT];
    const char *const *gone; /* names of its targets that are not among these; borrowed */
    size_t gone_count;
};

struct spf_report_target {
    const struct spf_run *run; /* finished and reconciled */
    const struct spf_diagnosis *diagnosis;
    int64_t duration_ms;
    const struct spf_changes *changes; /* NULL: there is no baseline */
    size_t place;                      /* which of all that were asked for, from 1; 0: not known */
    int64_t judged_utc; /* when its facts were gathered, where that was another run; 0: now */
};

/* How many of what there were, which outlasts what is said of each. */
struct spf_tally {
    size_t targets, verdicts[3]; /* by enum spf_verdict */
    bool fails, warns, unknowns; /* any check, whatever the verdict; warns: none advisory */
};

/* A line of a list of targets that names none. */
struct spf_report_left_out {
    const char *where;
    const char *why;
};

struct spf_report {
    int64_t started_utc; /* seconds since the epoch; of the recorded run in a replay */
    /* when the record was made that this is a replay of, in seconds since the epoch; 0: evidence of
     * this very run */
    int64_t replayed_utc;
    int64_t duration_ms;
    int exit_status;
    const struct spf_report_target *targets; /* borrowed */
    size_t count;
    unsigned shard, shards; /* these are the targets of one of so many parts; 0: of all */
    char run[17];           /* of a part: names the run among those of the same part; else "" */
    char selection[17];     /* of a part: the same in all parts of the same targets; else "" */
    const struct spf_report_left_out *left_out; /* borrowed */
    size_t left_out_count;
    /* of a merged fleet: the parts that are missing or not whole; borrowed */
    const struct spf_report_left_out *lacks;
    size_t lacks_count;
    const struct spf_report_baseline *baseline; /* borrowed; NULL: there is none */
    bool streamed; /* this is one target of a report that is written as targets are done */
};

/*
 * What no target shows and the verdict depends on: parts that are missing, then lines that name no
 * target. The words name where it is as well.
 */
#define SPF_GAP_MAX 600 /* bytes of its words */
size_t spf_report_gaps(const struct spf_report *report);
const char *spf_report_gap_place(const struct spf_report *report, size_t i);
void spf_report_gap_words(struct spf_buf *words, const struct spf_report *report, size_t i);

void spf_tally_add(struct spf_tally *tally, const struct spf_report_target *target);
/*
 * As spf_report_exit_status; 0 while no more than so many per cent of the targets fail or are
 * unknown.
 */
int spf_tally_exit_status(const struct spf_tally *tally, bool strict, unsigned fail_over);

/* The worst of the targets: fail, then unknown, also where parts lack, then pass. */
enum spf_verdict spf_report_verdict(const struct spf_report *report);

/*
 * 0 pass, 1 fail, 2 unknown. With strict a fail or a warn that is not advisory makes it 1, else an
 * unknown check 2. Interruption, usage and other troubles of ours are the caller's.
 */
int spf_report_exit_status(const struct spf_report *report, bool strict);

/* Is there a warn that --strict counts? */
bool spf_report_warns(const struct spf_report_target *target);

/* One JSON object and a line feed, of the schema "sshpreflight.report/1" (report.schema.json). */
void spf_report_json(struct spf_buf *buf, const struct spf_report *report);

/* How to write for people. */
struct spf_style {
    bool colour;
    bool utf8;      /* else symbols are words in brackets, and other characters are escaped */
    unsigned width; /* columns at which text wraps; 0: not at all. Commands are never broken */
    int detail;     /* -1 quiet: the conclusion only; 0; 1 verbose: every check with its evidence;
                     * 2: and a timeline */
};

void spf_report_text(struct spf_buf *buf, const struct spf_report *report,
                     const struct spf_style *style);

/*
 * `sshpreflight explain CAUSE`: what the catalogue says of it. False if there is no such cause; buf
 * then holds the sentence that says so, with the nearest ids, for standard error.
 */
bool spf_explain(struct spf_buf *buf, const char *cause, const struct spf_style *style);
/* The same entry of the catalogue as an object, sshpreflight.cause/1, one line of text each. */
bool spf_explain_json(struct spf_buf *buf, const char *cause);

/* `sshpreflight --list-checks`: one line a check, its id first. */
void spf_list_checks(struct spf_buf *buf, const struct spf_style *style);
/* The same as one JSON object, "sshpreflight.checks/1", and a line feed. */
void spf_list_checks_json(struct spf_buf *buf);
