#pragma once

#include "base/error.h"
#include "net/identification.h"

/*
 * Reads a server's identification on a connected, non-blocking socket, and takes the lines before
 * the SSH identification off it: the identification itself stays for the SSH library.
 *
 * What is known stays unread, so SO_RCVLOWAT keeps poll(2) from waking for it again. A local socket
 * (a jump host's) knows no such mark, nor is it always heeded: while a part of a line lies in such
 * a one, it is to be looked at again and again.
 */
#define SPF_LISTEN_AGAIN_MS 20

struct spf_listener {
    struct spf_greeting greeting;
    int fd;        /* borrowed */
    size_t peeked; /* bytes that are known and still in the socket */
    bool unmarked; /* poll(2) also wakes for what is known */
};

/* facts is borrowed, and filled once the identification is decided. */
void spf_listener_init(struct spf_listener *listener, int fd,
                       struct spf_identification_facts *facts);

/* woken: poll(2) said that there is something. True once the identification is decided. */
SPF_MUST_USE bool spf_listen(struct spf_listener *listener, bool woken);

/* What poll(2) should wake for. *again: look also without it, after SPF_LISTEN_AGAIN_MS. */
SPF_MUST_USE short spf_listen_events(const struct spf_listener *listener, bool *again);

/* The time is over: decides with what is there. */
void spf_listen_no_more(struct spf_listener *listener);
