#ifndef SPF_KEY_LAYOUT_H
#define SPF_KEY_LAYOUT_H

#include "key/text.h"

/* Blanks and control bytes, which have no meaning between the parts of a key. */
bool spf_is_blank(uint8_t c);

/*
 * The base64 of the body, without all that does not belong there; text->damage and text->strange
 * note how it was laid out, where lines of width characters would be right. NULL: no memory.
 */
struct spf_secret *spf_take_base64(struct spf_bytes body, size_t width, struct spf_key_text *text);

#endif
