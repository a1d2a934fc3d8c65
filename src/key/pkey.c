#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <string.h>

#include "key/math.h"
#include "key/readers.h"

/* Puts the numbers of a libcrypto key into the order of OpenSSH's private section. */
static bool write_number(struct spf_writer *writer, const EVP_PKEY *pkey, const char *name)
{
    uint8_t octets[SPF_KEY_NUMBER_MAX];
    BIGNUM *number = NULL;
    int len = 0;

    if (EVP_PKEY_get_bn_param(pkey, name, &number) == 1 &&
        BN_num_bytes(number) < SPF_KEY_NUMBER_MAX) {
        len = BN_bn2bin(number, octets);
        spf_writer_mpint(writer, (struct spf_bytes){octets, (size_t)len});
    }
    BN_clear_free(number);
    explicit_bzero(octets, sizeof octets);
    return len > 0;
}

/* A number of an RSA key in octets; empty if it has none of the name. */
static struct spf_bytes octets_of(const EVP_PKEY *pkey, const char *name,
                                  uint8_t octets[SPF_KEY_NUMBER_MAX])
{
    BIGNUM *number = NULL;
    struct spf_bytes bytes = {octets, 0};

    if (EVP_PKEY_get_bn_param(pkey, name, &number) == 1 &&
        BN_num_bytes(number) < SPF_KEY_NUMBER_MAX) {
        bytes.len = (size_t)BN_bn2bin(number, octets);
    }
    BN_clear_free(number);
    return bytes;
}

/* The numbers of an RSA key as a PEM file has them. */
struct rsa_numbers {
    uint8_t room[8][SPF_KEY_NUMBER_MAX];
    struct spf_bytes n, e, d, p, q, dp, dq, qi;
};

static void rsa_numbers_of(const EVP_PKEY *pkey, struct rsa_numbers *rsa)
{
    rsa->n = octets_of(pkey, OSSL_PKEY_PARAM_RSA_N, rsa->room[0]);
    rsa->e = octets_of(pkey, OSSL_PKEY_PARAM_RSA_E, rsa->room[1]);
    rsa->d = octets_of(pkey, OSSL_PKEY_PARAM_RSA_D, rsa->room[2]);
    rsa->p = octets_of(pkey, OSSL_PKEY_PARAM_RSA_FACTOR1, rsa->room[3]);
    rsa->q = octets_of(pkey, OSSL_PKEY_PARAM_RSA_FACTOR2, rsa->room[4]);
    rsa->dp = octets_of(pkey, OSSL_PKEY_PARAM_RSA_EXPONENT1, rsa->room[5]);
    rsa->dq = octets_of(pkey, OSSL_PKEY_PARAM_RSA_EXPONENT2, rsa->room[6]);
    rsa->qi = octets_of(pkey, OSSL_PKEY_PARAM_RSA_COEFFICIENT1, rsa->room[7]);
}

/*
 * A PEM file says more than OpenSSH's container keeps. Where its numbers don't match, or there are
 * more than two primes, a signature with all of them decides, as it does for ssh; what can be
 * derived again then is (the payload of an uneven key is that of an even one, if p q = n).
 */
static void weigh_rsa(EVP_PKEY *pkey, struct spf_key_material *material)
{
    struct rsa_numbers rsa;
    uint8_t third[SPF_KEY_NUMBER_MAX];
    bool many = octets_of(pkey, OSSL_PKEY_PARAM_RSA_FACTOR3, third).len > 0, good;

    rsa_numbers_of(pkey, &rsa);
    good = !many && spf_rsa_fits(rsa.n, rsa.e, rsa.d, rsa.p, rsa.q) &&
           spf_rsa_inverse_fits(rsa.qi, rsa.p, rsa.q) &&
           spf_rsa_exponents_fit(rsa.d, rsa.p, rsa.q, rsa.dp, rsa.dq);
    if (!good && spf_pkey_signs(pkey)) {
        material->proved = many;
        material->uneven = !many;
    }
    if (material->uneven && spf_rsa_derive(rsa.n, rsa.e, rsa.p, rsa.q, rsa.room[2], &rsa.d.len,
                                           rsa.room[7], &rsa.qi.len)) {
        struct spf_writer writer = spf_writer((size_t)6 * (SPF_KEY_NUMBER_MAX + 8));
        struct spf_secret *payload;

        spf_writer_cstring(&writer, "ssh-rsa");
        spf_writer_mpint(&writer, rsa.n);
        spf_writer_mpint(&writer, rsa.e);
        spf_writer_mpint(&writer, rsa.d);
        spf_writer_mpint(&writer, rsa.qi);
        spf_writer_mpint(&writer, rsa.p);
        spf_writer_mpint(&writer, rsa.q);
        payload = spf_writer_take(&writer);
        if (payload != NULL) {
            spf_secret_free(material->payload);
            material->payload = payload;
        }
    }
    explicit_bzero(&rsa, sizeof rsa);
    explicit_bzero(third, sizeof third);
}

static bool write_rsa(struct spf_writer *writer, const EVP_PKEY *pkey)
{
    spf_writer_cstring(writer, "ssh-rsa");
    return write_number(writer, pkey, OSSL_PKEY_PARAM_RSA_N) &&
           write_number(writer, pkey, OSSL_PKEY_PARAM_RSA_E) &&
           write_number(writer, pkey, OSSL_PKEY_PARAM_RSA_D) &&
           write_number(writer, pkey, OSSL_PKEY_PARAM_RSA_COEFFICIENT1) &&
           write_number(writer, pkey, OSSL_PKEY_PARAM_RSA_FACTOR1) &&
           write_number(writer, pkey, OSSL_PKEY_PARAM_RSA_FACTOR2);
}

static bool write_dsa(struct spf_writer *writer, const EVP_PKEY *pkey)
{
    spf_writer_cstring(writer, "ssh-dss");
    return write_number(writer, pkey, OSSL_PKEY_PARAM_FFC_P) &&
           write_number(writer, pkey, OSSL_PKEY_PARAM_FFC_Q) &&
           write_number(writer, pkey, OSSL_PKEY_PARAM_FFC_G) &&
           write_number(writer, pkey, OSSL_PKEY_PARAM_PUB_KEY) &&
           write_number(writer, pkey, OSSL_PKEY_PARAM_PRIV_KEY);
}

/* The point is written uncompressed, whatever form the file had: SSH knows no other. */
static bool write_ec(struct spf_writer *writer, const EVP_PKEY *pkey, const struct spf_curve *curve)
{
    uint8_t point[1 + 2 * 66] = {4};
    const int width = (curve->bits + 7) / 8;
    BIGNUM *x = NULL;
    BIGNUM *y = NULL;
    bool good = EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_EC_PUB_X, &x) == 1 &&
                EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_EC_PUB_Y, &y) == 1 &&
                BN_bn2binpad(x, point + 1, width) == width &&
                BN_bn2binpad(y, point + 1 + width, width) == width;

    BN_free(x);
    BN_free(y);
    spf_writer_cstring(writer, curve->algorithm);
    spf_writer_cstring(writer, curve->name);
    spf_writer_string(writer, (struct spf_bytes){point, 1 + 2 * (size_t)width});
    return good && write_number(writer, pkey, OSSL_PKEY_PARAM_PRIV_KEY);
}

static bool write_ed25519(struct spf_writer *writer, const EVP_PKEY *pkey)
{
    uint8_t public_key[32];
    uint8_t seed[32];
    size_t public_len = sizeof public_key;
    size_t seed_len = sizeof seed;
    bool good = EVP_PKEY_get_raw_public_key(pkey, public_key, &public_len) == 1 &&
                EVP_PKEY_get_raw_private_key(pkey, seed, &seed_len) == 1;

    spf_writer_cstring(writer, "ssh-ed25519");
    spf_writer_string(writer, (struct spf_bytes){public_key, sizeof public_key});
    spf_writer_u32(writer, sizeof seed + sizeof public_key);
    spf_writer_raw(writer, seed, sizeof seed);
    spf_writer_raw(writer, public_key, sizeof public_key);
    explicit_bzero(seed, sizeof seed);
    return good;
}

enum spf_reading spf_material_from_pkey(EVP_PKEY *pkey, struct spf_key_contents *contents)
{
    struct spf_writer writer = spf_writer((size_t)6 * (SPF_KEY_NUMBER_MAX + 8));
    enum spf_reading reading = SPF_READING_CORRUPT;
    struct spf_secret *payload;
    const struct spf_curve *curve = NULL;
    char group[64] = "";
    bool good = false;

    switch (EVP_PKEY_get_base_id(pkey)) {
    case EVP_PKEY_RSA:
        good = write_rsa(&writer, pkey);
        break;
    case EVP_PKEY_DSA:
        good = write_dsa(&writer, pkey);
        break;
    case EVP_PKEY_ED25519:
        good = write_ed25519(&writer, pkey);
        break;
    case EVP_PKEY_EC:
        (void)EVP_PKEY_get_group_name(pkey, group, sizeof group, NULL);
        curve = spf_curve(spf_bytes_of(group));
        if (curve != NULL) {
            good = write_ec(&writer, pkey, curve);
            break;
        }
        reading = spf_reads(contents, SPF_READING_UNSUPPORTED, "SSH has no keys on the curve %s",
                            group[0] ? group : "it uses");
        break;
    default:
        reading = spf_reads(contents, SPF_READING_UNSUPPORTED, "SSH has no keys of the kind %s",
                            EVP_PKEY_get0_type_name(pkey) != NULL ? EVP_PKEY_get0_type_name(pkey)
                                                                  : "it is");
    }
    payload = spf_writer_take(&writer);
    if (good && payload != NULL) {
        struct spf_reader reader = spf_reader(spf_secret_text(payload), spf_secret_len(payload));

        reading = spf_material_from_openssh(&reader, &contents->material);
    }
    if (reading == SPF_READING_CORRUPT) {
        spf_reads(contents, reading, "its numbers are broken");
    }
    if (reading == SPF_READING_DONE && EVP_PKEY_get_base_id(pkey) == EVP_PKEY_RSA) {
        weigh_rsa(pkey, &contents->material);
    }
    spf_secret_free(payload);
    return reading;
}
