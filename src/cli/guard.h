#pragma once

#include "cli/options.h"

/*
 * SPF_ERR_USAGE: --output or --record names a file that is read or may be, by whatever name or
 * link, or one file twice. Before anything is asked.
 */
SPF_MUST_USE struct spf_error spf_guard_outputs(const struct spf_options *options);
