#include "login/placeholder.h"

#include <sys/socket.h>

#include "platform/sockets.h"

bool spf_placeholder_open(int pair[2])
{
    const struct linger none = {.l_onoff = 1}; /* without it the port would wait for a minute */

    if (spf_loopback_pair(pair)) {
        return setsockopt(pair[1], SOL_SOCKET, SO_LINGER, &none, sizeof none) == 0;
    }
    return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) == 0;
}
