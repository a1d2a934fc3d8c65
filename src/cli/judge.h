#pragma once

#include "cli/options.h"

/* Options that cannot be meant, before anything is asked, read or written: SPF_ERR_USAGE, or
 * SPF_OK. */
SPF_MUST_USE struct spf_error spf_options_judge(const struct spf_options *options);

/*
 * What is done otherwise than the words say, for standard error: a check that --skip names and
 * another one needs, an address that ends like a port. One line each; "" for nothing.
 */
void spf_options_remark(const struct spf_options *options, struct spf_buf *lines);
