#pragma once

#include <stdbool.h>

#include "base/text.h"

/*
 * Small files of this program in the user's cache: $XDG_CACHE_HOME/sshpreflight, or in ~/.cache
 * (XDG Base Directory Specification); on Windows in %LOCALAPPDATA%. Whatever is there may be gone
 * the next time, and nothing depends on it: no function here says why it failed, none waits for
 * another process. Not for several threads at once.
 */
#define SPF_CACHE_FILE_MAX (256u * 1024) /* bytes */

/*
 * Appends what the file holds. False: there is none, it is larger, or it is not to be trusted: a
 * link, no regular file, not this user's own, or open to others, as may be its directory.
 */
SPF_MUST_USE bool spf_cache_read(const char *name, struct spf_buf *text);

/*
 * Puts what edit makes of the file (empty where spf_cache_read would not take it) in its place, in
 * one step, for this user alone; edit may refuse. Files that nobody wrote for 90 days go. False:
 * nothing has changed, as where the directory cannot be written or another process is at it.
 */
SPF_MUST_USE bool spf_cache_edit(const char *name,
                                 bool (*edit)(void *context, const struct spf_buf *before,
                                              struct spf_buf *after),
                                 void *context);
