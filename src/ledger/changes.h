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
 * All targets of this run, before the first is compared: what two of them may have been there is
 * not given to either. The target's strings are borrowed. False: no memory.
 */
SPF_MUST_USE
bool spf_baseline_expect(struct spf_baseline *baseline, const struct spf_target *target);

/*
 * Finds the target there, by its identity, or where none is of it by instance or host, user and
 * port, if that leaves no choice; and says what is different. It counts as found from then on. The
 * caller frees it with spf_changes_free. NULL: no memory.
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
