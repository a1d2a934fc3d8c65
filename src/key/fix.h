#pragma once

#include <stdatomic.h>
#include <stdbool.h>

#include "base/error.h"
#include "base/secret.h"

enum spf_fix {
    SPF_FIX_NOT_NEEDED,
    SPF_FIX_MODE,       /* the mode was set to 0400 */
    SPF_FIX_COPY,       /* a repaired copy was written; the file itself was not touched */
    SPF_FIX_IMPOSSIBLE, /* something is wrong that can't be put right without loss or guessing */
};

struct spf_key_fixed {
    enum spf_fix fix;
    char path[4096]; /* the file to use from now on: the copy's, or the one given */
    /* Path is a copy that is not proved yet. Another thread that does not want to wait for the end
     * any more may look, and remove it. */
    _Atomic bool unproved;
    char text[600]; /* what was done, or why nothing was, in one sentence; clean */
};

/*
 * Repairs a key file as far as that loses nothing: rights of others are taken from it (mode 0400);
 * of one with damaged text (key/text.h) or of an unencrypted key in a form that ssh can't read, a
 * good copy is written beside it, as a new file of mode 0400 that never replaces another, and
 * proved: it is read again and must be loadable and the same key, or it is removed. The mode of
 * the damaged one is closed as well. Only the very file that was read is changed.
 *
 * An error is about this machine (no room, no right to write); nothing is left behind then. Blocks.
 */
SPF_MUST_USE
struct spf_error spf_key_fix(const char *path, const struct spf_secret *passphrase,
                             struct spf_key_fixed *fixed);
