#pragma once

#include "cli/options.h"
#include "ledger/merge.h"

/*
 * `sshpreflight merge FILE...`: the parts of a fleet as one report, which lives as long as merge.
 * What does not count is named on standard error. SPF_ERR_USAGE: a file that cannot be read, or
 * parts of different fleets; SPF_ERR_NOMEM.
 */
SPF_MUST_USE
struct spf_error spf_merge_files(const struct spf_options *options, int stop_fd,
                                 struct spf_merge *merge, const struct spf_report **report);
