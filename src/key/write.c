#include <openssl/rand.h>
#include <string.h>

#include "base/text.h"
#include "key/material.h"

static void write_base64_lines(struct spf_writer *writer, struct spf_bytes bytes, size_t width)
{
    /* a line at a time, so that the builder never holds more of a key than it wipes */
    const size_t per_line = width / 4 * 3;

    for (size_t at = 0; at < bytes.len; at += per_line) {
        char line[80];
        size_t len = bytes.len - at < per_line ? bytes.len - at : per_line;
        int chars = EVP_EncodeBlock((unsigned char *)line, bytes.at + at, (int)len);

        spf_writer_raw(writer, line, (size_t)chars);
        spf_writer_text(writer, "\n");
        explicit_bzero(line, sizeof line);
    }
}

struct spf_secret *spf_pem_text(const char *label, const char *headers, struct spf_bytes bytes,
                                size_t width)
{
    struct spf_writer writer =
        spf_writer(bytes.len / 3 * 4 + bytes.len / 32 + 2 * strlen(label) + strlen(headers) + 64);

    spf_writer_text(&writer, "-----BEGIN ");
    spf_writer_text(&writer, label);
    spf_writer_text(&writer, "-----\n");
    spf_writer_text(&writer, headers);
    write_base64_lines(&writer, bytes, width);
    spf_writer_text(&writer, "-----END ");
    spf_writer_text(&writer, label);
    spf_writer_text(&writer, "-----\n");
    return spf_writer_take(&writer);
}

/* OpenSSH PROTOCOL.key, with cipher and key derivation "none". */
struct spf_secret *spf_material_write(const struct spf_key_material *material)
{
    const struct spf_bytes payload = spf_secret_view(material->payload);
    const size_t private_len = (8 + payload.len + 4 + 7) / 8 * 8;
    struct spf_secret *container, *text;
    struct spf_writer writer;
    uint32_t check;

    if (!material->payload || RAND_bytes((unsigned char *)&check, sizeof check) != 1)
        return NULL;
    writer = spf_writer(private_len + material->blob_len + 128);
    spf_writer_raw(&writer, "openssh-key-v1", sizeof "openssh-key-v1");
    spf_writer_cstring(&writer, "none");
    spf_writer_cstring(&writer, "none");
    spf_writer_cstring(&writer, "");
    spf_writer_u32(&writer, 1);
    spf_writer_string(&writer, (struct spf_bytes){material->blob, material->blob_len});
    spf_writer_u32(&writer, (uint32_t)private_len);
    spf_writer_u32(&writer, check);
    spf_writer_u32(&writer, check);
    spf_writer_raw(&writer, payload.at, payload.len);
    spf_writer_cstring(&writer, "");
    for (size_t i = 8 + payload.len + 4; i < private_len; i++)
        spf_writer_u8(&writer, (uint8_t)(i - (8 + payload.len + 4) + 1));
    container = spf_writer_take(&writer);
    if (!container)
        return NULL;
    text = spf_pem_text("OPENSSH PRIVATE KEY", "", spf_secret_view(container), 68);
    spf_secret_free(container);
    return text;
}
