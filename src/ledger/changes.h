#pragma once

#include "ledger/ledger.h"

/* --baseline: what is different from the run that a ledger is of. */
struct spf_baseline;

/* Takes the ledger over, also without memory. NULL: no memory. */
struct spf_baseline *spf_baseline_new(struct spf_ledger *ledger);
void spf_baseline_free(struct spf_baseline *baseline);
/* Before each round: nothing was found yet. */
void spf_baseline_begin(struct spf_baseline *baseline);

/*
 * Finds the target there, by instance or host, user and port, and says what is different; it counts
 * as found from then on. The caller frees it with spf_changes_free. NULL: no memory.
 */
struct spf_changes *spf_baseline_compare(struct spf_baseline *baseline,
                                         const struct spf_report_target *target);
void spf_changes_free(struct spf_changes *changes);

/* After the last target: how many of what there were, and what was not found again. Lives as long
 * as the baseline; NULL: no memory. */
const struct spf_report_baseline *spf_baseline_finish(struct spf_baseline *baseline);

/*
 * Pure: appends the facts that differ between two finished runs of one target, those that its cause
 * rests on first. Of a run that was read from a report only what that promises is compared. False:
 * no memory.
 */
SPF_MUST_USE
bool spf_changes_find(const struct spf_report_target *before, const struct spf_report_target *now,
                      struct spf_changes *changes);
