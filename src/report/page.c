#include "report/page.h"

#include <stdint.h>
#include <string.h>

#include "base/names.h"

/* One character of text and its bytes; of what is not UTF-8, one byte as a replacement character.
 */
static size_t decode(const char *text, uint32_t *code)
{
    size_t used = spf_utf8_decode(text, strnlen(text, 4), code);

    if (used == 0) {
        *code = 0xfffd;
    }
    return used > 0 ? used : 1;
}

/*
 * Columns of a character: East Asian wide ones (Unicode's EastAsianWidth.txt, W and F, in ranges
 * that are a little too generous) take two, combining marks none. wcwidth(3) would depend on the
 * locale.
 */
static unsigned width_of(uint32_t c)
{
    static const struct {
        uint32_t first, last;
    } wide[] = {{0x1100, 0x115f}, {0x2e80, 0x303e},   {0x3041, 0xa4cf},   {0xa960, 0xa97c},
                {0xac00, 0xd7a3}, {0xf900, 0xfaff},   {0xfe30, 0xfe6f},   {0xff00, 0xff60},
                {0xffe0, 0xffe6}, {0x1f300, 0x1f64f}, {0x1f900, 0x1f9ff}, {0x20000, 0x3fffd}};

    if ((c >= 0x300 && c <= 0x36f) || (c >= 0xfe00 && c <= 0xfe0f)) {
        return 0;
    }
    for (size_t i = 0; i < sizeof wide / sizeof *wide; i++) {
        if (c >= wide[i].first && c <= wide[i].last) {
            return 2;
        }
    }
    return 1;
}

size_t spf_page_fit(const char *text, unsigned columns)
{
    size_t len = 0;

    while (text[len] != '\0') {
        uint32_t code;
        size_t used = decode(text + len, &code);
        unsigned width = width_of(code);

        if (width > columns) {
            break;
        }
        columns -= width;
        len += used;
    }
    return len;
}

/* What stands for the next character on this page; returns how many bytes of text it took. */
static size_t show(const struct spf_page *page, const char *text, char out[16], unsigned *width)
{
    static const struct {
        uint32_t code;
        const char *ascii;
    } plain[] = {{0x2026, "..."}, {0x2018, "'"}, {0x2019, "'"}, {0x201c, "\""},
                 {0x201d, "\""},  {0x2013, "-"}, {0x2014, "-"}, {0xfffd, "?"}};
    uint32_t code;
    size_t used = decode(text, &code);
    struct spf_buf escape;

    if (code >= 0x20 && code < 0x7f) {
        out[0] = text[0];
        out[1] = '\0';
    } else if (code < 0xa0) {
        spf_format(out, 16, "\\x%02x", (unsigned)code);
    } else if (page->style->utf8) {
        spf_buf_init(&escape, 15);
        spf_buf_add_clean(&escape, text, used, 15);
        spf_copy(out, 16, escape.data);
        *width = strlen(out) == used ? width_of(code) : (unsigned)strlen(out);
        spf_buf_clear(&escape);
        return used;
    } else {
        spf_format(out, 16, "\\u%04x", (unsigned)code);
        for (size_t i = 0; i < sizeof plain / sizeof *plain; i++) {
            if (plain[i].code == code) {
                spf_copy(out, 16, plain[i].ascii);
            }
        }
    }
    *width = (unsigned)strlen(out);
    return used;
}

unsigned spf_page_width(const struct spf_page *page, const char *text)
{
    unsigned total = 0;
    unsigned width;
    char out[16];

    while (*text) {
        text += show(page, text, out, &width);
        total += width;
    }
    return total;
}

/* ECMA-48's parameters of SGR. */
static const char *code_of(enum spf_ink ink)
{
    switch (ink) {
        SPF_NAME(SPF_INK_PLAIN, "0");
        SPF_NAME(SPF_INK_BOLD, "1");
        SPF_NAME(SPF_INK_DIM, "2");
        SPF_NAME(SPF_INK_GREEN, "1;32");
        SPF_NAME(SPF_INK_YELLOW, "1;33");
        SPF_NAME(SPF_INK_RED, "1;31");
        SPF_NAME(SPF_INK_CYAN, "36");
    }
    return "0";
}

static void colour(struct spf_page *page, enum spf_ink ink)
{
    if (page->style->colour && ink != SPF_INK_PLAIN) {
        spf_buf_addf(page->buf, "\x1b[%sm", code_of(ink));
    }
}

static void uncolour(struct spf_page *page, enum spf_ink ink)
{
    if (page->style->colour && ink != SPF_INK_PLAIN) {
        spf_buf_addstr(page->buf, "\x1b[0m");
    }
}

static void put(struct spf_page *page, const char *text, size_t len)
{
    char out[16];
    unsigned width;

    for (const char *end = text + len; text < end;) {
        text += show(page, text, out, &width);
        spf_buf_addstr(page->buf, out);
        page->column += width;
    }
}

void spf_page_put(struct spf_page *page, enum spf_ink ink, const char *text)
{
    colour(page, ink);
    put(page, text, strlen(text));
    uncolour(page, ink);
}

void spf_page_line(struct spf_page *page)
{
    spf_buf_addch(page->buf, '\n');
    page->column = 0;
}

void spf_page_tab(struct spf_page *page, unsigned column)
{
    if (page->column > column) {
        spf_buf_addch(page->buf, ' ');
        page->column++;
    }
    while (page->column < column) {
        spf_buf_addch(page->buf, ' ');
        page->column++;
    }
}

bool spf_page_fits(const struct spf_page *page, unsigned width)
{
    return page->style->width == 0 || page->column + width <= page->style->width;
}

/* Columns of the first len bytes. */
static unsigned width_to(const struct spf_page *page, const char *text, size_t len)
{
    unsigned total = 0;
    unsigned width;
    char out[16];

    for (const char *end = text + len; text < end; total += width) {
        text += show(page, text, out, &width);
    }
    return total;
}

/* May a line end between the two? Chinese has no blanks: after any of its characters, but not
 * before a mark that closes, or after one that opens. */
static bool is_break(uint32_t before, uint32_t after)
{
    static const uint32_t closing[] = {0x3001, 0x3002, 0xff01, 0xff09, 0xff0c, 0xff1a,
                                       0xff1b, 0xff1f, 0x201d, 0x300b, 0x300d};
    static const uint32_t opening[] = {0xff08, 0x201c, 0x300a, 0x300c};

    if (width_of(before) < 2 && width_of(after) < 2) {
        return false;
    }
    for (size_t i = 0; i < sizeof closing / sizeof *closing; i++) {
        if (after == closing[i]) {
            return false;
        }
    }
    for (size_t i = 0; i < sizeof opening / sizeof *opening; i++) {
        if (before == opening[i]) {
            return false;
        }
    }
    return true;
}

/* Bytes of the word's first part that must stay together. */
static size_t unbroken(const char *word, size_t len)
{
    uint32_t before;
    uint32_t after;
    size_t at = decode(word, &before);

    while (at < len) {
        size_t used = decode(word + at, &after);

        if (is_break(before, after)) {
            return at;
        }
        at += used;
        before = after;
    }
    return len;
}

void spf_page_flow(struct spf_page *page, enum spf_ink ink, const char *text)
{
    bool gap = *text == ' ';

    colour(page, ink);
    while (*text) {
        const char *end = text + strcspn(text, " ");
        bool word = text < end;

        while (text < end) {
            size_t len = unbroken(text, (size_t)(end - text));
            unsigned width = width_to(page, text, len) + (gap ? 1 : 0);

            if (page->column > page->indent && !spf_page_fits(page, width)) {
                spf_page_line(page);
                spf_page_tab(page, page->indent);
            } else if (gap) {
                put(page, " ", 1);
            }
            put(page, text, len);
            gap = false;
            text += len;
        }
        gap |= word;
        text += strspn(text, " ");
    }
    uncolour(page, ink);
}

const char *spf_symbol(enum spf_status status, const struct spf_style *style)
{
    switch (status) {
        SPF_NAME(SPF_PENDING, style->utf8 ? "…" : "[..]");
        SPF_NAME(SPF_PASS, style->utf8 ? "✓" : "[ok]");
        SPF_NAME(SPF_WARN, style->utf8 ? "!" : "[warn]");
        SPF_NAME(SPF_FAIL, style->utf8 ? "✗" : "[FAIL]");
        SPF_NAME(SPF_SKIP, style->utf8 ? "-" : "[skip]");
        SPF_NAME(SPF_UNKNOWN, style->utf8 ? "?" : "[?]");
    }
    return "?";
}

enum spf_ink spf_status_ink(enum spf_status status)
{
    switch (status) {
        SPF_NAME(SPF_PENDING, SPF_INK_PLAIN);
        SPF_NAME(SPF_PASS, SPF_INK_GREEN);
        SPF_NAME(SPF_WARN, SPF_INK_YELLOW);
        SPF_NAME(SPF_FAIL, SPF_INK_RED);
        SPF_NAME(SPF_SKIP, SPF_INK_DIM);
        SPF_NAME(SPF_UNKNOWN, SPF_INK_YELLOW);
    }
    return SPF_INK_PLAIN;
}
