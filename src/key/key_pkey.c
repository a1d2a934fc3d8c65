#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <string.h>

#include "key/key_math.h"
#include "key/key_readers.h"

/* Puts the numbers of a libcrypto key into the order of OpenSSH's private section. */
static bool pen_number(struct spf_pen *pen, const EVP_PKEY *pkey, const char *name)
{
    uint8_t octets[SPF_KEY_NUMBER_MAX];
    BIGNUM *number = NULL;
    int len = 0;

    if (EVP_PKEY_get_bn_param(pkey, name, &number) == 1 &&
        BN_num_bytes(number) < SPF_KEY_NUMBER_MAX) {
        len = BN_bn2bin(number, octets);
        spf_pen_mpint(pen, (struct spf_bytes){octets, (size_t)len});
    }
    BN_clear_free(number);
    explicit_bzero(octets, sizeof octets);
    return len > 0;
}

static bool pen_rsa(struct spf_pen *pen, const EVP_PKEY *pkey)
{
    spf_pen_cstring(pen, "ssh-rsa");
    return pen_number(pen, pkey, OSSL_PKEY_PARAM_RSA_N) &&
           pen_number(pen, pkey, OSSL_PKEY_PARAM_RSA_E) &&
           pen_number(pen, pkey, OSSL_PKEY_PARAM_RSA_D) &&
           pen_number(pen, pkey, OSSL_PKEY_PARAM_RSA_COEFFICIENT1) &&
           pen_number(pen, pkey, OSSL_PKEY_PARAM_RSA_FACTOR1) &&
           pen_number(pen, pkey, OSSL_PKEY_PARAM_RSA_FACTOR2);
}

static bool pen_dsa(struct spf_pen *pen, const EVP_PKEY *pkey)
{
    spf_pen_cstring(pen, "ssh-dss");
    return pen_number(pen, pkey, OSSL_PKEY_PARAM_FFC_P) &&
           pen_number(pen, pkey, OSSL_PKEY_PARAM_FFC_Q) &&
           pen_number(pen, pkey, OSSL_PKEY_PARAM_FFC_G) &&
           pen_number(pen, pkey, OSSL_PKEY_PARAM_PUB_KEY) &&
           pen_number(pen, pkey, OSSL_PKEY_PARAM_PRIV_KEY);
}

/* The point is written uncompressed, whatever form the file had: SSH knows no other. */
static bool pen_ec(struct spf_pen *pen, const EVP_PKEY *pkey, const struct spf_curve *curve)
{
    uint8_t point[1 + 2 * 66] = {4};
    const int width = (curve->bits + 7) / 8;
    BIGNUM *x = NULL, *y = NULL;
    bool good = EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_EC_PUB_X, &x) == 1 &&
                EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_EC_PUB_Y, &y) == 1 &&
                BN_bn2binpad(x, point + 1, width) == width &&
                BN_bn2binpad(y, point + 1 + width, width) == width;

    BN_free(x);
    BN_free(y);
    spf_pen_cstring(pen, curve->algorithm);
    spf_pen_cstring(pen, curve->name);
    spf_pen_string(pen, (struct spf_bytes){point, 1 + 2 * (size_t)width});
    return good && pen_number(pen, pkey, OSSL_PKEY_PARAM_PRIV_KEY);
}

static bool pen_ed25519(struct spf_pen *pen, const EVP_PKEY *pkey)
{
    uint8_t public_key[32], seed[32];
    size_t public_len = sizeof public_key, seed_len = sizeof seed;
    bool good = EVP_PKEY_get_raw_public_key(pkey, public_key, &public_len) == 1 &&
                EVP_PKEY_get_raw_private_key(pkey, seed, &seed_len) == 1;

    spf_pen_cstring(pen, "ssh-ed25519");
    spf_pen_string(pen, (struct spf_bytes){public_key, sizeof public_key});
    spf_pen_u32(pen, sizeof seed + sizeof public_key);
    spf_pen_raw(pen, seed, sizeof seed);
    spf_pen_raw(pen, public_key, sizeof public_key);
    explicit_bzero(seed, sizeof seed);
    return good;
}

enum spf_reading spf_material_from_pkey(const EVP_PKEY *pkey, struct spf_key_contents *contents)
{
    struct spf_pen pen = spf_pen((size_t)6 * (SPF_KEY_NUMBER_MAX + 8));
    enum spf_reading reading = SPF_READING_CORRUPT;
    struct spf_secret *payload;
    const struct spf_curve *curve = NULL;
    char group[64] = "";
    bool good = false;

    switch (EVP_PKEY_get_base_id(pkey)) {
    case EVP_PKEY_RSA:
        good = pen_rsa(&pen, pkey);
        break;
    case EVP_PKEY_DSA:
        good = pen_dsa(&pen, pkey);
        break;
    case EVP_PKEY_ED25519:
        good = pen_ed25519(&pen, pkey);
        break;
    case EVP_PKEY_EC:
        (void)EVP_PKEY_get_group_name(pkey, group, sizeof group, NULL);
        curve = spf_curve(spf_bytes_of(group));
        if (curve) {
            good = pen_ec(&pen, pkey, curve);
            break;
        }
        reading = spf_reads(contents, SPF_READING_UNSUPPORTED, "SSH has no keys on the curve %s",
                            group[0] ? group : "it uses");
        break;
    default:
        reading =
            spf_reads(contents, SPF_READING_UNSUPPORTED, "SSH has no keys of the kind %s",
                      EVP_PKEY_get0_type_name(pkey) ? EVP_PKEY_get0_type_name(pkey) : "it is");
    }
    payload = spf_pen_take(&pen);
    if (good && payload) {
        struct spf_wire wire = spf_wire(spf_secret_text(payload), spf_secret_len(payload));

        reading = spf_material_from_openssh(&wire, &contents->material);
    }
    if (reading == SPF_READING_CORRUPT)
        spf_reads(contents, reading, "its numbers are broken");
    spf_secret_free(payload);
    return reading;
}
