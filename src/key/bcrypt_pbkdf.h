#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/wire.h"

/*
 * The key derivation of OpenSSH's private key container: PBKDF2's shape with bcrypt inside and the
 * output interleaved (OpenSSH PROTOCOL.key; openbsd-compat/bcrypt_pbkdf.c). About 4 ms for each
 * round and 32 octets of key. Blocks; safe in any thread; leaves nothing of the passphrase behind.
 */
#define SPF_BCRYPT_ROUNDS_MAX 1024

/* None of these is empty, and rounds not 0; key_len is what a cipher takes. SPF_ERR_TOO_BIG: more
 * rounds, or a longer salt, than we are willing to; SPF_ERR_NOMEM. */
SPF_MUST_USE
struct spf_error spf_bcrypt_pbkdf(struct spf_bytes passphrase, struct spf_bytes salt,
                                  uint32_t rounds, uint8_t *key, size_t key_len);
