#ifndef SPF_CLI_ACCOUNTS_H
#define SPF_CLI_ACCOUNTS_H

#include "cli/round.h"

/*
 * Regions and profiles, of which one run may have several: --region and --profile are repeatable
 * where instances are chosen, and a line of a list may have its own.
 */

/* At most so many pairs of a region and a profile in one run. */
#define SPF_ACCOUNTS_MAX 256

/*
 * The place of the account of that region and profile (NULL: not given) among targets->accounts,
 * where it is added if it is new. SPF_ERR_NOMEM; SPF_ERR_TOO_BIG: there are too many.
 */
SPF_MUST_USE
struct spf_error spf_account_of(struct spf_targets *targets, const char *region,
                                const char *profile, unsigned *place);

/* Of a line of a list that has been read: its account, whose texts are then the line's. Errors as
 * above. */
SPF_MUST_USE
struct spf_error spf_account_of_line(struct spf_targets *targets, struct spf_options *line,
                                     unsigned *place);

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

/* For spf_targets_clear. */
void spf_accounts_clear(struct spf_targets *targets);

#endif
