#include <argon2.h>
#include <ctype.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>

#include "base/encoding.h"
#include "base/text.h"
#include "key/readers.h"

#define SIGNATURE "PuTTY-User-Key-File-"

enum {
    HEADER_MAX = 39,
    BLOB_LINES_MAX = 262144 / 48,
    CIPHER_KEY = 32,
    CIPHER_IV = 16,
    MAC_KEY = 32,
    ARGON2_KIB_MAX = 48 << 10,
    ARGON2_WORK_MAX = 4 << 20, /* KiB times passes: a few seconds */
    ARGON2_LANES_MAX = 16,
};

/* The file, line by line as PuTTY reads it. */
struct lines {
    const uint8_t *at, *end;
};

struct ppk {
    int version;
    char algorithm[64];
    bool encrypted;
    struct spf_bytes encryption, comment;
    argon2_type flavour;
    uint32_t memory, passes, lanes;
    uint8_t salt[128];
    size_t salt_len;
    struct spf_secret *public_blob, *private_blob;
    struct spf_bytes mac;
    bool is_hash; /* of version 1 */
};

/* Up to ": "; false for anything longer or broken (sshpubk.c: read_header). */
static bool read_header(struct lines *lines, char header[HEADER_MAX + 1])
{
    size_t len = 0;

    for (; lines->at < lines->end && *lines->at != '\n' && *lines->at != '\r'; lines->at++) {
        if (*lines->at == ':') {
            header[len] = '\0';
            lines->at++;
            return lines->at < lines->end && *lines->at++ == ' ';
        }
        if (len == HEADER_MAX) {
            return false;
        }
        header[len++] = (char)*lines->at;
    }
    return false;
}

/* To the end of the line; two line end characters of any kind are one end (read_body). */
static struct spf_bytes read_body(struct lines *lines)
{
    struct spf_bytes body = {lines->at, 0};

    while (lines->at < lines->end && *lines->at != '\n' && *lines->at != '\r') {
        lines->at++;
    }
    body.len = (size_t)(lines->at - body.at);
    for (int i = 0; i < 2 && lines->at < lines->end && (*lines->at == '\n' || *lines->at == '\r');
         i++) {
        lines->at++;
    }
    return body;
}

static bool read_field(struct lines *lines, const char *name, struct spf_bytes *body)
{
    char header[HEADER_MAX + 1];

    if (!read_header(lines, header) || strcmp(header, name) != 0) {
        return false;
    }
    *body = read_body(lines);
    return true;
}

/* A decimal number as strtoul(3) takes it, which is what PuTTY calls. */
static bool read_number(struct lines *lines, const char *name, unsigned long max, uint32_t *value)
{
    struct spf_bytes body;
    char text[32];
    char *end;
    unsigned long number;

    if (!read_field(lines, name, &body) || body.len == 0 || body.len >= sizeof text) {
        return false;
    }
    memcpy(text, body.at, body.len);
    text[body.len] = '\0';
    number = strtoul(text, &end, 10);
    *value = (uint32_t)number;
    return *end == '\0' && number <= max;
}

/* Lines of at most 64 characters, each a multiple of four (read_blob). NULL when broken. */
static struct spf_secret *read_blob(struct lines *lines, const char *name)
{
    struct spf_writer writer;
    uint32_t count;

    if (!read_number(lines, name, BLOB_LINES_MAX - 1, &count)) {
        return NULL;
    }
    writer = spf_writer((size_t)(lines->end - lines->at) + 48);
    while (count-- > 0 && !writer.bad) {
        struct spf_bytes line = read_body(lines);

        if (line.len % 4 != 0 || line.len > 64) {
            writer.bad = true;
        }
        for (size_t i = 0; i < line.len && !writer.bad; i += 4) {
            uint8_t octets[3];
            long len = spf_base64_decode((const char *)line.at + i, 4, octets, sizeof octets);

            if (len <= 0) {
                writer.bad = true;
            } else {
                spf_writer_raw(&writer, octets, (size_t)len);
            }
            explicit_bzero(octets, sizeof octets);
        }
    }
    return spf_writer_take(&writer);
}

static bool read_salt(struct lines *lines, struct ppk *ppk)
{
    struct spf_bytes hex;

    if (!read_field(lines, "Argon2-Salt", &hex) || hex.len % 2 != 0 ||
        hex.len / 2 > sizeof ppk->salt) {
        return false;
    }
    for (size_t i = 0; i < hex.len; i += 2) {
        char pair[3] = {(char)hex.at[i], (char)hex.at[i + 1], '\0'};

        if (!isxdigit(hex.at[i]) || !isxdigit(hex.at[i + 1])) {
            return false;
        }
        ppk->salt[ppk->salt_len++] = (uint8_t)strtoul(pair, NULL, 16);
    }
    return true;
}

static bool read_derivation(struct lines *lines, struct ppk *ppk)
{
    struct spf_bytes name;

    if (!read_field(lines, "Key-Derivation", &name)) {
        return false;
    }
    if (spf_bytes_are(name, "Argon2d")) {
        ppk->flavour = Argon2_d;
    } else if (spf_bytes_are(name, "Argon2i")) {
        ppk->flavour = Argon2_i;
    } else if (spf_bytes_are(name, "Argon2id")) {
        ppk->flavour = Argon2_id;
    } else {
        return false;
    }
    return read_number(lines, "Argon2-Memory", UINT32_MAX, &ppk->memory) &&
           read_number(lines, "Argon2-Passes", UINT32_MAX, &ppk->passes) &&
           read_number(lines, "Argon2-Parallelism", UINT32_MAX, &ppk->lanes) &&
           read_salt(lines, ppk);
}

/* Everything up to and with the public key. */
static enum spf_reading read_head(struct lines *lines, struct ppk *ppk,
                                  struct spf_key_contents *contents)
{
    char header[HEADER_MAX + 1] = "";
    struct spf_bytes algorithm;
    size_t signature = strlen(SIGNATURE);

    if (!read_header(lines, header) || strncmp(header, SIGNATURE, signature) != 0) {
        return SPF_READING_NOT_THIS;
    }
    ppk->version = header[signature] - '0';
    if (header[signature + 1] != '\0' || ppk->version < 1 || ppk->version > 3) {
        contents->container = SPF_CONTAINER_PPK_NEWER;
        return spf_reads(contents, SPF_READING_UNSUPPORTED, "its version is not 1, 2 or 3");
    }
    contents->container = ppk->version == 3 ? SPF_CONTAINER_PPK3 : SPF_CONTAINER_PPK2;
    algorithm = read_body(lines);
    if (algorithm.len >= sizeof ppk->algorithm) {
        return spf_reads(contents, SPF_READING_CORRUPT, "its type is no type of key");
    }
    memcpy(ppk->algorithm, algorithm.at, algorithm.len);
    if (!read_field(lines, "Encryption", &ppk->encryption)) {
        return spf_reads(contents, SPF_READING_CORRUPT, "its Encryption line is missing or broken");
    }
    ppk->encrypted = contents->encrypted = spf_bytes_are(ppk->encryption, "aes256-cbc");
    if (!ppk->encrypted && !spf_bytes_are(ppk->encryption, "none")) {
        return spf_reads(contents, SPF_READING_UNSUPPORTED, "its encryption is unknown");
    }
    if (!read_field(lines, "Comment", &ppk->comment)) {
        return spf_reads(contents, SPF_READING_CORRUPT, "its Comment line is missing or broken");
    }
    ppk->public_blob = read_blob(lines, "Public-Lines");
    if (ppk->public_blob == NULL) {
        return spf_reads(contents, SPF_READING_CORRUPT, "its public key is damaged");
    }
    return SPF_READING_DONE;
}

static enum spf_reading read_tail(struct lines *lines, struct ppk *ppk,
                                  struct spf_key_contents *contents)
{
    char header[HEADER_MAX + 1];

    if (ppk->version == 3 && ppk->encrypted && !read_derivation(lines, ppk)) {
        return spf_reads(contents, SPF_READING_CORRUPT, "its key derivation lines are broken");
    }
    ppk->private_blob = read_blob(lines, "Private-Lines");
    if (ppk->private_blob == NULL) {
        return spf_reads(contents,
                         lines->at == lines->end ? SPF_READING_TRUNCATED : SPF_READING_CORRUPT,
                         "its private key is damaged");
    }
    if (!read_header(lines, header)) {
        return spf_reads(contents, SPF_READING_TRUNCATED, "its Private-MAC line is missing");
    }
    ppk->is_hash = ppk->version == 1 && strcmp(header, "Private-Hash") == 0;
    if (!ppk->is_hash && strcmp(header, "Private-MAC") != 0) {
        return spf_reads(contents, SPF_READING_CORRUPT, "its Private-MAC line is missing");
    }
    ppk->mac = read_body(lines);
    return SPF_READING_DONE;
}

/* sshpubk.c: ssh2_ppk_derive_keys. keys: cipher key, IV, MAC key. */
static enum spf_reading derive(const struct ppk *ppk, struct spf_bytes passphrase,
                               uint8_t keys[CIPHER_KEY + CIPHER_IV + MAC_KEY],
                               struct spf_key_contents *contents)
{
    static const char mac_salt[] = "putty-private-key-file-mac-key";
    struct spf_writer writer;
    struct spf_secret *input;
    bool good = true;

    if (ppk->version == 3) {
        if (!ppk->encrypted) {
            return SPF_READING_DONE;
        }
        if (ppk->memory > ARGON2_KIB_MAX || ppk->lanes > ARGON2_LANES_MAX ||
            (uint64_t)ppk->memory * ppk->passes > ARGON2_WORK_MAX) {
            return spf_reads(contents, SPF_READING_TOO_COSTLY,
                             "its key derivation wants %u KiB and %u passes", (unsigned)ppk->memory,
                             (unsigned)ppk->passes);
        }
        switch (argon2_hash(ppk->passes, ppk->memory, ppk->lanes, passphrase.at, passphrase.len,
                            ppk->salt, ppk->salt_len, keys, CIPHER_KEY + CIPHER_IV + MAC_KEY, NULL,
                            0, ppk->flavour, ARGON2_VERSION_13)) {
        case ARGON2_OK:
            return SPF_READING_DONE;
        case ARGON2_MEMORY_ALLOCATION_ERROR:
        case ARGON2_THREAD_FAIL:
            return SPF_READING_NO_MEMORY;
        default:
            return spf_reads(contents, SPF_READING_CORRUPT, "its key derivation lines are broken");
        }
    }
    writer = spf_writer(sizeof mac_salt + passphrase.len);
    spf_writer_u32(&writer, 0);
    spf_writer_raw(&writer, passphrase.at, passphrase.len);
    input = spf_writer_take(&writer);
    if (input != NULL && ppk->encrypted) {
        uint8_t hashes[40];
        struct spf_bytes in = spf_secret_view(input);

        good = EVP_Digest(in.at, in.len, hashes, NULL, EVP_sha1(), NULL) == 1;
        spf_secret_bytes(input)[3] = 1; /* the counter before the passphrase */
        good = good && EVP_Digest(in.at, in.len, hashes + 20, NULL, EVP_sha1(), NULL) == 1;
        memcpy(keys, hashes, CIPHER_KEY);
        explicit_bzero(hashes, sizeof hashes);
    }
    good = good && input != NULL;
    spf_secret_free(input);
    writer = spf_writer(sizeof mac_salt + passphrase.len);
    spf_writer_text(&writer, mac_salt);
    if (ppk->encrypted) {
        spf_writer_raw(&writer, passphrase.at, passphrase.len);
    }
    input = spf_writer_take(&writer);
    good = good && input != NULL &&
           EVP_Digest(spf_secret_text(input), spf_secret_len(input), keys + CIPHER_KEY + CIPHER_IV,
                      NULL, EVP_sha1(), NULL) == 1;
    spf_secret_free(input);
    return good ? SPF_READING_DONE : SPF_READING_NO_MEMORY;
}

static bool unseal(const struct ppk *ppk, const uint8_t *keys)
{
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    unsigned char *blob = spf_secret_bytes(ppk->private_blob);
    int len;
    bool good =
        ctx != NULL &&
        EVP_DecryptInit_ex(ctx, EVP_aes_256_cbc(), NULL, keys, keys + CIPHER_KEY) == 1 &&
        EVP_CIPHER_CTX_set_padding(ctx, 0) == 1 &&
        EVP_DecryptUpdate(ctx, blob, &len, blob, (int)spf_secret_len(ppk->private_blob)) == 1;

    EVP_CIPHER_CTX_free(ctx);
    return good;
}

static bool mac_is_right(const struct ppk *ppk, const uint8_t *mac_key)
{
    const struct spf_bytes private_blob = spf_secret_view(ppk->private_blob);
    struct spf_writer writer = spf_writer(private_blob.len + spf_secret_len(ppk->public_blob) +
                                          ppk->comment.len + ppk->encryption.len + 128);
    const bool v3 = ppk->version == 3;
    uint8_t octets[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    struct spf_secret *data;
    struct spf_buf hex;
    bool right = false;

    if (ppk->version == 1) {
        spf_writer_raw(&writer, private_blob.at, private_blob.len);
    } else {
        spf_writer_cstring(&writer, ppk->algorithm);
        spf_writer_string(&writer, ppk->encryption);
        spf_writer_string(&writer, ppk->comment);
        spf_writer_string(&writer, spf_secret_view(ppk->public_blob));
        spf_writer_string(&writer, private_blob);
    }
    data = spf_writer_take(&writer);
    if (data == NULL) {
        return false;
    }
    if (ppk->is_hash) {
        right = EVP_Digest(spf_secret_text(data), spf_secret_len(data), octets, &len, EVP_sha1(),
                           NULL) == 1;
    } else { /* the MAC key of an unencrypted PPK 3 is empty */
        right =
            HMAC(v3 ? EVP_sha256() : EVP_sha1(), mac_key, !v3 ? 20 : (ppk->encrypted ? MAC_KEY : 0),
                 spf_secret_bytes(data), spf_secret_len(data), octets, &len) != NULL;
    }
    spf_secret_free(data);
    spf_buf_init(&hex, 2 * sizeof octets);
    spf_buf_add_hex(&hex, octets, len, 0);
    right = right && spf_bytes_are(ppk->mac, hex.data);
    spf_buf_clear(&hex);
    return right;
}

static bool is_certificate(const char *algorithm)
{
    return strstr(algorithm, "-cert-v01@openssh.com") != NULL;
}

/* Of a certificate, the numbers are those of the key that it is for; else those that are written,
 * octet for octet, and not what the reader made of them. */
static enum spf_reading read_numbers(const struct ppk *ppk, struct spf_key_contents *contents)
{
    const struct spf_key_material *material = &contents->material;
    uint8_t blob[SPF_KEY_BLOB_MAX];
    char algorithm[sizeof material->algorithm];

    if (!is_certificate(ppk->algorithm)) {
        return spf_material_from_putty(ppk->algorithm, spf_secret_view(ppk->public_blob),
                                       spf_secret_view(ppk->private_blob), &contents->material);
    }
    spf_copy(algorithm, sizeof algorithm, material->algorithm);
    memcpy(blob, material->blob, material->blob_len);
    return spf_material_from_putty(algorithm, (struct spf_bytes){blob, material->blob_len},
                                   spf_secret_view(ppk->private_blob), &contents->material);
}

static enum spf_reading open_ppk(struct ppk *ppk, struct spf_bytes passphrase,
                                 struct spf_key_contents *contents)
{
    uint8_t keys[CIPHER_KEY + CIPHER_IV + MAC_KEY] = {0};
    enum spf_reading reading;

    if (ppk->encrypted && spf_secret_len(ppk->private_blob) % CIPHER_IV != 0) {
        return spf_reads(contents, SPF_READING_CORRUPT, "the length of its private key is wrong");
    }
    if (ppk->encrypted && passphrase.len == 0 && !contents->material.foreign) {
        return SPF_READING_WANTS_PASSPHRASE;
    }
    if (ppk->encrypted && contents->material.foreign) { /* of no use to us even when decrypted */
        return spf_reads(contents, SPF_READING_UNSUPPORTED, "%s", spf_foreign_type(ppk->algorithm));
    }
    reading = derive(ppk, passphrase, keys, contents);
    if (reading == SPF_READING_DONE && ppk->encrypted && !unseal(ppk, keys)) {
        reading = SPF_READING_NO_MEMORY;
    }
    if (reading == SPF_READING_DONE && !mac_is_right(ppk, keys + CIPHER_KEY + CIPHER_IV)) {
        reading = ppk->encrypted ? SPF_READING_WRONG_PASSPHRASE
                                 : spf_reads(contents, SPF_READING_CORRUPT,
                                             "its checksum (Private-MAC) is wrong");
    }
    explicit_bzero(keys, sizeof keys);
    if (reading != SPF_READING_DONE) {
        return reading;
    }
    if (contents->material.foreign) {
        return spf_reads(contents, SPF_READING_UNSUPPORTED, "%s", spf_foreign_type(ppk->algorithm));
    }
    reading = read_numbers(ppk, contents);
    if (reading == SPF_READING_CORRUPT) {
        spf_reads(contents, reading, "its numbers are broken");
    }
    if (reading == SPF_READING_DONE && !spf_material_fits_putty(&contents->material)) {
        reading =
            spf_reads(contents, SPF_READING_MISMATCH, "its public key belongs to another key");
    }
    return reading;
}

static bool is_of_type(struct spf_bytes blob, const char *algorithm)
{
    struct spf_reader reader = spf_reader(blob.at, blob.len);

    return spf_bytes_are(spf_reader_string(&reader), algorithm);
}

/* Since 0.78 the public key may be a certificate (puttygen --certificate). */
enum spf_reading spf_ppk_read(struct spf_bytes text, const struct spf_secret *passphrase,
                              struct spf_key_contents *contents)
{
    struct lines lines = {text.at, text.at + text.len};
    struct ppk ppk = {0};
    enum spf_reading reading = read_head(&lines, &ppk, contents);

    if (reading == SPF_READING_DONE) {
        const struct spf_bytes blob = spf_secret_view(ppk.public_blob);
        bool known = (spf_material_set_blob(&contents->material, blob) ||
                      spf_material_set_foreign(&contents->material, blob)) &&
                     (is_certificate(ppk.algorithm)
                          ? is_of_type(blob, ppk.algorithm)
                          : strcmp(contents->material.algorithm, ppk.algorithm) == 0);

        if (known && is_certificate(ppk.algorithm)) {
            contents->certificate = spf_secret_share(ppk.public_blob);
        }
        reading = read_tail(&lines, &ppk, contents);
        if (reading == SPF_READING_DONE && !known) {
            reading =
                spf_material_knows(ppk.algorithm) || is_certificate(ppk.algorithm)
                    ? spf_reads(contents, SPF_READING_CORRUPT, "its public key is damaged")
                    : spf_reads(contents, SPF_READING_UNSUPPORTED, "its type of key is unknown");
        }
    }
    if (reading == SPF_READING_DONE) {
        reading = open_ppk(&ppk, spf_secret_view(passphrase), contents);
    }
    spf_secret_free(ppk.public_blob);
    spf_secret_free(ppk.private_blob);
    return reading;
}
