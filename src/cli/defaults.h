#pragma once

#include "cli/option_table.h"

/*
 * The user's defaults: $XDG_CONFIG_HOME/sshpreflight/config, or ~/.config/sshpreflight/config,
 * lines of "option = value" for the rows of the option table that say so. Options of the command
 * line and the environment's variables of the same meaning win. No file is no error; one that
 * others could have written, or that has a line that cannot be meant, is SPF_ERR_USAGE. Reads one
 * file; the texts belong to options, into which set_value puts them.
 */
typedef struct spf_error spf_option_setter(struct spf_options *options,
                                           const struct spf_option_row *row, const char *where,
                                           const char *value);
SPF_MUST_USE
struct spf_error spf_defaults_read(struct spf_options *options, spf_option_setter *set_value);

/* A directory of keys by default does not count where a key is given, or no instance. */
void spf_defaults_drop_idle(struct spf_options *options);

/* --print-config: what holds and where it comes from, in the form of the file. */
void spf_defaults_print(const struct spf_options *options, struct spf_buf *buf);
