#pragma once

#include "cli/option_table.h"

/*
 * Reads argv. SPF_ERR_USAGE says what is wrong, in one sentence for a person; *options is written
 * in any case and cleared with spf_options_clear.
 */
SPF_MUST_USE
struct spf_error spf_options_parse(int argc, char **argv, struct spf_options *options);

/* The same piecewise: into options that have their defaults, words after the program's name, or one
 * option by its long name (value NULL: none); then what cannot be. */
SPF_MUST_USE
struct spf_error spf_options_read(struct spf_options *options, int argc, char **argv);
SPF_MUST_USE
struct spf_error spf_options_set(struct spf_options *options, const char *name, const char *value);
SPF_MUST_USE struct spf_error spf_options_finish(struct spf_options *options);

/* One row with its value (NULL: none), as the command line or the library gives it. */
SPF_MUST_USE
struct spf_error spf_option_take(struct spf_options *options, const struct spf_option_row *row,
                                 const char *value);
