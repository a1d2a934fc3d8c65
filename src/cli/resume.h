#pragma once

#include "cli/round.h"

/*
 * --resume: what is decided in the file that it names is taken over by the round's targets, the
 * rest is asked. SPF_ERR_USAGE: the file cannot be read, or is of other targets, checks or another
 * key than this run; both are named.
 */
SPF_MUST_USE
struct spf_error spf_resume(struct spf_round *round, const struct spf_options *options,
                            int stop_fd);

/* --replay's record, whose targets are the round's. Errors as of spf_resume. */
SPF_MUST_USE
struct spf_error spf_read_record(struct spf_round *round, const struct spf_options *options,
                                 int stop_fd);
/* What --baseline names. Errors as of spf_resume. */
SPF_MUST_USE
struct spf_error spf_read_baseline(struct spf_round *round, const struct spf_options *options,
                                   int stop_fd);
