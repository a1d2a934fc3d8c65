#pragma once

#include <stddef.h>

#include "net/facts.h"

/*
 * What a server says before its SSH identification, and that line itself (RFC 4253 section 4.2),
 * read as OpenSSH's client does (kex.c, kex_exchange_identification): at most 1024 lines of at most
 * 8192 bytes before it. Pure: it is given what recv(2) with MSG_PEEK shows.
 */
#define SPF_IDENTIFICATION_MAX  8192 /* SSH_MAX_BANNER_LEN, without CR LF */
#define SPF_IDENTIFICATION_PEEK (SPF_IDENTIFICATION_MAX + 2)

struct spf_greeting {
    struct spf_identification_facts *facts;
    unsigned lines;
    bool decided;
    char before[600]; /* as it came, but without CR and NUL */
    size_t before_len;
};

enum spf_greeting_end {
    SPF_GREETING_OPEN, /* more may come */
    SPF_GREETING_CLOSED,
    SPF_GREETING_RESET,
    SPF_GREETING_TIMEOUT,
};

/* facts is borrowed and filled once the identification is decided. */
void spf_greeting_init(struct spf_greeting *greeting, struct spf_identification_facts *facts);

/*
 * bytes are all that can be peeked, at most SPF_IDENTIFICATION_PEEK. Returns how many of them to
 * take off the socket: the lines before the identification, never the identification itself, which
 * is the SSH library's. While greeting->decided is false, call again when more can be peeked than
 * stays. With an end other than open it is always decided.
 */
size_t spf_greeting_read(struct spf_greeting *greeting, const char *bytes, size_t len,
                         enum spf_greeting_end end);
