#pragma once

#include "base/text.h"
#include "pipeline/run.h"

/* "i-bp1… (web-1)", "root@203.0.113.9:22": what a line about a target begins with; clean text. */
void spf_target_title(struct spf_buf *buf, const struct spf_run *run);
/* The same of what was asked alone: without the instance's name. */
void spf_asked_title(struct spf_buf *buf, const struct spf_target *target);
