#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"

/*
 * A bounded string builder, and the one place where text from outside becomes fit to be shown.
 *
 * struct spf_buf is always NUL-terminated (data is "" even when empty), never grows past its cap,
 * and its failure sticks: append freely and ask spf_buf_failed once at the end.
 */
struct spf_buf {
    char *data;
    size_t len;
    size_t cap; /* bytes of text at most, not counting the NUL */
    size_t room;
    bool failed;
};

void spf_buf_init(struct spf_buf *buf, size_t cap);
void spf_buf_clear(struct spf_buf *buf); /* wipes and frees; the buffer may be used again */
void spf_buf_add(struct spf_buf *buf, const void *bytes, size_t len);
void spf_buf_addstr(struct spf_buf *buf, const char *text);
void spf_buf_addch(struct spf_buf *buf, char c);
void spf_buf_addf(struct spf_buf *buf, const char *fmt, ...) SPF_PRINTF(2, 3);
void spf_buf_vaddf(struct spf_buf *buf, const char *fmt, va_list args) SPF_PRINTF(2, 0);
bool spf_buf_failed(const struct spf_buf *buf);
/* What it holds is not what it should be. */
void spf_buf_fail(struct spf_buf *buf);
/* Hands the text over to the caller, who frees it; NULL if the buffer failed. Empties the buffer.
 */
char *spf_buf_take(struct spf_buf *buf);

/*
 * Appends outside text so that a terminal, a log and a JSON reader can take it: C0, DEL, C1, bidi
 * and zero-width characters and noncharacters become visible escapes (\x1b, \u202e), bytes that are
 * not UTF-8 become U+FFFD. Line feeds and tabs become \n and \t. At most max bytes of *result* are
 * written; a cut is marked with "...". Never fails for its input.
 */
void spf_buf_add_clean(struct spf_buf *buf, const char *bytes, size_t len, size_t max);

/* The same into a fixed array: out is NUL-terminated, at most size-1 bytes, never cut in a
 * character. Takes no memory; bytes must not lie in out. */
void spf_clean(char *out, size_t size, const char *bytes, size_t len);
/* The same of a text of several lines, to be one in a sentence: " / " between them, without blanks
 * at their ends, and without empty ones. */
#define SPF_LINE_MARK " / "
void spf_clean_lines(char *out, size_t size, const char *bytes, size_t len);

/* Would cleaning leave it as it is? */
bool spf_is_clean(const char *text);

/*
 * A trusted text, or snprintf(3), into a fixed array: at most size-1 bytes, never cut within a
 * UTF-8 character. The second of each pair returns false if the text was cut; the first is for
 * texts that may be.
 */
void spf_copy(char *out, size_t size, const char *text);
SPF_MUST_USE bool spf_copy_whole(char *out, size_t size, const char *text);
void spf_format(char *out, size_t size, const char *fmt, ...) SPF_PRINTF(3, 4);
SPF_MUST_USE bool spf_format_whole(char *out, size_t size, const char *fmt, ...) SPF_PRINTF(3, 4);
void spf_vformat(char *out, size_t size, const char *fmt, va_list args) SPF_PRINTF(3, 0);

/* Either may be NULL, which is the same as NULL alone. */
bool spf_same_text(const char *a, const char *b);
/* Compares without regard to ASCII case. */
bool spf_same_word(const char *a, const char *b);
bool spf_starts_with(const char *text, const char *prefix);

/*
 * Decodes one UTF-8 character of at least one byte (RFC 3629: no overlong forms, no surrogates).
 * Returns its length, or 0 if the bytes are none.
 */
size_t spf_utf8_decode(const char *text, size_t len, uint32_t *code);

/* 0: not UTF-16; 1: little-endian; 2: big-endian. Told by the byte order mark; without one, by
 * every other octet of the beginning being 0. */
int spf_utf16_order(const uint8_t *bytes, size_t len);

/* A decimal number of outside text, of digits alone but for a leading "-", from -max to max, which
 * is at least 9; fallback for anything else. */
int64_t spf_decimal(const char *text, int64_t max, int64_t fallback);

/* Cuts blanks, tabs and carriage returns off both ends, in place; points into the same text. */
char *spf_trim(char *text);
