#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/*
 * Which descriptors are waited for, kept where it is cheapest: on Linux in the kernel (epoll(7)),
 * so that waiting costs by what happens and not by how many there are. Each is known by a number of
 * the caller's, from 0 on and dense. One thread's.
 */
struct spf_poller;

/* Events are poll(2)'s: POLLIN, POLLOUT; POLLERR and POLLHUP come without being asked for. */
struct spf_poller_event {
    size_t key;
    short revents;
};

struct spf_poller *spf_poller_new(void); /* NULL: no memory or descriptor */
/* Descriptors stay open. Takes NULL. */
void spf_poller_free(struct spf_poller *poller);

/*
 * From now on key is fd, which stays the caller's and should be taken out (-1) before it is closed.
 * Two keys may share a descriptor, and a regular file is always ready. False: no memory, or no
 * descriptor where two share one.
 */
SPF_MUST_USE bool spf_poller_set(struct spf_poller *poller, size_t key, int fd, short events);

/*
 * Waits at most timeout_ms, -1 without end, and writes at most max events; those that find no room
 * come the next time. Their number, or -1 with errno, EINTR after a signal.
 */
int spf_poller_wait(struct spf_poller *poller, int timeout_ms, struct spf_poller_event *events,
                    size_t max);
