#pragma once

#include "base/error.h"
#include "base/secret.h"
#include "key/fix.h"

/*
 * spf_key_fix in a thread, for at most so many seconds, or until stop_fd (-1: none) is readable:
 * deriving the key of a slow container takes its time, and a file system may not answer at all.
 * SPF_ERR_TOO_BIG: it did not come to its end; the thread still runs, no unproved copy is left, and
 * the caller's process has to end.
 */
SPF_MUST_USE
struct spf_error spf_fix_in_time(const char *path, const struct spf_secret *passphrase,
                                 unsigned seconds, int stop_fd, struct spf_key_fixed *fixed);
