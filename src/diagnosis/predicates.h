#pragma once

#include "pipeline/run.h"

/* What the results of several checks say together: the ground on which this room stands. */

/* Seconds from the start of an instance until cloud-init has installed the key, at the longest. */
#define SPF_BOOT_TAKES_S 300

static inline struct spf_view spf_view_of(const struct spf_run *run)
{
    return (struct spf_view){run->target, &run->facts, run->results};
}

static inline bool spf_has(const struct spf_run *run, enum spf_check_id check,
                           enum spf_finding finding)
{
    return run->results[check].finding == finding;
}

static inline bool spf_failed(const struct spf_run *run, enum spf_check_id check)
{
    return run->results[check].status == SPF_FAIL;
}

/* It was judged, and nothing is in the way: pass or warn. */
static inline bool spf_fine(const struct spf_run *run, enum spf_check_id check)
{
    return run->results[check].status == SPF_PASS || run->results[check].status == SPF_WARN;
}

/* The bound pair and the local key were compared, and are the same. */
bool spf_pair_is_proved(const struct spf_run *run);
/* The server said that this key would do, whatever came of the login (RFC 4252 section 7). */
bool spf_key_is_accepted(const struct spf_run *run);

/* The console shows that this boot authorised the local key for the user (NULL: for anybody). */
bool spf_boot_authorized(const struct spf_run *run, const char *user);
/* The console lists what this boot authorised for the user, and the local key is not in it. */
bool spf_boot_left_key_out(const struct spf_run *run);

/*
 * The last selected of ssh.auth and ssh.session: what the run was to find out. False if it was
 * neither.
 */
bool spf_goal(const struct spf_run *run, enum spf_check_id *goal);
