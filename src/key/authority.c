/*
 * The signature of an authority in a certificate, which OpenSSH verifies whenever it reads one
 * (sshkey.c, cert_parse).
 */
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <string.h>

#include "base/shortage.h"
#include "key/authority.h"
#include "key/math.h"

/* How the algorithms of signatures are verified; another type of key makes other ones. */
static const struct method {
    const char *signature, *key;
    const char *digest; /* NULL: its own */
} methods[] = {
    {"ssh-ed25519", "ssh-ed25519", NULL},
    {"rsa-sha2-256", "ssh-rsa", "SHA256"},
    {"rsa-sha2-512", "ssh-rsa", "SHA512"},
    {"ssh-rsa", "ssh-rsa", "SHA1"},
    {"ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256", "SHA256"},
    {"ecdsa-sha2-nistp384", "ecdsa-sha2-nistp384", "SHA384"},
    {"ecdsa-sha2-nistp521", "ecdsa-sha2-nistp521", "SHA512"},
};

static EVP_PKEY *make(const char *type, OSSL_PARAM *params)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    EVP_PKEY *pkey = NULL;

    if (ctx != NULL && params != NULL && EVP_PKEY_fromdata_init(ctx) == 1) {
        (void)EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params);
    }
    EVP_PKEY_CTX_free(ctx);
    return pkey;
}

static EVP_PKEY *rsa_of(struct spf_reader *reader)
{
    const struct spf_bytes e = spf_reader_string(reader);
    const struct spf_bytes n = spf_reader_string(reader);
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    BIGNUM *e_number = BN_bin2bn(e.at, (int)e.len, NULL);
    BIGNUM *n_number = BN_bin2bn(n.at, (int)n.len, NULL);
    OSSL_PARAM *params = NULL;
    EVP_PKEY *pkey = NULL;

    if (build != NULL && e_number != NULL && n_number != NULL &&
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e_number) == 1 &&
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n_number) == 1) {
        params = OSSL_PARAM_BLD_to_param(build);
        pkey = make("RSA", params);
    }
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(build);
    BN_free(e_number);
    BN_free(n_number);
    return pkey;
}

static EVP_PKEY *ec_of(struct spf_reader *reader)
{
    const struct spf_curve *curve = spf_curve(spf_reader_string(reader));
    const struct spf_bytes point = spf_reader_string(reader);
    OSSL_PARAM params[3] = {OSSL_PARAM_END, OSSL_PARAM_END, OSSL_PARAM_END};

    if (curve == NULL) {
        return NULL;
    }
    params[0] = OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME,
                                                 (char *)(uintptr_t)curve->group, 0);
    params[1] = OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY,
                                                  (void *)(uintptr_t)point.at, point.len);
    return make("EC", params);
}

static EVP_PKEY *key_of(const char *type, struct spf_reader *reader)
{
    struct spf_bytes octets;

    if (strcmp(type, "ssh-rsa") == 0) {
        return rsa_of(reader);
    }
    if (strcmp(type, "ssh-ed25519") != 0) {
        return ec_of(reader);
    }
    octets = spf_reader_string(reader);
    return EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, octets.at, octets.len);
}

/* SSH's form of a signature (RFC 4253, 5656) in libcrypto's; its length, 0: there is none. */
static size_t convert(const struct method *method, const EVP_PKEY *pkey, struct spf_bytes ours,
                      uint8_t *out, size_t size)
{
    const size_t whole = (size_t)EVP_PKEY_get_size(pkey);
    struct spf_reader reader = spf_reader(ours.at, ours.len);
    struct spf_bytes r;
    struct spf_bytes s;
    ECDSA_SIG *pair;
    int len = 0;

    if (strncmp(method->key, "ecdsa-", 6) != 0) { /* RSA's may lack zeros in front */
        const size_t front =
            strcmp(method->key, "ssh-rsa") == 0 && ours.len < whole ? whole - ours.len : 0;

        if (front + ours.len > size) {
            return 0;
        }
        memset(out, 0, front);
        memcpy(out + front, ours.at, ours.len);
        return front + ours.len;
    }
    r = spf_reader_string(&reader);
    s = spf_reader_string(&reader);
    pair = ECDSA_SIG_new();
    if (!reader.bad && pair != NULL && r.len < 80 && s.len < 80 &&
        ECDSA_SIG_set0(pair, BN_bin2bn(r.at, (int)r.len, NULL),
                       BN_bin2bn(s.at, (int)s.len, NULL)) == 1) {
        len = i2d_ECDSA_SIG(pair, &out);
    }
    ECDSA_SIG_free(pair);
    return len > 0 ? (size_t)len : 0;
}

static bool verifies_not(const struct method *method, EVP_PKEY *pkey, struct spf_bytes signature,
                         struct spf_bytes text)
{
    uint8_t converted[SPF_KEY_NUMBER_MAX];
    const size_t len = convert(method, pkey, signature, converted, sizeof converted);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    const bool is_other =
        ctx != NULL &&
        EVP_DigestVerifyInit_ex(ctx, NULL, method->digest, NULL, NULL, pkey, NULL) == 1 &&
        (len == 0 || EVP_DigestVerify(ctx, converted, len, text.at, text.len) == 0);

    EVP_MD_CTX_free(ctx);
    return is_other;
}

bool spf_signature_is_spoiled(struct spf_bytes key, struct spf_bytes signature,
                              struct spf_bytes text)
{
    struct spf_reader keys = spf_reader(key.at, key.len);
    struct spf_reader parts = spf_reader(signature.at, signature.len);
    const struct spf_bytes type = spf_reader_string(&keys);
    const struct spf_bytes algorithm = spf_reader_string(&parts);
    const struct spf_bytes octets = spf_reader_string(&parts);
    const struct method *method = NULL;
    EVP_PKEY *pkey;
    bool known = false;
    bool spoiled = false;

    if (keys.bad || parts.bad || parts.left > 0) {
        return true;
    }
    for (size_t i = 0; method == NULL && i < sizeof methods / sizeof *methods; i++) {
        if (spf_bytes_are(type, methods[i].key)) {
            known = true;
            method = spf_bytes_are(algorithm, methods[i].signature) ? &methods[i] : NULL;
        }
    }
    if (method == NULL) {
        return known; /* else a security key's, or of a type that only OpenSSH has */
    }
    pkey = key_of(method->key, &keys);
    if (pkey != NULL) {
        spoiled = verifies_not(method, pkey, octets, text);
    }
    EVP_PKEY_free(pkey);
    spf_clear_crypto_errors();
    return spoiled;
}
