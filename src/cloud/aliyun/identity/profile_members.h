#pragma once

#include <json-c/json.h>
#include <stdbool.h>

/* The members of a profile: what the CLI fills, and of which type they are. */

/* Is the member there, and not ""? One of another type is, too. */
bool spf_profile_has(struct json_object *profile, const char *name);

/* A member whose type is not the CLI's for it, and in *kind what it should be: static words. NULL:
 * none. */
const char *spf_profile_wrong_type(struct json_object *profile, const char **kind);

/* The profile of that name, borrowed; NULL: there is none. */
struct json_object *spf_profile_find(struct json_object *profiles, const char *name);

/*
 * A copy of the profile whose empty members have the environment's values, and in *origins the
 * variables' names by member. Both are the caller's; spf_json_wipe frees them. NULL: no memory.
 */
struct json_object *spf_profile_open(struct json_object *profile, struct json_object **origins);
