#pragma once

#include "base/secret.h"
#include "key/plain.h"

/* Blanks and control bytes, which have no meaning between the parts of a key. */
bool spf_is_blank(uint8_t c);

/* What was wrong with how base64 was laid out. */
struct spf_layout {
    unsigned damage;  /* bits, 1 << enum spf_damage */
    unsigned strange; /* characters that don't belong there */
};

/*
 * The base64 of the body, without all that does not belong there; *layout says what that was, where
 * lines of width characters would be right. NULL: no memory.
 */
struct spf_secret *spf_take_base64(struct spf_bytes body, size_t width, struct spf_layout *layout);
