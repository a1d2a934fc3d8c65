#include <openssl/rand.h>
#include <string.h>

#include "base/text.h"
#include "key/material.h"

static void pen_base64_lines(struct spf_pen *pen, struct spf_bytes bytes, size_t width)
{
    /* a line at a time, so that the builder never holds more of a key than it wipes */
    const size_t per_line = width / 4 * 3;

    for (size_t at = 0; at < bytes.len; at += per_line) {
        char line[80];
        size_t len = bytes.len - at < per_line ? bytes.len - at : per_line;
        int chars = EVP_EncodeBlock((unsigned char *)line, bytes.at + at, (int)len);

        spf_pen_raw(pen, line, (size_t)chars);
        spf_pen_text(pen, "\n");
        explicit_bzero(line, sizeof line);
    }
}

struct spf_secret *spf_pem_text(const char *label, const char *headers, struct spf_bytes bytes,
                                size_t width)
{
    struct spf_pen pen =
        spf_pen(bytes.len / 3 * 4 + bytes.len / 32 + 2 * strlen(label) + strlen(headers) + 64);

    spf_pen_text(&pen, "-----BEGIN ");
    spf_pen_text(&pen, label);
    spf_pen_text(&pen, "-----\n");
    spf_pen_text(&pen, headers);
    pen_base64_lines(&pen, bytes, width);
    spf_pen_text(&pen, "-----END ");
    spf_pen_text(&pen, label);
    spf_pen_text(&pen, "-----\n");
    return spf_pen_take(&pen);
}

/* OpenSSH PROTOCOL.key, with cipher and key derivation "none". */
struct spf_secret *spf_material_write(const struct spf_key_material *material)
{
    const struct spf_bytes payload = spf_secret_view(material->payload);
    const size_t private_len = (8 + payload.len + 4 + 7) / 8 * 8;
    struct spf_secret *container, *text;
    struct spf_pen pen;
    uint32_t check;

    if (!material->payload || RAND_bytes((unsigned char *)&check, sizeof check) != 1)
        return NULL;
    pen = spf_pen(private_len + material->blob_len + 128);
    spf_pen_raw(&pen, "openssh-key-v1", sizeof "openssh-key-v1");
    spf_pen_cstring(&pen, "none");
    spf_pen_cstring(&pen, "none");
    spf_pen_cstring(&pen, "");
    spf_pen_u32(&pen, 1);
    spf_pen_string(&pen, (struct spf_bytes){material->blob, material->blob_len});
    spf_pen_u32(&pen, (uint32_t)private_len);
    spf_pen_u32(&pen, check);
    spf_pen_u32(&pen, check);
    spf_pen_raw(&pen, payload.at, payload.len);
    spf_pen_cstring(&pen, "");
    for (size_t i = 8 + payload.len + 4; i < private_len; i++)
        spf_pen_u8(&pen, (uint8_t)(i - (8 + payload.len + 4) + 1));
    container = spf_pen_take(&pen);
    if (!container)
        return NULL;
    text = spf_pem_text("OPENSSH PRIVATE KEY", "", spf_secret_view(container), 68);
    spf_secret_free(container);
    return text;
}

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
