#pragma once

#include "cli/round.h"

/*
 * Regions and profiles, of which one run may have several: --region and --profile are repeatable
 * where instances are chosen, and a line of a list may have its own.
 */

/*
 * Adds the instances that the command line chooses by what they are, of each of its regions and
 * profiles. One that cannot be asked is left out, and said, unless none of them can. SPF_ERR_USAGE
 * where nothing is chosen.
 */
SPF_MUST_USE
struct spf_error spf_accounts_select(struct spf_round *round, const struct spf_options *options,
                                     int stop_fd);

/* All targets are known: what the driver is to know of the accounts. SPF_ERR_NOMEM. */
SPF_MUST_USE
struct spf_error spf_accounts_ready(struct spf_round *round, const struct spf_options *options);
