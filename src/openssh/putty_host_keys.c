#include "openssh/putty_host_keys.h"

#include <stdlib.h>
#include <string.h>

#include "base/encoding.h"
#include "base/fingerprint.h"
#include "base/text.h"
#include "base/wire.h"
#include "platform/putty.h"

#define NUMBER_MAX  2048u /* octets: an RSA key of 16384 bits */
#define NUMBERS_MAX 8192u /* characters of all of them */

static int digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* "0x…" up to a comma or the end, as big-endian octets at the end of out. */
static bool read_number(const char **at, uint8_t *out, size_t size)
{
    const char *digits = *at + 2;
    size_t len;

    memset(out, 0, size);
    if (!spf_starts_with(*at, "0x")) {
        return false;
    }
    len = strcspn(digits, ",");
    if (len == 0 || len > 2 * size) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        const int value = digit(digits[len - 1 - i]);

        if (value < 0) {
            return false;
        }
        out[size - 1 - i / 2] |= (uint8_t)(value << (i % 2 * 4));
    }
    *at = digits + len + (digits[len] == ',');
    return true;
}

static bool write_rsa(struct spf_writer *writer, const char *at)
{
    static _Thread_local uint8_t exponent[NUMBER_MAX];
    static _Thread_local uint8_t modulus[NUMBER_MAX];

    if (!read_number(&at, exponent, NUMBER_MAX) || !read_number(&at, modulus, NUMBER_MAX)) {
        return false;
    }
    spf_writer_mpint(writer, spf_bytes_magnitude((struct spf_bytes){exponent, NUMBER_MAX}));
    spf_writer_mpint(writer, spf_bytes_magnitude((struct spf_bytes){modulus, NUMBER_MAX}));
    return *at == '\0';
}

/* RFC 8032, 5.1.2: y, little-endian, with the lowest bit of x on top. */
static bool write_ed25519(struct spf_writer *writer, const char *at)
{
    uint8_t x[32];
    uint8_t y[32];
    uint8_t octets[32];

    if (!read_number(&at, x, 32) || !read_number(&at, y, 32)) {
        return false;
    }
    for (size_t i = 0; i < 32; i++) {
        octets[i] = y[31 - i];
    }
    octets[31] |= (uint8_t)((x[31] & 1) << 7);
    spf_writer_string(writer, (struct spf_bytes){octets, 32});
    return *at == '\0';
}

/* RFC 5656, 3.1: the curve, and the uncompressed point. */
static bool write_ecdsa(struct spf_writer *writer, const char *curve, const char *at)
{
    const size_t bits = strtoul(curve + strlen("nistp"), NULL, 10);
    const size_t size = (bits + 7) / 8;
    uint8_t point[1 + 2 * 66] = {4};

    if (size > 66 || !spf_starts_with(at, curve) || at[strlen(curve)] != ',') {
        return false;
    }
    at += strlen(curve) + 1;
    if (!read_number(&at, point + 1, size) || !read_number(&at, point + 1 + size, size)) {
        return false;
    }
    spf_writer_cstring(writer, curve);
    spf_writer_string(writer, (struct spf_bytes){point, 1 + 2 * size});
    return *at == '\0';
}

char *spf_putty_host_key(const char *algorithm, const char *numbers)
{
    struct spf_writer writer = spf_writer(3 * NUMBER_MAX);
    struct spf_secret *blob;
    bool good = strlen(numbers) < NUMBERS_MAX;
    struct spf_buf text;

    spf_writer_cstring(&writer, algorithm);
    if (good && strcmp(algorithm, "ssh-rsa") == 0) {
        good = write_rsa(&writer, numbers);
    } else if (good && strcmp(algorithm, "ssh-ed25519") == 0) {
        good = write_ed25519(&writer, numbers);
    } else {
        good = good && spf_starts_with(algorithm, "ecdsa-sha2-nistp") &&
               write_ecdsa(&writer, algorithm + strlen("ecdsa-sha2-"), numbers);
    }
    blob = spf_writer_take(&writer);
    spf_buf_init(&text, NUMBERS_MAX);
    if (good && blob != NULL) {
        spf_buf_add_base64(&text, spf_secret_view(blob).at, spf_secret_view(blob).len, true);
    }
    spf_secret_free(blob);
    if (text.len == 0 || spf_buf_failed(&text)) {
        spf_buf_clear(&text);
        return NULL;
    }
    return spf_buf_take(&text);
}

/* blob becomes the facts'. False: no memory. */
static bool add(struct spf_known_hosts_facts *facts, const char *algorithm, char *blob,
                bool as_lines)
{
    struct spf_known_host *key = as_lines ? SPF_APPEND(&facts->lines) : SPF_APPEND(&facts->putty);
    uint8_t bytes[NUMBERS_MAX];
    long len = spf_base64_decode(blob, strlen(blob), bytes, sizeof bytes);

    if (key == NULL) {
        free(blob);
        return false;
    }
    spf_putty_place(key->file);
    spf_copy(key->algorithm, sizeof key->algorithm, algorithm);
    if (len > 0) {
        spf_fingerprint_sha256((struct spf_bytes){bytes, (size_t)len}, key->sha256,
                               sizeof key->sha256);
    }
    key->blob = blob;
    return true;
}

bool spf_putty_gather(struct spf_known_hosts_facts *facts, const char *host, uint16_t port,
                      bool as_lines)
{
    static const struct {
        const char *type, *algorithm;
    } types[] = {
        {"ssh-ed25519", "ssh-ed25519"},
        {"ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256"},
        {"ecdsa-sha2-nistp384", "ecdsa-sha2-nistp384"},
        {"ecdsa-sha2-nistp521", "ecdsa-sha2-nistp521"},
        {"rsa2", "ssh-rsa"},
    };
    char name[400];
    char numbers[NUMBERS_MAX];

    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        char *blob;

        if (!spf_format_whole(name, sizeof name, "%s@%u:%s", types[i].type, (unsigned)port, host) ||
            !spf_putty_stored(name, numbers, sizeof numbers) ||
            (blob = spf_putty_host_key(types[i].algorithm, numbers)) == NULL) {
            continue;
        }
        if (!add(facts, types[i].algorithm, blob, as_lines)) {
            return false;
        }
    }
    return true;
}
