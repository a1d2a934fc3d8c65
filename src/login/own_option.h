#pragma once

#include "pipeline/check.h"

/*
 * Where the user's own configuration or command line leaves out what the server needs, and ssh by
 * itself has it, that option is the cause, and nothing about the server. Notes it: own_typed, the
 * words of -o; or own_keyword, of the configuration.
 */
void spf_own_option_note(const struct spf_view *view, const char *keyword,
                         struct spf_result *result);

/* For a person: "-o Ciphers=aes128-cbc", or "Ciphers of the ssh configuration". */
const char *spf_own_option_name(const struct spf_view *view, const char *keyword, char *out,
                                size_t size);
