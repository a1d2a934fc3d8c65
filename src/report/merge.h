#ifndef SPF_REPORT_MERGE_H
#define SPF_REPORT_MERGE_H

#include "report/format.h"

/*
 * The parts of a fleet (--shard), each a stream of ndjson, as one report. A part is whole when its
 * last line is there and as many targets as that says; of a part that ran twice the whole run
 * counts, and of two the newer. What parts say is outside text: it is read with bounds and shown
 * through struct spf_page.
 */
struct spf_merge;

/* NULL: no memory. */
struct spf_merge *spf_merge_new(void);
void spf_merge_free(struct spf_merge *merge);

/*
 * Adds what a file holds: lines of one or more parts, in any order. name: the file's, for people;
 * copied. A line that is none of a part is named in remarks, and does not count. SPF_ERR_USAGE: a
 * part of other targets, or of another number of parts, with both files' names; SPF_ERR_NOMEM.
 */
SPF_MUST_USE
struct spf_error spf_merge_add(struct spf_merge *merge, const char *name, const char *text,
                               size_t len, struct spf_buf *remarks);

/* After the last file, once: which run of each part counts, and what lacks. SPF_ERR_USAGE: there is
 * no part. */
SPF_MUST_USE
struct spf_error spf_merge_finish(struct spf_merge *merge, bool strict, unsigned fail_over);

/* 2 where a part lacks or is not whole, whatever the targets say; else as of one run. */
int spf_merge_exit_status(const struct spf_merge *merge);

/* False: this format needs more than the lines of ndjson say. */
bool spf_merge_knows(enum spf_format format);
void spf_merge_render(struct spf_buf *buf, enum spf_format format, const struct spf_merge *merge,
                      const struct spf_style *style);

#endif
