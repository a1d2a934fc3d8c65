#include "cli/input.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/language.h"
#include "platform/files.h"

/* Waits until fd can be read: a pipe's writer may take its time, but not for ever. */
static struct spf_error wait_for(int fd, int stop_fd, int64_t until_ms)
{
    struct pollfd polls[2] = {{.fd = fd, .events = POLLIN}, {.fd = stop_fd, .events = POLLIN}};
    int64_t left;
    int got;

    do {
        left = until_ms - spf_now_ms();
        got = left > 0 ? poll(polls, 2, (int)left) : 0;
    } while (got < 0 && errno == EINTR);
    if (got < 0)
        return spf_error_sys(errno, _("it cannot be waited for"));
    if (got > 0 && polls[1].revents != 0)
        return spf_error(SPF_ERR_INVALID, _("interrupted before it was read"));
    return got > 0
               ? spf_ok()
               : spf_error(SPF_ERR_TOO_BIG, _("it did not come to its end in time (--deadline)"));
}

struct spf_error spf_input_read(const char *path, int stop_fd, unsigned seconds,
                                struct spf_buf *text)
{
    bool is_input = strcmp(path, "-") == 0;
    int fd = is_input ? STDIN_FILENO : spf_open_to_read(path);
    int64_t until_ms = spf_now_ms() + (int64_t)seconds * 1000;
    struct spf_error error = fd >= 0 ? spf_ok() : spf_error_sys(errno, _("it cannot be read"));
    char bytes[16384];
    ssize_t got = 1;

    while (error.code == SPF_OK && got > 0) {
        error = wait_for(fd, stop_fd, until_ms);
        if (error.code != SPF_OK)
            break;
        got = read(fd, bytes, sizeof bytes);
        if (got < 0 && (errno == EINTR || errno == EAGAIN))
            got = 1;
        else if (got < 0)
            error = spf_error_sys(errno, _("it cannot be read"));
        else
            spf_buf_add(text, bytes, (size_t)got);
        if (spf_buf_failed(text))
            error = spf_error(SPF_ERR_TOO_BIG, _("it is too large"));
    }
    if (!is_input && fd >= 0)
        (void)close(fd);
    return error;
}
