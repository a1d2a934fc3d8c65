#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/shortage.h"

#define TIGHT_MAX 4096

void spf_buf_init(struct spf_buf *buf, size_t cap)
{
    static char empty[1] = "";

    *buf = (struct spf_buf){.data = empty, .cap = cap};
}

static void release(struct spf_buf *buf)
{
    if (buf->room == 0 || buf->data == NULL) {
        return;
    }
    explicit_bzero(buf->data, buf->room);
    free(buf->data);
}

void spf_buf_clear(struct spf_buf *buf)
{
    release(buf);
    spf_buf_init(buf, buf->cap);
}

/* Makes room for len more bytes and the NUL. */
static bool grow(struct spf_buf *buf, size_t len)
{
    size_t room = buf->room;
    char *data;

    if (buf->failed || len > buf->cap - buf->len) {
        buf->failed = true;
        return false;
    }
    if (buf->len + len < room) {
        return true;
    }
    if (room < 64) {
        room = 64;
    }
    while (room <= buf->len + len) {
        room += room / 2;
    }
    data = malloc(room); /* not realloc(3), which leaves a copy of what may be secret behind */
    if (data == NULL) {
        buf->failed = true;
        spf_ran_short();
        return false;
    }
    memcpy(data, buf->data, buf->len + 1);
    release(buf);
    buf->data = data;
    buf->room = room;
    return true;
}

void spf_buf_add(struct spf_buf *buf, const void *bytes, size_t len)
{
    if (len == 0 || !grow(buf, len)) {
        return;
    }
    memcpy(buf->data + buf->len, bytes, len);
    buf->len += len;
    buf->data[buf->len] = '\0';
}

void spf_buf_addstr(struct spf_buf *buf, const char *text)
{
    spf_buf_add(buf, text, strlen(text));
}

void spf_buf_addch(struct spf_buf *buf, char c)
{
    if (grow(buf, 1)) {
        buf->data[buf->len++] = c;
        buf->data[buf->len] = '\0';
    }
}

void spf_buf_vaddf(struct spf_buf *buf, const char *fmt, va_list args)
{
    char few[256]; /* most are no longer, and take no memory */
    char *text = NULL;
    va_list again;
    int len;

    va_copy(again, args);
    len = vsnprintf(few, sizeof few, fmt, args);
    if (len >= (int)sizeof few) {
        len = vasprintf(&text, fmt, again);
    }
    va_end(again);
    if (len < 0) {
        buf->failed = true;
        spf_ran_short();
        return;
    }
    spf_buf_add(buf, text != NULL ? text : few, (size_t)len);
    free(text);
}

void spf_buf_addf(struct spf_buf *buf, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    spf_buf_vaddf(buf, fmt, args);
    va_end(args);
}

bool spf_buf_failed(const struct spf_buf *buf)
{
    return buf->failed;
}

void spf_buf_fail(struct spf_buf *buf)
{
    buf->failed = true;
}

/* Texts that are taken are kept for long, many at once: without room to grow. Large ones are not
 * worth another copy. */
static void tighten(struct spf_buf *buf)
{
    char *data = buf->room > buf->len + 32 && buf->len < TIGHT_MAX ? malloc(buf->len + 1) : NULL;

    if (data == NULL) {
        return;
    }
    memcpy(data, buf->data, buf->len + 1);
    release(buf);
    buf->data = data;
    buf->room = buf->len + 1;
}

char *spf_buf_take(struct spf_buf *buf)
{
    char *text = NULL;

    if (!buf->failed) {
        tighten(buf);
        text = buf->room > 0 ? buf->data : calloc(1, 1);
    }
    if (text == NULL || buf->room == 0) {
        spf_buf_clear(buf);
    } else {
        spf_buf_init(buf, buf->cap);
    }
    return text;
}

size_t spf_utf8_decode(const char *text, size_t len, uint32_t *code)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char *s = (const unsigned char *)text;
    size_t want;

    if (s[0] < 0x80) {
        *code = s[0];
        return 1;
    }
    if (s[0] >= 0xc2 && s[0] < 0xe0) {
        want = 2;
    } else if (s[0] >= 0xe0 && s[0] < 0xf0) {
        want = 3;
    } else if (s[0] >= 0xf0 && s[0] < 0xf5) {
        want = 4;
    } else {
        return 0;
    }
    if (len < want) {
        return 0;
    }
    *code = s[0] & (0xffu >> (want + 1));
    for (size_t i = 1; i < want; i++) {
        if ((s[i] & 0xc0) != 0x80) {
            return 0;
        }
        *code = *code << 6 | (s[i] & 0x3f);
    }
    if (*code < least[want] || *code > 0x10ffff || (*code >= 0xd800 && *code < 0xe000)) {
        return 0;
    }
    return want;
}

/* Characters that change how others are shown, or are not shown at all, and those that are none
 * (Unicode's noncharacters, which XML 1.0 refuses as well). */
static bool deceives(uint32_t code)
{
    return (code & 0xfffe) == 0xfffe || (code >= 0xfdd0 && code <= 0xfdef) || code == 0xad ||
           code == 0x61c || code == 0x180e || (code >= 0x200b && code <= 0x200f) ||
           (code >= 0x2028 && code <= 0x202e) || (code >= 0x2060 && code <= 0x206f) ||
           code == 0xfeff || (code >= 0xfff9 && code <= 0xfffb) ||
           (code >= 0xe0000 && code <= 0xe0fff);
}

/* The visible form of the next character; returns how many bytes of s it stands for. */
static size_t show(const unsigned char *s, size_t len, char out[16])
{
    uint32_t code;
    size_t used = spf_utf8_decode((const char *)s, len, &code);

    if (used == 0) {
        memcpy(out, "\xef\xbf\xbd", 4);
        return 1;
    }
    if (code == '\n') {
        memcpy(out, "\\n", 3);
    } else if (code == '\t') {
        memcpy(out, "\\t", 3);
    } else if (code == '\r') {
        memcpy(out, "\\r", 3);
    } else if (code < 0x20 || code == 0x7f || (code >= 0x80 && code < 0xa0)) {
        (void)snprintf(out, 16, "\\x%02x", (unsigned)code);
    } else if (deceives(code)) {
        (void)snprintf(out, 16, "\\u%04x", (unsigned)code);
    } else {
        memcpy(out, s, used);
        out[used] = '\0';
    }
    return used;
}

/* How many of the bytes are shown as they stand. */
static size_t plain(const unsigned char *s, size_t len)
{
    size_t count = 0;

    while (count < len && s[count] >= 0x20 && s[count] < 0x7f) {
        count++;
    }
    return count;
}

void spf_buf_add_clean(struct spf_buf *buf, const char *bytes, size_t len, size_t max)
{
    static const char mark[] = "...";
    const unsigned char *s = (const unsigned char *)bytes;
    size_t start = buf->len;
    size_t written = 0;
    size_t before_mark = 0;
    char piece[16];

    for (size_t at = 0; at < len && !buf->failed;) {
        const size_t room = max - written;
        size_t used = plain(s + at, len - at < room ? len - at : room);
        size_t size;

        if (used > 0) { /* most texts are nothing else */
            spf_buf_add(buf, s + at, used);
            if (written + 3 <= max) {
                before_mark = written + used + 3 <= max ? written + used : max - 3;
            }
            written += used;
            at += used;
            continue;
        }
        used = show(s + at, len - at, piece);
        size = strlen(piece);
        if (written + size > max) {
            /* Back to where the mark of a cut still fits. */
            buf->len = start + before_mark;
            spf_buf_add(buf, mark, max - before_mark < 3 ? max - before_mark : 3);
            return;
        }
        spf_buf_add(buf, piece, size);
        written += size;
        at += used;
        if (written + 3 <= max) {
            before_mark = written;
        }
    }
}

void spf_clean(char *out, size_t size, const char *bytes, size_t len)
{
    /* In its place: where memory ran out, a text that is missing would be taken for an answer. */
    struct spf_buf buf = {.data = out, .room = size, .cap = size - 1};

    out[0] = '\0';
    spf_buf_add_clean(&buf, bytes, len, size - 1);
    out[buf.len] = '\0';
}

void spf_clean_lines(char *out, size_t size, const char *bytes, size_t len)
{
    struct spf_buf lines;

    spf_buf_init(&lines, 2 * len + 1);
    for (size_t at = 0; at < len;) {
        const char *line = bytes + at;
        const char *end = memchr(line, '\n', len - at);
        size_t line_len = end != NULL ? (size_t)(end - line) : len - at;

        at += line_len + 1;
        for (; line_len > 0 && memchr(" \t\r", line[0], 3) != NULL; line++) {
            line_len--;
        }
        while (line_len > 0 && memchr(" \t\r", line[line_len - 1], 3) != NULL) {
            line_len--;
        }
        if (line_len > 0 && lines.len > 0) {
            spf_buf_addstr(&lines, SPF_LINE_MARK);
        }
        spf_buf_add(&lines, line, line_len);
    }
    spf_clean(out, size, lines.data, lines.len);
    spf_buf_clear(&lines);
}

/* How much of the first len bytes remains where a character that begun there is not cut in two. */
static size_t whole_characters(const char *text, size_t len)
{
    const unsigned char *s = (const unsigned char *)text;
    size_t start = len;
    uint32_t code;

    while (start > 0 && len - start < 3 && (s[start - 1] & 0xc0) == 0x80) {
        start--;
    }
    if (start == 0 || s[start - 1] < 0xc0) {
        return len; /* ASCII at the end, or bytes that are no character anyway */
    }
    start--;
    return spf_utf8_decode((const char *)(s + start), len - start, &code) == len - start ? len
                                                                                         : start;
}

static bool copy(char *out, size_t size, const char *text)
{
    size_t len = strlen(text);
    size_t kept = len < size ? len : whole_characters(text, size - 1);

    memcpy(out, text, kept);
    out[kept] = '\0';
    return kept == len;
}

void spf_copy(char *out, size_t size, const char *text)
{
    (void)copy(out, size, text);
}

bool spf_copy_whole(char *out, size_t size, const char *text)
{
    return copy(out, size, text);
}

SPF_PRINTF(3, 0)
static bool format(char *out, size_t size, const char *fmt, va_list args)
{
    int len = vsnprintf(out, size, fmt, args);

    if (len < 0) {
        out[0] = '\0';
    }
    if (len >= 0 && (size_t)len >= size) {
        out[whole_characters(out, size - 1)] = '\0';
    }
    return len >= 0 && (size_t)len < size;
}

void spf_vformat(char *out, size_t size, const char *fmt, va_list args)
{
    (void)format(out, size, fmt, args);
}

void spf_format(char *out, size_t size, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    spf_vformat(out, size, fmt, args);
    va_end(args);
}

bool spf_format_whole(char *out, size_t size, const char *fmt, ...)
{
    va_list args;
    bool whole;

    va_start(args, fmt);
    whole = format(out, size, fmt, args);
    va_end(args);
    return whole;
}

/* Is it a character that a terminal can show as it is? */
static bool is_plain(uint32_t code)
{
    return code >= 0x20 && code != 0x7f && (code < 0x80 || code >= 0xa0) && !deceives(code);
}

bool spf_is_clean(const char *text)
{
    const unsigned char *s = (const unsigned char *)text;
    size_t len = strlen(text);

    while (len > 0) {
        uint32_t code;
        size_t used = spf_utf8_decode((const char *)s, len, &code);

        if (used == 0 || !is_plain(code)) {
            return false;
        }
        s += used;
        len -= used;
    }
    return true;
}

bool spf_same_word(const char *a, const char *b)
{
    return strcasecmp(a, b) == 0;
}

bool spf_same_text(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

bool spf_starts_with(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

int spf_utf16_order(const uint8_t *bytes, size_t len)
{
    size_t zeros[2] = {0, 0};
    size_t look = len < 64 ? len & ~(size_t)1 : 64;

    if (len >= 2 && bytes[0] == 0xff && bytes[1] == 0xfe) {
        return 1;
    }
    if (len >= 2 && bytes[0] == 0xfe && bytes[1] == 0xff) {
        return 2;
    }
    for (size_t i = 0; i < look; i++) {
        zeros[i % 2] += bytes[i] == 0;
    }
    if (look < 16) {
        return 0;
    }
    return zeros[1] == look / 2 && zeros[0] == 0   ? 1
           : zeros[0] == look / 2 && zeros[1] == 0 ? 2
                                                   : 0;
}

int64_t spf_decimal(const char *text, int64_t max, int64_t fallback)
{
    bool negative = *text == '-';
    int64_t value = 0;

    text += negative;
    if (*text == '\0') {
        return fallback;
    }
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9') {
            return fallback;
        }
        if (value > (max - (*text - '0')) / 10) {
            return fallback;
        }
        value = value * 10 + (*text - '0');
    }
    return negative ? -value : value;
}

char *spf_trim(char *text)
{
    size_t len;

    text += strspn(text, " \t\r");
    len = strlen(text);
    while (len > 0 && strchr(" \t\r", text[len - 1]) != NULL) {
        text[--len] = '\0';
    }
    return text;
}
