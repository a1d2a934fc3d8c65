#pragma once

#include "diagnosis/answer.h"

/* What the evidence allows without proving, the likeliest first. */
void spf_suggest_candidates(const struct spf_run *run, int64_t now_utc,
                            struct spf_diagnosis *diagnosis);
