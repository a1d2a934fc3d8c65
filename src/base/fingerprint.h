#pragma once

#include "base/wire.h"

/*
 * The fingerprint of a public key blob (RFC 4253 section 6.6) as ssh-keygen -l writes it: "SHA256:"
 * and base64 without padding, or "MD5:" and octets with colons. "" for an empty blob, where out is
 * too small, or where libcrypto refuses the digest.
 */
void spf_fingerprint_sha256(struct spf_bytes blob, char *out, size_t size);
/* The same of a SHA-256 digest that is there already. */
void spf_fingerprint_of_digest(struct spf_bytes digest, char *out, size_t size);
void spf_fingerprint_md5(struct spf_bytes blob, char *out, size_t size);
