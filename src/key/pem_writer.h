#pragma once

#include "base/wire.h"

/*
 * A PEM text of bytes, or of base64 that is there: lines of 70 characters for OpenSSH's container,
 * as ssh-keygen writes it, else of 64 (RFC 7468 section 2). headers are whole lines (RFC 1421), or
 * "". NULL: no memory.
 */
struct spf_secret *spf_pem_text(const char *label, struct spf_bytes bytes);
struct spf_secret *spf_pem_of_base64(const char *label, const char *headers,
                                     struct spf_bytes base64);
/* Base64 in one line, as a secret; NULL: no memory. */
struct spf_secret *spf_base64_of(struct spf_bytes bytes);
