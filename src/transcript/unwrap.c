#include <string.h>

#include "base/secret.h"
#include "transcript/lines.h"

/* UTF-16 becomes UTF-8: PowerShell redirects so. Lone surrogates become U+FFFD. */
static void add_code_point(struct spf_buf *buf, uint32_t c)
{
    if (c == 0) {
        return;
    }
    if (c < 0x80) {
        spf_buf_addch(buf, (char)c);
    } else if (c < 0x800) {
        spf_buf_addch(buf, (char)(0xc0 | c >> 6));
        spf_buf_addch(buf, (char)(0x80 | (c & 0x3f)));
    } else if (c < 0x10000) {
        spf_buf_addch(buf, (char)(0xe0 | c >> 12));
        spf_buf_addch(buf, (char)(0x80 | (c >> 6 & 0x3f)));
        spf_buf_addch(buf, (char)(0x80 | (c & 0x3f)));
    } else {
        spf_buf_addch(buf, (char)(0xf0 | c >> 18));
        spf_buf_addch(buf, (char)(0x80 | (c >> 12 & 0x3f)));
        spf_buf_addch(buf, (char)(0x80 | (c >> 6 & 0x3f)));
        spf_buf_addch(buf, (char)(0x80 | (c & 0x3f)));
    }
}

static uint32_t unit_at(const uint8_t *bytes, int order)
{
    return order == 1 ? (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8
                      : (uint32_t)bytes[1] | (uint32_t)bytes[0] << 8;
}

static void decode_utf16(struct spf_buf *out, const char *text, size_t len, int order)
{
    const uint8_t *bytes = (const uint8_t *)text;

    for (size_t i = 0; i + 1 < len; i += 2) {
        uint32_t unit = unit_at(bytes + i, order);

        if (unit >= 0xd800 && unit < 0xdc00 && i + 3 < len) {
            uint32_t low = unit_at(bytes + i + 2, order);

            if (low >= 0xdc00 && low < 0xe000) {
                unit = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
                i += 2;
            }
        }
        if (unit >= 0xd800 && unit < 0xe000) {
            unit = 0xfffd;
        }
        if (unit != 0xfeff) {
            add_code_point(out, unit);
        }
    }
}

/* The length of an ANSI escape at text (ECMA-48: CSI and OSC, and two-byte ones); 0: none. */
static size_t escape_length(const char *text, size_t len)
{
    size_t i = 2;

    if (len < 2 || text[0] != '\x1b') {
        return 0;
    }
    if (text[1] == '[') {
        while (i < len && i < 64 && (unsigned char)text[i] >= 0x20 &&
               (unsigned char)text[i] < 0x40) {
            i++;
        }
        return i < len ? i + 1 : i;
    }
    if (text[1] == ']') {
        while (i < len && i < 1024 && text[i] != '\a' && text[i] != '\x1b' && text[i] != '\n') {
            i++;
        }
        if (i + 1 < len && text[i] == '\x1b' && text[i + 1] == '\\') {
            return i + 2;
        }
        return i < len && text[i] == '\a' ? i + 1 : i;
    }
    return 2;
}

/*
 * Does the line hold a text with the escapes of a programming language (a JSON member, a quoted log
 * record)? Then \n ends a line; else it may be a part of C:\new.
 */
static bool is_escaped(const char *line, size_t len)
{
    return memmem(line, len, "\\r\\n", 4) != NULL || memmem(line, len, "\\\"", 2) != NULL ||
           memmem(line, len, "\": \"", 4) != NULL || memmem(line, len, "\":\"", 3) != NULL ||
           memmem(line, len, "=\"", 2) != NULL;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* \uXXXX; 0: it is not one. */
static uint32_t unicode_escape(const char *text, size_t len)
{
    uint32_t value = 0;

    if (len < 6 || text[1] != 'u') {
        return 0;
    }
    for (int i = 2; i < 6; i++) {
        int digit = hex_value(text[i]);

        if (digit < 0) {
            return 0;
        }
        value = value << 4 | (uint32_t)digit;
    }
    return value >= 0xd800 && value < 0xe000 ? 0xfffd : value;
}

#define NESTED_MAX 4 /* levels of escapes */

struct unwrapping {
    struct spf_lines *lines;
    int64_t number;    /* of the pasted line */
    size_t started;    /* where the line begins in the buffer */
    bool in_key;       /* between BEGIN and END of a private key */
    unsigned key_left; /* lines that a key may still have */
};

static void begin_line(struct unwrapping *u)
{
    char digits[24];
    char *first = digits + sizeof digits;

    *--first = ' ';
    for (int64_t rest = u->number; rest > 0;
         rest /= 10) { /* printf(3) would take half of the time */
        *--first = (char)('0' + rest % 10);
    }
    spf_buf_add(&u->lines->text, first, (size_t)(digits + sizeof digits - first));
    u->started = u->lines->text.len;
}

/* Drops the line if it belongs to a private key. Its first line stays, as a sign of it. */
static void end_line(struct unwrapping *u)
{
    struct spf_buf *text = &u->lines->text;
    const char *line;

    if (spf_buf_failed(text)) {
        return;
    }
    line = text->data + u->started;
    if (u->in_key) {
        u->in_key = --u->key_left > 0 && strstr(line, "-----END ") == NULL &&
                    strstr(line, "Private-MAC:") == NULL;
        text->len = u->started;
    } else if (spf_begins_private_key(line, strlen(line))) {
        u->lines->private_key = true;
        u->key_left = 400;
        u->in_key = strstr(line, "-----END ") == NULL;
        text->len = u->started;
    }
    spf_buf_addch(text, '\0');
}

/* Words of a tool after which the client's own message follows in the same line. */
static size_t wrapper_length(const char *text, size_t len)
{
    static const char *const wrappers[] = {
        "Failed to connect to the host via ssh: ", /* Ansible, plugins/connection/ssh.py */
        "Failed to connect to the host via scp: ", "stderr> ", /* VS Code Remote-SSH */
    };

    for (size_t i = 0; i < sizeof wrappers / sizeof *wrappers; i++) {
        size_t size = strlen(wrappers[i]);

        if (len > size && memcmp(text, wrappers[i], size) == 0) {
            return size;
        }
    }
    return 0;
}

/*
 * Is it a text with escapes within another one (a result in JSON as a string of a log in JSON)? A
 * lone pair of backslashes may be a path of Windows, C:\\new.
 */
static bool is_escaped_twice(const char *line, size_t len)
{
    return memmem(line, len, "\\\\\\\"", 4) != NULL || memmem(line, len, "\\\\r\\\\n", 6) != NULL;
}

/* Takes one level of escapes off: of the backslash and the quote, which are what nests. */
static void unescape_once(struct spf_buf *out, const char *line, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (line[i] == '\\' && i + 1 < len && (line[i + 1] == '\\' || line[i + 1] == '"')) {
            i++;
        }
        spf_buf_addch(out, line[i]);
    }
}

static void unwrap_plain(struct unwrapping *u, const char *line, size_t len);

/* One line of the pasted text, without its line feed. */
static void unwrap_line(struct unwrapping *u, const char *line, size_t len)
{
    struct spf_buf levels[NESTED_MAX];
    size_t level = 0;

    while (level < NESTED_MAX && is_escaped_twice(line, len)) {
        struct spf_buf *out = &levels[level++];

        spf_buf_init(out, SPF_TRANSCRIPT_MAX);
        unescape_once(out, line, len);
        line = out->data;
        len = out->len;
    }
    unwrap_plain(u, line, len);
    while (level > 0) {
        if (u->lines->private_key) {
            explicit_bzero(levels[level - 1].data, levels[level - 1].len);
        }
        spf_buf_clear(&levels[--level]);
    }
}

static void unwrap_plain(struct unwrapping *u, const char *line, size_t len)
{
    struct spf_buf *out = &u->lines->text;
    bool escaped = is_escaped(line, len);

    begin_line(u);
    for (size_t i = 0; i < len && !spf_buf_failed(out);) {
        size_t escape = escape_length(line + i, len - i);
        uint32_t c;

        if (escape > 0) {
            i += escape;
        } else if (wrapper_length(line + i, len - i) > 0) {
            i += wrapper_length(line + i, len - i);
            end_line(u);
            begin_line(u);
        } else if (line[i] == '\r') {
            i++;
        } else if (escaped && line[i] == '"' && i + 1 < len && line[i + 1] == ',') {
            end_line(u); /* of a JSON member's text */
            begin_line(u);
            i += 2;
        } else if (escaped && line[i] == '\\' && i + 1 < len) {
            char next = line[i + 1];

            if ((c = unicode_escape(line + i, len - i)) > 0) {
                if (c != 0x1b) {
                    add_code_point(out, c);
                }
                i += 6;
                continue;
            }
            if (next == 'n') {
                end_line(u);
                begin_line(u);
            } else if (next == 't') {
                spf_buf_addch(out, ' ');
            } else if (next != 'r') {
                spf_buf_addch(out, next);
            }
            i += 2;
        } else {
            if (line[i] != '\0' && out->len - u->started < SPF_LINE_MAX) {
                spf_buf_addch(out, line[i]);
            }
            i++;
        }
    }
    end_line(u);
}

/*
 * A terminal, or an editor, that breaks each line at its last column: many lines are as long as the
 * longest, and go on in the next. The columns of these; 0: it is not such a text.
 */
#define WRAPPED_FROM 30u
#define WRAPPED_TO   250u

static size_t length_of_line(const char *text, size_t len)
{
    const char *end = memchr(text, '\n', len);

    return end != NULL ? (size_t)(end - text) : len;
}

static size_t columns_of(const char *line, size_t size)
{
    size_t columns = 0;

    if (size > 0 && line[size - 1] == '\r') {
        size--;
    }
    for (size_t i = 0; i < size; i++) {
        columns += ((unsigned char)line[i] & 0xc0) != 0x80;
    }
    return columns;
}

static size_t wraps_at(const char *text, size_t len)
{
    size_t widest = 0;
    size_t full = 0;
    size_t lines = 0;
    size_t alike = 0;
    const char *before = NULL;

    for (size_t at = 0, size; at < len; at += size + 1) {
        size_t columns;

        size = length_of_line(text + at, len - at);
        if (size < widest) {
            lines += size > 0;
            continue;
        }
        columns = size <= 4 * (size_t)WRAPPED_TO ? columns_of(text + at, size) : size;
        if (columns > WRAPPED_TO) {
            return 0;
        }
        lines += columns > 0;
        if (columns > widest) {
            widest = columns;
            full = alike = 0;
        }
        if (columns < widest || columns == 0) {
            continue;
        }
        /* a message that comes again, or a frame, is not wrapped */
        alike += before != NULL && len - at >= 8 && memcmp(text + at, before, 8) == 0;
        full++;
        before = text + at;
    }
    if (widest < WRAPPED_FROM) {
        return 0;
    }
    /* two lines of 80, 100 or 120 columns are enough */
    return full >= (widest % 10 == 0 ? 2u : 3u) && 2 * alike < full && full * 6 >= lines ? widest
                                                                                         : 0;
}

/* A line with those that it goes on in. Returns the bytes of them all, without the last line feed.
 */
static size_t unwrap_wrapped(struct unwrapping *u, const char *text, size_t len, size_t columns)
{
    size_t at = 0;
    size_t size = length_of_line(text, len);
    int64_t more = 0;
    struct spf_buf joined;

    spf_buf_init(&joined, SPF_LINE_MAX + 4 * WRAPPED_TO);
    spf_buf_add(&joined, text, size);
    while (columns_of(text + at, size) == columns && at + size < len &&
           joined.len + size <= SPF_LINE_MAX) {
        at += size + 1;
        size = length_of_line(text + at, len - at);
        spf_buf_add(&joined, text + at, size);
        more++;
    }
    if (!spf_buf_failed(&joined) && joined.data != NULL) {
        unwrap_line(u, joined.data, joined.len);
    }
    u->number += more;
    spf_buf_clear(&joined);
    return at + size;
}

bool spf_unwrap(const char *text, size_t len, struct spf_lines *lines)
{
    struct unwrapping u = {.lines = lines};
    int order = spf_utf16_order((const uint8_t *)text, len);
    struct spf_buf decoded;
    bool was_empty = false;
    size_t wrapped;

    *lines = (struct spf_lines){0};
    /* each line carries its number: at most 8 bytes for one of a line feed alone */
    spf_buf_init(&lines->text, 9 * SPF_TRANSCRIPT_MAX + 64);
    spf_buf_init(&decoded, 2 * SPF_TRANSCRIPT_MAX);
    if (order != 0) {
        decode_utf16(&decoded, text, len, order);
        text = decoded.data;
        len = decoded.len;
    } else if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
        text += 3;
        len -= 3;
    }
    wrapped = wraps_at(text, len);
    while (len > 0 && !spf_buf_failed(&lines->text)) {
        size_t size = length_of_line(text, len);

        u.number++;
        if (wrapped > 0) {
            size = unwrap_wrapped(&u, text, len, wrapped);
        } else if (size > 0 || !was_empty) { /* of several empty lines one is enough */
            unwrap_line(&u, text, size);
        }
        was_empty = size == 0;
        size += size < len;
        text += size;
        len -= size;
    }
    spf_buf_clear(&decoded);
    return !spf_buf_failed(&lines->text);
}

const char *spf_lines_next(struct spf_lines *lines, int64_t *number)
{
    const char *line;

    if (lines->at >= lines->text.len) {
        return NULL;
    }
    line = lines->text.data + lines->at;
    lines->at += strlen(line) + 1;
    *number = 0;
    while (*line >= '0' && *line <= '9') {
        *number = *number * 10 + (*line++ - '0');
    }
    return line + (*line == ' ');
}

void spf_lines_clear(struct spf_lines *lines)
{
    if (lines->text.data != NULL && lines->private_key) {
        explicit_bzero(lines->text.data, lines->text.len);
    }
    spf_buf_clear(&lines->text);
}
