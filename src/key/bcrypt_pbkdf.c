#include "key/bcrypt_pbkdf.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

enum {
    HASH_LEN = 32, /* of bcrypt_hash */
    SHA_LEN = 64,
    SALT_MAX = 1024,
};

/* Blowfish (Schneier, 1993), with bcrypt's costly key schedule (Provos and Mazieres, 1999). */
struct blowfish {
    uint32_t p[18];
    uint32_t s[4][256];
};

static const uint32_t pi_digits[18 + 4 * 256] = {
#include "key/blowfish_pi.inc"
};
_Static_assert(sizeof pi_digits == sizeof(struct blowfish), "pi fills the state");

static uint32_t feistel(const struct blowfish *bf, uint32_t x)
{
    return ((bf->s[0][x >> 24] + bf->s[1][x >> 16 & 0xff]) ^ bf->s[2][x >> 8 & 0xff]) +
           bf->s[3][x & 0xff];
}

static void encipher(const struct blowfish *bf, uint32_t block[2])
{
    uint32_t l = block[0] ^ bf->p[0];
    uint32_t r = block[1];

    for (int i = 1; i < 17; i += 2) {
        r ^= feistel(bf, l) ^ bf->p[i];
        l ^= feistel(bf, r) ^ bf->p[i + 1];
    }
    block[0] = r ^ bf->p[17];
    block[1] = l;
}

/* The next four of 64 octets, taken round and round, as one big-endian word. */
static uint32_t next_word(const uint8_t octets[SHA_LEN], size_t *at)
{
    const uint8_t *o = octets + *at;

    *at = (*at + 4) % SHA_LEN;
    return (uint32_t)o[0] << 24 | (uint32_t)o[1] << 16 | (uint32_t)o[2] << 8 | o[3];
}

/* salt NULL: the schedule without one. */
static void expand(struct blowfish *bf, const uint8_t *salt, const uint8_t *key)
{
    uint32_t block[2] = {0, 0};
    size_t at = 0;

    for (size_t i = 0; i < 18; i++) {
        bf->p[i] ^= next_word(key, &at);
    }
    at = 0;
    for (size_t i = 0; i < 18 + 4 * 256; i += 2) {
        uint32_t *place = i < 18 ? &bf->p[i] : &bf->s[(i - 18) / 256][(i - 18) % 256];

        if (salt != NULL) {
            block[0] ^= next_word(salt, &at);
            block[1] ^= next_word(salt, &at);
        }
        encipher(bf, block);
        place[0] = block[0];
        place[1] = block[1];
    }
}

static void bcrypt_hash(struct blowfish *bf, const uint8_t *pass, const uint8_t *salt,
                        uint8_t out[HASH_LEN])
{
    static const uint8_t magic[SHA_LEN + 1] = "OxychromaticBlowfishSwatDynamite"
                                              "OxychromaticBlowfishSwatDynamite";
    size_t at = 0;

    memcpy(bf, pi_digits, sizeof *bf);
    expand(bf, salt, pass);
    for (int i = 0; i < 64; i++) {
        expand(bf, NULL, salt);
        expand(bf, NULL, pass);
    }
    for (size_t i = 0; i < HASH_LEN; i += 8) {
        uint32_t block[2];

        block[0] = next_word(magic, &at);
        block[1] = next_word(magic, &at);
        for (int n = 0; n < 64; n++) {
            encipher(bf, block);
        }
        for (size_t o = 0; o < 8; o++) { /* little-endian, unlike all the rest */
            out[i + o] = (uint8_t)(block[o / 4] >> 8 * (o % 4));
        }
    }
}

static bool sha512(const void *bytes, size_t len, uint8_t out[SHA_LEN])
{
    return EVP_Digest(bytes, len, out, NULL, EVP_sha512(), NULL) == 1;
}

struct work {
    struct blowfish blowfish;
    uint8_t pass[SHA_LEN], salt[SHA_LEN];
    uint8_t counted[SALT_MAX + 4];
    uint8_t hash[HASH_LEN], sum[HASH_LEN];
};

/* The count-th block of the output: the exclusive or of all rounds' hashes. */
static bool derive_block(struct work *w, struct spf_bytes salt, uint32_t count, uint32_t rounds)
{
    memcpy(w->counted, salt.at, salt.len);
    for (int i = 0; i < 4; i++) {
        w->counted[salt.len + (size_t)i] = (uint8_t)(count >> (24 - 8 * i));
    }
    if (!sha512(w->counted, salt.len + 4, w->salt)) {
        return false;
    }
    bcrypt_hash(&w->blowfish, w->pass, w->salt, w->hash);
    memcpy(w->sum, w->hash, HASH_LEN);
    for (uint32_t round = 1; round < rounds; round++) {
        if (!sha512(w->hash, HASH_LEN, w->salt)) {
            return false;
        }
        bcrypt_hash(&w->blowfish, w->pass, w->salt, w->hash);
        for (size_t i = 0; i < HASH_LEN; i++) {
            w->sum[i] ^= w->hash[i];
        }
    }
    return true;
}

struct spf_error spf_bcrypt_pbkdf(struct spf_bytes passphrase, struct spf_bytes salt,
                                  uint32_t rounds, uint8_t *key, size_t key_len)
{
    const size_t stride = (key_len + HASH_LEN - 1) / HASH_LEN;
    struct work *w;
    bool good;

    if (salt.len > SALT_MAX || rounds > SPF_BCRYPT_ROUNDS_MAX) {
        return spf_error(SPF_ERR_TOO_BIG, "key derivation of %u rounds", (unsigned)rounds);
    }
    w = calloc(1, sizeof *w);
    if (w == NULL) {
        return spf_error(SPF_ERR_NOMEM, "no memory for the key derivation");
    }
    good = sha512(passphrase.at, passphrase.len, w->pass);
    for (uint32_t count = 0; good && count < stride; count++) {
        good = derive_block(w, salt, count + 1, rounds);
        for (size_t i = 0; i < HASH_LEN && i * stride + count < key_len; i++) {
            key[i * stride + count] = w->sum[i];
        }
    }
    explicit_bzero(w, sizeof *w);
    free(w);
    return good ? spf_ok() : spf_error(SPF_ERR_NOMEM, "SHA-512 is unavailable");
}
