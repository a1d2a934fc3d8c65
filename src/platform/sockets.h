#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"

/*
 * What a library that wants a descriptor of its own is given before there is a connection, and how
 * that becomes the connection. Libraries know a socket by the system's handle, which on Windows is
 * another number than our descriptor.
 */
intptr_t spf_socket_handle(int fd);
int spf_socket_descriptor(intptr_t handle);

/*
 * From now on what is read and written at near_end goes to the connected socket fd, which stays the
 * caller's and still tells whether it has ended. *far_end is of no more use and becomes -1. The
 * descriptor at which to wait for what the library may read; -1: it could not be done.
 */
int spf_socket_hand_over(int near_end, int *far_end, int fd);

/* A TCP connection of this process with itself, on IPv4's loopback, not blocking: false if there is
 * none. */
bool spf_loopback_pair(int pair[2]);

/*
 * Where the agent is that ssh asks: SSH_AUTH_SOCK; where it is not set, on Windows the pipe of its
 * service. of_putty: which PuTTY asks; the same, but on Windows Pageant's pipe. NULL: nowhere.
 */
const char *spf_agent_default(bool of_putty);

/*
 * A non-blocking connection to the local socket (unix(7)) at path, on Windows to the named pipe,
 * the caller's; -1: none listens there. "": none.
 */
int spf_connect_local(const char *path);

/* Sends a descriptor along a local socket, with one byte (unix(7), SCM_RIGHTS). False: it cannot be
 * done now, or not on this system. */
SPF_MUST_USE bool spf_send_descriptor(int socket, int fd);

/*
 * Makes a directory for sockets of this process's alone (mode 0700), in TMPDIR, else in /tmp: its
 * name is short enough for a socket's in it and needs no quoting. The caller removes it. False:
 * there is none, or not on this system.
 */
SPF_MUST_USE bool spf_socket_directory(char *path, size_t size);

/*
 * A stream whose writes are handed over as they come, and its end: either may be NULL. NULL: no
 * memory, or not on this system.
 */
FILE *spf_stream_to(void (*take)(void *owner, const void *bytes, size_t len),
                    void (*end)(void *owner), void *owner);

/*
 * A file for a library that writes to names only: this process's alone, and gone at its end or, if
 * *named, once the caller has removed it. -1: none.
 */
int spf_scratch_open(char *path, size_t size, bool *named);
