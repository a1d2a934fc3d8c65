#include "net/listen.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "base/shortage.h"
#include "base/text.h"

void spf_listener_init(struct spf_listener *listener, int fd,
                       struct spf_identification_facts *facts)
{
    const int mark = 1;
    int domain = AF_UNSPEC;
    socklen_t size = sizeof domain;

    *listener = (struct spf_listener){.fd = fd};
    listener->unmarked =
        setsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &mark, sizeof mark) != 0 || /* Windows has none */
        (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0 && domain == AF_UNIX);
    spf_greeting_init(&listener->greeting, facts);
}

/* poll(2) then wakes only for more than what is known, or for an end. */
static void wake_beyond(const struct spf_listener *listener, size_t known)
{
    int mark = (int)known + 1;

    (void)setsockopt(listener->fd, SOL_SOCKET, SO_RCVLOWAT, &mark, sizeof mark);
}

static bool has_ended(int fd)
{
    struct pollfd poller = {.fd = fd, .events = POLLRDHUP};

    return poll(&poller, 1, 0) > 0;
}

/*
 * What came before a FIN or RST stays readable, so with bytes there the end is seen by poll(2)
 * alone: ended, from before they were looked at.
 */
static enum spf_greeting_end end_of(struct spf_listener *listener, ssize_t len, bool ended)
{
    struct spf_identification_facts *facts = listener->greeting.facts;
    int error = len < 0 ? errno : 0;
    socklen_t size = sizeof error;

    if (len > 0 && ((size_t)len > listener->peeked || !ended)) {
        return SPF_GREETING_OPEN;
    }
    if (len < 0 && spf_errno_passes(error)) {
        return SPF_GREETING_OPEN;
    }
    if (len > 0) {
        (void)getsockopt(listener->fd, SOL_SOCKET, SO_ERROR, &error, &size);
    }
    if (error == 0) {
        return SPF_GREETING_CLOSED;
    }
    spf_copy(facts->error, sizeof facts->error, strerror(error));
    return SPF_GREETING_RESET;
}

bool spf_listen(struct spf_listener *listener, bool woken)
{
    struct spf_greeting *greeting = &listener->greeting;
    bool ended = woken && has_ended(listener->fd);
    char bytes[SPF_IDENTIFICATION_PEEK];
    size_t taken;

    do {
        ssize_t len = recv(listener->fd, bytes, sizeof bytes, MSG_PEEK | MSG_DONTWAIT);
        enum spf_greeting_end end = end_of(listener, len, ended);

        /* Linux heeds no mark where memory for sockets runs short (tcp_epollin_ready) */
        listener->unmarked |= woken && !ended && len > 0 && (size_t)len <= listener->peeked;
        listener->peeked = len > 0 ? (size_t)len : 0;
        taken = spf_greeting_read(greeting, bytes, listener->peeked, end);
        if (taken > 0 && recv(listener->fd, bytes, taken, MSG_DONTWAIT) < 0) {
            spf_heed_errno(errno);
            return true;
        }
        listener->peeked -= taken;
        woken = ended = false; /* the next look is our own idea */
    } while (taken > 0 && !greeting->decided);

    wake_beyond(listener, greeting->decided ? 0 : listener->peeked);
    return greeting->decided;
}

short spf_listen_events(const struct spf_listener *listener, bool *again)
{
    *again = listener->unmarked && listener->peeked > 0;
    return *again ? POLLRDHUP : POLLIN;
}

void spf_listen_no_more(struct spf_listener *listener)
{
    char bytes[SPF_IDENTIFICATION_PEEK];
    ssize_t len = recv(listener->fd, bytes, sizeof bytes, MSG_PEEK | MSG_DONTWAIT);

    if (len < 0) {
        spf_heed_errno(errno);
    }
    (void)spf_greeting_read(&listener->greeting, bytes, len > 0 ? (size_t)len : 0,
                            SPF_GREETING_TIMEOUT);
    wake_beyond(listener, 0);
}
