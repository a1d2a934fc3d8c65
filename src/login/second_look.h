#pragma once

#include "pipeline/inquiry.h"

/*
 * One more connection, as far as the host key, while the first is still open: a load balancer leads
 * it to another server, if there is one. It is a conversation of its own, with facts of its own,
 * and serves HOST_KEY_AGAIN, once: of a target that is reached directly, after its handshake.
 */
struct spf_second_look;

/* The inquiry outlives it. NULL: no memory. */
struct spf_second_look *spf_second_look_new(struct spf_inquiry *inquiry);
/* inquiry->arrived may be called before this returns. */
void spf_second_look_begin(struct spf_second_look *look);
/* Closes the connection; arrived is called no more. Takes NULL. */
void spf_second_look_free(struct spf_second_look *look);
