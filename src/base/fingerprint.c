#include "base/fingerprint.h"

#include <openssl/evp.h>

#include "base/text.h"

static void fingerprint(struct spf_bytes blob, const EVP_MD *digest, bool hex, const char *prefix,
                        char *out, size_t size)
{
    struct spf_buf buf;
    uint8_t octets[EVP_MAX_MD_SIZE];
    unsigned len = 0;

    out[0] = '\0';
    if (blob.len == 0 || EVP_Digest(blob.at, blob.len, octets, &len, digest, NULL) != 1)
        return;
    spf_buf_init(&buf, size - 1);
    spf_buf_addstr(&buf, prefix);
    if (hex)
        spf_buf_add_hex(&buf, octets, len, ':');
    else
        spf_buf_add_base64(&buf, octets, len, false);
    if (!spf_buf_failed(&buf))
        spf_copy(out, size, buf.data);
    spf_buf_clear(&buf);
}

void spf_fingerprint_sha256(struct spf_bytes blob, char *out, size_t size)
{
    fingerprint(blob, EVP_sha256(), false, "SHA256:", out, size);
}

void spf_fingerprint_md5(struct spf_bytes blob, char *out, size_t size)
{
    fingerprint(blob, EVP_md5(), true, "MD5:", out, size);
}
