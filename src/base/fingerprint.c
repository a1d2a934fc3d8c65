#include "base/fingerprint.h"

#include <openssl/evp.h>

#include "base/encoding.h"
#include "base/shortage.h"
#include "base/text.h"

/* prefix and the octets, in hex with colons or in base64. */
static void put(struct spf_bytes digest, bool hex, const char *prefix, char *out, size_t size)
{
    struct spf_buf buf;

    out[0] = '\0';
    spf_buf_init(&buf, size - 1);
    spf_buf_addstr(&buf, prefix);
    if (hex) {
        spf_buf_add_hex(&buf, digest.at, digest.len, ':');
    } else {
        spf_buf_add_base64(&buf, digest.at, digest.len, false);
    }
    if (!spf_buf_failed(&buf)) {
        spf_copy(out, size, buf.data);
    }
    spf_buf_clear(&buf);
}

static struct spf_bytes digest_of(struct spf_bytes blob, const EVP_MD *kind,
                                  uint8_t octets[EVP_MAX_MD_SIZE])
{
    unsigned len = 0;

    if (blob.len == 0 || EVP_Digest(blob.at, blob.len, octets, &len, kind, NULL) != 1) {
        len = 0;
    }
    return (struct spf_bytes){octets, len};
}

void spf_fingerprint_of_digest(struct spf_bytes digest, char *out, size_t size)
{
    out[0] = '\0';
    if (digest.len > 0) {
        put(digest, false, "SHA256:", out, size);
    }
}

void spf_fingerprint_sha256(struct spf_bytes blob, char *out, size_t size)
{
    uint8_t octets[EVP_MAX_MD_SIZE];

    spf_fingerprint_of_digest(digest_of(blob, EVP_sha256(), octets), out, size);
    /* unlike MD5, no policy forbids it: without it one key would look like another */
    if (blob.len > 0 && out[0] == '\0') {
        spf_ran_short();
    }
}

void spf_fingerprint_md5(struct spf_bytes blob, char *out, size_t size)
{
    uint8_t octets[EVP_MAX_MD_SIZE];
    struct spf_bytes digest = digest_of(blob, EVP_md5(), octets);

    out[0] = '\0';
    if (digest.len > 0) {
        put(digest, true, "MD5:", out, size);
    }
}
