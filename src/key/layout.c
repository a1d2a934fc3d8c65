#include "key/layout.h"

#include <ctype.h>

bool spf_is_blank(uint8_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r') || c == '\0';
}

/* How base64 is laid out, while it is read. */
struct lines {
    size_t width;               /* of a line, as the format's own program writes it */
    size_t line, count, blanks; /* of this line; lines that were; of this line's blanks */
    size_t last, pads;          /* the last line's length; how many "=" */
    bool ended;                 /* by "=" */
};

static void end_line(struct lines *lines, bool within, struct spf_layout *layout)
{
    if (lines->line > 0 && lines->count > 0 && lines->last != lines->width) {
        layout->damage |=
            1u << SPF_DAMAGE_WRAPPED; /* a line before the last one of another length */
    }
    if (lines->line == 0 && within) {
        layout->damage |= 1u << SPF_DAMAGE_WRAPPED;
    }
    if (lines->line > 0) {
        lines->count++;
        lines->last = lines->line;
    }
    lines->line = lines->blanks = 0;
}

static void take_digit(struct lines *lines, uint8_t c, struct spf_writer *writer,
                       struct spf_layout *layout)
{
    if (lines->blanks > 0 && lines->line > 0) {
        layout->damage |= 1u << SPF_DAMAGE_WRAPPED;
    }
    if (c == '=') {
        lines->ended = true;
        lines->pads++;
    } else if (lines->ended) {
        layout->strange++;
    } else {
        spf_writer_u8(writer, c);
    }
    lines->line++;
}

/* What does not belong into base64. */
static void take_other(const struct lines *lines, uint8_t c, struct spf_layout *layout)
{
    if (c == '"' || c == '\'' || c == '`' || c == ',') {
        layout->damage |= 1u << SPF_DAMAGE_ESCAPED;
    } else if (lines->line == 0 && (c == '>' || c == '|')) {
        layout->damage |= 1u << SPF_DAMAGE_INDENTED; /* quoted in a mail */
    } else if (spf_is_blank(c)) {
        layout->damage |= 1u << SPF_DAMAGE_WRAPPED;
        if (c == '\0' && !lines->ended) {
            layout->strange++;
        }
    } else {
        layout->strange++;
    }
}

struct spf_secret *spf_take_base64(struct spf_bytes body, size_t width, struct spf_layout *layout)
{
    struct spf_writer writer = spf_writer(body.len + 4);
    struct lines lines = {.width = width};

    while (body.len > 0 && body.at[body.len - 1] == 0) {
        body.len--; /* what a buffer of fixed size leaves behind */
    }
    for (size_t i = 0; i <= body.len; i++) {
        uint8_t c = i < body.len ? body.at[i] : '\n';

        if (c == '\r' && i + 1 < body.len && (body.at[i + 1] == '\n' || body.at[i + 1] == '\r')) {
            continue; /* what follows says it */
        }
        if (c == '\r' || c == '\n') { /* "\r" alone: the line ends of old Macs */
            end_line(&lines, i > 0 && i < body.len, layout);
        } else if (c == ' ' || c == '\t') {
            if (lines.line == 0) {
                layout->damage |= 1u << SPF_DAMAGE_INDENTED;
            } else {
                lines.blanks++;
            }
        } else if (isalnum(c) || c == '+' || c == '/' || c == '=') {
            take_digit(&lines, c, &writer, layout);
        } else {
            take_other(&lines, c, layout);
        }
    }
    if (lines.last > width) {
        layout->damage |= 1u << SPF_DAMAGE_WRAPPED;
    }
    if ((writer.len + lines.pads) % 4 != 0) {
        layout->strange++;
    }
    if (writer.len % 4 == 1) {
        writer.len--; /* six bits are no octet; without them a reader sees what is missing */
    }
    while (writer.len % 4 != 0) {
        spf_writer_u8(&writer, '=');
    }
    return spf_writer_take(&writer);
}
