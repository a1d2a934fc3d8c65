/*
 * The cryptography that a login cannot do without, as microseconds of CPU each, in JSON: an X25519
 * key exchange and the server's Ed25519 signature on it, and our own. Ciphers and hashes of a few
 * packets are not counted.
 */
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define TIMES 2000

static double now_us(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static void expect(int good)
{
    if (good == 1) {
        return;
    }
    (void)fprintf(stderr, "OpenSSL fails\n");
    exit(1);
}

static void derive(EVP_PKEY *ours, EVP_PKEY *theirs)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(ours, NULL);
    unsigned char secret[32];
    size_t len = sizeof secret;

    expect(EVP_PKEY_derive_init(context));
    expect(EVP_PKEY_derive_set_peer(context, theirs));
    expect(EVP_PKEY_derive(context, secret, &len));
    EVP_PKEY_CTX_free(context);
}

static void sign(EVP_PKEY *key, const unsigned char *text, size_t len, unsigned char *signature)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    size_t size = 64;

    expect(EVP_DigestSignInit(context, NULL, NULL, NULL, key));
    expect(EVP_DigestSign(context, signature, &size, text, len));
    EVP_MD_CTX_free(context);
}

static void verify(EVP_PKEY *key, const unsigned char *text, size_t len,
                   const unsigned char *signature)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();

    expect(EVP_DigestVerifyInit(context, NULL, NULL, NULL, key));
    expect(EVP_DigestVerify(context, signature, 64, text, len));
    EVP_MD_CTX_free(context);
}

int main(void)
{
    EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    EVP_PKEY *theirs = EVP_PKEY_Q_keygen(NULL, NULL, "X25519");
    EVP_PKEY *ours = EVP_PKEY_Q_keygen(NULL, NULL, "X25519");
    unsigned char text[256] = {0};
    unsigned char signature[64];
    double at[5];

    at[0] = now_us();
    for (int i = 0; i < TIMES; i++) {
        EVP_PKEY_free(EVP_PKEY_Q_keygen(NULL, NULL, "X25519"));
    }
    at[1] = now_us();
    for (int i = 0; i < TIMES; i++) {
        derive(ours, theirs);
    }
    at[2] = now_us();
    for (int i = 0; i < TIMES; i++) {
        sign(key, text, sizeof text, signature);
    }
    at[3] = now_us();
    for (int i = 0; i < TIMES; i++) {
        verify(key, text, sizeof text, signature);
    }
    at[4] = now_us();
    (void)printf(
        "{\"key\": %.1f, \"exchange\": %.1f, \"signature\": %.1f, \"verification\": %.1f}\n",
        (at[1] - at[0]) / TIMES, (at[2] - at[1]) / TIMES, (at[3] - at[2]) / TIMES,
        (at[4] - at[3]) / TIMES);
    EVP_PKEY_free(key);
    EVP_PKEY_free(theirs);
    EVP_PKEY_free(ours);
    return 0;
}
