#pragma once

#include <json-c/json.h>

#include "cloud/aliyun/identity/credentials.h"

/*
 * One profile of the aliyun CLI, evaluated as the CLI does it (aliyun-cli v3.4.11,
 * config/profile.go): what the profile leaves empty is filled from the environment, an empty mode
 * is guessed from the members that are there, and a member that the mode does not use does not
 * count.
 */
struct spf_profile_reading {
    struct json_object *profiles;        /* the file's, for source profiles; borrowed */
    struct json_object *origins;         /* of spf_profile_open; NULL: nothing is filled */
    const char *path;                    /* of the file, as shown */
    int64_t now;                         /* seconds since 1970, for what expires */
    struct spf_credentials *credentials; /* receives key and steps */
    struct spf_failure *failure;         /* why, where a function returns false */
    char from[200];                      /* the variables that were used; "" none */
    const char *name, *mode;             /* of the profile at hand */
    unsigned depth;                      /* source profiles entered */
};

/* No mode is given and none can be guessed: nobody has configured it yet. */
bool spf_profile_is_empty(struct json_object *profile);

/* Evaluates an open profile: fills the reading's key and steps. False: *failure. */
SPF_MUST_USE
bool spf_profile_take(struct spf_profile_reading *reading, struct json_object *profile);

/*
 * What the program of mode External printed, an object: its members replace the profile's, and the
 * mode that comes of it is evaluated. The steps take the place after step `at`. False: *failure.
 */
SPF_MUST_USE
bool spf_profile_go_on(struct spf_credentials *credentials, size_t at, struct json_object *printed,
                       struct spf_failure *failure);
