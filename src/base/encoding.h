#pragma once

#include "base/text.h"

/* Bytes as text, and back. */

/* Lower-case hex, with sep between octets unless it is 0. */
void spf_buf_add_hex(struct spf_buf *buf, const uint8_t *bytes, size_t len, char sep);
/* Base64 of RFC 4648 without line breaks; pad says whether "=" is written. */
void spf_buf_add_base64(struct spf_buf *buf, const uint8_t *bytes, size_t len, bool pad);
/*
 * Decodes base64; white space is skipped, padding is optional. Writes at most size bytes to out.
 * Returns the number of bytes, or -1 for a character or length that base64 cannot have.
 */
long spf_base64_decode(const char *text, size_t len, uint8_t *out, size_t size);
