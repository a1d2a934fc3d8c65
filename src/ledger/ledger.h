#pragma once

#include <stdio.h>

#include "ledger/entry.h"
#include "ledger/restored.h"
#include "pipeline/inquiry.h"

/*
 * The room of what earlier runs have left. A ledger is such a file, whichever it is: a record
 * (record.h), which holds evidence that is judged again, or lines of ndjson, which hold results as
 * they were reported. --replay, --resume, --baseline and merge read it here, and from an entry all
 * of them get the same: a finished run with its diagnosis, which every format can show. It includes
 * pipeline, diagnosis and report, and asks nobody.
 *
 * What a ledger says is outside text. Entries are read one by one when they are wanted; what stays
 * in memory of each is what was asked.
 */
struct spf_ledger;

/*
 * Reads from the beginning of file, which belongs to the ledger from now on, also after an error. A
 * line that is none, also the last one of a run that was killed, is named in remarks and does not
 * count; one of such lines alone is a ledger without a run. SPF_ERR_INVALID: a record that is no
 * such thing; *ledger is written only on success.
 */
SPF_MUST_USE
struct spf_error spf_ledger_read(FILE *file, struct spf_buf *remarks, struct spf_ledger **ledger);
/* The same of a text, which is copied. */
SPF_MUST_USE
struct spf_error spf_ledger_read_text(const char *text, size_t len, struct spf_buf *remarks,
                                      struct spf_ledger **ledger);
void spf_ledger_free(struct spf_ledger *ledger);

size_t spf_ledger_count(const struct spf_ledger *ledger);
const struct spf_ledger_entry *spf_ledger_entry(const struct spf_ledger *ledger, size_t index);
size_t spf_ledger_runs(const struct spf_ledger *ledger);
const struct spf_ledger_run *spf_ledger_run(const struct spf_ledger *ledger, size_t index);

/*
 * Takes an entry. target: in place of the recorded one, if not NULL; borrowed for the run's life,
 * as is the ledger. reported: as in struct spf_driver_options. SPF_ERR_INVALID: the file has
 * changed since, or a line is damaged inside; SPF_ERR_NOMEM. *restored is to be cleared in any
 * case.
 */
SPF_MUST_USE
struct spf_error spf_ledger_restore(struct spf_ledger *ledger, size_t index,
                                    const struct spf_target *target, spf_groups reported,
                                    struct spf_restored *restored);
void spf_restored_clear(struct spf_restored *restored);

/* The text of an entry as one line, to be freed; NULL: no memory, or the file has changed. */
char *spf_ledger_line(struct spf_ledger *ledger, size_t index);

/* Serves a group from a record's entry, at once; not-recorded where it does not hold it. */
void spf_ledger_serve(struct spf_ledger *ledger, size_t index, struct spf_inquiry *inquiry,
                      enum spf_group group);
