#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/wire.h"
#include "net/facts.h"

/* What the sources of names say, as bytes that others wrote. */

/* hosts(5): the number of the first line that gives the name an address that is_ours takes; 0:
 * none does. Like the C library, it takes a line of any length for one. */
unsigned spf_hosts_line(const char *text, size_t len, const char *name,
                        bool (*is_ours)(const void *owner, struct spf_bytes address),
                        const void *owner);

/*
 * Whether a datagram answers our question (its header at least), and with what (RFC 1035 section
 * 4.1.1): *outcome, and in words *said, which is never freed. False: it is no answer, and another
 * may come.
 */
bool spf_name_reply_read(const uint8_t *reply, size_t len, const uint8_t *question,
                         enum spf_lookup_outcome *outcome, const char **said);
