#pragma once

#include "base/loop.h"
#include "pipeline/facts.h"
#include "pipeline/target.h"

/*
 * What a probe sees of a target: what was asked, where facts go, and how to say that they have
 * come. It sees no results and has no opinion.
 *
 * A probe is asked for a group through its serve function, writes the facts into facts->…, and
 * calls arrived exactly once per ask, at once or later, always in the loop's thread. After
 * spf_…_cancel of the probe it calls nothing any more.
 */
struct spf_inquiry {
    const struct spf_target *target;
    struct spf_facts *facts;
    struct spf_loop *loop;
    /* failure NULL: the facts are there. The failure is copied. */
    void (*arrived)(struct spf_inquiry *inquiry, enum spf_group group,
                    const struct spf_failure *failure);
    /* Of an earlier run, to begin with: where the instance was found, and the address to connect to
     * as long as the instance group is not there. NULL: nothing is remembered. */
    const char *expected_region;
    const char *expected_address;
    struct spf_login_shared *login; /* what the logins of the run share; NULL: nothing */
    /* The connection that carried the login, with those of others, has ended: what was learnt of
     * the host is to be asked again. */
    bool lost;
};
