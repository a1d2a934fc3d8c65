#pragma once

#include <stdio.h>

/* The text of --help: a list of the options from the one table that parsing reads. */
void spf_options_help(FILE *out);
