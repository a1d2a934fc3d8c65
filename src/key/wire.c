#include "key/wire.h"

#include <string.h>

struct spf_wire spf_wire(const void *bytes, size_t len)
{
    return (struct spf_wire){.at = bytes, .left = len};
}

struct spf_bytes spf_wire_take(struct spf_wire *wire, size_t len)
{
    struct spf_bytes taken = {(const uint8_t *)"", 0};

    if (wire->bad || len > wire->left) {
        wire->bad = true;
        wire->left = 0;
        return taken;
    }
    if (len > 0)
        taken = (struct spf_bytes){wire->at, len};
    wire->at += len;
    wire->left -= len;
    return taken;
}

uint8_t spf_wire_u8(struct spf_wire *wire)
{
    struct spf_bytes b = spf_wire_take(wire, 1);

    return wire->bad ? 0 : b.at[0];
}

uint32_t spf_wire_u32(struct spf_wire *wire)
{
    struct spf_bytes b = spf_wire_take(wire, 4);

    if (wire->bad)
        return 0;
    return (uint32_t)b.at[0] << 24 | (uint32_t)b.at[1] << 16 | (uint32_t)b.at[2] << 8 | b.at[3];
}

struct spf_bytes spf_wire_string(struct spf_wire *wire)
{
    return spf_wire_take(wire, spf_wire_u32(wire));
}

void spf_wire_name(struct spf_wire *wire, char *out, size_t size)
{
    struct spf_bytes name = spf_wire_string(wire);

    out[0] = '\0';
    if (name.len == 0 || name.len >= size)
        wire->bad = true;
    for (size_t i = 0; !wire->bad && i < name.len; i++)
        wire->bad = name.at[i] <= ' ' || name.at[i] >= 0x7f;
    if (wire->bad)
        return;
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

struct spf_pen spf_pen(size_t room)
{
    struct spf_pen pen = {.secret = spf_secret_alloc(room)};

    pen.bad = pen.secret == NULL;
    return pen;
}

void spf_pen_raw(struct spf_pen *pen, const void *bytes, size_t len)
{
    if (pen->bad || len > spf_secret_len(pen->secret) - pen->len) {
        pen->bad = true;
        return;
    }
    if (len > 0)
        memcpy(spf_secret_bytes(pen->secret) + pen->len, bytes, len);
    pen->len += len;
}

void spf_pen_text(struct spf_pen *pen, const char *text)
{
    spf_pen_raw(pen, text, strlen(text));
}

void spf_pen_u8(struct spf_pen *pen, uint8_t value)
{
    spf_pen_raw(pen, &value, 1);
}

void spf_pen_u32(struct spf_pen *pen, uint32_t value)
{
    const uint8_t octets[4] = {(uint8_t)(value >> 24), (uint8_t)(value >> 16),
                               (uint8_t)(value >> 8), (uint8_t)value};

    spf_pen_raw(pen, octets, sizeof octets);
}

void spf_pen_string(struct spf_pen *pen, struct spf_bytes bytes)
{
    spf_pen_u32(pen, (uint32_t)bytes.len);
    spf_pen_raw(pen, bytes.at, bytes.len);
}

void spf_pen_cstring(struct spf_pen *pen, const char *text)
{
    spf_pen_string(pen, spf_bytes_of(text));
}

void spf_pen_mpint(struct spf_pen *pen, struct spf_bytes magnitude)
{
    struct spf_bytes m = spf_bytes_magnitude(magnitude);
    bool sign = m.len > 0 && m.at[0] & 0x80;

    spf_pen_u32(pen, (uint32_t)m.len + sign);
    if (sign)
        spf_pen_u8(pen, 0);
    spf_pen_raw(pen, m.at, m.len);
}

struct spf_secret *spf_pen_take(struct spf_pen *pen)
{
    struct spf_secret *secret = pen->secret;

    if (pen->bad) {
        spf_secret_free(secret);
        secret = NULL;
    } else {
        spf_secret_truncate(secret, pen->len);
    }
    *pen = (struct spf_pen){.bad = true};
    return secret;
}

struct spf_bytes spf_secret_view(const struct spf_secret *secret)
{
    if (!secret)
        return spf_bytes_of("");
    return (struct spf_bytes){(const uint8_t *)spf_secret_text(secret), spf_secret_len(secret)};
}
