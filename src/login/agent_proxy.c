#include "login/agent_proxy.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/encoding.h"
#include "base/shortage.h"
#include "base/wire.h"
#include "key/agent.h"

enum {
    HEAD = 4, /* the length before each message */
    BLOB_MAX = 8192,
    MESSAGE_MAX = BLOB_MAX + (16 << 10), /* the key, what it signs, and a signature */
};

/* One message on its way in: its length, then itself. */
struct message {
    uint8_t bytes[HEAD + MESSAGE_MAX];
    size_t len;
};

struct spf_agent_proxy {
    const char *path; /* of the real one; borrowed */
    struct spf_loop *loop;
    struct spf_watch inside, agent; /* who asks the proxy; the real agent, -1 while not needed */
    int visitor;                    /* the other end of inside, until it is taken */
    uint8_t blob[BLOB_MAX], held[BLOB_MAX]; /* what is shown, and what the agent has of it */
    size_t blob_len, held_len;
    struct message request, reply;
    bool answered;
};

/* Reads on. False when nothing good can come any more: its end, an error, or a wrong length. */
static bool receive(int fd, struct message *message, bool *complete)
{
    *complete = false;
    while (!*complete) {
        size_t want = HEAD;
        ssize_t got;

        if (message->len >= HEAD) {
            struct spf_reader head = spf_reader(message->bytes, HEAD);
            uint32_t len = spf_reader_u32(&head);

            if (len == 0 || len > MESSAGE_MAX) {
                return false;
            }
            want += len;
        }
        got = recv(fd, message->bytes + message->len, want - message->len, MSG_DONTWAIT);
        if (got < 0 && spf_errno_passes(errno)) {
            return true;
        }
        if (got <= 0) {
            return false;
        }
        message->len += (size_t)got;
        *complete = message->len == want && want > HEAD;
    }
    return true;
}

/* A message is far smaller than a local socket's buffer: what does not fit at once is an error. */
static bool hand_over(int fd, const void *bytes, size_t len)
{
    const ssize_t sent = send(fd, bytes, len, MSG_NOSIGNAL | MSG_DONTWAIT);

    if (sent < 0) {
        spf_heed_errno(errno);
    }
    return sent == (ssize_t)len;
}

/* Nobody can be served any more: libssh reads the end and gives up. */
static void shut(struct spf_agent_proxy *proxy)
{
    spf_loop_remove(proxy->loop, &proxy->inside);
    if (proxy->inside.fd >= 0) {
        (void)close(proxy->inside.fd);
    }
    proxy->inside.fd = -1;
}

static void hang_up(struct spf_agent_proxy *proxy)
{
    spf_loop_remove(proxy->loop, &proxy->agent);
    if (proxy->agent.fd >= 0) {
        (void)close(proxy->agent.fd);
    }
    proxy->agent.fd = -1;
}

static void refuse(struct spf_agent_proxy *proxy)
{
    static const uint8_t failure[] = {0, 0, 0, 1, SPF_AGENT_FAILURE};

    hang_up(proxy);
    proxy->answered = true;
    if (!hand_over(proxy->inside.fd, failure, sizeof failure)) {
        shut(proxy);
    }
}

/* The one key, without its comment. */
static void list_the_key(struct spf_agent_proxy *proxy)
{
    struct spf_writer writer = spf_writer(HEAD + 1 + 4 + 4 + proxy->blob_len + 4);
    struct spf_secret *answer;

    spf_writer_u32(&writer, (uint32_t)(1 + 4 + 4 + proxy->blob_len + 4));
    spf_writer_u8(&writer, SPF_AGENT_IDENTITIES_ANSWER);
    spf_writer_u32(&writer, 1);
    spf_writer_string(&writer, (struct spf_bytes){proxy->blob, proxy->blob_len});
    spf_writer_cstring(&writer, "");
    answer = spf_writer_take(&writer);
    if (answer == NULL) {
        spf_ran_short();
    }
    if (answer == NULL ||
        !hand_over(proxy->inside.fd, spf_secret_text(answer), spf_secret_len(answer))) {
        shut(proxy);
    }
    spf_secret_free(answer);
}

/*
 * Passed on as it is (the flags in it say which hash an RSA key is to sign with), but with the key
 * that the agent holds in place of the one that is shown.
 */
static void ask_to_sign(struct spf_agent_proxy *proxy)
{
    const struct spf_bytes held = {proxy->held, proxy->held_len};
    const size_t rest_at = HEAD + 1 + 4 + proxy->blob_len;
    const size_t rest = proxy->request.len - rest_at;
    const size_t len = 1 + 4 + proxy->held_len + rest;
    struct spf_writer writer = spf_writer(HEAD + len);
    struct spf_secret *request;
    bool asked;

    spf_writer_u32(&writer, (uint32_t)len);
    spf_writer_u8(&writer, SPF_AGENT_SIGN_REQUEST);
    spf_writer_string(&writer, held);
    spf_writer_raw(&writer, proxy->request.bytes + rest_at, rest);
    request = spf_writer_take(&writer);
    proxy->reply.len = 0;
    errno = 0;
    proxy->agent.fd = spf_agent_connect(proxy->path);
    asked = request != NULL && proxy->agent.fd >= 0 &&
            hand_over(proxy->agent.fd, spf_secret_text(request), spf_secret_len(request));
    if (!asked || !spf_loop_add(proxy->loop, &proxy->agent)) {
        if (asked || request == NULL || spf_errno_is_shortage(errno)) {
            spf_ran_short(); /* which is no refusal of the agent's */
        }
        refuse(proxy);
    }
    spf_secret_free(request);
}

static void serve(struct spf_agent_proxy *proxy)
{
    struct spf_reader reader = spf_reader(proxy->request.bytes + HEAD, proxy->request.len - HEAD);
    const struct spf_bytes ours = {proxy->blob, proxy->blob_len};
    uint8_t type = spf_reader_u8(&reader);

    if (type == SPF_AGENT_REQUEST_IDENTITIES) {
        list_the_key(proxy);
    } else if (type == SPF_AGENT_SIGN_REQUEST && !proxy->answered &&
               spf_bytes_equal(spf_reader_string(&reader), ours) && !reader.bad) {
        ask_to_sign(proxy);
    } else {
        refuse(proxy);
    }
}

static void somebody_asks(struct spf_watch *watch, short revents)
{
    struct spf_agent_proxy *proxy = watch->owner;
    bool complete;

    (void)revents;
    if (!receive(watch->fd, &proxy->request, &complete)) {
        shut(proxy);
    } else if (complete) {
        serve(proxy);
        proxy->request.len = 0;
    }
}

static void agent_answers(struct spf_watch *watch, short revents)
{
    struct spf_agent_proxy *proxy = watch->owner;
    bool complete;

    (void)revents;
    if (!receive(watch->fd, &proxy->reply, &complete)) {
        refuse(proxy);
    } else if (complete) {
        hang_up(proxy);
        proxy->answered = true;
        if (!hand_over(proxy->inside.fd, proxy->reply.bytes, proxy->reply.len)) {
            shut(proxy);
        }
    }
}

static bool decode(const char *base64, uint8_t blob[BLOB_MAX], size_t *len)
{
    const long got = base64 != NULL ? spf_base64_decode(base64, strlen(base64), blob, BLOB_MAX) : 0;

    *len = got > 0 ? (size_t)got : 0;
    return got > 0;
}

struct spf_agent_proxy *spf_agent_proxy_new(struct spf_loop *loop, const char *path,
                                            const char *shown, const char *held)
{
    struct spf_agent_proxy *proxy = calloc(1, sizeof *proxy);
    int pair[2];

    if (proxy == NULL || !decode(shown, proxy->blob, &proxy->blob_len) ||
        !decode(held, proxy->held, &proxy->held_len) ||
        socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
        free(proxy);
        return NULL;
    }
    proxy->loop = loop;
    proxy->path = path;
    proxy->visitor = pair[0];
    proxy->inside =
        (struct spf_watch){.fd = pair[1], .events = POLLIN, .ready = somebody_asks, .owner = proxy};
    proxy->agent =
        (struct spf_watch){.fd = -1, .events = POLLIN, .ready = agent_answers, .owner = proxy};
    if (spf_loop_add(loop, &proxy->inside)) {
        return proxy;
    }
    spf_agent_proxy_free(proxy);
    return NULL;
}

int spf_agent_proxy_take(struct spf_agent_proxy *proxy)
{
    int visitor = proxy->visitor;

    proxy->visitor = -1;
    return visitor;
}

bool spf_agent_proxy_answered(const struct spf_agent_proxy *proxy)
{
    return proxy->answered;
}

void spf_agent_proxy_free(struct spf_agent_proxy *proxy)
{
    if (proxy == NULL) {
        return;
    }
    hang_up(proxy);
    shut(proxy);
    if (proxy->visitor >= 0) {
        (void)close(proxy->visitor);
    }
    free(proxy);
}
