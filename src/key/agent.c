#include "key/agent.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"

enum {
    REQUEST_IDENTITIES = 11,
    IDENTITIES_ANSWER = 12,
    ANSWER_MAX = 256 << 10, /* OpenSSH's agent: MAX_AGENT_REPLY_LEN */
    WAIT_MS = 1000,
};

int spf_agent_connect(const char *path)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    int fd;

    if (!path)
        path = getenv("SSH_AUTH_SOCK");
    if (!path || !*path || !spf_copy(to.sun_path, sizeof to.sun_path, path))
        return -1;
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&to, sizeof to) != 0) {
        (void)close(fd);
        fd = -1;
    }
    return fd;
}

/* Exactly len octets before due_ms. */
static bool read_exactly(int fd, uint8_t *out, size_t len, int64_t due_ms)
{
    while (len > 0) {
        struct pollfd ready = {.fd = fd, .events = POLLIN};
        int64_t left = due_ms - spf_now_ms();
        ssize_t got;

        if (left <= 0 || poll(&ready, 1, (int)left) <= 0)
            return false;
        got = read(fd, out, len);
        if (got <= 0)
            return false;
        out += got;
        len -= (size_t)got;
    }
    return true;
}

static int count_keys(struct spf_bytes answer, struct spf_bytes blob, bool *holds)
{
    struct spf_wire wire = spf_wire(answer.at, answer.len);
    uint32_t count;

    if (spf_wire_u8(&wire) != IDENTITIES_ANSWER)
        return -1;
    count = spf_wire_u32(&wire);
    for (uint32_t i = 0; i < count && !wire.bad; i++) {
        struct spf_bytes key = spf_wire_string(&wire);

        spf_wire_string(&wire); /* the comment */
        if (!wire.bad && blob.len > 0 && spf_bytes_equal(key, blob))
            *holds = true;
    }
    return wire.bad ? -1 : (int)count;
}

int spf_agent_keys(const char *path, struct spf_bytes blob, bool *holds)
{
    static const uint8_t request[] = {0, 0, 0, 1, REQUEST_IDENTITIES};
    const int64_t due_ms = spf_now_ms() + WAIT_MS;
    uint8_t head[4], *answer = NULL;
    int fd = spf_agent_connect(path), count = -1;
    size_t len;

    *holds = false;
    if (fd < 0)
        return -1;
    if (send(fd, request, sizeof request, MSG_NOSIGNAL) == (ssize_t)sizeof request &&
        read_exactly(fd, head, sizeof head, due_ms)) {
        struct spf_wire wire = spf_wire(head, sizeof head);

        len = spf_wire_u32(&wire);
        answer = len > 0 && len <= ANSWER_MAX ? malloc(len) : NULL;
        if (answer && read_exactly(fd, answer, len, due_ms))
            count = count_keys((struct spf_bytes){answer, len}, blob, holds);
        free(answer);
    }
    (void)close(fd);
    return count;
}
