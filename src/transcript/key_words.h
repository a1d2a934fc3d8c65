#pragma once

#include <stdbool.h>

/*
 * A key as OpenSSH writes it (sshconnect2.c, format_identity): "/home/me/.ssh/id_ed25519 ED25519
 * SHA256:… explicit", of older clients in another order or the file alone.
 */
struct spf_key_words {
    char file[1024]; /* "" where it is not a file's key, or may be an agent's */
    bool known;      /* its public key is: the fingerprint is shown */
    bool from_agent; /* and not of a file that was asked for as well */
};

/* The text may have more than the key on further lines. */
struct spf_key_words spf_key_words(const char *text);
