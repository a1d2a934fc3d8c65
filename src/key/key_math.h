#ifndef SPF_KEY_KEY_MATH_H
#define SPF_KEY_KEY_MATH_H

#include <stdbool.h>

#include "key/wire.h"

/*
 * The arithmetic of keys, by libcrypto. All numbers are big-endian octets; bounded by
 * SPF_KEY_NUMBER_MAX, so that no file can make it take long.
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
bool spf_dsa_fits(struct spf_bytes p, struct spf_bytes g, struct spf_bytes y, struct spf_bytes x);
bool spf_ed25519_fits(struct spf_bytes public_key, struct spf_bytes seed);

int spf_bits(struct spf_bytes number);

#endif
