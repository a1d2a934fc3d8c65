#pragma once

#include "key/facts.h"
#include "openssh/version.h"

/*
 * Would this machine's ssh load the key file (mode apart)? ssh NULL, or of unknown version: would
 * every OpenSSH from 9.6 on? Pure.
 */
bool spf_openssh_loads(const struct spf_openssh_facts *ssh, const struct spf_key_facts *key);

/* Which ssh loads such a file: "OpenSSH 9.6 and later"; NULL where all do alike. */
const char *spf_openssh_that_loads(enum spf_key_needs needs);

/* "OpenSSH 9.2 here", or "OpenSSH" where its version is not known. */
void spf_openssh_here(const struct spf_openssh_facts *ssh, char *out, size_t size);
