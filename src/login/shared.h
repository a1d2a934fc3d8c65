#pragma once

#include "base/pace.h"
#include "login/jump_share.h"

struct spf_known_hosts_cache;

/*
 * What the logins of one run have in common, so that each of thousands does not make its own. In
 * the loop's thread, but for what is said to be read elsewhere.
 */
struct spf_login_shared {
    struct spf_known_hosts_cache *known_hosts; /* counted: jobs hold it, too */
    struct spf_pace *pace;                     /* of connections to an address */
    int placeholder[2];                        /* -1: not made yet */
    struct spf_jump_shares jumps;              /* connections to jump hosts */
};

/* NULL: no memory. */
struct spf_login_shared *spf_login_shared_new(void);
/* Links that are under way may outlive it. Takes NULL. */
void spf_login_shared_free(struct spf_login_shared *shared);

/*
 * A descriptor of its own for a library that is to speak before there is a connection; what it says
 * comes out at *far_end, which stays shared. -1: none can be shared here.
 */
int spf_login_shared_placeholder(struct spf_login_shared *shared, int *far_end);
