#pragma once

#include "base/text.h"

/* Do people of this system type into a POSIX shell? */
bool spf_shell_is_posix(void);

/*
 * Quotes one word for the shell that people of this system type into. On POSIX systems: plain where
 * nothing needs quoting, '...' else; what must not be shown (control bytes, bytes that are not
 * UTF-8) through printf(1). A word with such bytes that ends with a line feed fails. On Windows a
 * form that cmd and PowerShell both take; where there is none, PowerShell's. Does not touch a
 * leading "-": paths go through spf_buf_add_path.
 */
void spf_buf_add_shell(struct spf_buf *buf, const char *word);
/* A path as a shell word, quoted as above: "./" before a leading "-"; "~/" at its beginning is a
 * home directory (a file of that name is "./~"), which the shell must find outside of quotes. */
void spf_buf_add_path(struct spf_buf *buf, const char *path);
