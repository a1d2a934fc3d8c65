#pragma once

#include "driver/driver.h"

/*
 * One line on the terminal that says what is being waited for, redrawn in place and wiped before
 * the report. Only where standard error is a terminal that can move its cursor; else all of it does
 * nothing.
 */
struct spf_progress {
    bool wanted;
    int64_t started_ms, shown_ms; /* monotonic */
    char shown[1000];             /* the line that is on the terminal; "": none */
};

void spf_progress_init(struct spf_progress *progress, bool wanted);
/* For spf_driver_options.progress; context is the struct spf_progress. */
void spf_progress_show(void *context, const struct spf_driver_state *state);
void spf_progress_wipe(struct spf_progress *progress);
