#pragma once

#include "base/text.h"

/*
 * "Did you mean": appends "; did you mean --json?" with the names that are most like what was
 * typed, each after prefix, or nothing and false where none is: names within a slip or two, and
 * names that have the typed word as one of their own (between hyphens and dots). Entries of NULL
 * are left out.
 */
bool spf_suggest(struct spf_buf *buf, const char *typed, const char *prefix,
                 const char *const *names, size_t count);
