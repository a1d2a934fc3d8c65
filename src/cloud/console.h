#pragma once

#include <stddef.h>

#include "base/error.h"
#include "cloud/facts.h"

/*
 * Reads a serial console's text, of which only the last boot counts: host keys and authorised keys
 * as cloud-init prints them (cc_keys_to_console.py, cc_ssh_authkey_fingerprints.py), and known
 * signs of a boot in trouble. The text is hostile; lists are bounded, lines cut. SPF_ERR_NOMEM at
 * worst.
 */
SPF_MUST_USE
struct spf_error spf_console_read(const char *text, size_t len, struct spf_console_facts *facts);
