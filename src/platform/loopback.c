#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "platform/sockets.h"

#define STRANGERS_MAX 16 /* connections to our listener before ours */
#define PAIR_MS       1000

/* The connection that is ours; a stranger's, who got to the listener first, is closed. */
static int accept_own(int listener, const struct sockaddr_in *own)
{
    struct pollfd poller = {.fd = listener, .events = POLLIN};

    for (int i = 0; i < STRANGERS_MAX && poll(&poller, 1, PAIR_MS) == 1; i++) {
        struct sockaddr_in peer = {0};
        socklen_t len = sizeof peer;
        int fd = accept4(listener, (struct sockaddr *)&peer, &len, SOCK_CLOEXEC | SOCK_NONBLOCK);

        if (fd < 0) {
            continue;
        }
        if (len == sizeof peer && peer.sin_port == own->sin_port &&
            peer.sin_addr.s_addr == own->sin_addr.s_addr) {
            return fd;
        }
        (void)close(fd);
    }
    return -1;
}

bool spf_loopback_pair(int pair[2])
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    pair[0] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    pair[1] = -1;
    if (listener >= 0 && pair[0] >= 0 &&
        bind(listener, (struct sockaddr *)&address, sizeof address) == 0 &&
        listen(listener, STRANGERS_MAX) == 0 &&
        getsockname(listener, (struct sockaddr *)&address, &len) == 0 &&
        (connect(pair[0], (struct sockaddr *)&address, sizeof address) == 0 ||
         errno == EINPROGRESS) &&
        getsockname(pair[0], (struct sockaddr *)&address, &len) == 0) {
        pair[1] = accept_own(listener, &address);
    }
    if (listener >= 0) {
        (void)close(listener);
    }
    if (pair[1] >= 0) {
        return true;
    }
    if (pair[0] >= 0) {
        (void)close(pair[0]);
    }
    return false;
}
