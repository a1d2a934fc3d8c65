#pragma once

#include <stdbool.h>
#include <stddef.h>

/*
 * What PuTTY keeps of a host key in the registry under this name ("ssh-ed25519@22:host"): numbers,
 * see openssh/putty_host_keys.h. False: nothing, as always where there is no registry. From any
 * thread.
 */
bool spf_putty_stored(const char *name, char *out, size_t size);
