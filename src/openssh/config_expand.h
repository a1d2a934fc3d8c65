#pragma once

#include <stdbool.h>

#include "openssh/config_tokens.h"

/*
 * Expands the tokens (ssh_config(5), TOKENS) in what ssh -G printed: ssh does it later than that. A
 * token of which we do not know what it stands for leaves a file out; a command or a host cannot do
 * without. is_used: a login follows the configuration, so that what is not supported here counts.
 * NULL, or what makes the configuration unusable. Looks at the files that it names.
 */
const char *spf_ssh_config_expand_all(struct spf_ssh_config_facts *facts,
                                      const struct spf_ssh_self *self, bool is_used);
