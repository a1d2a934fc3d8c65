#include "login/jump_channel.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/shortage.h"
#include "base/text.h"
#include "base/wire.h"
#include "login/jump_program.h"
#include "login/mux.h"
#include "login/shared.h"
#include "platform/sockets.h"

#define AGAIN_MS 20 /* the master takes in one after the other */

static void ask(struct spf_jump *jump);

static void answered(struct spf_jump *jump, enum spf_mux_reply reply)
{
    struct spf_tcp_facts *facts = jump->facts;

    if (reply == SPF_MUX_OPENED) {
        facts->outcome = SPF_TCP_OPEN;
        if (facts->jump_unproven) {
            spf_jump_await_byte(jump);
        } else {
            spf_jump_settle(jump);
        }
    } else if (reply != SPF_MUX_REFUSED ||
               !spf_jump_share_read_refusal(jump->share, jump->host,
                                            (unsigned)jump->inquiry->target->port, facts) ||
               facts->outcome == SPF_TCP_JUMP_NO_CONNECTION ||
               facts->outcome == SPF_TCP_JUMP_FORBIDS) {
        jump->go_alone(jump); /* it may be this connection's fault, such as too many channels */
    } else {
        spf_jump_settle(jump);
    }
}

/* Takes what has come at the control socket; false at its end. */
static bool listen_on(struct spf_jump *jump)
{
    const ssize_t got = recv(jump->watch.fd, jump->replies + jump->replies_len,
                             sizeof jump->replies - jump->replies_len, MSG_DONTWAIT);

    jump->replies_len += got > 0 ? (size_t)got : 0;
    return got > 0 || (got < 0 && spf_errno_passes(errno));
}

/* The next reply to us, with the greeting before it taken away. */
static enum spf_mux_reply next_reply(struct spf_jump *jump)
{
    enum spf_mux_reply reply;
    size_t taken;

    do {
        reply = spf_mux_read(jump->replies, jump->replies_len, &taken);
        memmove(jump->replies, jump->replies + taken, jump->replies_len - taken);
        jump->replies_len -= taken;
        jump->greeted |= reply == SPF_MUX_HELLO;
    } while (reply == SPF_MUX_HELLO);
    return reply;
}

static void late(struct spf_jump *jump)
{
    if (!jump->greeted || !spf_jump_share_is_alive(jump->share)) {
        jump->go_alone(jump); /* a master that has come to a halt is silent for nobody */
    } else if (jump->stream.slot != 0) {
        spf_jump_no_connection(jump);
    } else { /* the master has asked the jump host, which says nothing */
        jump->facts->outcome = SPF_TCP_SILENT;
        spf_jump_settle(jump);
    }
}

static void master_answers(struct spf_watch *watch, short revents)
{
    struct spf_jump *jump = watch->owner;
    const bool goes_on = revents == 0 || listen_on(jump);
    enum spf_mux_reply reply = next_reply(jump);

    if (jump->done == NULL) { /* it only tells the end, which the connection tells as well */
        if (!goes_on) {
            spf_loop_remove(jump->loop, watch);
        }
        return;
    }
    if (jump->stream.slot == 0 && reply != SPF_MUX_INCOMPLETE) {
        answered(jump, jump->greeted ? reply : SPF_MUX_STRANGE);
    } else if (!goes_on && jump->stream.slot != 0 && spf_jump_share_is_alive(jump->share)) {
        spf_jump_no_connection(jump);
    } else if (!goes_on) {
        jump->go_alone(jump);
    } else if (spf_now_ms() >= watch->due_ms) {
        late(jump);
    }
}

static void ask_again(struct spf_watch *watch, short revents)
{
    struct spf_jump *jump = watch->owner;

    (void)revents;
    spf_loop_remove(jump->loop, watch);
    ask(jump);
}

/* The request and both of its descriptors, which are one; there is room for them. */
static bool send_request(struct spf_jump *jump, int far_end)
{
    struct spf_secret *request =
        spf_mux_ask_connection(jump->host, (unsigned)jump->inquiry->target->port);
    const struct spf_bytes bytes = spf_secret_view(request);
    const bool sent = request != NULL &&
                      send(jump->watch.fd, bytes.at, bytes.len, MSG_NOSIGNAL | MSG_DONTWAIT) ==
                          (ssize_t)bytes.len &&
                      spf_send_descriptor(jump->watch.fd, far_end) &&
                      spf_send_descriptor(jump->watch.fd, far_end);

    spf_secret_free(request);
    return sent;
}

static bool open_channel(struct spf_jump *jump)
{
    const int64_t timeout_ms = jump->inquiry->target->timeout_ms;
    const int64_t now_ms = spf_now_ms();
    int pair[2] = {-1, -1};
    bool good = socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0 &&
                fcntl(pair[0], F_SETFL, O_NONBLOCK) == 0 && send_request(jump, pair[1]);

    jump->fd = pair[0];
    spf_jump_close_end(&pair[1]);
    jump->watch.ready = master_answers;
    jump->watch.due_ms = jump->started_ms + 2 * timeout_ms > now_ms + timeout_ms
                             ? jump->started_ms + 2 * timeout_ms
                             : now_ms + timeout_ms;
    return good && spf_loop_add(jump->loop, &jump->watch);
}

static void ask(struct spf_jump *jump)
{
    jump->watch.fd = spf_jump_share_connect(jump->share);
    if (jump->watch.fd < 0 && errno == EAGAIN) {
        jump->watch.ready = ask_again;
        jump->watch.due_ms = spf_now_ms() + AGAIN_MS;
        if (spf_loop_add(jump->loop, &jump->watch)) {
            return;
        }
    }
    if (jump->watch.fd < 0 || !open_channel(jump)) {
        jump->go_alone(jump);
    }
}

/* The login at the jump host has come to its end, one way or another. */
static void proceed(struct spf_jump *jump)
{
    const enum spf_jump_share_state state = spf_jump_share_state(jump->share);

    if (state == SPF_JUMP_SHARE_STANDS) {
        spf_jump_share_read_way(jump->share, jump->facts);
        spf_copy(jump->facts->address, sizeof jump->facts->address, jump->host);
        ask(jump);
    } else if (state == SPF_JUMP_SHARE_FAILED || spf_jump_share_takes_failure(jump->share)) {
        spf_jump_share_read_failure(jump->share, jump->facts);
        spf_copy(jump->facts->address, sizeof jump->facts->address, jump->host);
        spf_jump_settle(jump);
    } else {
        jump->go_alone(jump);
    }
}

static void settled(struct spf_jump_waiter *waiter)
{
    proceed((struct spf_jump *)((char *)waiter - offsetof(struct spf_jump, waiter)));
}

static void begin_now(struct spf_watch *watch, short revents)
{
    struct spf_jump *jump = watch->owner;

    (void)revents;
    spf_loop_remove(jump->loop, watch);
    proceed(jump);
}

bool spf_jump_begin_channel(struct spf_jump *jump)
{
    struct spf_login_shared *shared = jump->inquiry->login;

    jump->share = shared != NULL ? spf_jump_share_of(&shared->jumps, jump->inquiry) : NULL;
    if (jump->share == NULL) {
        return false;
    }
    if (spf_jump_share_state(jump->share) == SPF_JUMP_SHARE_BEGINS) {
        jump->waiter.settled = settled;
        spf_jump_share_wait(jump->share, &jump->waiter);
        return true;
    }
    /* done is not called before its owner knows us */
    jump->watch.ready = begin_now;
    jump->watch.due_ms = spf_now_ms();
    if (spf_loop_add(jump->loop, &jump->watch)) {
        return true;
    }
    jump->share = NULL;
    return false;
}
