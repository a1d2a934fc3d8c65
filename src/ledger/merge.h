#pragma once

#include "ledger/ledger.h"

/*
 * The parts of a fleet (--shard) as one report, each a record or lines of ndjson. A part is whole
 * when as many targets are there as it was asked for; of a part that ran twice the whole run
 * counts, and of two the newer.
 */
struct spf_merge;

/* NULL: no memory. */
struct spf_merge *spf_merge_new(void);
void spf_merge_free(struct spf_merge *merge);

/*
 * Adds what a file holds, one part or more, and takes the ledger over, also after an error. name:
 * the file's, for people; copied. What is of no part is named in remarks, and does not count.
 * SPF_ERR_USAGE: a part of other targets, or of another number of parts, with both files' names.
 */
SPF_MUST_USE
struct spf_error spf_merge_add(struct spf_merge *merge, const char *name, struct spf_ledger *ledger,
                               struct spf_buf *remarks);

/*
 * After the last file, once: which run of each part counts, what lacks, and the report of all,
 * which lives as long as merge. Its exit status is 2 where a part lacks or is not whole, whatever
 * the targets say; else as of one run. SPF_ERR_USAGE: there is no part, or a file has changed.
 */
SPF_MUST_USE
struct spf_error spf_merge_finish(struct spf_merge *merge, bool strict, unsigned fail_over,
                                  const struct spf_report **report);
