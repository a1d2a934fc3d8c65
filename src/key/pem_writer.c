#include "key/pem_writer.h"

#include <openssl/evp.h>
#include <string.h>

struct spf_secret *spf_pem_of_base64(const char *label, const char *headers,
                                     struct spf_bytes base64)
{
    const size_t width = strstr(label, "OPENSSH") != NULL ? 70 : 64;
    struct spf_writer writer =
        spf_writer(base64.len + base64.len / width + strlen(headers) + 2 * strlen(label) + 64);

    spf_writer_text(&writer, "-----BEGIN ");
    spf_writer_text(&writer, label);
    spf_writer_text(&writer, "-----\n");
    spf_writer_text(&writer, headers);
    if (headers[0] != '\0') {
        spf_writer_text(&writer, "\n");
    }
    for (size_t at = 0; at < base64.len; at += width) {
        spf_writer_raw(&writer, base64.at + at, base64.len - at < width ? base64.len - at : width);
        spf_writer_text(&writer, "\n");
    }
    spf_writer_text(&writer, "-----END ");
    spf_writer_text(&writer, label);
    spf_writer_text(&writer, "-----\n");
    return spf_writer_take(&writer);
}

struct spf_secret *spf_base64_of(struct spf_bytes bytes)
{
    struct spf_secret *base64 = spf_secret_alloc((bytes.len + 2) / 3 * 4 + 1);
    int len;

    if (base64 == NULL) {
        return NULL;
    }
    len = EVP_EncodeBlock(spf_secret_bytes(base64), bytes.at, (int)bytes.len);
    spf_secret_truncate(base64, (size_t)len);
    return base64;
}

struct spf_secret *spf_pem_text(const char *label, struct spf_bytes bytes)
{
    struct spf_secret *base64 = spf_base64_of(bytes);
    struct spf_secret *text;

    if (base64 == NULL) {
        return NULL;
    }
    text = spf_pem_of_base64(label, "", spf_secret_view(base64));
    spf_secret_free(base64);
    return text;
}
