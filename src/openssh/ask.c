#include "openssh/ask.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "base/clock.h"
#include "login/child.h"

enum { TIMEOUT_MS = 2000 };

/* Everything up to the end of the pipe; false if the end does not come in time or in room. */
static bool read_to_end(int fd, struct spf_buf *says)
{
    const int64_t until_ms = spf_now_ms() + TIMEOUT_MS;
    char bytes[4096];

    for (;;) {
        int64_t left_ms = until_ms - spf_now_ms();
        struct pollfd poller = {.fd = fd, .events = POLLIN};
        ssize_t got;

        if (left_ms <= 0)
            return false;
        if (poll(&poller, 1, (int)left_ms) <= 0)
            continue;
        got = read(fd, bytes, sizeof bytes);
        if (got == 0)
            return !spf_buf_failed(says);
        if (got < 0 && errno != EINTR)
            return false;
        if (got > 0)
            spf_buf_add(says, bytes, (size_t)got);
        if (spf_buf_failed(says))
            return false;
    }
}

bool spf_openssh_ask(const char *const *words, enum spf_openssh_stream stream, struct spf_buf *says)
{
    struct spf_child_environment environment = spf_child_environment(false);
    int pipe_ends[2] = {-1, -1}, null = open("/dev/null", O_RDWR | O_CLOEXEC);
    pid_t ssh = -1;
    bool good = false;

    if (null >= 0 && pipe2(pipe_ends, O_CLOEXEC) == 0) {
        const bool errors = stream == SPF_OPENSSH_ERRORS;
        const int given[3] = {null, errors ? null : pipe_ends[1], errors ? pipe_ends[1] : null};

        ssh = spf_child_run(words, &environment, given);
        (void)close(pipe_ends[1]);
        good = ssh > 0 && read_to_end(pipe_ends[0], says);
        (void)close(pipe_ends[0]);
    }
    good = (good ? spf_child_wait(&ssh) : spf_child_end(&ssh)) == 0 && good;
    spf_child_environment_clear(&environment);
    if (null >= 0)
        (void)close(null);
    return good;
}
