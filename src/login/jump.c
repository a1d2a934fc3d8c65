#include "login/jump.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/shortage.h"
#include "base/text.h"
#include "login/jump_channel.h"
#include "login/jump_parts.h"
#include "login/jump_program.h"
#include "login/jump_words.h"
#include "login/shared.h"

#define SAYS_MAX       (256u * 1024) /* of what ssh -vv says; a login takes 20 KiB */
#define LISTEN_AT_ONCE 4096u

/* Takes what the program says; false at its end. Of too much, the beginning is kept. */
static bool listen_on(struct spf_jump *jump)
{
    char bytes[LISTEN_AT_ONCE];
    ssize_t got = read(jump->watch.fd, bytes, sizeof bytes);

    if (got > 0 && (jump->done != NULL || jump->is_proxy) && !spf_buf_failed(&jump->says)) {
        spf_buf_add(&jump->says, bytes, (size_t)got);
    }
    return got > 0 || (got < 0 && spf_errno_passes(errno));
}

/* Is it for want of memory that not all is kept? */
static bool has_lost_words(const struct spf_jump *jump)
{
    return spf_buf_failed(&jump->says) && jump->says.len + LISTEN_AT_ONCE <= SAYS_MAX;
}

/* What ssh says is read as long as it lives, for it would wait for a reader. */
static void ssh_says(struct spf_watch *watch, short revents)
{
    struct spf_jump *jump = watch->owner;
    enum spf_jump_end end =
        watch->due_ms != 0 && spf_now_ms() >= watch->due_ms ? SPF_JUMP_LATE : SPF_JUMP_GOES_ON;

    if (revents != 0 && !listen_on(jump)) {
        end = SPF_JUMP_OVER;
        spf_loop_remove(jump->loop, watch);
    }
    if (jump->done == NULL) {
        return;
    }
    if (jump->stream.slot != 0) { /* the channel is confirmed, and nothing has come through yet */
        if (end != SPF_JUMP_GOES_ON) {
            spf_jump_no_connection(jump);
        }
    } else if (has_lost_words(jump)) {
        errno = ENOMEM;
        spf_jump_settle_untried(jump);
    } else if (spf_jump_read(jump->says.data, jump->says.len, end, jump->facts)) {
        if (jump->facts->outcome == SPF_TCP_OPEN && jump->facts->jump_unproven) {
            spf_jump_await_byte(jump);
        } else {
            spf_jump_settle(jump);
        }
    }
}

/* Waits for the program's end, and takes the last of what it says. Returns its exit status, -1 if
 * it did not end by itself. */
static int last_words(struct spf_jump *jump)
{
    int status = jump->program > 0 ? spf_child_wait(&jump->program, SPF_JUMP_GRACE_MS) : -1;

    for (int i = 0; i < 64 && jump->watch.slot != 0; i++) {
        size_t before = jump->says.len;

        if (!listen_on(jump) || jump->says.len == before) {
            break;
        }
    }
    return status >= 0 && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void add_status(char *says, size_t size, int status)
{
    size_t len = strlen(says);

    if (status > 0) {
        spf_format(says + len, size - len, "%sexit status %d%s", len > 0 ? " (" : "", status,
                   len > 0 ? ")" : "");
    }
}

static void proxy_ended(struct spf_jump *jump, const char *why, int status)
{
    struct spf_tcp_facts *facts = jump->facts;

    facts->outcome = SPF_TCP_PROXY_FAILED;
    spf_proxy_read(jump->says.data, jump->says.len, facts);
    if (facts->error[0] == '\0') {
        spf_copy(facts->error, sizeof facts->error, why);
    }
    add_status(facts->error, sizeof facts->error, status);
    spf_jump_settle(jump);
}

void spf_jump_last_words(struct spf_jump *jump, char *says, size_t size)
{
    struct spf_tcp_facts read = {0};
    int status;

    says[0] = '\0';
    if (!jump->is_proxy) {
        return;
    }
    status = last_words(jump);
    spf_proxy_read(jump->says.data, jump->says.len, &read);
    spf_copy(says, size, read.error);
    add_status(says, size, status);
}

static void proxy_says(struct spf_watch *watch, short revents)
{
    struct spf_jump *jump = watch->owner;

    if (revents != 0 && !listen_on(jump)) {
        spf_loop_remove(jump->loop, watch); /* it may go on with its standard error closed */
    } else if (jump->done != NULL && spf_now_ms() >= watch->due_ms) {
        proxy_ended(jump, "no byte came in time", -1);
    }
}

/* The first byte shows that somebody answers, as far as that can be seen through a program. */
static void proxy_answers(struct spf_watch *watch, short revents)
{
    struct spf_jump *jump = watch->owner;
    ssize_t got;
    char byte;

    if (revents == 0) { /* the time is over, and its standard error closed */
        proxy_ended(jump, "no byte came in time", -1);
        return;
    }
    got = recv(watch->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    if (got < 0 && spf_errno_passes(errno)) {
        return;
    }
    if (got > 0) {
        jump->facts->outcome = SPF_TCP_OPEN;
        spf_jump_settle(jump);
        return;
    }
    proxy_ended(jump, "it ended without a word", last_words(jump));
}

/* Our end and the program's ends; what it gets is closed in us by the caller. */
struct ends {
    int pair[2], says[2];
};

static bool open_ends(struct ends *ends)
{
    *ends = (struct ends){{-1, -1}, {-1, -1}};
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends->pair) != 0 ||
        pipe2(ends->says, O_CLOEXEC) != 0) {
        return false;
    }
    return fcntl(ends->pair[0], F_SETFL, O_NONBLOCK) == 0 &&
           fcntl(ends->says[0], F_SETFL, O_NONBLOCK) == 0;
}

static pid_t run(const struct spf_child_program *what, const struct ends *ends)
{
    struct spf_child_program program = *what;

    program.fds[0] = program.fds[1] = ends->pair[1];
    program.fds[2] = ends->says[1];
    return spf_child_start(&program);
}

bool spf_jump_refuses(const struct spf_target *target, const struct spf_ssh_config_facts *config,
                      const char *host, struct spf_tcp_facts *facts)
{
    struct spf_jump_line line;
    char via[300];
    bool loops;

    loops = spf_jump_line_make(&line, target, config, 0, host) &&
            spf_jump_line_loops(&line, target, host, via);
    if (loops) {
        spf_copy(facts->jump, sizeof facts->jump, target->jump);
        spf_copy(facts->address, sizeof facts->address, host);
        spf_format(facts->error, sizeof facts->error, "jumphost loop via %.100s", via);
        facts->outcome = SPF_TCP_JUMP_FAILED;
    }
    spf_jump_line_clear(&line);
    return loops;
}

static pid_t run_ssh(struct spf_jump *jump, const struct ends *ends)
{
    const struct spf_target *target = jump->inquiry->target;
    const struct spf_facts *known = jump->inquiry->facts;
    const struct spf_ssh_config_facts *config =
        target->ssh_config != NULL ? known->ssh_config : NULL;
    struct spf_child_environment environment = spf_child_environment(target->ssh_config != NULL);
    struct spf_jump_line line;
    pid_t ssh = -1;

    jump->watch.ready = ssh_says;
    spf_copy(jump->facts->jump, sizeof jump->facts->jump, target->jump);
    if (!spf_jump_line_make(&line, target, config, known->openssh->version, jump->host)) {
        errno = ENOMEM;
    } else {
        spf_jump_note_last_hop(&line, jump->facts);
        jump->watch.due_ms += (int64_t)(line.hop_count - 1) * target->timeout_ms;
        spf_jump_add_environment(&environment, &line);
        ssh = run(&(struct spf_child_program){.words = (const char *const *)line.words,
                                              .environment = &environment},
                  ends);
    }
    spf_jump_line_clear(&line);
    spf_child_environment_clear(&environment);
    return ssh;
}

static pid_t run_proxy(struct spf_jump *jump, const struct ends *ends)
{
    struct spf_child_environment environment = spf_child_environment(true);
    pid_t proxy;

    jump->watch.ready = proxy_says;
    jump->is_proxy = true;
    jump->stream = (struct spf_watch){.fd = ends->pair[0],
                                      .events = POLLIN,
                                      .ready = proxy_answers,
                                      .owner = jump,
                                      .due_ms = jump->watch.due_ms};
    spf_copy(jump->facts->proxy, sizeof jump->facts->proxy,
             jump->inquiry->facts->ssh_config->proxy_program);
    proxy = run(&(struct spf_child_program){.command = jump->inquiry->target->proxy_command,
                                            .environment = &environment},
                ends);
    spf_child_environment_clear(&environment);
    return proxy;
}

/* With a program of its own. False: it cannot be run; errno says why. */
static bool begin_alone(struct spf_jump *jump)
{
    const struct spf_target *target = jump->inquiry->target;
    struct ends ends;

    jump->started_ms = spf_now_ms();
    jump->watch.due_ms = jump->started_ms + 2 * (int64_t)target->timeout_ms;
    if (open_ends(&ends)) {
        jump->program = target->jump != NULL ? run_ssh(jump, &ends) : run_proxy(jump, &ends);
    }
    jump->fd = ends.pair[0];
    jump->watch.fd = ends.says[0];
    spf_jump_close_end(&ends.pair[1]);
    spf_jump_close_end(&ends.says[1]);
    return jump->program > 0 && spf_loop_add(jump->loop, &jump->watch) &&
           (jump->stream.fd < 0 || spf_loop_add(jump->loop, &jump->stream));
}

static void turn_came(struct spf_watch *watch, short revents)
{
    struct spf_jump *jump = watch->owner;

    (void)revents;
    spf_loop_remove(jump->loop, watch);
    if (!begin_alone(jump)) {
        spf_jump_settle_untried(jump);
    }
}

/* By an ssh of its own, in its turn. */
static void go_alone(struct spf_jump *jump)
{
    const struct spf_target *target = jump->inquiry->target;

    if (jump->share != NULL) {
        spf_jump_share_forget(jump->share, &jump->waiter);
    }
    jump->share = NULL;
    spf_loop_remove(jump->loop, &jump->watch);
    spf_loop_remove(jump->loop, &jump->stream);
    spf_jump_close_end(&jump->watch.fd);
    spf_jump_close_end(&jump->fd);
    jump->stream = (struct spf_watch){.fd = -1};
    *jump->facts = (struct spf_tcp_facts){0};
    spf_copy(jump->facts->address, sizeof jump->facts->address, jump->host);
    jump->watch.ready = turn_came;
    jump->watch.due_ms =
        spf_pace_take(jump->inquiry->login->pace, target->jump, strlen(target->jump), spf_now_ms());
    if (!spf_loop_add(jump->loop, &jump->watch)) {
        turn_came(&jump->watch, 0);
    }
}

struct spf_jump *spf_jump_new(const struct spf_inquiry *inquiry, const char *host,
                              spf_dialled *done, void *owner)
{
    struct spf_jump *jump = calloc(1, sizeof *jump);

    if (jump == NULL) {
        return NULL;
    }
    *jump = (struct spf_jump){.loop = inquiry->loop,
                              .inquiry = inquiry,
                              .facts = inquiry->facts->tcp,
                              .done = done,
                              .owner = owner,
                              .program = -1,
                              .fd = -1,
                              .started_ms = spf_now_ms(),
                              .go_alone = go_alone};
    spf_buf_init(&jump->says, SAYS_MAX);
    jump->watch = (struct spf_watch){.fd = -1, .events = POLLIN, .owner = jump};
    jump->stream = (struct spf_watch){.fd = -1};
    spf_copy(jump->host, sizeof jump->host, host);
    spf_copy(jump->facts->address, sizeof jump->facts->address, host);
    if (spf_jump_begin_channel(jump) || begin_alone(jump)) {
        return jump;
    }
    spf_jump_free(jump);
    return NULL;
}

bool spf_jump_is_lost(const struct spf_jump *jump)
{
    return spf_jump_way_is_lost(jump);
}

void spf_jump_free(struct spf_jump *jump)
{
    if (jump == NULL) {
        return;
    }
    if (jump->share != NULL) {
        spf_jump_share_forget(jump->share, &jump->waiter);
    }
    spf_loop_remove(jump->loop, &jump->watch);
    spf_loop_remove(jump->loop, &jump->stream);
    spf_jump_close_end(&jump->fd);
    spf_jump_close_end(&jump->watch.fd);
    (void)spf_child_end(&jump->program,
                        SPF_JUMP_GRACE_MS); /* a chain of jumps is in the same session */
    spf_buf_clear(&jump->says);
    free(jump);
}
