/*
 * The world that the emulated cloud shows, from one JSON file:
 *
 *   access_keys  list of {AccessKeyId, AccessKeySecret, SecurityToken (temporary keys only),
 *                state ("active", "inactive", "expired": the token), identity (the reply of
 *                GetCallerIdentity), regions (its account's own; else those of the world)}
 *   regions      object: region id -> {LocalName, RegionEndpoint, and sections}
 *   sections     objects: id -> item with the field names and nesting of the real replies:
 *                Instances, SecurityGroups (with Permissions), KeyPairs, VSwitches, NetworkAcls,
 *                Vpcs, EipAddresses, RouteEntries, ForwardEntries,
 *                and those of ecs_more.h
 *   roles        object: arn -> {trusts (an AccessKeyId), oidc_token, Credentials}: AssumeRole
 *   faults       list, see faults.h
 *   page_limit   at most so many items in one page of a NextToken list, whatever is asked
 *   pages_in_a_circle   the token of the last page leads back to the second
 *   clock_offset_s  the server's clock is ahead of ours by so many seconds
 *
 * Read once, not changed afterwards. json-c counts references without a lock, so all uses of a
 * world and of replies made from it are under the one lock of serve.c.
 */
#ifndef LAB_WORLD_H
#define LAB_WORLD_H

#include <json-c/json.h>
#include <stdbool.h>

struct lab_world {
    struct json_object *root; /* owned */
    unsigned page_limit;      /* 0: none */
    bool pages_in_a_circle;
    long clock_offset_s;
};

/* Reads the file, or says on standard error what is wrong and ends the program. */
void lab_world_load(struct lab_world *world, const char *file);

/* The members below are borrowed; NULL if absent. */
struct json_object *lab_world_access_key(const struct lab_world *world, const char *id);
/* Of the account that access_key (NULL: anybody's) is of. */
struct json_object *lab_world_region(const struct lab_world *world, struct json_object *access_key,
                                     const char *id);

/* A member of an object, or NULL; object may be NULL. */
struct json_object *lab_member(struct json_object *object, const char *name);

/* A member as text, "" if absent. */
const char *lab_text(struct json_object *object, const char *name);

#endif
