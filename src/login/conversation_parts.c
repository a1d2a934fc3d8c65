#include "login/conversation_parts.h"

#include <poll.h>

#include <string.h>
#include <sys/socket.h>

#include "base/shortage.h"
#include "base/text.h"
#include "base/wire.h"
#include "cloud/address.h"
#include "login/ending.h"

#define PACKET_MIN   5            /* without the length itself (packet.c) */
#define PACKET_MAX   (256 * 1024) /* OpenSSH's PACKET_MAX_SIZE */
#define PACKET_BLOCK 8            /* of what is not encrypted yet */

/* The other end of our own descriptor is closed, and that is nobody's word. */
static bool is_lost(const struct spf_conversation *talk)
{
    struct pollfd poller = {.fd = talk->fd, .events = POLLRDHUP};

    return talk->jump != NULL && talk->fd >= 0 && poll(&poller, 1, 0) > 0 &&
           spf_jump_is_lost(talk->jump);
}

void spf_conversation_arrive(struct spf_conversation *talk, const struct spf_failure *failure)
{
    const struct spf_failure shortage = spf_failure(SPF_SYSTEM_ERROR, "no memory");
    const struct spf_failure lost =
        spf_failure(SPF_SYSTEM_ERROR, "the connection to the jump host has ended");
    enum spf_group step = talk->step;

    /* what looks like an agent that does not sign, for one, may be what could not be read */
    if ((spf_was_short() || (talk->link != NULL && spf_link_ran_short(talk->link))) &&
        (failure == NULL || failure->cause != SPF_SYSTEM_ERROR)) {
        failure = &shortage;
    }
    if (is_lost(talk)) {
        talk->inquiry->lost = true;
        failure = &lost;
    }
    talk->step = SPF_GROUP_COUNT;
    spf_loop_remove(talk->inquiry->loop, &talk->watch);
    talk->inquiry->arrived(talk->inquiry, step, failure);
}

void spf_conversation_arrive_failed(struct spf_conversation *talk, const char *what)
{
    const struct spf_failure failure = spf_failure(SPF_SYSTEM_ERROR, "%s", what);

    spf_conversation_arrive(talk, &failure);
}

int64_t spf_conversation_end_of_step(const struct spf_conversation *talk)
{
    return talk->step_ms + talk->inquiry->target->timeout_ms;
}

void spf_conversation_wait(struct spf_conversation *talk, short events)
{
    talk->watch.events = events;
    talk->watch.due_ms = spf_conversation_end_of_step(talk);
    if (!spf_loop_add(talk->inquiry->loop, &talk->watch)) {
        spf_conversation_arrive_failed(talk, "no memory");
    }
}

void spf_conversation_clean(char *out, size_t size, const char *text)
{
    spf_clean_lines(out, size, text, strlen(text));
}

/* What the server said, if it said something. */
static const char *said(const char *text)
{
    return text != NULL ? text : "";
}

/* Our own descriptor sees the server's end whatever libssh has made of it. */
static bool is_closed(const struct spf_conversation *talk)
{
    char byte;

    return recv(talk->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

void spf_conversation_keep_ending(struct spf_conversation *talk, struct spf_ending *ending,
                                  char *error, size_t size)
{
    const struct spf_seen *seen = spf_link_seen(talk->link);
    const char *library = spf_link_error(talk->link);

    *ending = spf_ending_of(seen, library, is_closed(talk));
    spf_conversation_clean(error, size,
                           ending->kind == SPF_ENDING_DISCONNECT   ? said(seen->disconnect)
                           : ending->kind == SPF_ENDING_NO_CHANNEL ? said(seen->refusal)
                                                                   : library);
}

/*
 * An SSH_MSG_DISCONNECT while our request waits for its answer is the answer (MaxAuthTries 1 makes
 * sshd say no in this way); a connection that just ends is none.
 */
enum spf_auth_outcome spf_conversation_outcome(enum spf_link_state state,
                                               const struct spf_seen *seen)
{
    switch (state) {
    case SPF_LINK_DONE:
        return SPF_AUTH_ACCEPTED;
    case SPF_LINK_PARTIAL:
        return SPF_AUTH_PARTIAL;
    case SPF_LINK_REFUSED:
        return SPF_AUTH_REFUSED;
    case SPF_LINK_LOCAL:
        return SPF_AUTH_LOCAL_REFUSAL;
    default:
        return seen->disconnected && seen->request_sent ? SPF_AUTH_REFUSED : SPF_AUTH_ENDED;
    }
}

bool spf_conversation_meets_no_packet(const struct spf_conversation *talk)
{
    char bytes[SPF_IDENTIFICATION_PEEK];
    ssize_t len = recv(talk->fd, bytes, sizeof bytes, MSG_PEEK | MSG_DONTWAIT);
    const char *end =
        len > 4 && memcmp(bytes, "SSH-", 4) == 0 ? memchr(bytes, '\n', (size_t)len) : NULL;
    struct spf_reader reader;
    uint32_t length;

    if (end == NULL || bytes + len - (end + 1) < 4) {
        return false;
    }
    reader = spf_reader(end + 1, 4);
    length = spf_reader_u32(&reader);
    return length < PACKET_MIN || length > PACKET_MAX || (length + 4) % PACKET_BLOCK != 0;
}

void spf_conversation_keep_banner(char *out, size_t size, const struct spf_seen *seen)
{
    spf_conversation_clean(out, size, said(seen->banner));
}

bool spf_conversation_host(struct spf_conversation *talk, char *out, size_t size)
{
    struct spf_inquiry *inquiry = talk->inquiry;
    struct spf_address address;
    char ip[SPF_IP_TEXT_SIZE];

    if (inquiry->target->host != NULL) {
        return spf_copy_whole(out, size, inquiry->target->host);
    }
    if (inquiry->expected_address != NULL && !spf_facts_have(inquiry->facts, SPF_GROUP_INSTANCE)) {
        return spf_copy_whole(out, size, inquiry->expected_address);
    }
    if (!spf_cloud_dial_address(inquiry->target, inquiry->facts, &address)) {
        return false;
    }
    spf_ip_format(&address.ip, ip);
    return spf_copy_whole(out, size, ip);
}
