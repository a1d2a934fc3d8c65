#pragma once

#include <sys/types.h>

#include "base/text.h"
#include "login/jump_share.h"
#include "net/dial.h"

/* A connection through a jump host or a program (jump.h), for the files that it is made of. */

struct spf_jump {
    struct spf_loop *loop;
    struct spf_watch
        watch; /* of the program's standard error, or the control socket; of the time */
    struct spf_watch stream; /* of our end, where the first byte decides */
    const struct spf_inquiry *inquiry;
    struct spf_tcp_facts *facts;
    spf_dialled *done; /* NULL once called */
    void *owner;
    pid_t program;
    int fd; /* our end of the pair, until it is given away */
    bool is_proxy;
    int64_t started_ms;
    struct spf_buf says;
    char host[300];
    struct spf_jump_share *share; /* on which it is one of many; NULL: it is alone */
    struct spf_jump_waiter waiter;
    void (*go_alone)(struct spf_jump *jump); /* by an ssh of its own, in its turn */
    char replies[512];                       /* of the control socket */
    size_t replies_len;
    bool greeted; /* the master has taken it in */
};

/* The outcome is in the facts. */
void spf_jump_settle(struct spf_jump *jump);
/* It could not be tried: this machine has run out of something, which is no answer. */
void spf_jump_settle_untried(struct spf_jump *jump);
/* It was opened, and nothing came through it. */
void spf_jump_no_connection(struct spf_jump *jump);
/* Has that ended on which it is one of many? (jump.h, spf_jump_is_lost) */
bool spf_jump_way_is_lost(const struct spf_jump *jump);
/* A server that confirms before it has connected: only what comes through shows a connection. */
void spf_jump_await_byte(struct spf_jump *jump);
