#pragma once

#include "cli/round.h"
#include "diagnosis/retry.h"

/*
 * --wait: rounds until every target's verdict is pass, or waiting can help none of those that are
 * left, or the time is up. The clock, the pause and the round itself are the caller's, so that a
 * test can let ten minutes pass in none.
 */
struct spf_wait {
    int64_t limit_ms;    /* of all rounds together, from the first one's start */
    int64_t deadline_ms; /* of one round, at most */
    int64_t (*now_ms)(void *context);
    int64_t (*now_utc)(void *context);
    unsigned (*chance)(void *context); /* any number: spreads the pauses */
    /* Waits; false: told to stop. */
    bool (*pause)(void *context, int64_t ms);
    /* One round and its diagnoses: round->runs, ->diagnoses, ->stopped. */
    struct spf_error (*round)(void *context, spf_groups keep, int64_t deadline_ms);
    /* A line for whoever watches: what has changed. */
    void (*say)(void *context, const char *line);
    void *context;
};

enum spf_wait_end {
    SPF_WAIT_REACHED,
    SPF_WAIT_IN_VAIN,
    SPF_WAIT_OVER,    /* the time is up, and the cause may still pass */
    SPF_WAIT_STOPPED, /* told to stop */
};

/* round holds the last round's findings afterwards. An error is the round's own, or no memory. */
SPF_MUST_USE
struct spf_error spf_wait_rounds(const struct spf_wait *wait, struct spf_round *round,
                                 enum spf_wait_end *end);

/* As spf_round_run, once or, with --wait, as often as it takes; sets the exit status of the time
 * that is up. say may be NULL. */
SPF_MUST_USE
struct spf_error spf_wait_run(struct spf_round *round, const struct spf_options *options,
                              int stop_fd,
                              void (*progress)(void *, const struct spf_driver_state *),
                              void (*say)(void *, const char *), void *context);
