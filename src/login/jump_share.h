#pragma once

#include "pipeline/inquiry.h"

/*
 * One connection to a jump host for all targets behind it: an ssh of ours logs in there with the
 * same words as one that carries a single connection, as the master of a control socket in a
 * directory of ours (ssh_config(5), ControlMaster). A target asks there for a channel, which is no
 * session (MaxSessions), by a few bytes and without a process of its own (mux.h).
 *
 * What the jump host answers to the login is its answer to all, unless it is of the kind that
 * passes: then everybody connects alone, as without this, and so does who comes after the shared
 * connection has ended.
 */
struct spf_jump_share;

/* Those of one run. */
struct spf_jump_shares {
    struct spf_jump_share *first;
    /* That one stands, or can't: whoever goes through these jump hosts need not wait for the others
     * any more. May be NULL. */
    void (*settled)(void *owner, const char *jump);
    void *owner;
};

enum spf_jump_share_state {
    SPF_JUMP_SHARE_BEGINS,
    SPF_JUMP_SHARE_STANDS,
    SPF_JUMP_SHARE_FAILED, /* for all: its log says why */
    SPF_JUMP_SHARE_GONE,   /* there is none any more: everybody connects alone */
};

/* Who waits for a share that begins; embedded. */
struct spf_jump_waiter {
    void (*settled)(struct spf_jump_waiter *waiter); /* it begins no more */
    struct spf_jump_waiter *next;
    bool waits;
};

/*
 * The share of the inquiry's target, begun if it is the first one of its way; it lives until
 * spf_jump_leave_all. NULL: it is not to be shared, for the user's own ssh holds a connection open
 * there, or this system cannot.
 */
struct spf_jump_share *spf_jump_share_of(struct spf_jump_shares *shares,
                                         const struct spf_inquiry *inquiry);
enum spf_jump_share_state spf_jump_share_state(const struct spf_jump_share *share);
void spf_jump_share_wait(struct spf_jump_share *share, struct spf_jump_waiter *waiter);
void spf_jump_share_forget(struct spf_jump_share *share, struct spf_jump_waiter *waiter);

/* The first to ask has the failure of a share that is gone for its own, as it would have had. */
bool spf_jump_share_takes_failure(struct spf_jump_share *share);
/* Why it failed. */
void spf_jump_share_read_failure(const struct spf_jump_share *share, struct spf_tcp_facts *facts);
/* What is the same for all that go through it: facts->jump and the like. */
void spf_jump_share_read_way(const struct spf_jump_share *share, struct spf_tcp_facts *facts);

/* A connection to the control socket, non-blocking, the caller's; -1 with EAGAIN: many ask at once,
 * try again; with another errno: it is gone. */
int spf_jump_share_connect(struct spf_jump_share *share);
/* The jump host has opened no channel to there. False: the log does not say why. */
bool spf_jump_share_read_refusal(struct spf_jump_share *share, const char *host, unsigned port,
                                 struct spf_tcp_facts *facts);
/* Asks it, and waits a moment for the answer; without one it is gone. */
bool spf_jump_share_is_alive(struct spf_jump_share *share);

/* What those through the same jump hosts share of their way is known: whoever comes need not wait
 * for others. */
bool spf_jump_is_settled(const struct spf_jump_shares *shares, const char *jump);
/* Ends all of them; nobody goes through them any more. */
void spf_jump_leave_all(struct spf_jump_shares *shares);
