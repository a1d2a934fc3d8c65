#pragma once

#include "driver/options.h"
#include "key/cache.h"
#include "login/shared.h"
#include "pipeline/inquiry.h"

/* What the targets under way share. */
struct spf_task;
struct spf_driver_shared {
    const struct spf_driver_options *options;
    struct spf_loop *loop;
    /* made when first wanted: no start-up for nothing */
    struct spf_cloud **clouds; /* by account */
    struct spf_openssh *openssh;
    struct spf_key_cache *keys;
    struct spf_ssh_answers *ssh_answers;
    struct spf_login_shared *login;
    struct spf_local_environment_facts local_environment; /* of this round, once looked */
    bool looked;
    bool several; /* targets: what they ask in common is worth keeping */
    SPF_LIST(struct spf_address_cache *) address_caches; /* by credentials (ahead.h) */
    /* those under way, deferred, or with news that nobody waits for any more; as they were made */
    struct spf_task *tasks, *last_task;
    /* those that have news, in the order in which it came */
    struct spf_task *first;
    struct spf_task *last;
};

/* One target on its way: its run, and what its probes hold for it. Of a long list only those have
 * one that are under way or wait for their turn. */
struct spf_task {
    struct spf_inquiry inquiry; /* first: arrived() finds the task by it */
    size_t index;
    struct spf_run *run; /* NULL: not under way */
    spf_groups owed;     /* somebody was asked for them who has not answered */
    struct spf_driver_shared *shared;
    struct spf_conversation *conversation;
    struct spf_second_look *second_look;
    struct spf_ssh_config *ssh_config;
    struct spf_watch deadline;
    bool late;   /* its time is up */
    bool queued; /* it is in the queue of those that have news */
    bool ahead;  /* at an address that the cloud has not confirmed (ahead.h) */
    struct {
        char region[40], address[SPF_IP_TEXT_SIZE], host_key[64];
    } recalled;                 /* of an earlier run */
    bool deferred;              /* it has not begun: others at its host or jump host go first */
    struct spf_task *next_news; /* behind it there, or among those whose turn has come */
    struct spf_task *before, *after; /* among all there are */
};
