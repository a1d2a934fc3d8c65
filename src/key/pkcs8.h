#pragma once

#include "key/material.h"

/*
 * What libcrypto's own reader does not report of PKCS#8 (RFC 5208; RFC 5958 for version 2): keys of
 * algorithms that SSH does not use, whichever of them this libcrypto knows; a public key appended,
 * which OpenSSL tolerates since 3.5; ciphers that OpenSSL 3 keeps in its legacy provider.
 */

/*
 * Looks at an unencrypted one in DER: SPF_READING_UNSUPPORTED with its detail for an algorithm that
 * SSH has no use for, else SPF_READING_DONE with contents->pkcs8_v2 set.
 */
enum spf_reading spf_pkcs8_survey(struct spf_bytes der, struct spf_key_contents *contents);

/* Is the cipher of an encrypted one in the legacy provider? Then its name is noted. */
bool spf_pkcs8_is_legacy(struct spf_bytes der, struct spf_key_contents *contents);
/* The same of a PEM file's "DEK-Info: " (RFC 1421); headers is what PEM_read_bio(3) gives. */
bool spf_pem_is_legacy(const char *headers, struct spf_key_contents *contents);

/*
 * Reads what libcrypto's reader refused, after the passphrase where it is encrypted: keys of
 * version 2 without what is appended, and those that only the survey knows.
 */
enum spf_reading spf_pkcs8_read(struct spf_bytes der, struct spf_bytes passphrase,
                                struct spf_key_contents *contents);
