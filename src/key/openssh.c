#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "base/encoding.h"
#include "key/bcrypt_pbkdf.h"
#include "key/readers.h"

#define MARK_BEGIN "-----BEGIN OPENSSH PRIVATE KEY-----\n"
#define MARK_END   "-----END OPENSSH PRIVATE KEY-----\n"

static const char magic[] = "openssh-key-v1"; /* its NUL belongs to it */

/* cipher.c: ciphers[] */
static const struct cipher {
    const char *name;
    const EVP_CIPHER *(*evp)(void);
    uint32_t block, key, iv, tag;
} ciphers[] = {
    {"none", NULL, 8, 0, 0, 0},
    {"aes256-ctr", EVP_aes_256_ctr, 16, 32, 16, 0},
    {"aes256-cbc", EVP_aes_256_cbc, 16, 32, 16, 0},
    {"aes192-ctr", EVP_aes_192_ctr, 16, 24, 16, 0},
    {"aes192-cbc", EVP_aes_192_cbc, 16, 24, 16, 0},
    {"aes128-ctr", EVP_aes_128_ctr, 16, 16, 16, 0},
    {"aes128-cbc", EVP_aes_128_cbc, 16, 16, 16, 0},
    {"3des-cbc", EVP_des_ede3_cbc, 8, 24, 8, 0},
    {"aes128-gcm@openssh.com", EVP_aes_128_gcm, 16, 16, 12, 16},
    {"aes256-gcm@openssh.com", EVP_aes_256_gcm, 16, 32, 12, 16},
    {"chacha20-poly1305@openssh.com", EVP_chacha20, 8, 64, 0, 16},
};
enum { KEY_IV_MAX = 64 };

struct envelope {
    const struct cipher *cipher;
    char cipher_name[40];
    bool bcrypt;
    struct spf_bytes salt;
    uint32_t rounds;
    struct spf_bytes sealed, tag;
};

/*
 * The base64 between the marks, decoded as b64_pton(3) does it: white space skipped, padding
 * demanded, an end at the first NUL. NULL with *reading saying why.
 */
static struct spf_secret *decode(struct spf_bytes text, struct spf_key_contents *contents,
                                 enum spf_reading *reading)
{
    const size_t begin = strlen(MARK_BEGIN);
    const size_t end = strlen(MARK_END);
    const uint8_t *body = text.at + begin;
    const uint8_t *stop;
    struct spf_secret *chars;
    struct spf_secret *binary = NULL;
    struct spf_writer writer;
    size_t len;
    size_t pads = 0;
    long decoded = -1;

    *reading = SPF_READING_NOT_THIS;
    if (text.len < begin || memcmp(text.at, MARK_BEGIN, begin) != 0) {
        return NULL;
    }
    contents->container = SPF_CONTAINER_OPENSSH;
    stop = memmem(body - 1, text.len - begin + 1, "\n" MARK_END, end + 1);
    if (stop == NULL) {
        *reading = spf_reads(contents, SPF_READING_TRUNCATED, "its END line is missing");
        return NULL;
    }
    writer = spf_writer(text.len);
    for (; body < stop && *body != '\0'; body++) {
        if (*body != '\n' && *body != '\r' && *body != ' ' && (*body < '\t' || *body > '\r')) {
            spf_writer_u8(&writer, *body);
        }
    }
    chars = spf_writer_take(&writer);
    len = chars != NULL ? spf_secret_len(chars) : 0;
    binary = chars != NULL ? spf_secret_alloc(len / 4 * 3 + 3) : NULL;
    if (binary != NULL && len % 4 == 0) {
        while (pads < 2 && pads < len && spf_secret_text(chars)[len - 1 - pads] == '=') {
            pads++;
        }
        decoded = spf_base64_decode(spf_secret_text(chars), len - pads, spf_secret_bytes(binary),
                                    spf_secret_len(binary));
    }
    spf_secret_free(chars);
    if (decoded < 0) {
        *reading = binary != NULL ? spf_reads(contents, SPF_READING_CORRUPT, "its base64 is broken")
                                  : SPF_READING_NO_MEMORY;
        spf_secret_free(binary);
        return NULL;
    }
    spf_secret_truncate(binary, (size_t)decoded);
    return binary;
}

/* Cipher and key derivation: known ones, and both or neither. */
static enum spf_reading read_protection(const char *kdf, struct spf_bytes options,
                                        struct envelope *envelope,
                                        struct spf_key_contents *contents)
{
    struct spf_reader parameters = spf_reader(options.at, options.len);

    for (size_t i = 0; i < sizeof ciphers / sizeof *ciphers; i++) {
        if (strcmp(ciphers[i].name, envelope->cipher_name) == 0) {
            envelope->cipher = &ciphers[i];
        }
    }
    envelope->bcrypt = strcmp(kdf, "bcrypt") == 0;
    if (envelope->cipher == NULL || (contents->encrypted && !envelope->bcrypt)) {
        return spf_reads(contents, SPF_READING_UNSUPPORTED,
                         "its cipher or key derivation is unknown");
    }
    if (!envelope->bcrypt && envelope->cipher->evp != NULL) {
        return spf_reads(contents, SPF_READING_CORRUPT, "it has a cipher but no key derivation");
    }
    if (envelope->bcrypt) {
        envelope->salt = spf_reader_string(&parameters);
        envelope->rounds = spf_reader_u32(&parameters);
        if (parameters.bad || envelope->salt.len == 0 || envelope->rounds == 0) {
            return spf_reads(contents, SPF_READING_CORRUPT, "its key derivation is broken");
        }
    }
    return SPF_READING_DONE;
}

/* A public key that can't be read: a damaged one, or of a type from later than this program. */
static enum spf_reading refuse_blob(struct spf_bytes blob, struct spf_key_contents *contents)
{
    struct spf_reader reader = spf_reader(blob.at, blob.len);
    char type[sizeof contents->material.algorithm];

    spf_reader_name(&reader, type, sizeof type);
    return reader.bad || spf_material_knows(type)
               ? spf_reads(contents, SPF_READING_CORRUPT, "its public key can't be read")
               : spf_reads(contents, SPF_READING_UNSUPPORTED, "its type of key, %s, is unknown",
                           type);
}

static enum spf_reading read_envelope(struct spf_reader *reader, struct envelope *envelope,
                                      struct spf_key_contents *contents)
{
    char kdf[16];
    struct spf_bytes options;
    struct spf_bytes blob;
    uint32_t keys;
    uint32_t sealed_len;
    enum spf_reading reading;

    spf_reader_name(reader, envelope->cipher_name, sizeof envelope->cipher_name);
    spf_reader_name(reader, kdf, sizeof kdf);
    options = spf_reader_string(reader);
    keys = spf_reader_u32(reader);
    if (reader->bad) {
        return spf_reads(contents, SPF_READING_TRUNCATED, "its head is cut off or broken");
    }
    contents->encrypted = strcmp(kdf, "none") != 0;
    if (keys != 1) {
        return spf_reads(contents, SPF_READING_CORRUPT, "it does not hold exactly one key");
    }
    blob = spf_reader_string(reader);
    sealed_len = spf_reader_u32(reader);
    if (reader->bad) {
        return spf_reads(contents, SPF_READING_TRUNCATED, "it ends within the public key");
    }
    if (!spf_material_set_blob(&contents->material, blob) &&
        !spf_material_set_foreign(&contents->material, blob)) {
        return refuse_blob(blob, contents);
    }
    reading = read_protection(kdf, options, envelope, contents);
    if (reading != SPF_READING_DONE) {
        return reading;
    }
    if (sealed_len < envelope->cipher->block || sealed_len % envelope->cipher->block != 0) {
        return spf_reads(contents, SPF_READING_CORRUPT, "the length of its private key is wrong");
    }
    envelope->sealed = spf_reader_take(reader, sealed_len);
    envelope->tag = spf_reader_take(reader, envelope->cipher->tag);
    if (reader->bad) {
        return spf_reads(contents, SPF_READING_TRUNCATED, "a part of its private key is missing");
    }
    if (reader->left > 0) {
        return spf_reads(contents, SPF_READING_CORRUPT, "something follows its private key");
    }
    return SPF_READING_DONE;
}

/* ChaCha20 and Poly1305 as OpenSSH joins them, sequence number 0 (PROTOCOL.chacha20poly1305). */
static bool open_chacha(const struct envelope *envelope, const uint8_t key[64], uint8_t *out)
{
    uint8_t iv[16] = {0};
    uint8_t poly_key[32] = {0};
    uint8_t tag[16];
    size_t tag_len = sizeof tag;
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    EVP_PKEY *mac_key = NULL;
    EVP_MD_CTX *mac = EVP_MD_CTX_new();
    int len;
    bool good = ctx != NULL && mac != NULL &&
                EVP_DecryptInit_ex(ctx, EVP_chacha20(), NULL, key, iv) == 1 &&
                EVP_DecryptUpdate(ctx, poly_key, &len, poly_key, sizeof poly_key) == 1;

    if (good) {
        mac_key = EVP_PKEY_new_raw_private_key(EVP_PKEY_POLY1305, NULL, poly_key, sizeof poly_key);
    }
    good = good && mac_key != NULL && EVP_DigestSignInit(mac, NULL, NULL, NULL, mac_key) == 1 &&
           EVP_DigestSign(mac, tag, &tag_len, envelope->sealed.at, envelope->sealed.len) == 1 &&
           CRYPTO_memcmp(tag, envelope->tag.at, sizeof tag) == 0;
    iv[0] = 1; /* the block counter, little-endian, before the nonce */
    good = good && EVP_DecryptInit_ex(ctx, NULL, NULL, NULL, iv) == 1 &&
           EVP_DecryptUpdate(ctx, out, &len, envelope->sealed.at, (int)envelope->sealed.len) == 1;
    explicit_bzero(poly_key, sizeof poly_key);
    EVP_PKEY_free(mac_key);
    EVP_MD_CTX_free(mac);
    EVP_CIPHER_CTX_free(ctx);
    return good;
}

static bool open_evp(const struct envelope *envelope, const uint8_t *key, uint8_t *out)
{
    const struct cipher *cipher = envelope->cipher;
    uint8_t tag[16];
    uint8_t rest[32];
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    int len = 0;
    bool good = ctx != NULL &&
                EVP_DecryptInit_ex(ctx, cipher->evp(), NULL, key, key + cipher->key) == 1 &&
                EVP_CIPHER_CTX_set_padding(ctx, 0) == 1;

    if (good && cipher->tag > 0) {
        memcpy(tag, envelope->tag.at, sizeof tag);
        good = EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, sizeof tag, tag) == 1;
    }
    good = good &&
           EVP_DecryptUpdate(ctx, out, &len, envelope->sealed.at, (int)envelope->sealed.len) == 1 &&
           EVP_DecryptFinal_ex(ctx, rest, &len) == 1;
    EVP_CIPHER_CTX_free(ctx);
    return good;
}

/* The private key in clear; NULL with *reading saying why. */
static struct spf_secret *unseal(const struct envelope *envelope,
                                 const struct spf_secret *passphrase,
                                 struct spf_key_contents *contents, enum spf_reading *reading)
{
    const struct cipher *cipher = envelope->cipher;
    uint8_t key[KEY_IV_MAX + 16] = {0};
    struct spf_secret *opened = spf_secret_alloc(envelope->sealed.len);
    struct spf_error error = spf_ok();
    bool good = opened != NULL;

    *reading = SPF_READING_NO_MEMORY;
    if (good && envelope->bcrypt && cipher->key > 0) {
        error = spf_bcrypt_pbkdf(spf_secret_view(passphrase), envelope->salt, envelope->rounds, key,
                                 cipher->key + cipher->iv);
    }
    if (error.code == SPF_ERR_TOO_BIG) {
        *reading = spf_reads(contents, SPF_READING_TOO_COSTLY, "its key derivation has %u rounds",
                             (unsigned)envelope->rounds);
    }
    good = good && error.code == SPF_OK;
    if (good) {
        *reading = SPF_READING_WRONG_PASSPHRASE;
        if (cipher->evp == NULL) {
            memcpy(spf_secret_bytes(opened), envelope->sealed.at, envelope->sealed.len);
        } else if (cipher->key == KEY_IV_MAX) {
            good = open_chacha(envelope, key, spf_secret_bytes(opened));
        } else {
            good = open_evp(envelope, key, spf_secret_bytes(opened));
        }
    }
    explicit_bzero(key, sizeof key);
    if (!good) {
        spf_secret_free(opened);
        opened = NULL;
    }
    return opened;
}

/* Type, numbers, comment, and padding 1 2 3 … (sshkey.c: private2_check_padding). */
static enum spf_reading read_private(struct spf_reader *reader, struct spf_key_contents *contents)
{
    struct spf_key_material private_half = {0};
    struct spf_key_material *public_half = &contents->material;
    enum spf_reading reading = spf_material_from_openssh(reader, &private_half);

    if (reading == SPF_READING_DONE) {
        struct spf_bytes comment = spf_reader_string(reader);

        /* sshbuf-getput-basic.c, sshbuf_get_cstring: only the last octet may be one */
        if (comment.len > 1 && memchr(comment.at, '\0', comment.len - 1) != NULL) {
            contents->refused = "its comment holds a NUL byte, at which ssh refuses the key";
        }
        for (uint8_t pad = 1; !reader->bad && reader->left > 0; pad++) {
            reader->bad = spf_reader_u8(reader) != pad;
        }
        if (reader->bad) {
            reading = SPF_READING_CORRUPT;
        }
    }
    if (reading == SPF_READING_DONE &&
        !spf_bytes_equal((struct spf_bytes){public_half->blob, public_half->blob_len},
                         (struct spf_bytes){private_half.blob, private_half.blob_len})) {
        reading =
            spf_reads(contents, SPF_READING_MISMATCH, "its public key belongs to another key");
    }
    if (reading == SPF_READING_CORRUPT) {
        spf_reads(contents, reading, "the numbers of its private key are damaged");
    }
    if (reading == SPF_READING_UNSUPPORTED) {
        spf_reads(contents, reading, "OpenSSH has no such type of private key");
    }
    if (reading == SPF_READING_DONE) {
        public_half->payload = private_half.payload;
        public_half->copy_differs = private_half.copy_differs;
        private_half.payload = NULL;
    }
    spf_material_clear(&private_half);
    return reading;
}

enum spf_reading spf_openssh_read_binary(struct spf_bytes binary,
                                         const struct spf_secret *passphrase,
                                         struct spf_key_contents *contents)
{
    struct spf_reader reader = spf_reader(binary.at, binary.len);
    struct envelope envelope = {0};
    struct spf_secret *opened;
    enum spf_reading reading;
    uint32_t check;

    contents->container = SPF_CONTAINER_OPENSSH;
    if (binary.len < sizeof magic || memcmp(binary.at, magic, sizeof magic) != 0) {
        return spf_reads(contents, SPF_READING_CORRUPT, "its first bytes are wrong");
    }
    spf_reader_take(&reader, sizeof magic);
    reading = read_envelope(&reader, &envelope, contents);
    if (reading != SPF_READING_DONE) {
        return reading;
    }
    if (contents->material.foreign) {
        return spf_reads(contents, SPF_READING_UNSUPPORTED, "%s",
                         spf_foreign_type(contents->material.algorithm));
    }
    if (contents->encrypted && spf_secret_view(passphrase).len == 0) {
        return SPF_READING_WANTS_PASSPHRASE;
    }
    opened = unseal(&envelope, passphrase, contents, &reading);
    if (opened == NULL) {
        return reading;
    }
    reader = spf_reader(spf_secret_text(opened), spf_secret_len(opened));
    check = spf_reader_u32(&reader);
    if (check != spf_reader_u32(&reader)) {
        reading = contents->encrypted
                      ? SPF_READING_WRONG_PASSPHRASE
                      : spf_reads(contents, SPF_READING_CORRUPT, "its check numbers differ");
    } else {
        reading = read_private(&reader, contents);
    }
    spf_secret_free(opened);
    return reading;
}

enum spf_reading spf_openssh_read(struct spf_bytes text, const struct spf_secret *passphrase,
                                  struct spf_key_contents *contents)
{
    enum spf_reading reading;
    struct spf_secret *binary = decode(text, contents, &reading);

    if (binary == NULL) {
        return reading;
    }
    reading = spf_openssh_read_binary(spf_secret_view(binary), passphrase, contents);
    spf_secret_free(binary);
    return reading;
}
