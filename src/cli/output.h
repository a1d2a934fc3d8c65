#ifndef SPF_CLI_OUTPUT_H
#define SPF_CLI_OUTPUT_H

#include <stddef.h>

#include "cli/options.h"

/*
 * SPF_ERR_USAGE: --output or --record names a file that is read or may be, by whatever name or
 * link, or one file twice. Before anything is asked.
 */
SPF_MUST_USE struct spf_error spf_guard_outputs(const struct spf_options *options);

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
 * Writes to standard output while a run goes on. stop_fd (-1: none): once it can be read, a reader
 * who does not take anything is waited for no longer, SPF_ERR_INVALID.
 */
SPF_MUST_USE struct spf_error spf_output_stream(const char *text, size_t len, int stop_fd);

/* Adds to the end of a file that others may add to as well; a new one obeys the umask. */
SPF_MUST_USE
struct spf_error spf_output_append(const char *path, const char *text, size_t len);

#endif
