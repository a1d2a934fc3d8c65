#include "openssh/control_path.h"

#include <errno.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/text.h"
#include "platform/sockets.h"

#define SUFFIX_LEN 17 /* "." and 16 letters (mux.c) */

bool spf_control_path_fails(const char *path, bool is_master, char *why, size_t size)
{
    const size_t room = sizeof((struct sockaddr_un *)0)->sun_path;
    const char *slash = strrchr(path, '/');
    char directory[1024];

    why[0] = '\0';
    if (path[0] == '\0') {
        return false;
    }
    if (strlen(path) + (is_master ? SUFFIX_LEN : 0) >= room) {
        return spf_format_whole(why, size, "ControlPath %.120s, which is too long for a socket",
                                path);
    }
    if (!is_master) {
        return false;
    }
    if (!spf_format_whole(directory, sizeof directory, "%.*s",
                          slash == NULL ? 1 : (int)(slash - path) + (slash == path),
                          slash == NULL ? "." : path)) {
        return false;
    }
    if (access(directory, W_OK | X_OK) == 0) {
        return false;
    }
    return spf_format_whole(why, size, "ControlPath %.120s, whose directory %s", path,
                            errno == ENOENT ? "does not exist" : "it cannot write to");
}

bool spf_control_path_is_open(const char *path)
{
    int fd = spf_connect_local(path);

    if (fd >= 0) {
        (void)close(fd);
    }
    return fd >= 0;
}
