#include "key/layout.h"

#include <ctype.h>

#define BIT(damage) (1u << SPF_DAMAGE_##damage)

bool spf_is_blank(uint8_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r') || c == '\0';
}

/* How base64 is laid out, while it is read. */
struct layout {
    size_t width;               /* of a line, as the format's own program writes it */
    size_t line, lines, blanks; /* of this line; lines that were; of this line's blanks */
    size_t last, pads;          /* the last line's length; how many "=" */
    bool ended;                 /* by "=" */
};

static void end_line(struct layout *layout, bool within, struct spf_key_text *text)
{
    if (layout->line > 0 && layout->lines > 0 && layout->last != layout->width) {
        text->damage |= BIT(WRAPPED); /* a line before the last one of another length */
    }
    if (layout->line == 0 && within) {
        text->damage |= BIT(WRAPPED);
    }
    if (layout->line > 0) {
        layout->lines++;
        layout->last = layout->line;
    }
    layout->line = layout->blanks = 0;
}

static void take_digit(struct layout *layout, uint8_t c, struct spf_writer *writer,
                       struct spf_key_text *text)
{
    if (layout->blanks > 0 && layout->line > 0) {
        text->damage |= BIT(WRAPPED);
    }
    if (c == '=') {
        layout->ended = true;
        layout->pads++;
    } else if (layout->ended) {
        text->strange++;
    } else {
        spf_writer_u8(writer, c);
    }
    layout->line++;
}

/* What does not belong into base64. */
static void take_other(const struct layout *layout, uint8_t c, struct spf_key_text *text)
{
    if (c == '"' || c == '\'' || c == '`' || c == ',') {
        text->damage |= BIT(ESCAPED);
    } else if (layout->line == 0 && (c == '>' || c == '|')) {
        text->damage |= BIT(INDENTED); /* quoted in a mail */
    } else if (spf_is_blank(c)) {
        text->damage |= BIT(WRAPPED);
        if (c == '\0' && !layout->ended) {
            text->strange++;
        }
    } else {
        text->strange++;
    }
}

struct spf_secret *spf_take_base64(struct spf_bytes body, size_t width, struct spf_key_text *text)
{
    struct spf_writer writer = spf_writer(body.len + 4);
    struct layout layout = {.width = width};

    while (body.len > 0 && body.at[body.len - 1] == 0) {
        body.len--; /* what a buffer of fixed size leaves behind */
    }
    for (size_t i = 0; i <= body.len; i++) {
        uint8_t c = i < body.len ? body.at[i] : '\n';

        if (c == '\r' && i + 1 < body.len && (body.at[i + 1] == '\n' || body.at[i + 1] == '\r')) {
            continue; /* what follows says it */
        }
        if (c == '\r' || c == '\n') { /* "\r" alone: the line ends of old Macs */
            end_line(&layout, i > 0 && i < body.len, text);
        } else if (c == ' ' || c == '\t') {
            if (layout.line == 0) {
                text->damage |= BIT(INDENTED);
            }
            layout.blanks++;
        } else if (isalnum(c) || c == '+' || c == '/' || c == '=') {
            take_digit(&layout, c, &writer, text);
        } else {
            take_other(&layout, c, text);
        }
    }
    if (layout.last > width) {
        text->damage |= BIT(WRAPPED);
    }
    if ((writer.len + layout.pads) % 4 != 0) {
        text->strange++;
    }
    if (writer.len % 4 == 1) {
        writer.len--; /* six bits are no octet; without them a reader sees what is missing */
    }
    while (writer.len % 4 != 0) {
        spf_writer_u8(&writer, '=');
    }
    return spf_writer_take(&writer);
}
