#include "login/jump_parts.h"

#include <poll.h>
#include <sys/socket.h>

#include "base/clock.h"

void spf_jump_settle(struct spf_jump *jump)
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
    done(jump->owner, fd, NULL);
}

void spf_jump_no_connection(struct spf_jump *jump)
{
    jump->facts->outcome = SPF_TCP_JUMP_NO_CONNECTION;
    spf_copy(jump->facts->error, sizeof jump->facts->error,
             "it confirmed the channel, and nothing came through it");
    spf_jump_settle(jump);
}

static void far_answers(struct spf_watch *watch, short revents)
{
    struct spf_jump *jump = watch->owner;
    char byte;
    ssize_t got = revents != 0 ? recv(watch->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) : -1;

    if (got > 0) {
        spf_jump_settle(jump);
    } else if (got == 0) {
        spf_jump_no_connection(jump);
    }
}

void spf_jump_await_byte(struct spf_jump *jump)
{
    jump->stream =
        (struct spf_watch){.fd = jump->fd, .events = POLLIN, .ready = far_answers, .owner = jump};
    if (!spf_loop_add(jump->loop, &jump->stream)) {
        spf_jump_no_connection(jump);
    }
}
