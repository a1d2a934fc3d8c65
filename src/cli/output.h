#ifndef SPF_CLI_OUTPUT_H
#define SPF_CLI_OUTPUT_H

#include <stddef.h>

#include "base/error.h"

/*
 * Replaces a file's content as a whole: a temporary file beside it, then rename(2), so that a
 * reader never sees half a report. "-" and what is not a regular file (a pipe, /dev/stderr) are
 * written as they are. A new file gets the given mode (0644 for reports, 0600 for records).
 */
SPF_MUST_USE
struct spf_error spf_output_write(const char *path, const char *text, size_t len, unsigned mode);

#endif
