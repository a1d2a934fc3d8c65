#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/text.h"
#include "platform/sockets.h"

int spf_connect_local(const char *path)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    int fd;

    if (path[0] == '\0' || !spf_copy_whole(to.sun_path, sizeof to.sun_path, path)) {
        return -1;
    }
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&to, sizeof to) != 0) {
        (void)close(fd);
        fd = -1;
    }
    return fd;
}

const char *spf_agent_default(void)
{
    return getenv("SSH_AUTH_SOCK");
}
