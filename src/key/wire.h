#ifndef SPF_KEY_WIRE_H
#define SPF_KEY_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/secret.h"

/*
 * Reading and writing the data types of RFC 4251 section 5. Both sides are sticky: after a read
 * past the end (or a write past the room) everything is empty, and bad is asked once at the end.
 */
struct spf_bytes {
    const uint8_t *at;
    size_t len;
};

struct spf_wire {
    const uint8_t *at;
    size_t left;
    bool bad;
};

struct spf_wire spf_wire(const void *bytes, size_t len);
uint8_t spf_wire_u8(struct spf_wire *wire);
uint32_t spf_wire_u32(struct spf_wire *wire);
struct spf_bytes spf_wire_take(struct spf_wire *wire, size_t len);
struct spf_bytes spf_wire_string(struct spf_wire *wire);
/* A string that must be a name: printable ASCII, shorter than size. "" when bad. */
void spf_wire_name(struct spf_wire *wire, char *out, size_t size);

/* Of a text, without its NUL. */
struct spf_bytes spf_bytes_of(const char *text);
bool spf_bytes_are(struct spf_bytes bytes, const char *text);
bool spf_bytes_equal(struct spf_bytes a, struct spf_bytes b);
/* Without the leading zero octets of an mpint. */
struct spf_bytes spf_bytes_magnitude(struct spf_bytes mpint);

/* Writes into a secret of fixed room, so that no copy of a key is left behind by growing. */
struct spf_pen {
    struct spf_secret *secret;
    size_t len;
    bool bad;
};

/* A pen without memory is bad from the start. */
struct spf_pen spf_pen(size_t room);
void spf_pen_raw(struct spf_pen *pen, const void *bytes, size_t len);
void spf_pen_text(struct spf_pen *pen, const char *text);
void spf_pen_u8(struct spf_pen *pen, uint8_t value);
void spf_pen_u32(struct spf_pen *pen, uint32_t value);
void spf_pen_string(struct spf_pen *pen, struct spf_bytes bytes);
void spf_pen_cstring(struct spf_pen *pen, const char *text);
/* A positive integer of big-endian octets, as RFC 4251 wants it: shortest, 0 before a set top bit.
 */
void spf_pen_mpint(struct spf_pen *pen, struct spf_bytes magnitude);
/* What was written, owned by the caller; NULL if anything failed. The pen is then empty. */
struct spf_secret *spf_pen_take(struct spf_pen *pen);

/* Empty for NULL. */
struct spf_bytes spf_secret_view(const struct spf_secret *secret);

#endif
