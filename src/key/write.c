#include <openssl/rand.h>
#include <string.h>

#include "key/material.h"
#include "key/pem_writer.h"

/* OpenSSH PROTOCOL.key, with cipher and key derivation "none". */
struct spf_secret *spf_material_write(const struct spf_key_material *material)
{
    const struct spf_bytes payload = spf_secret_view(material->payload);
    const size_t private_len = (8 + payload.len + 4 + 7) / 8 * 8;
    struct spf_secret *container;
    struct spf_secret *text;
    struct spf_writer writer;
    uint32_t check;

    if (material->payload == NULL || RAND_bytes((unsigned char *)&check, sizeof check) != 1) {
        return NULL;
    }
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
    for (size_t i = 8 + payload.len + 4; i < private_len; i++) {
        spf_writer_u8(&writer, (uint8_t)(i - (8 + payload.len + 4) + 1));
    }
    container = spf_writer_take(&writer);
    if (container == NULL) {
        return NULL;
    }
    text = spf_pem_text("OPENSSH PRIVATE KEY", spf_secret_view(container));
    spf_secret_free(container);
    return text;
}
