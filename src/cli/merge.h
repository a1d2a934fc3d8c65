#ifndef SPF_CLI_MERGE_H
#define SPF_CLI_MERGE_H

#include "cli/options.h"

/*
 * `sshpreflight merge FILE...`: the parts of a fleet as one report on standard output. Lines that
 * do not count are named on standard error. *status: the exit status, where no error is returned.
 * SPF_ERR_USAGE: a file that cannot be read, or parts of different fleets; SPF_ERR_NOMEM; errors as
 * of spf_output_write.
 */
SPF_MUST_USE
struct spf_error spf_merge_files(const struct spf_options *options, const struct spf_style *style,
                                 int stop_fd, int *status);

#endif
