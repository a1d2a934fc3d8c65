#include "login/agent_door.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/text.h"
#include "key/agent.h"
#include "key/wire.h"

enum {
    FAILURE = 5,
    REQUEST_IDENTITIES = 11,
    IDENTITIES_ANSWER = 12,
    SIGN_REQUEST = 13,
    HEAD = 4, /* the length before each message */
    BLOB_MAX = 8192,
    MESSAGE_MAX = BLOB_MAX + (16 << 10), /* the key, what it signs, and a signature */
};

/* One message on its way in: its length, then itself. */
struct message {
    uint8_t bytes[HEAD + MESSAGE_MAX];
    size_t len;
};

struct spf_agent_door {
    const char *path; /* of the real one; borrowed */
    struct spf_loop *loop;
    struct spf_watch inside, agent; /* who asks at the door; the real agent, -1 while not needed */
    int visitor;                    /* the other end of inside, until it is taken */
    uint8_t blob[BLOB_MAX];
    size_t blob_len;
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
            struct spf_wire head = spf_wire(message->bytes, HEAD);
            uint32_t len = spf_wire_u32(&head);

            if (len == 0 || len > MESSAGE_MAX)
                return false;
            want += len;
        }
        got = recv(fd, message->bytes + message->len, want - message->len, MSG_DONTWAIT);
        if (got < 0 && (errno == EAGAIN || errno == EINTR))
            return true;
        if (got <= 0)
            return false;
        message->len += (size_t)got;
        *complete = message->len == want && want > HEAD;
    }
    return true;
}

/* A message is far smaller than a local socket's buffer: what does not fit at once is an error. */
static bool hand_over(int fd, const void *bytes, size_t len)
{
    return send(fd, bytes, len, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)len;
}

/* Nobody can be served any more: libssh reads the end and gives up. */
static void shut(struct spf_agent_door *door)
{
    spf_loop_remove(door->loop, &door->inside);
    if (door->inside.fd >= 0)
        (void)close(door->inside.fd);
    door->inside.fd = -1;
}

static void hang_up(struct spf_agent_door *door)
{
    spf_loop_remove(door->loop, &door->agent);
    if (door->agent.fd >= 0)
        (void)close(door->agent.fd);
    door->agent.fd = -1;
}

static void refuse(struct spf_agent_door *door)
{
    static const uint8_t failure[] = {0, 0, 0, 1, FAILURE};

    hang_up(door);
    door->answered = true;
    if (!hand_over(door->inside.fd, failure, sizeof failure))
        shut(door);
}

/* The one key, without its comment. */
static void list_the_key(struct spf_agent_door *door)
{
    const uint32_t blob_len = (uint32_t)door->blob_len;
    const uint32_t len = 1 + 4 + 4 + blob_len + 4;
    const uint8_t head[] = {(uint8_t)(len >> 24),
                            (uint8_t)(len >> 16),
                            (uint8_t)(len >> 8),
                            (uint8_t)len,
                            IDENTITIES_ANSWER,
                            0,
                            0,
                            0,
                            1,
                            (uint8_t)(blob_len >> 24),
                            (uint8_t)(blob_len >> 16),
                            (uint8_t)(blob_len >> 8),
                            (uint8_t)blob_len};
    uint8_t answer[sizeof head + BLOB_MAX + 4] = {0};

    memcpy(answer, head, sizeof head);
    memcpy(answer + sizeof head, door->blob, blob_len);
    if (!hand_over(door->inside.fd, answer, HEAD + len))
        shut(door);
}

/* Passed on as it is: the flags in it say which hash an RSA key is to sign with. */
static void ask_to_sign(struct spf_agent_door *door)
{
    door->reply.len = 0;
    door->agent.fd = spf_agent_connect(door->path);
    if (door->agent.fd < 0 || !hand_over(door->agent.fd, door->request.bytes, door->request.len) ||
        !spf_loop_add(door->loop, &door->agent))
        refuse(door);
}

static void serve(struct spf_agent_door *door)
{
    struct spf_wire wire = spf_wire(door->request.bytes + HEAD, door->request.len - HEAD);
    const struct spf_bytes ours = {door->blob, door->blob_len};
    uint8_t type = spf_wire_u8(&wire);

    if (type == REQUEST_IDENTITIES)
        list_the_key(door);
    else if (type == SIGN_REQUEST && !door->answered &&
             spf_bytes_equal(spf_wire_string(&wire), ours) && !wire.bad)
        ask_to_sign(door);
    else
        refuse(door);
}

static void somebody_asks(struct spf_watch *watch, short revents)
{
    struct spf_agent_door *door = watch->owner;
    bool complete;

    (void)revents;
    if (!receive(watch->fd, &door->request, &complete)) {
        shut(door);
    } else if (complete) {
        serve(door);
        door->request.len = 0;
    }
}

static void agent_answers(struct spf_watch *watch, short revents)
{
    struct spf_agent_door *door = watch->owner;
    bool complete;

    (void)revents;
    if (!receive(watch->fd, &door->reply, &complete)) {
        refuse(door);
    } else if (complete) {
        hang_up(door);
        door->answered = true;
        if (!hand_over(door->inside.fd, door->reply.bytes, door->reply.len))
            shut(door);
    }
}

struct spf_agent_door *spf_agent_door_new(struct spf_loop *loop, const char *path,
                                          const char *public_blob)
{
    struct spf_agent_door *door = calloc(1, sizeof *door);
    long len = 0;
    int pair[2];

    if (door != NULL && public_blob != NULL)
        len = spf_base64_decode(public_blob, strlen(public_blob), door->blob, sizeof door->blob);
    if (len <= 0 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
        free(door);
        return NULL;
    }
    door->loop = loop;
    door->path = path;
    door->blob_len = (size_t)len;
    door->visitor = pair[0];
    door->inside =
        (struct spf_watch){.fd = pair[1], .events = POLLIN, .ready = somebody_asks, .owner = door};
    door->agent =
        (struct spf_watch){.fd = -1, .events = POLLIN, .ready = agent_answers, .owner = door};
    if (spf_loop_add(loop, &door->inside))
        return door;
    spf_agent_door_free(door);
    return NULL;
}

int spf_agent_door_take(struct spf_agent_door *door)
{
    int visitor = door->visitor;

    door->visitor = -1;
    return visitor;
}

bool spf_agent_door_answered(const struct spf_agent_door *door)
{
    return door->answered;
}

void spf_agent_door_free(struct spf_agent_door *door)
{
    if (door == NULL)
        return;
    hang_up(door);
    shut(door);
    if (door->visitor >= 0)
        (void)close(door->visitor);
    free(door);
}
