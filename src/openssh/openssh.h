#pragma once

#include "pipeline/inquiry.h"

/*
 * Serves SPF_GROUP_OPENSSH and SPF_GROUP_OPENSSH_ALGORITHMS of all targets: this
 * machine's ssh is asked once for each, in a worker, when the first target wants to know. A machine
 * without ssh has facts too, empty ones.
 */
struct spf_openssh;

struct spf_openssh *spf_openssh_new(struct spf_loop *loop); /* NULL: no memory */
void spf_openssh_serve(struct spf_openssh *openssh, struct spf_inquiry *inquiry,
                       enum spf_group group);
/* Nothing is called for the inquiry any more. */
void spf_openssh_cancel(struct spf_openssh *openssh, struct spf_inquiry *inquiry);
/* Calls nothing any more; a worker that still runs is abandoned. Takes NULL. */
void spf_openssh_free(struct spf_openssh *openssh);
