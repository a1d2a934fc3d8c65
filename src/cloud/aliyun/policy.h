#pragma once

#include "base/text.h"
#include "pipeline/target.h"

/*
 * The least-privilege RAM policy for a set of checks, as JSON with a line feed at its end: every
 * action that the probe may call for them and that needs a grant (GetCallerIdentity needs none).
 * console: the console is read in any case. False when memory ran out.
 */
SPF_MUST_USE bool spf_aliyun_policy(spf_checks checks, bool console, struct spf_buf *out);
