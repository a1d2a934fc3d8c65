#pragma once

#include <stdbool.h>
#include <stddef.h>

/*
 * Does the name match the pattern, with "*" and "?" (match.c, match_pattern)? folded: a capital
 * letter of the pattern matches the small one. Linear in both.
 */
bool spf_pattern_matches(const char *pattern, size_t len, const char *name, bool folded);
