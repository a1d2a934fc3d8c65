#pragma once

#include "pipeline/check.h"

/* What the kernel's figures of a connection (net/flow.h) mean, for checks. Pure. */

/* As evidence `tcp`; nothing where there are none. */
void spf_flow_note(struct spf_result *result, const struct spf_flow *flow);

/* "; full-size packets to us were not tried", where none came (a session's echo fills some), or "".
 */
const char *spf_flow_untried(const struct spf_flow *flow);

/*
 * Of a connection that stands still: is our data lost, is the server slow, or has something on the
 * way forgotten the connection? A clause that begins with "; ", or "". new_one_works: a connection
 * that was made afterwards carries data.
 */
void spf_flow_explain(const struct spf_flow *flow, bool new_one_works, char *out, size_t size);
