#pragma once

#include <openssl/evp.h>
#include <stdbool.h>

#include "base/wire.h"

/*
 * The arithmetic of keys, by libcrypto. All numbers are big-endian octets; bounded by
 * SPF_KEY_NUMBER_MAX, so that no file can make it take long. EVP_PKEY_check is not used: it tests
 * p and q for primality as well, and so refuses keys that ssh takes.
 */
#define SPF_KEY_NUMBER_MAX 2049 /* 16384 bits and a sign octet; sshbuf.h: SSHBUF_MAX_BIGNUM */

struct spf_curve {
    const char *algorithm; /* "ecdsa-sha2-nistp256" */
    const char *name;      /* in SSH: "nistp256" */
    const char *group;     /* in libcrypto: "prime256v1" */
    int bits;
};

/* By any of its names; NULL for curves that SSH does not use. */
const struct spf_curve *spf_curve(struct spf_bytes any_name);

/* Would OpenSSH take the point (sshkey.c: sshkey_ec_validate_public)? */
bool spf_ec_public_valid(const struct spf_curve *curve, struct spf_bytes point);
/* And the number (sshkey_ec_validate_private)? */
bool spf_ec_private_valid(const struct spf_curve *curve, struct spf_bytes number);
bool spf_ec_fits(const struct spf_curve *curve, struct spf_bytes point, struct spf_bytes number);

/* p q = n, and d undoes e modulo p - 1 and q - 1. */
bool spf_rsa_fits(struct spf_bytes n, struct spf_bytes e, struct spf_bytes d, struct spf_bytes p,
                  struct spf_bytes q);
/* iqmp q = 1 modulo p. */
bool spf_rsa_inverse_fits(struct spf_bytes iqmp, struct spf_bytes p, struct spf_bytes q);
/* dp and dq are d modulo p - 1 and q - 1. */
bool spf_rsa_exponents_fit(struct spf_bytes d, struct spf_bytes p, struct spf_bytes q,
                           struct spf_bytes dp, struct spf_bytes dq);
/*
 * d = 1/e modulo lcm(p - 1, q - 1) and iqmp = 1/q modulo p, as mpints' octets; false where p q is
 * not n, or there are none. The arrays have SPF_KEY_NUMBER_MAX octets, the caller wipes them.
 */
bool spf_rsa_derive(struct spf_bytes n, struct spf_bytes e, struct spf_bytes p, struct spf_bytes q,
                    uint8_t *d, size_t *d_len, uint8_t *iqmp, size_t *iqmp_len);
/* Does a signature that libcrypto makes with the key verify with its public part? */
bool spf_pkey_signs(EVP_PKEY *pkey);
/* The same of an RSA key as OpenSSH makes one of its container's numbers (sshkey.c,
 * ssh_rsa_complete_crt_parameters). */
bool spf_rsa_signs(struct spf_bytes n, struct spf_bytes e, struct spf_bytes d,
                   struct spf_bytes iqmp, struct spf_bytes p, struct spf_bytes q);
bool spf_dsa_fits(struct spf_bytes p, struct spf_bytes g, struct spf_bytes y, struct spf_bytes x);
bool spf_ed25519_fits(struct spf_bytes public_key, struct spf_bytes seed);

int spf_bits(struct spf_bytes number);
