#pragma once

#include "cli/round.h"

/*
 * Makes the targets: those that the options and their lists name, or those of the record that
 * --replay names. Takes over the secrets'
 * ownership (round->key_text, round->passphrase may be set by the caller before). stop_fd (-1:
 * none) ends the wait for a record that comes through a pipe. SPF_ERR_USAGE for a record or a
 * list that cannot be read, and where no target is left. To be cleared in any case.
 */
SPF_MUST_USE
struct spf_error spf_round_prepare(struct spf_round *round, const struct spf_options *options,
                                   int stop_fd);
