#pragma once

#include "pipeline/configure.h"

/*
 * One target's way through the table. Pure: it judges what can be judged and says which facts are
 * wanted next; a driver fetches them (probes, or a record) and calls again. Nothing here blocks,
 * fetches or prints.
 */

/* target is borrowed and outlives the run. */
void spf_run_init(struct spf_run *run, const struct spf_target *target);
void spf_run_clear(struct spf_run *run);
/* One of many: a run is large, and this one takes the memory of what its facts fill. target is
 * copied, but what it borrows outlives the run. NULL: no memory. */
struct spf_run *spf_run_new(const struct spf_target *target);
void spf_run_free(struct spf_run *run); /* takes NULL */

/* The same once more, from the facts of the groups to keep; all others, and the results, are
 * forgotten. */
void spf_run_again(struct spf_run *run, spf_groups keep);

/*
 * Judges as far as the facts reach, then returns the wanted groups that nobody has asked for yet
 * and whose inputs are present. Those whose inputs failed fail with the same cause. An empty set
 * with spf_run_done false means: facts that were asked for are still to come.
 */
spf_groups spf_run_advance(struct spf_run *run, int64_t now_ms);

/* Every check has its result. */
bool spf_run_done(const struct spf_run *run);

/* The driver asks for the group now. False: without memory for its facts it has failed already. */
bool spf_run_asked(struct spf_run *run, enum spf_group group, int64_t now_ms);
/* Its facts have come (failure NULL) or are unavailable. */
void spf_run_arrived(struct spf_run *run, enum spf_group group, const struct spf_failure *failure,
                     int64_t now_ms);

/*
 * While the cloud has not said where the instance is, and its address is remembered: the groups of
 * the SSH half that would be wanted if it were still there, and whose inputs are present. Up to the
 * key exchange; with known_key, the host key that is remembered, also the query and the signature,
 * once that very key is shown and known_hosts has it. Nothing is judged by them.
 */
spf_groups spf_run_foresees(const struct spf_run *run, const char *known_key);
/* They were about another address, or of none: as if nobody had asked. */
void spf_run_forget_foreseen(struct spf_run *run);

/*
 * Ends the run: every group that has not come fails with the given cause (deadline-exceeded,
 * interrupted), so that every check gets a result.
 */
void spf_run_abandon(struct spf_run *run, const struct spf_failure *failure, int64_t now_ms);

/* Judges a check once more that has its result, by facts that came after it. */
void spf_run_judge_again(struct spf_run *run, enum spf_check_id check);

/* Is the check to be run, and not judged yet? */
bool spf_run_expects(const struct spf_run *run, enum spf_check_id check);
