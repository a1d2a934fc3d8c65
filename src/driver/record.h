#ifndef SPF_DRIVER_RECORD_H
#define SPF_DRIVER_RECORD_H

#include "pipeline/inquiry.h"
#include "pipeline/run.h"

/*
 * A record is the evidence of a run: what was asked and the facts that came, so that someone else
 * can judge it again offline. It holds no secrets, no key comments, no output of commands, and no
 * path of the recording person's home directory.
 */
struct spf_record;

/*
 * The record of finished runs, which began at started_utc (seconds since the epoch), as JSON text,
 * which the caller frees; NULL when memory ran out, or a fact is none that could be read back.
 */
char *spf_record_write(struct spf_run *const *runs, size_t count, int64_t started_utc);

/*
 * Reads one. The text is hostile. SPF_ERR_INVALID says what is wrong with it; *record is written
 * only on success and freed by spf_record_free.
 */
SPF_MUST_USE
struct spf_error spf_record_read(const char *text, size_t len, struct spf_record **record);
void spf_record_free(struct spf_record *record);

/* What was asked then; the strings live as long as the record. */
size_t spf_record_count(const struct spf_record *record);
const struct spf_target *spf_record_target(const struct spf_record *record, size_t index);

/* When the recorded run began and when its record was written, in seconds since the epoch. */
int64_t spf_record_started(const struct spf_record *record);
int64_t spf_record_made(const struct spf_record *record);

/* Serves a group from the record, at once; not-recorded where it does not hold it. */
void spf_replay_serve(const struct spf_record *record, size_t index, struct spf_inquiry *inquiry,
                      enum spf_group group);

#endif
