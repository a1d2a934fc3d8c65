#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#include "base/encoding.h"
#include "base/shortage.h"
#include "key/math.h"
#include "key/readers.h"

/* Decodes base64 of any layout and takes it for a public blob. */
static bool set_base64(struct spf_key_contents *contents, struct spf_bytes base64)
{
    uint8_t blob[SPF_KEY_BLOB_MAX];
    long len = base64.len > 2 * sizeof blob
                   ? -1
                   : spf_base64_decode((const char *)base64.at, base64.len, blob, sizeof blob);

    return len > 0 &&
           spf_material_set_blob(&contents->material, (struct spf_bytes){blob, (size_t)len});
}

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* The next word of a line; quoted blanks (in options) don't end it. */
static struct spf_bytes next_word(struct spf_bytes *line)
{
    struct spf_bytes word;
    bool quoted = false;

    while (line->len > 0 && is_blank(line->at[0])) {
        line->at++;
        line->len--;
    }
    word = (struct spf_bytes){line->at, 0};
    while (word.len < line->len && (quoted || !is_blank(word.at[word.len]))) {
        quoted ^= word.at[word.len] == '"';
        word.len++;
    }
    line->at += word.len;
    line->len -= word.len;
    return word;
}

static bool is_key_type(struct spf_bytes word)
{
    static const char *const starts[] = {"ssh-", "ecdsa-sha2-", "sk-"};

    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++) {
        if (word.len > strlen(starts[i]) && memcmp(word.at, starts[i], strlen(starts[i])) == 0) {
            return true;
        }
    }
    return false;
}

/* "type base64 comment", with options before it as in authorized_keys (sshd(8)). */
static enum spf_reading read_line(struct spf_bytes line, struct spf_key_contents *contents)
{
    struct spf_bytes type = next_word(&line);
    struct spf_bytes base64;

    if (!is_key_type(type)) {
        type = next_word(&line);
    }
    if (!is_key_type(type)) {
        return SPF_READING_NOT_THIS;
    }
    contents->container = memmem(type.at, type.len, "-cert-v01@", 10) != NULL
                              ? SPF_CONTAINER_CERTIFICATE
                              : SPF_CONTAINER_PUBLIC;
    if (contents->container == SPF_CONTAINER_CERTIFICATE) {
        spf_reads(contents, SPF_READING_DONE, "an SSH certificate");
    }
    base64 = next_word(&line);
    if (!set_base64(contents, base64)) {
        return spf_reads(contents, SPF_READING_CORRUPT, "the public key in it is broken");
    }
    contents->base64 = base64;
    return SPF_READING_DONE;
}

/* RFC 4716: lines after the headers (which hold a colon, and go on after a backslash). */
static enum spf_reading read_rfc4716(struct spf_bytes text, struct spf_key_contents *contents)
{
    static const char begin[] = "---- BEGIN SSH2 PUBLIC KEY ----";
    const uint8_t *end = text.at + text.len;
    const uint8_t *mark;
    struct spf_bytes base64 = {NULL, 0};
    bool header = true, goes_on = false;

    if (text.len < strlen(begin) || memcmp(text.at, begin, strlen(begin)) != 0) {
        return SPF_READING_NOT_THIS;
    }
    contents->container = SPF_CONTAINER_PUBLIC;
    mark = memmem(text.at, text.len, "---- END", 8);
    if (mark != NULL) { /* ssh-keygen -i does without it */
        end = mark;
    }
    for (const uint8_t *at = text.at; header && at < end;) {
        const uint8_t *line = at;
        const uint8_t *stop = memchr(at, '\n', (size_t)(end - at));
        size_t len = stop != NULL ? (size_t)(stop - at) : (size_t)(end - at);

        at = stop != NULL ? stop + 1 : end;
        header = line == text.at || goes_on || memchr(line, ':', len) != NULL;
        goes_on =
            header && len > 0 && (line[len - 1] == '\\' || (len > 1 && line[len - 2] == '\\'));
        if (!header) {
            base64 = (struct spf_bytes){line, (size_t)(end - line)};
        }
    }
    if (base64.at == NULL || !set_base64(contents, base64)) {
        return spf_reads(contents, SPF_READING_CORRUPT, "the public key in it is broken");
    }
    return SPF_READING_DONE;
}

static void write_bn(struct spf_writer *writer, const EVP_PKEY *pkey, const char *name)
{
    uint8_t octets[SPF_KEY_NUMBER_MAX];
    BIGNUM *number = NULL;

    if (EVP_PKEY_get_bn_param(pkey, name, &number) == 1 &&
        BN_num_bytes(number) < SPF_KEY_NUMBER_MAX) {
        spf_writer_mpint(writer, (struct spf_bytes){octets, (size_t)BN_bn2bin(number, octets)});
    } else {
        writer->bad = true;
    }
    BN_free(number);
}

/* The SSH blob of a public key of libcrypto; leaves the material empty for other kinds. */
static void set_pkey(struct spf_key_contents *contents, const EVP_PKEY *pkey)
{
    struct spf_writer writer = spf_writer(2 * SPF_KEY_NUMBER_MAX + 64);
    const struct spf_curve *curve = NULL;
    struct spf_secret *blob;
    uint8_t octets[133];
    size_t len = 0;
    char group[64] = "";

    switch (EVP_PKEY_get_base_id(pkey)) {
    case EVP_PKEY_RSA:
        spf_writer_cstring(&writer, "ssh-rsa");
        write_bn(&writer, pkey, OSSL_PKEY_PARAM_RSA_E);
        write_bn(&writer, pkey, OSSL_PKEY_PARAM_RSA_N);
        break;
    case EVP_PKEY_ED25519:
        len = sizeof octets;
        spf_writer_cstring(&writer, "ssh-ed25519");
        writer.bad |= EVP_PKEY_get_raw_public_key(pkey, octets, &len) != 1;
        spf_writer_string(&writer, (struct spf_bytes){octets, len});
        break;
    case EVP_PKEY_EC:
        (void)EVP_PKEY_get_group_name(pkey, group, sizeof group, NULL);
        curve = spf_curve(spf_bytes_of(group));
        if (curve != NULL && EVP_PKEY_get_octet_string_param(pkey, OSSL_PKEY_PARAM_PUB_KEY, octets,
                                                             sizeof octets, &len) == 1) {
            spf_writer_cstring(&writer, curve->algorithm);
            spf_writer_cstring(&writer, curve->name);
            spf_writer_string(&writer, (struct spf_bytes){octets, len});
        }
        break;
    default:
        break;
    }
    blob = spf_writer_take(&writer);
    if (blob != NULL) {
        (void)spf_material_set_blob(&contents->material, spf_secret_view(blob));
    }
    spf_secret_free(blob);
}

static const struct {
    const char *label, *words;
    enum spf_key_container container;
} pem_labels[] = {
    {"PUBLIC KEY", "a public key in PEM", SPF_CONTAINER_PUBLIC},
    {"RSA PUBLIC KEY", "a public key in PEM", SPF_CONTAINER_PUBLIC},
    {"CERTIFICATE", "an X.509 certificate", SPF_CONTAINER_CERTIFICATE},
    {"X509 CERTIFICATE", "an X.509 certificate", SPF_CONTAINER_CERTIFICATE},
    {"TRUSTED CERTIFICATE", "an X.509 certificate", SPF_CONTAINER_CERTIFICATE},
    {"CERTIFICATE REQUEST", "a certificate request (CSR)", SPF_CONTAINER_CERTIFICATE},
    {"NEW CERTIFICATE REQUEST", "a certificate request (CSR)", SPF_CONTAINER_CERTIFICATE},
};

static EVP_PKEY *pkey_of(const char *label, const unsigned char *der, long len)
{
    EVP_PKEY *pkey = NULL;

    if (strcmp(label, "PUBLIC KEY") == 0) {
        pkey = d2i_PUBKEY(NULL, &der, len);
    } else if (strcmp(label, "RSA PUBLIC KEY") == 0) {
        pkey = d2i_PublicKey(EVP_PKEY_RSA, NULL, &der, len);
    } else if (strstr(label, "REQUEST") != NULL) {
        X509_REQ *request = d2i_X509_REQ(NULL, &der, len);

        pkey = request != NULL ? X509_REQ_get_pubkey(request) : NULL;
        X509_REQ_free(request);
    } else {
        X509 *certificate = d2i_X509(NULL, &der, len);

        pkey = certificate != NULL ? X509_get_pubkey(certificate) : NULL;
        X509_free(certificate);
    }
    return pkey;
}

/* The same without PEM around it. */
static enum spf_reading read_der(struct spf_bytes der, struct spf_key_contents *contents)
{
    enum spf_reading reading = SPF_READING_NOT_THIS;

    for (size_t i = 0; der.len > 0 && der.at[0] == 0x30 && reading == SPF_READING_NOT_THIS &&
                       i < sizeof pem_labels / sizeof *pem_labels;
         i++) {
        EVP_PKEY *pkey = pkey_of(pem_labels[i].label, der.at, (long)der.len);

        if (pkey == NULL) {
            continue;
        }
        contents->container = pem_labels[i].container;
        reading = spf_reads(contents, SPF_READING_DONE, "%s", pem_labels[i].words);
        set_pkey(contents, pkey);
        EVP_PKEY_free(pkey);
    }
    spf_clear_crypto_errors();
    return reading;
}

static enum spf_reading read_pem(struct spf_bytes text, struct spf_key_contents *contents)
{
    enum spf_reading reading = SPF_READING_NOT_THIS;
    BIO *bio = BIO_new_mem_buf(text.at, (int)text.len);
    char *name = NULL;
    char *header = NULL;
    unsigned char *der = NULL;
    long len = 0;

    if (bio != NULL && PEM_read_bio(bio, &name, &header, &der, &len) == 1) {
        for (size_t i = 0; i < sizeof pem_labels / sizeof *pem_labels; i++) {
            EVP_PKEY *pkey;

            if (strcmp(name, pem_labels[i].label) != 0) {
                continue;
            }
            contents->container = pem_labels[i].container;
            reading = spf_reads(contents, SPF_READING_DONE, "%s", pem_labels[i].words);
            pkey = pkey_of(name, der, len);
            if (pkey != NULL) {
                set_pkey(contents, pkey);
            }
            EVP_PKEY_free(pkey);
        }
    }
    OPENSSL_free(name);
    OPENSSL_free(header);
    if (der != NULL) {
        OPENSSL_clear_free(der, (size_t)len);
    }
    BIO_free(bio);
    spf_clear_crypto_errors();
    return reading;
}

enum spf_reading spf_public_read(struct spf_bytes text, struct spf_key_contents *contents)
{
    enum spf_reading reading = read_rfc4716(text, contents);

    for (size_t at = 0; reading == SPF_READING_NOT_THIS && at < text.len;) {
        const uint8_t *line = text.at + at;
        const uint8_t *stop = memchr(line, '\n', text.len - at);
        size_t len = stop != NULL ? (size_t)(stop - line) : text.len - at;

        at += len + 1;
        if (line[0] != '#') {
            reading = read_line((struct spf_bytes){line, len}, contents);
        }
    }
    if (reading == SPF_READING_NOT_THIS) {
        reading = read_pem(text, contents);
    }
    if (reading == SPF_READING_NOT_THIS) {
        reading = read_der(text, contents);
    }
    return reading;
}
