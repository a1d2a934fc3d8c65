#include "platform/sockets.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/text.h"

int spf_socket_hand_over(int near_end, int *far_end, int fd)
{
    if (*far_end >= 0) {
        (void)close(*far_end);
    }
    *far_end = -1;
    return near_end >= 0 && dup3(fd, near_end, O_CLOEXEC) >= 0 ? fd : -1;
}

struct stream {
    void (*take)(void *owner, const void *bytes, size_t len);
    void (*end)(void *owner);
    void *owner;
};

static ssize_t write_stream(void *cookie, const char *bytes, size_t len)
{
    const struct stream *stream = cookie;

    if (stream->take != NULL) {
        stream->take(stream->owner, bytes, len);
    }
    return (ssize_t)len;
}

static int close_stream(void *cookie)
{
    struct stream *stream = cookie;

    if (stream->end != NULL) {
        stream->end(stream->owner);
    }
    free(stream);
    return 0;
}

FILE *spf_stream_to(void (*take)(void *owner, const void *bytes, size_t len),
                    void (*end)(void *owner), void *owner)
{
    struct stream *stream = malloc(sizeof *stream);
    FILE *file = NULL;

    if (stream != NULL) {
        *stream = (struct stream){.take = take, .end = end, .owner = owner};
        file = fopencookie(stream, "wb",
                           (cookie_io_functions_t){.write = write_stream, .close = close_stream});
    }
    if (file == NULL) {
        free(stream);
        return NULL;
    }
    (void)setvbuf(file, NULL, _IONBF, 0);
    return file;
}

/* A file without a name; where /proc is not there to open it by, one of our own in /tmp, mode 0600.
 */
int spf_scratch_open(char *path, size_t size, bool *named)
{
    int fd = memfd_create("capture", MFD_CLOEXEC);

    *named = false;
    spf_format(path, size, "/proc/self/fd/%d", fd);
    if (fd < 0 || access(path, W_OK) == 0) {
        return fd;
    }
    (void)close(fd);
    spf_copy(path, size, "/tmp/sshpreflight.XXXXXX");
    fd = mkostemp(path, O_CLOEXEC);
    *named = fd >= 0;
    return fd;
}

/* A descriptor is the system's handle. */
intptr_t spf_socket_handle(int fd)
{
    return fd;
}

int spf_socket_descriptor(intptr_t handle)
{
    return (int)handle;
}
