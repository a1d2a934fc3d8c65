/*
 * Preloaded into a server that encrypts with AES-GCM: what it says is damaged before it is
 * encrypted, so that the damage arrives under a good tag. sshd encrypts by EVP_Cipher, libssh by
 * EVP_EncryptUpdate; the packet is its padding's length, the message and the padding (RFC 4253
 * section 6), its own length was said before.
 *
 * SPF_MUTATE: the seed; without it nothing is done.
 */
#include <dlfcn.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { PACKET_MAX = 70000, BLOCK = 16 };

static uint64_t state;
static unsigned spared; /* packets that go before the first damage */

static uint32_t chance(uint32_t below)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(state >> 33) % below;
}

static bool armed(void)
{
    static bool asked;
    const char *seed = getenv("SPF_MUTATE");

    if (!asked && seed != NULL) {
        state = strtoull(seed, NULL, 10) * 2862933555777941757u + 3037000493u;
        spared = chance(14);
    }
    asked = true;
    return state != 0;
}

static void damage(unsigned char *packet, size_t len)
{
    static const unsigned char types[] = {1,  2,  3,  4,  5,  6,  7,  20,  21, 31, 50,
                                          51, 52, 53, 60, 61, 80, 81, 82,  90, 91, 92,
                                          93, 94, 95, 96, 97, 98, 99, 100, 0,  255};
    static const unsigned char huge[][4] = {
        {0xff, 0xff, 0xff, 0xff}, {0x7f, 0xff, 0xff, 0xff}, {0, 1, 0, 0}, {0, 0, 0, 0}};
    size_t at = 1 + chance((uint32_t)len - 1);

    switch (chance(7)) {
    case 0:
        packet[at] ^= (unsigned char)(1u << chance(8));
        break;
    case 1:
        packet[1] = types[chance(sizeof types)];
        break;
    case 2: /* a wrong number, most likely of a string's bytes */
        if (len > 6) {
            memcpy(packet + 2 + chance((uint32_t)len - 6), huge[chance(4)], 4);
        }
        break;
    case 3: /* a message cut short, or with its padding in it */
        packet[0] = (unsigned char)chance(256);
        break;
    case 4:
        for (size_t i = at; i < len; i++) {
            packet[i] = (unsigned char)chance(256);
        }
        break;
    case 5: /* control bytes and bad UTF-8 in its texts */
        for (size_t i = at; i < len && i < at + 8; i++) {
            packet[i] = (unsigned char)"\x1b[31m\xff\xc0\n"[i - at];
        }
        break;
    default:
        packet[0] = (unsigned char)(len - 2); /* nothing but a type */
        break;
    }
}

/* in, or a damaged copy of it. */
static const unsigned char *perhaps(const EVP_CIPHER_CTX *ctx, const unsigned char *out,
                                    const unsigned char *in, size_t len)
{
    static unsigned char copy[PACKET_MAX];

    if (out == NULL || in == NULL || len < BLOCK || len > sizeof copy || len % BLOCK != 0 ||
        EVP_CIPHER_CTX_get_mode(ctx) != EVP_CIPH_GCM_MODE || !EVP_CIPHER_CTX_is_encrypting(ctx) ||
        !armed()) {
        return in;
    }
    if (spared > 0) {
        spared--;
        return in;
    }
    memcpy(copy, in, len);
    if (chance(3) != 0) {
        damage(copy, len);
    }
    return copy;
}

int EVP_Cipher(EVP_CIPHER_CTX *ctx, unsigned char *out, const unsigned char *in, unsigned int len)
{
    static int (*real)(EVP_CIPHER_CTX *, unsigned char *, const unsigned char *, unsigned int);

    if (real == NULL) {
        *(void **)&real = dlsym(RTLD_NEXT, "EVP_Cipher");
    }
    return real(ctx, out, perhaps(ctx, out, in, len), len);
}

int EVP_EncryptUpdate(EVP_CIPHER_CTX *ctx, unsigned char *out, int *out_len,
                      const unsigned char *in, int len)
{
    static int (*real)(EVP_CIPHER_CTX *, unsigned char *, int *, const unsigned char *, int);

    if (real == NULL) {
        *(void **)&real = dlsym(RTLD_NEXT, "EVP_EncryptUpdate");
    }
    return real(ctx, out, out_len, len > 0 ? perhaps(ctx, out, in, (size_t)len) : in, len);
}
