#include "login/jump_parts.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"

static void settle(struct spf_jump *jump, const struct spf_failure *failure)
{
    spf_dialled *done = jump->done;
    int fd = jump->fd;

    spf_loop_remove(jump->loop, &jump->stream);
    jump->done = NULL;
    jump->watch.due_ms = 0;
    jump->facts->elapsed_ms = spf_now_ms() - jump->started_ms;
    if (jump->facts->outcome == SPF_TCP_OPEN) {
        jump->fd = -1;
    } else {
        fd = -1;
    }
    done(jump->owner, fd, failure);
}

void spf_jump_settle(struct spf_jump *jump)
{
    settle(jump, NULL);
}

void spf_jump_settle_untried(struct spf_jump *jump)
{
    const struct spf_failure failure = spf_failure(
        SPF_SYSTEM_ERROR, "the way through the jump host cannot be tried: %s", strerror(errno));

    jump->facts->outcome = SPF_TCP_JUMP_FAILED;
    settle(jump, &failure);
}

void spf_jump_no_connection(struct spf_jump *jump)
{
    jump->facts->outcome = SPF_TCP_JUMP_NO_CONNECTION;
    spf_copy(jump->facts->error, sizeof jump->facts->error,
             "it confirmed the channel, and nothing came through it");
    spf_jump_settle(jump);
}

bool spf_jump_way_is_lost(const struct spf_jump *jump)
{
    return jump->share != NULL && !spf_jump_share_is_alive(jump->share);
}

static void far_answers(struct spf_watch *watch, short revents)
{
    struct spf_jump *jump = watch->owner;
    char byte;
    const ssize_t got = recv(watch->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);

    (void)revents; /* it has no time of its own */
    if (got > 0) {
        spf_jump_settle(jump);
    } else if (got == 0 && spf_jump_way_is_lost(jump)) {
        jump->go_alone(jump); /* it ended with what it was one of many on */
    } else if (got == 0) {
        spf_jump_no_connection(jump);
    }
}

void spf_jump_await_byte(struct spf_jump *jump)
{
    jump->stream =
        (struct spf_watch){.fd = jump->fd, .events = POLLIN, .ready = far_answers, .owner = jump};
    if (!spf_loop_add(jump->loop, &jump->stream)) {
        spf_jump_settle_untried(jump);
    }
}
