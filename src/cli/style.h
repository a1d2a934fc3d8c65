#pragma once

#include "cli/options.h"
#include "report/report.h"

/* How text is written on standard output: what the options say, else the terminal and the
 * environment. */
struct spf_style spf_style_of(const struct spf_options *options);
