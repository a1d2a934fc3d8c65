#include "key/pkcs8.h"

#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>
#include <string.h>

#include "base/shortage.h"
#include "base/text.h"

#define OID(text) (const uint8_t *)(text), sizeof(text) - 1
#define NIST      "\x60\x86\x48\x01\x65\x03\x04"

/* Algorithms of private keys that SSH has no use for, by their object identifiers in DER. */
static const struct {
    const uint8_t *oid;
    size_t len;
    const char *words;
} foreigners[] = {
    {OID("\x2b\x65\x6e"), "an X25519 key, which agrees on keys but signs nothing"},
    {OID("\x2b\x65\x6f"), "an X448 key, which agrees on keys but signs nothing"},
    {OID("\x2b\x65\x71"), "an Ed448 key: PuTTY and some servers (AsyncSSH, Erlang's, ProFTPD) have "
                          "it, OpenSSH does not"},
    {OID(NIST "\x03\x11"), "an ML-DSA-44 key, which no SSH program reads from PKCS#8"},
    {OID(NIST "\x03\x12"), "an ML-DSA-65 key, which no SSH program reads from PKCS#8"},
    {OID(NIST "\x03\x13"), "an ML-DSA-87 key, which no SSH program reads from PKCS#8"},
    {OID(NIST "\x04\x01"), "an ML-KEM-512 key, which agrees on keys but signs nothing"},
    {OID(NIST "\x04\x02"), "an ML-KEM-768 key, which agrees on keys but signs nothing"},
    {OID(NIST "\x04\x03"), "an ML-KEM-1024 key, which agrees on keys but signs nothing"},
};
/* SLH-DSA (FIPS 205): twelve of them in a row */
enum { SLH_DSA_FIRST = 0x14, SLH_DSA_LAST = 0x1f };

/* One value in DER; false at the end or for what is none. *whole is with its tag and length. */
static bool take_value(struct spf_bytes *der, int *tag, struct spf_bytes *whole,
                       struct spf_bytes *inside)
{
    const unsigned char *p = der->at;
    int class;
    long len;
    size_t total;

    if (der->len == 0) {
        return false;
    }
    ERR_set_mark();
    if ((ASN1_get_object(&p, &len, tag, &class, (long)der->len) & 0x81) != 0) {
        len = -1;
    }
    spf_pop_crypto_errors();
    if (len < 0) {
        return false;
    }
    if (class == V_ASN1_CONTEXT_SPECIFIC) {
        *tag |= class;
    }
    total = (size_t)(p - der->at) + (size_t)len;
    *whole = (struct spf_bytes){der->at, total};
    *inside = (struct spf_bytes){p, (size_t)len};
    *der = (struct spf_bytes){der->at + total, der->len - total};
    return true;
}

struct pkcs8 {
    struct spf_bytes algorithm, key; /* with tag and length */
    struct spf_bytes oid;
    struct spf_bytes version;
    bool appended;           /* a public key, [1] */
    struct spf_bytes public; /* its BIT STRING's contents (RFC 5958 section 2) */
};

static bool take_apart(struct spf_bytes der, struct pkcs8 *parts)
{
    struct spf_bytes whole;
    struct spf_bytes body;
    struct spf_bytes inside;
    struct spf_bytes algorithm;
    int tag;

    *parts = (struct pkcs8){0};
    if (!take_value(&der, &tag, &whole, &body) || tag != V_ASN1_SEQUENCE ||
        !take_value(&body, &tag, &whole, &parts->version) || tag != V_ASN1_INTEGER ||
        !take_value(&body, &tag, &parts->algorithm, &algorithm) || tag != V_ASN1_SEQUENCE ||
        !take_value(&body, &tag, &parts->key, &inside) || tag != V_ASN1_OCTET_STRING ||
        !take_value(&algorithm, &tag, &whole, &parts->oid) || tag != V_ASN1_OBJECT) {
        return false;
    }
    while (take_value(&body, &tag, &whole, &inside)) {
        if (tag == (V_ASN1_CONTEXT_SPECIFIC | 1)) {
            parts->appended = true;
            parts->public = inside;
        }
    }
    return true;
}

enum spf_reading spf_pkcs8_survey(struct spf_bytes der, struct spf_key_contents *contents)
{
    static const uint8_t signatures[] = NIST "\x03";
    const size_t len = sizeof signatures - 1;
    struct pkcs8 parts;

    if (!take_apart(der, &parts)) {
        return SPF_READING_DONE;
    }
    for (size_t i = 0; i < sizeof foreigners / sizeof *foreigners; i++) {
        if (spf_bytes_equal(parts.oid, (struct spf_bytes){foreigners[i].oid, foreigners[i].len})) {
            return spf_reads(contents, SPF_READING_UNSUPPORTED, "%s", foreigners[i].words);
        }
    }
    if (parts.oid.len == len + 1 && memcmp(parts.oid.at, signatures, len) == 0 &&
        parts.oid.at[len] >= SLH_DSA_FIRST && parts.oid.at[len] <= SLH_DSA_LAST) {
        return spf_reads(contents, SPF_READING_UNSUPPORTED,
                         "an SLH-DSA key, which no SSH program uses");
    }
    contents->pkcs8_v2 = parts.appended;
    return SPF_READING_DONE;
}

/* The key of version 2 as version 1 has it. */
static EVP_PKEY *read_as_v1(const struct pkcs8 *parts)
{
    const size_t len = 3 + parts->algorithm.len + parts->key.len;
    struct spf_writer writer = spf_writer(len + 8);
    struct spf_secret *der;
    EVP_PKEY *pkey = NULL;

    if (len > 0xffff) {
        writer.bad = true;
    }
    spf_writer_u8(&writer, 0x30); /* SEQUENCE, two octets of length, INTEGER 0 */
    spf_writer_u8(&writer, 0x82);
    spf_writer_u8(&writer, (uint8_t)(len >> 8));
    spf_writer_u8(&writer, (uint8_t)len);
    spf_writer_raw(&writer, "\x02\x01\x00", 3);
    spf_writer_raw(&writer, parts->algorithm.at, parts->algorithm.len);
    spf_writer_raw(&writer, parts->key.at, parts->key.len);
    der = spf_writer_take(&writer);
    if (der != NULL) {
        struct spf_bytes view = spf_secret_view(der);
        const unsigned char *p = view.at;
        PKCS8_PRIV_KEY_INFO *info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &p, (long)view.len);

        if (info != NULL) {
            pkey = EVP_PKCS82PKEY(info);
        }
        PKCS8_PRIV_KEY_INFO_free(info);
    }
    spf_secret_free(der);
    spf_clear_crypto_errors();
    return pkey;
}

/*
 * As OpenSSL 3.5 and later have it, the first that read version 2: it is that version's, and it is
 * the private key's. Of other kinds of keys it is not looked at.
 */
static bool public_fits(const struct pkcs8 *parts, EVP_PKEY *pkey)
{
    static const uint8_t two[] = {1};
    const struct spf_bytes version_2 = {two, sizeof two};
    uint8_t raw[64];
    size_t len = sizeof raw;

    if (!spf_bytes_equal(parts->version, version_2)) {
        return false;
    }
    if (EVP_PKEY_get_raw_public_key(pkey, raw, &len) != 1) {
        spf_clear_crypto_errors();
        return true;
    }
    return parts->public.len == 1 + len && parts->public.at[0] == 0 && /* of unused bits */
           memcmp(parts->public.at + 1, raw, len) == 0;
}

static enum spf_reading read_plain(struct spf_bytes der, struct spf_key_contents *contents)
{
    enum spf_reading reading = spf_pkcs8_survey(der, contents);
    struct pkcs8 parts;
    EVP_PKEY *pkey;

    if (reading != SPF_READING_DONE) {
        return reading;
    }
    if (!take_apart(der, &parts) || !parts.appended) {
        return spf_reads(contents, SPF_READING_CORRUPT, "its contents are broken");
    }
    pkey = read_as_v1(&parts);
    if (pkey == NULL) {
        return spf_reads(contents, SPF_READING_CORRUPT, "its contents are broken");
    }
    reading = public_fits(&parts, pkey)
                  ? spf_material_from_pkey(pkey, contents)
                  : spf_reads(contents, SPF_READING_CORRUPT, "its contents are broken");
    EVP_PKEY_free(pkey);
    return reading;
}

enum spf_reading spf_pkcs8_read(struct spf_bytes der, struct spf_bytes passphrase,
                                struct spf_key_contents *contents)
{
    enum spf_reading reading = SPF_READING_WRONG_PASSPHRASE;
    const unsigned char *p = der.at;
    const ASN1_OCTET_STRING *encrypted = NULL;
    const X509_ALGOR *algorithm = NULL;
    unsigned char *plain = NULL;
    X509_SIG *sealed;
    int len = 0;

    if (!contents->encrypted) {
        return read_plain(der, contents);
    }
    sealed = d2i_X509_SIG(NULL, &p, (long)der.len);
    if (sealed != NULL) {
        X509_SIG_get0(sealed, &algorithm, &encrypted);
        if (PKCS12_pbe_crypt(algorithm, (const char *)passphrase.at, (int)passphrase.len,
                             ASN1_STRING_get0_data(encrypted), ASN1_STRING_length(encrypted),
                             &plain, &len, 0) != NULL &&
            len > 0) {
            const struct spf_bytes view = {plain, (size_t)len};
            struct pkcs8 parts;

            if (take_apart(view, &parts)) { /* else the padding fits by chance */
                reading = read_plain(view, contents);
            }
            OPENSSL_cleanse(plain, (size_t)len);
        }
        OPENSSL_free(plain);
        X509_SIG_free(sealed);
    }
    spf_clear_crypto_errors();
    return reading;
}

/* OpenSSL 3.0's legacy provider (OSSL_PROVIDER-legacy(7)): ciphers, by the beginnings of their
 * names in PEM headers. 3DES is "DES-EDE3-CBC" and stays. */
static const char *const legacy_ciphers[] = {"DES-CBC", "DES-CFB", "DES-OFB", "DES-ECB",
                                             "DESX",    "RC2-",    "RC4",     "BF-",
                                             "CAST",    "IDEA-",   "SEED-",   "RC5-"};

static bool is_legacy_cipher(const char *name)
{
    for (size_t i = 0; i < sizeof legacy_ciphers / sizeof *legacy_ciphers; i++) {
        if (spf_starts_with(name, legacy_ciphers[i])) {
            return true;
        }
    }
    return false;
}

bool spf_pem_is_legacy(const char *headers, struct spf_key_contents *contents)
{
    const char *info = strstr(headers, "DEK-Info: ");
    char name[sizeof contents->legacy_cipher];
    size_t len;

    if (info == NULL) {
        return false;
    }
    info += strlen("DEK-Info: ");
    len = strspn(info, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-");
    if (len == 0 || len >= sizeof name) {
        return false;
    }
    memcpy(name, info, len);
    name[len] = '\0';
    if (!is_legacy_cipher(name)) {
        return false;
    }
    spf_copy(contents->legacy_cipher, sizeof contents->legacy_cipher, name);
    return true;
}

/* The cipher within PBES2; NULL if it can't be read. */
static const char *pbes2_cipher(const X509_ALGOR *algorithm)
{
    PBE2PARAM *pbes2 = ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(PBE2PARAM), algorithm->parameter);
    const char *name = NULL;

    if (pbes2 != NULL && pbes2->encryption != NULL) {
        name = OBJ_nid2sn(OBJ_obj2nid(pbes2->encryption->algorithm));
    }
    PBE2PARAM_free(pbes2);
    return name;
}

bool spf_pkcs8_is_legacy(struct spf_bytes der, struct spf_key_contents *contents)
{
    static const struct {
        int nid;
        const char *name;
    } schemes[] = {
        {NID_pbeWithMD2AndDES_CBC, "DES-CBC"},
        {NID_pbeWithMD5AndDES_CBC, "DES-CBC"},
        {NID_pbeWithSHA1AndDES_CBC, "DES-CBC"},
        {NID_pbeWithMD2AndRC2_CBC, "RC2-CBC"},
        {NID_pbeWithMD5AndRC2_CBC, "RC2-CBC"},
        {NID_pbeWithSHA1AndRC2_CBC, "RC2-CBC"},
        {NID_pbe_WithSHA1And40BitRC2_CBC, "RC2-40-CBC"},
        {NID_pbe_WithSHA1And128BitRC2_CBC, "RC2-CBC"},
        {NID_pbe_WithSHA1And40BitRC4, "RC4-40"},
        {NID_pbe_WithSHA1And128BitRC4, "RC4"},
    };
    const unsigned char *p = der.at;
    X509_SIG *sealed = d2i_X509_SIG(NULL, &p, (long)der.len);
    const X509_ALGOR *algorithm = NULL;
    const ASN1_OBJECT *type = NULL;
    const char *name = NULL;
    int nid;

    spf_clear_crypto_errors();
    if (sealed == NULL) {
        return false;
    }
    X509_SIG_get0(sealed, &algorithm, NULL);
    X509_ALGOR_get0(&type, NULL, NULL, algorithm);
    nid = OBJ_obj2nid(type);
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
        if (schemes[i].nid == nid) {
            name = schemes[i].name;
        }
    }
    if (nid == NID_pbes2) {
        name = pbes2_cipher(algorithm);
    }
    if (name != NULL && is_legacy_cipher(name)) {
        spf_copy(contents->legacy_cipher, sizeof contents->legacy_cipher, name);
    }
    X509_SIG_free(sealed);
    spf_clear_crypto_errors();
    return contents->legacy_cipher[0] != '\0';
}
