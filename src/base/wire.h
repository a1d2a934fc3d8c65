#pragma once

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

struct spf_reader {
    const uint8_t *at;
    size_t left;
    bool bad;
};

struct spf_reader spf_reader(const void *bytes, size_t len);
uint8_t spf_reader_u8(struct spf_reader *reader);
uint32_t spf_reader_u32(struct spf_reader *reader);
struct spf_bytes spf_reader_take(struct spf_reader *reader, size_t len);
struct spf_bytes spf_reader_string(struct spf_reader *reader);
/* As OpenSSH reads text (sshbuf_get_cstring): a NUL may end it, and no other NUL may be in it. */
struct spf_bytes spf_reader_cstring(struct spf_reader *reader);
/* Such a text that must be a name: printable ASCII, shorter than size. "" when bad. */
void spf_reader_name(struct spf_reader *reader, char *out, size_t size);

/* Of a text, without its NUL. */
struct spf_bytes spf_bytes_of(const char *text);
bool spf_bytes_are(struct spf_bytes bytes, const char *text);
bool spf_bytes_equal(struct spf_bytes a, struct spf_bytes b);
/* Without the leading zero octets of an mpint. */
struct spf_bytes spf_bytes_magnitude(struct spf_bytes mpint);

/* Writes into a secret of fixed room, so that no copy of a key is left behind by growing. */
struct spf_writer {
    struct spf_secret *secret;
    size_t len;
    bool bad;
};

/* A writer without memory is bad from the start. */
struct spf_writer spf_writer(size_t room);
void spf_writer_raw(struct spf_writer *writer, const void *bytes, size_t len);
void spf_writer_text(struct spf_writer *writer, const char *text);
void spf_writer_u8(struct spf_writer *writer, uint8_t value);
void spf_writer_u32(struct spf_writer *writer, uint32_t value);
void spf_writer_string(struct spf_writer *writer, struct spf_bytes bytes);
void spf_writer_cstring(struct spf_writer *writer, const char *text);
/* A positive integer of big-endian octets, as RFC 4251 wants it: shortest, 0 before a set top bit.
 */
void spf_writer_mpint(struct spf_writer *writer, struct spf_bytes magnitude);
/* What was written, owned by the caller; NULL if anything failed. The writer is then empty. */
struct spf_secret *spf_writer_take(struct spf_writer *writer);

/* Empty for NULL. */
struct spf_bytes spf_secret_view(const struct spf_secret *secret);
