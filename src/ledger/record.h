#pragma once

#include "report/report.h"

/*
 * A record is the evidence of a run: what was asked and the facts that came, so that someone else
 * can judge it again offline. It holds no secrets, no key comments, no output of commands, and no
 * path of the recording person's home directory.
 *
 * It is one JSON object. That of several targets is written as they are done, and has a line for
 * each: the beginning is a line, every target is a line, and the end is a line. So a program that
 * is killed leaves all the lines that it wrote, of which no more than the last can be cut short;
 * the reader (ledger.h) takes the lines that are whole.
 */

/* The record of all targets of a report. It fails where memory ran out, or where a fact is none
 * that could be read back. */
void spf_record_write(struct spf_buf *buf, const struct spf_report *report);

/*
 * The same piece by piece. asked: how many targets there will be. first: no other line precedes it.
 * The report's targets are not looked at.
 */
void spf_record_begin(struct spf_buf *buf, const struct spf_report *report, size_t asked);
void spf_record_add(struct spf_buf *buf, const struct spf_report_target *target, bool first);
void spf_record_end(struct spf_buf *buf);
