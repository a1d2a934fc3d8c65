#pragma once

#include "base/text.h"

/* What --completion can print, in the order of its words in option_table.c. */
enum spf_completion {
    SPF_COMPLETION_BASH,
    SPF_COMPLETION_ZSH,
    SPF_COMPLETION_FISH,
    SPF_COMPLETION_PROFILES, /* for the scripts: names in the aliyun CLI's configuration, */
    SPF_COMPLETION_REGIONS,  /* and its regions, one a line */
};

/*
 * Appends a shell's script, made from the tables of options, checks and causes; or the names of the
 * configuration at config_path (NULL: the usual one), of which those that a shell would not take as
 * one plain word are left out. What cannot be read has none.
 */
void spf_completion(struct spf_buf *buf, enum spf_completion what, const char *config_path);
