#pragma once

#include <stdbool.h>
#include <stddef.h>

/*
 * What PuTTY keeps of a host key under this name ("ssh-ed25519@22:host"), in the registry or in a
 * file: numbers, see openssh/putty_host_keys.h. False: nothing. From any thread.
 */
bool spf_putty_stored(const char *name, char *out, size_t size);

/* Where that is, for a person. */
void spf_putty_place(char out[256]);

/* Is PuTTY what many log in with on this platform? */
bool spf_putty_is_usual(void);
