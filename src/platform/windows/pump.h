#pragma once

#include <stdbool.h>

#include <winsock2.h>

/* Pipes whose bytes come and go at a socket: what waits for sockets can wait for them then. */
struct spf_pump_ends {
    HANDLE reads; /* what comes from the pipe; may be the same as the next */
    HANDLE writes;
};

/* Takes over the ends; fd, a socket's descriptor, stays the caller's and may be closed. Its other
 * end reads what the pipe brings. Threads of their own do it, and end with either side. False: it
 * could not be done, and the ends are closed. */
bool spf_pump_start(const struct spf_pump_ends *ends, int fd);

/* A second handle of the descriptor's socket, the caller's; INVALID_SOCKET: there is none. */
SOCKET spf_socket_duplicate(int fd);
