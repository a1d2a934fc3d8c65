#pragma once

#include "base/error.h"
#include "base/text.h"
#include "ledger/ledger.h"

/*
 * Reads a file, a pipe, or "-", standard input, to its end: of at most the buffer's size, within so
 * many seconds, and no longer than until stop_fd (-1: none) can be read. The error's text says why
 * it could not be, without the name.
 */
SPF_MUST_USE
struct spf_error spf_input_read(const char *path, int stop_fd, unsigned seconds,
                                struct spf_buf *text);

/* The same of a descriptor, which stays the caller's. */
SPF_MUST_USE
struct spf_error spf_input_read_from(int fd, int stop_fd, unsigned seconds, struct spf_buf *text);

/*
 * What an earlier run has left, in the same way; of a file on the disk no more than its index comes
 * into memory. Lines that do not count are named on standard error. SPF_ERR_USAGE names the file;
 * also one without any run, unless it may be empty.
 */
SPF_MUST_USE
struct spf_error spf_input_ledger(const char *path, int stop_fd, unsigned seconds,
                                  bool may_be_empty, struct spf_ledger **ledger);

/* Lines about what was read, with its name, on standard error. remarks is used up. */
void spf_input_remarks(struct spf_buf *remarks, const char *shown);
