#pragma once

#include "transcript/attempt.h"
#include "transcript/lines.h"

/* Reads all lines: *attempt is the last one that they show, *facts what they say beside it. */
void spf_read_lines(struct spf_lines *lines, const struct spf_matcher *matcher,
                    struct spf_attempt *attempt, struct spf_transcript_facts *facts);
