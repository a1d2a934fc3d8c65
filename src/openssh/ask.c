#include "openssh/ask.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "base/clock.h"
#include "platform/child.h"

#define VERSION_MAX 4096u /* bytes of ssh -V; it prints one line */

enum { TIMEOUT_MS = 2000, GRACE_MS = 200 };

/* Everything up to the end of the pipe; false if the end does not come in time or in room. */
static bool read_to_end(int fd, struct spf_buf *says)
{
    const int64_t until_ms = spf_now_ms() + TIMEOUT_MS;
    char bytes[4096];

    for (;;) {
        int64_t left_ms = until_ms - spf_now_ms();
        struct pollfd poller = {.fd = fd, .events = POLLIN};
        ssize_t got;

        if (left_ms <= 0) {
            return false;
        }
        if (poll(&poller, 1, (int)left_ms) <= 0) {
            continue;
        }
        got = read(fd, bytes, sizeof bytes);
        if (got == 0) {
            return !spf_buf_failed(says);
        }
        if (got < 0 && errno != EINTR) {
            return false;
        }
        if (got > 0) {
            spf_buf_add(says, bytes, (size_t)got);
        }
        if (spf_buf_failed(says)) {
            return false;
        }
    }
}

bool spf_openssh_ask(const char *const *words, enum spf_openssh_stream stream, struct spf_buf *says)
{
    struct spf_child_environment environment = spf_child_environment(false);
    struct spf_child_program program = {
        .words = words, .environment = &environment, .fds = {-1, -1, -1}};
    int pipe_ends[2];
    pid_t ssh = -1;
    bool good = false;
    int status;

    if (pipe2(pipe_ends, O_CLOEXEC) == 0) {
        program.fds[stream == SPF_OPENSSH_ERRORS ? STDERR_FILENO : STDOUT_FILENO] = pipe_ends[1];
        ssh = spf_child_start(&program);
        (void)close(pipe_ends[1]);
        good = ssh > 0 && read_to_end(pipe_ends[0], says);
        (void)close(pipe_ends[0]);
    }
    status = good ? spf_child_wait(&ssh, TIMEOUT_MS) : spf_child_end(&ssh, GRACE_MS);
    spf_child_environment_clear(&environment);
    return good && (status == 0 || status == SPF_CHILD_STATUS_LOST);
}

void spf_openssh_ask_version(struct spf_openssh_facts *facts)
{
    static const char *const words[] = {"ssh", "-V", NULL};
    struct spf_buf says;

    *facts = (struct spf_openssh_facts){0};
    spf_buf_init(&says, VERSION_MAX);
    if (spf_openssh_ask(words, SPF_OPENSSH_ERRORS, &says)) {
        spf_openssh_read_version(says.data, says.len, facts);
    }
    spf_buf_clear(&says);
}
