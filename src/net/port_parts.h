#pragma once

#include "pipeline/check.h"

/* Parts of net.port's check that are about this machine: its own packets, names and addresses. */

/* Is it this machine itself that lets no connection come about? Then *opinion says how. */
SPF_MUST_USE bool spf_port_judge_here(const struct spf_view *view, struct spf_result *result,
                                      struct spf_opinion *opinion);

/* The evidence of how the name was looked up, and of the connection's own end. */
void spf_port_note_here(const struct spf_tcp_facts *tcp, struct spf_result *result);

/* A name that was looked up here and gave no address. */
struct spf_opinion spf_port_judge_name(const struct spf_tcp_facts *tcp, struct spf_result *result);

/* An address that no server has (0.0.0.0, 198.18.0.0/15); failed: and no connection was made. */
SPF_MUST_USE bool spf_port_judge_placeholder(const struct spf_view *view, struct spf_result *result,
                                             bool failed, struct spf_opinion *opinion);

/* A connection that only a later address of the name gave: ssh waits for the others each time. */
SPF_MUST_USE bool spf_port_judge_detour(const struct spf_view *view, struct spf_result *result,
                                        struct spf_opinion *opinion);
