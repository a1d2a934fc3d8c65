#include "base/encoding.h"

#include <string.h>

void spf_buf_add_hex(struct spf_buf *buf, const uint8_t *bytes, size_t len, char sep)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < len; i++) {
        if (sep != 0 && i > 0) {
            spf_buf_addch(buf, sep);
        }
        spf_buf_addch(buf, digits[bytes[i] >> 4]);
        spf_buf_addch(buf, digits[bytes[i] & 15]);
    }
}

static const char base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void spf_buf_add_base64(struct spf_buf *buf, const uint8_t *bytes, size_t len, bool pad)
{
    for (size_t i = 0; i < len; i += 3) {
        size_t left = len - i < 3 ? len - i : 3;
        uint32_t group = (uint32_t)bytes[i] << 16;

        if (left > 1) {
            group |= (uint32_t)bytes[i + 1] << 8;
        }
        if (left > 2) {
            group |= bytes[i + 2];
        }
        for (size_t k = 0; k < 4; k++) {
            if (k <= left) {
                spf_buf_addch(buf, base64[group >> (18 - 6 * k) & 63]);
            } else if (pad) {
                spf_buf_addch(buf, '=');
            }
        }
    }
}

long spf_base64_decode(const char *text, size_t len, uint8_t *out, size_t size)
{
    uint32_t group = 0;
    size_t written = 0;
    size_t digits = 0;
    size_t padding = 0;

    for (size_t i = 0; i < len; i++) {
        const char *digit;

        if (text[i] == ' ' || (text[i] >= '\t' && text[i] <= '\r')) {
            continue;
        }
        if (text[i] == '=') {
            padding++;
            continue;
        }
        if (text[i] == '\0' || padding > 0 || (digit = strchr(base64, text[i])) == NULL) {
            return -1;
        }
        group = group << 6 | (uint32_t)(digit - base64);
        if (++digits % 4 != 0) {
            continue;
        }
        if (written + 3 > size) {
            return -1;
        }
        out[written++] = (uint8_t)(group >> 16);
        out[written++] = (uint8_t)(group >> 8);
        out[written++] = (uint8_t)group;
        group = 0;
    }
    /* A last group of two or three digits is one or two octets; a lone digit is nothing. */
    digits %= 4;
    if (digits == 1 || padding > 2 || (padding > 0 && digits + padding != 4)) {
        return -1;
    }
    if (digits >= 2) {
        if (written + digits - 1 > size) {
            return -1;
        }
        group <<= 6 * (4 - digits);
        out[written++] = (uint8_t)(group >> 16);
        if (digits == 3) {
            out[written++] = (uint8_t)(group >> 8);
        }
    }
    return (long)written;
}
