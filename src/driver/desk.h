#ifndef SPF_DRIVER_DESK_H
#define SPF_DRIVER_DESK_H

#include "driver/options.h"
#include "key/cache.h"
#include "login/shared.h"
#include "pipeline/inquiry.h"

/* What the targets under way share. */
struct spf_course;
struct spf_desk {
    const struct spf_driver_options *options;
    struct spf_loop *loop;
    /* made when first wanted: no start-up for nothing */
    struct spf_cloud **clouds; /* by account */
    struct spf_openssh *openssh;
    struct spf_key_cache *keys;
    struct spf_ssh_answers *ssh_answers;
    struct spf_login_shared *login;
    struct spf_surroundings_facts surroundings; /* of this round, once looked */
    bool looked;
    bool several;                          /* targets: what they ask in common is worth keeping */
    SPF_LIST(struct spf_recall *) recalls; /* by credentials (ahead.h) */
    /* those that have news, in the order in which it came */
    struct spf_course *first;
    struct spf_course *last;
};

/* One target on its way: its run, and what its probes hold for it. */
struct spf_course {
    struct spf_inquiry inquiry; /* first: arrived() finds the course by it */
    size_t index;
    struct spf_run *run; /* NULL: not under way */
    struct spf_desk *desk;
    struct spf_key_probe *key;
    struct spf_conversation *conversation;
    struct spf_second_look *second_look;
    struct spf_ssh_config *ssh_config;
    struct spf_watch deadline;
    bool late;   /* its time is up */
    bool queued; /* it stands in the desk's queue */
    bool ahead;  /* at an address that the cloud has not confirmed (ahead.h) */
    struct {
        char region[40], address[SPF_IP_TEXT_SIZE], host_key[64];
    } recalled;                   /* of an earlier run */
    bool deferred;                /* it has not begun: others at its host or jump host go first */
    struct spf_course *next_news; /* behind it there, or among those whose turn has come */
};

#endif
