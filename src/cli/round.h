#pragma once

#include "cli/options.h"
#include "cli/targets.h"
#include "driver/driver.h"
#include "key/file.h"
#include "ledger/changes.h"
#include "report/report.h"

/*
 * From options to a diagnosis: the targets that they ask for, one drive, and what it means. The
 * command line and the library both run through here.
 */
struct spf_round {
    struct spf_secret *key_text;
    struct spf_secret *passphrase;
    struct spf_key_file key_file;      /* what the prompt saw at --key; for the first round */
    struct spf_transcript *transcript; /* NULL: a live run */
    struct spf_ledger *replayed;       /* NULL: a live run */
    struct spf_baseline *baseline;     /* what it is compared with; NULL: nothing */
    struct spf_changes **changes;      /* by target, where there is a baseline */
    struct spf_ledger *resumed;        /* what is decided there is taken over; NULL: nothing */
    struct spf_targets targets;        /* of a live run */
    struct spf_target room;            /* for the one that is looked at */
    /* by target; with forget an item is NULL before its target is begun and after each */
    size_t count;
    struct spf_run **runs;
    /* with forget only the first is used, by each in turn */
    struct spf_diagnosis *diagnoses;
    struct spf_report_target *reported;
    size_t *restored_from;          /* its entry of replayed or resumed, from 1; 0: it is asked */
    struct spf_restored **restored; /* what owns its run, where that was taken from there */
    struct spf_report_left_out *left_out;
    struct spf_tally tally;
    struct spf_report report; /* its targets not with forget */
    bool stopped;             /* by stop_fd */
    /* Called for each target as soon as it is done, in the order in which they are; NULL: nobody
     * wants to know. */
    void (*each)(void *context, const struct spf_report_target *target);
    void *each_context;
    int64_t *begun_ms; /* when each was begun, monotonic */
    void (*progress)(void *context, const struct spf_driver_state *state);
    void *progress_context;
    bool remembers; /* addresses, in the user's cache; not a library's caller's */
    bool forget;    /* what is known of a target is not needed after each */
    /* what goes from one round to the next; the options that it borrows */
    struct spf_driver *driver;
    struct spf_driver_options driver_options;
    /* With --verbose: a line for each call of the API, as in spf_cloud_options; set before
     * spf_round_prepare. */
    void (*trace)(void *owner, const char *line);
    void *trace_owner;
};

/*
 * Drives the targets through a round of at most deadline_ms and diagnoses them; called again, it
 * keeps the facts of the groups in keep. progress, context and stop_fd (or -1), the same each time,
 * as in spf_driver_options.
 */
SPF_MUST_USE
struct spf_error spf_round_run(struct spf_round *round, const struct spf_options *options,
                               spf_groups keep, int64_t deadline_ms, int stop_fd,
                               void (*progress)(void *, const struct spf_driver_state *),
                               void *context);

/* Where the evidence goes: --record's file, else the record that is resumed; NULL: nowhere. */
const char *spf_round_record(const struct spf_round *round, const struct spf_options *options);

/* After the last round, before any report is written: connections are closed and the cloud's
 * secrets wiped. */
void spf_round_rest(struct spf_round *round);
void spf_round_clear(struct spf_round *round);
