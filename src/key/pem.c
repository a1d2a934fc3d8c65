#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#include "base/shortage.h"
#include "key/pkcs8.h"
#include "key/readers.h"

/* Beyond these a key derivation is refused: about two seconds on current hardware. */
enum {
    PBKDF2_ROUNDS_MAX = 10000000,
    SCRYPT_BYTES_MAX = 64 << 20, /* 128 N r, RFC 7914 */
    SCRYPT_LANES_MAX = 16,
};

static const struct {
    const char *label;
    enum spf_key_container container;
} labels[] = {
    {"RSA PRIVATE KEY", SPF_CONTAINER_PKCS1},
    {"PRIVATE KEY", SPF_CONTAINER_PKCS8},
    {"ENCRYPTED PRIVATE KEY", SPF_CONTAINER_PKCS8_ENCRYPTED},
    {"EC PRIVATE KEY", SPF_CONTAINER_SEC1},
    {"DSA PRIVATE KEY", SPF_CONTAINER_DSA},
};

static BIO *bio_of(struct spf_bytes text)
{
    return BIO_new_mem_buf(text.at, (int)text.len);
}

static bool is_type(const ASN1_OBJECT *object, int nid)
{
    return OBJ_obj2nid(object) == nid;
}

/* Is the key derivation of this EncryptedPrivateKeyInfo within our bounds (RFC 8018, RFC 7914)? */
static bool affordable(const unsigned char *der, long len)
{
    X509_SIG *sealed = d2i_X509_SIG(NULL, &der, len);
    const X509_ALGOR *algorithm = NULL;
    const ASN1_OBJECT *type;
    const void *value;
    int value_type;
    bool good = true; /* what can't be read here is refused by libcrypto without any derivation */

    if (sealed == NULL) {
        return true;
    }
    X509_SIG_get0(sealed, &algorithm, NULL);
    X509_ALGOR_get0(&type, &value_type, &value, algorithm);
    if (is_type(type, NID_pbes2)) {
        PBE2PARAM *pbes2 =
            ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(PBE2PARAM), algorithm->parameter);
        const X509_ALGOR *kdf = pbes2 != NULL ? pbes2->keyfunc : NULL;

        if (kdf != NULL && is_type(kdf->algorithm, NID_id_pbkdf2)) {
            PBKDF2PARAM *p = ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(PBKDF2PARAM), kdf->parameter);
            int64_t rounds = 0;

            good = p != NULL && ASN1_INTEGER_get_int64(&rounds, p->iter) == 1 && rounds >= 0 &&
                   rounds <= PBKDF2_ROUNDS_MAX;
            PBKDF2PARAM_free(p);
        } else if (kdf != NULL && is_type(kdf->algorithm, NID_id_scrypt)) {
            SCRYPT_PARAMS *p =
                ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(SCRYPT_PARAMS), kdf->parameter);
            uint64_t n = 0;
            uint64_t r = 0;
            uint64_t lanes = 0;

            good = p != NULL && ASN1_INTEGER_get_uint64(&n, p->costParameter) == 1 &&
                   ASN1_INTEGER_get_uint64(&r, p->blockSize) == 1 &&
                   ASN1_INTEGER_get_uint64(&lanes, p->parallelizationParameter) == 1 &&
                   lanes <= SCRYPT_LANES_MAX && r > 0 && n <= SCRYPT_BYTES_MAX / 128 / r;
            SCRYPT_PARAMS_free(p);
        }
        PBE2PARAM_free(pbes2);
    } else { /* PKCS#5 version 1, PKCS#12 */
        PBEPARAM *p = ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(PBEPARAM), algorithm->parameter);
        int64_t rounds = 0;

        good = p == NULL ||
               (ASN1_INTEGER_get_int64(&rounds, p->iter) == 1 && rounds <= PBKDF2_ROUNDS_MAX);
        PBEPARAM_free(p);
    }
    X509_SIG_free(sealed);
    return good;
}

/* Does the outermost DER value want more bytes than there are? */
static bool der_cut_off(const unsigned char *der, long len)
{
    const unsigned char *p = der;
    long inner;
    int tag;
    int class;

    ERR_set_mark();
    (void)ASN1_get_object(&p, &inner, &tag, &class, len);
    spf_pop_crypto_errors();
    return len < 2 || (der[0] == 0x30 && inner > len - (p - der));
}

/* What a block's label, headers and outermost DER say of it. */
static enum spf_reading survey_block(struct spf_bytes der, const char *headers,
                                     struct spf_key_contents *contents)
{
    if (contents->container == SPF_CONTAINER_PKCS8) {
        return spf_pkcs8_survey(der, contents);
    }
    if (contents->container == SPF_CONTAINER_PKCS8_ENCRYPTED &&
        !affordable(der.at, (long)der.len)) {
        return spf_reads(contents, SPF_READING_TOO_COSTLY,
                         "its key derivation would take too long");
    }
    if (contents->container == SPF_CONTAINER_PKCS8_ENCRYPTED
            ? spf_pkcs8_is_legacy(der, contents)
            : spf_pem_is_legacy(headers, contents)) {
        return SPF_READING_LEGACY_CIPHER;
    }
    return SPF_READING_DONE;
}

/*
 * What the first block of a private key is, found with libcrypto's own idea of PEM; *block are its
 * bytes, the caller's.
 */
static enum spf_reading survey(struct spf_bytes text, struct spf_key_contents *contents,
                               struct spf_secret **block)
{
    enum spf_reading reading = SPF_READING_NOT_THIS;
    BIO *bio = bio_of(text);
    char *name;
    char *header;
    unsigned char *der;
    long len;

    if (bio == NULL) {
        return SPF_READING_NO_MEMORY;
    }
    while (reading == SPF_READING_NOT_THIS && PEM_read_bio(bio, &name, &header, &der, &len) == 1) {
        for (size_t i = 0; i < sizeof labels / sizeof *labels; i++) {
            if (strcmp(name, labels[i].label) != 0) {
                continue;
            }
            contents->container = labels[i].container;
            contents->encrypted = contents->container == SPF_CONTAINER_PKCS8_ENCRYPTED ||
                                  strstr(header, "ENCRYPTED") != NULL;
            *block = spf_secret_new(der, (size_t)len);
            reading = *block != NULL ? survey_block(spf_secret_view(*block), header, contents)
                                     : SPF_READING_NO_MEMORY;
            break;
        }
        OPENSSL_clear_free(der, (size_t)len);
        OPENSSL_free(header);
        OPENSSL_free(name);
    }
    BIO_free(bio);
    spf_clear_crypto_errors();
    return reading;
}

struct asked {
    struct spf_bytes passphrase;
    bool asked;
};

static int give_passphrase(char *buf, int size, int writing, void *user)
{
    struct asked *asked = user;

    (void)writing;
    asked->asked = true;
    if (asked->passphrase.len == 0 || asked->passphrase.len > (size_t)size) {
        return -1;
    }
    memcpy(buf, asked->passphrase.at, asked->passphrase.len);
    return (int)asked->passphrase.len;
}

/* Why libcrypto did not read the block; or what it is, where only we know (pkcs8.h). */
static enum spf_reading read_refused(struct spf_bytes der, const struct asked *asked,
                                     struct spf_key_contents *contents)
{
    const bool pkcs8 = contents->container == SPF_CONTAINER_PKCS8 ||
                       contents->container == SPF_CONTAINER_PKCS8_ENCRYPTED;

    if (asked->asked && asked->passphrase.len == 0) {
        return SPF_READING_WANTS_PASSPHRASE;
    }
    if (pkcs8 && !der_cut_off(der.at, (long)der.len) &&
        (asked->asked || contents->container == SPF_CONTAINER_PKCS8)) {
        return spf_pkcs8_read(der, asked->passphrase, contents);
    }
    if (asked->asked) {
        return SPF_READING_WRONG_PASSPHRASE;
    }
    if (der_cut_off(der.at, (long)der.len)) {
        return spf_reads(contents, SPF_READING_TRUNCATED, "a part of it is missing");
    }
    return spf_reads(contents, SPF_READING_CORRUPT, "its contents are broken");
}

enum spf_reading spf_pem_read(struct spf_bytes text, const struct spf_secret *passphrase,
                              struct spf_key_contents *contents)
{
    struct asked asked = {.passphrase = spf_secret_view(passphrase)};
    struct spf_secret *block = NULL;
    enum spf_reading reading = survey(text, contents, &block);
    EVP_PKEY *pkey;
    BIO *bio;

    if (reading == SPF_READING_DONE) {
        bio = bio_of(text);
        pkey = bio != NULL ? PEM_read_bio_PrivateKey(bio, NULL, give_passphrase, &asked) : NULL;
        spf_clear_crypto_errors();
        if (bio == NULL) {
            reading = SPF_READING_NO_MEMORY;
        } else if (pkey != NULL) {
            reading = spf_material_from_pkey(pkey, contents);
        } else {
            reading = read_refused(spf_secret_view(block), &asked, contents);
        }
        EVP_PKEY_free(pkey);
        BIO_free(bio);
    }
    spf_secret_free(block);
    return reading;
}
