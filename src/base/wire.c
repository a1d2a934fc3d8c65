#include "base/wire.h"

#include <string.h>

struct spf_reader spf_reader(const void *bytes, size_t len)
{
    return (struct spf_reader){.at = bytes, .left = len};
}

struct spf_bytes spf_reader_take(struct spf_reader *reader, size_t len)
{
    struct spf_bytes taken = {(const uint8_t *)"", 0};

    if (reader->bad || len > reader->left) {
        reader->bad = true;
        reader->left = 0;
        return taken;
    }
    if (len > 0) {
        taken = (struct spf_bytes){reader->at, len};
    }
    reader->at += len;
    reader->left -= len;
    return taken;
}

uint8_t spf_reader_u8(struct spf_reader *reader)
{
    struct spf_bytes b = spf_reader_take(reader, 1);

    return reader->bad ? 0 : b.at[0];
}

uint32_t spf_reader_u32(struct spf_reader *reader)
{
    struct spf_bytes b = spf_reader_take(reader, 4);

    if (reader->bad) {
        return 0;
    }
    return (uint32_t)b.at[0] << 24 | (uint32_t)b.at[1] << 16 | (uint32_t)b.at[2] << 8 | b.at[3];
}

struct spf_bytes spf_reader_string(struct spf_reader *reader)
{
    return spf_reader_take(reader, spf_reader_u32(reader));
}

struct spf_bytes spf_reader_cstring(struct spf_reader *reader)
{
    struct spf_bytes text = spf_reader_string(reader);

    if (text.len > 0 && text.at[text.len - 1] == '\0') {
        text.len--;
    }
    if (text.len > 0 && memchr(text.at, '\0', text.len) != NULL) {
        reader->bad = true;
    }
    return text;
}

void spf_reader_name(struct spf_reader *reader, char *out, size_t size)
{
    struct spf_bytes name = spf_reader_cstring(reader);

    out[0] = '\0';
    if (name.len == 0 || name.len >= size) {
        reader->bad = true;
    }
    for (size_t i = 0; !reader->bad && i < name.len; i++) {
        reader->bad = name.at[i] <= ' ' || name.at[i] >= 0x7f;
    }
    if (reader->bad) {
        return;
    }
    memcpy(out, name.at, name.len);
    out[name.len] = '\0';
}

struct spf_bytes spf_bytes_of(const char *text)
{
    return (struct spf_bytes){(const uint8_t *)text, strlen(text)};
}

bool spf_bytes_are(struct spf_bytes bytes, const char *text)
{
    return bytes.len == strlen(text) && memcmp(bytes.at, text, bytes.len) == 0;
}

bool spf_bytes_equal(struct spf_bytes a, struct spf_bytes b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

struct spf_bytes spf_bytes_magnitude(struct spf_bytes mpint)
{
    while (mpint.len > 0 && mpint.at[0] == 0) {
        mpint.at++;
        mpint.len--;
    }
    return mpint;
}

struct spf_writer spf_writer(size_t room)
{
    struct spf_writer writer = {.secret = spf_secret_alloc(room)};

    writer.bad = writer.secret == NULL;
    return writer;
}

void spf_writer_raw(struct spf_writer *writer, const void *bytes, size_t len)
{
    if (writer->bad || len > spf_secret_len(writer->secret) - writer->len) {
        writer->bad = true;
        return;
    }
    if (len > 0) {
        memcpy(spf_secret_bytes(writer->secret) + writer->len, bytes, len);
    }
    writer->len += len;
}

void spf_writer_text(struct spf_writer *writer, const char *text)
{
    spf_writer_raw(writer, text, strlen(text));
}

void spf_writer_u8(struct spf_writer *writer, uint8_t value)
{
    spf_writer_raw(writer, &value, 1);
}

void spf_writer_u32(struct spf_writer *writer, uint32_t value)
{
    const uint8_t octets[4] = {(uint8_t)(value >> 24), (uint8_t)(value >> 16),
                               (uint8_t)(value >> 8), (uint8_t)value};

    spf_writer_raw(writer, octets, sizeof octets);
}

void spf_writer_string(struct spf_writer *writer, struct spf_bytes bytes)
{
    spf_writer_u32(writer, (uint32_t)bytes.len);
    spf_writer_raw(writer, bytes.at, bytes.len);
}

void spf_writer_cstring(struct spf_writer *writer, const char *text)
{
    spf_writer_string(writer, spf_bytes_of(text));
}

void spf_writer_mpint(struct spf_writer *writer, struct spf_bytes magnitude)
{
    struct spf_bytes m = spf_bytes_magnitude(magnitude);
    bool sign = m.len > 0 && m.at[0] & 0x80;

    spf_writer_u32(writer, (uint32_t)m.len + sign);
    if (sign) {
        spf_writer_u8(writer, 0);
    }
    spf_writer_raw(writer, m.at, m.len);
}

struct spf_secret *spf_writer_take(struct spf_writer *writer)
{
    struct spf_secret *secret = writer->secret;

    if (writer->bad) {
        spf_secret_free(secret);
        secret = NULL;
    } else {
        spf_secret_truncate(secret, writer->len);
    }
    *writer = (struct spf_writer){.bad = true};
    return secret;
}

struct spf_bytes spf_secret_view(const struct spf_secret *secret)
{
    if (secret == NULL) {
        return spf_bytes_of("");
    }
    return (struct spf_bytes){(const uint8_t *)spf_secret_text(secret), spf_secret_len(secret)};
}
