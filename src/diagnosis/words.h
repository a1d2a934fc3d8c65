#pragma once

#include "base/text.h"
#include "diagnosis/answer.h"

/*
 * What a check has to say, for every status: its own words, else the catalogue's, else plain ones.
 * A fragment, in lower case unless it begins with a name, without a full stop.
 */
void spf_words(struct spf_buf *buf, const struct spf_run *run, enum spf_check_id check);

/* The summary: the answer in one sentence. */
void spf_summarise(const struct spf_run *run, struct spf_diagnosis *diagnosis);
