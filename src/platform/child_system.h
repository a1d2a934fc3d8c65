#pragma once

#include <stdbool.h>
#include <stddef.h>

/* For the files of this room: what of a child's environment differs from system to system. */

/* What ssh needs to find programs, keys, the agent and its home; ends with NULL. */
extern const char *const spf_child_needed[];

/* Names of variables, of which len bytes count: on Windows case does not. */
bool spf_child_names_equal(const char *a, const char *b, size_t len);
