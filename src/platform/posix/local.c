#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/text.h"
#include "platform/sockets.h"

#define DIRECTORY_MAX 60 /* bytes: 108 hold it, a name and 17 bytes of ssh's */

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

bool spf_send_descriptor(int socket, int fd)
{
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(sizeof fd)];
    } control = {{0}};
    char byte = 0;
    struct iovec text = {.iov_base = &byte, .iov_len = 1};
    const struct msghdr message = {.msg_iov = &text,
                                   .msg_iovlen = 1,
                                   .msg_control = control.room,
                                   .msg_controllen = sizeof control.room};
    struct cmsghdr *rights = CMSG_FIRSTHDR(&message);

    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(sizeof fd);
    memcpy(CMSG_DATA(rights), &fd, sizeof fd);
    return sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT) == 1;
}

static bool is_plain(const char *path)
{
    static const char plain[] = "/._-"
                                "0123456789"
                                "abcdefghijklmnopqrstuvwxyz"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

    return path[0] == '/' && path[strspn(path, plain)] == '\0';
}

bool spf_socket_directory(char *path, size_t size)
{
    const char *const places[] = {getenv("TMPDIR"), "/tmp"};

    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        if (places[i] != NULL && is_plain(places[i]) &&
            spf_format_whole(path, size < DIRECTORY_MAX ? size : DIRECTORY_MAX, "%s/spf-XXXXXX",
                             places[i]) &&
            mkdtemp(path) != NULL) {
            return true;
        }
    }
    path[0] = '\0';
    return false;
}

const char *spf_agent_default(bool of_putty)
{
    (void)of_putty;
    return getenv("SSH_AUTH_SOCK");
}
