#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/*
 * Replaces a file's content as a whole: a temporary file beside it, then rename(2), so that a
 * reader never sees half a report. "-" and what is not a regular file (a pipe, /dev/stderr) are
 * written as they are. A file that is replaced keeps its mode and, where that is allowed, its
 * owner; a new one gets the given mode, less the umask. A file that this process has read
 * (platform/files.h) is not replaced: SPF_ERR_INVALID.
 */
SPF_MUST_USE
struct spf_error spf_output_write(const char *path, const char *text, size_t len, unsigned mode);

/*
 * The same of a file that grows. Up to settle nothing of it is to be seen under its name; from then
 * on it is what was written so far, whatever becomes of this process, and what grows is added to
 * its end. resumed: it is a record that this run goes on with, and may be replaced though it was
 * read. An error is the file's; close in any case, which removes what has not settled.
 */
struct spf_output_file {
    int fd;
    char *path, *temporary; /* NULL: it is no regular file; it has settled */
    char shown[120];
};
SPF_MUST_USE
struct spf_error spf_output_open(struct spf_output_file *file, const char *path, unsigned mode,
                                 bool resumed);
SPF_MUST_USE
struct spf_error spf_output_grow(struct spf_output_file *file, const char *text, size_t len);
SPF_MUST_USE struct spf_error spf_output_settle(struct spf_output_file *file);
/* What was written so far is on the disk: not even a power cut takes it. */
SPF_MUST_USE struct spf_error spf_output_sync(struct spf_output_file *file);
SPF_MUST_USE struct spf_error spf_output_close(struct spf_output_file *file);

/*
 * Writes to standard output while a run goes on. stop_fd (-1: none): once it can be read, a reader
 * who does not take anything is waited for no longer, SPF_ERR_INVALID.
 */
SPF_MUST_USE struct spf_error spf_output_stream(const char *text, size_t len, int stop_fd);

/* Adds to the end of a file that others may add to as well; a new one obeys the umask. */
SPF_MUST_USE
struct spf_error spf_output_append(const char *path, const char *text, size_t len);
