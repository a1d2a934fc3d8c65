#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/secret.h"

/*
 * What is said at the control socket of an ssh that others share (OpenSSH's PROTOCOL.mux, version
 * 4, unchanged since 5.6): packets with their length before them. Pure.
 */

/* What a client sends to have a connection opened: hello, and MUX_C_NEW_STDIO_FWD. Two descriptors
 * follow it, each with a byte of its own: where the connection is to be read from and written to.
 * NULL: no memory. The caller frees it. */
struct spf_secret *spf_mux_ask_connection(const char *host, unsigned port);
/* Hello, and MUX_C_ALIVE_CHECK. */
struct spf_secret *spf_mux_ask_alive(void);

enum spf_mux_reply {
    SPF_MUX_INCOMPLETE,
    SPF_MUX_HELLO,
    SPF_MUX_ALIVE,
    SPF_MUX_OPENED,
    SPF_MUX_REFUSED, /* the jump host has not opened it; the master's log says why */
    SPF_MUX_STRANGE, /* of another version, a failure of the master, or nothing that answers us */
};

/* Reads the first packet; *taken receives its length, 0 where it is incomplete. Never fails for its
 * input. */
enum spf_mux_reply spf_mux_read(const void *bytes, size_t len, size_t *taken);
