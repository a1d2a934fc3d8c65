#include "login/jump.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "openssh/jump_line.h"
#include "platform/child.h"

#define SAYS_MAX (256u * 1024) /* of what ssh -vv says; a login takes 20 KiB */
#define GRACE_MS 200           /* to end, once asked to */

struct spf_jump {
    struct spf_loop *loop;
    struct spf_watch watch;  /* of the program's standard error, and of the time */
    struct spf_watch stream; /* of our end, where the first byte decides */
    struct spf_tcp_facts *facts;
    spf_dialled *done; /* NULL once called */
    void *owner;
    pid_t program;
    int fd; /* our end of the pair, until it is given away */
    bool is_proxy;
    int64_t started_ms;
    struct spf_buf says;
};

static void settle(struct spf_jump *jump)
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

/* Takes what the program says; false at its end. Of too much, the beginning is kept. */
static bool listen_on(struct spf_jump *jump)
{
    char bytes[4096];
    ssize_t got = read(jump->watch.fd, bytes, sizeof bytes);

    if (got > 0 && (jump->done != NULL || jump->is_proxy) && !spf_buf_failed(&jump->says)) {
        spf_buf_add(&jump->says, bytes, (size_t)got);
    }
    return got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR));
}

static void no_connection(struct spf_jump *jump)
{
    jump->facts->outcome = SPF_TCP_JUMP_NO_CONNECTION;
    spf_copy(jump->facts->error, sizeof jump->facts->error,
             "it confirmed the channel, and nothing came through it");
    settle(jump);
}

static void far_answers(struct spf_watch *watch, short revents)
{
    struct spf_jump *jump = watch->owner;
    char byte;
    ssize_t got = revents != 0 ? recv(watch->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) : -1;

    if (got > 0) {
        settle(jump);
    } else if (got == 0) {
        no_connection(jump);
    }
}

/* A server that confirms before it has connected: only what comes through shows a connection. */
static void await_byte(struct spf_jump *jump)
{
    jump->stream =
        (struct spf_watch){.fd = jump->fd, .events = POLLIN, .ready = far_answers, .owner = jump};
    if (!spf_loop_add(jump->loop, &jump->stream)) {
        no_connection(jump);
    }
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
            no_connection(jump);
        }
    } else if (spf_jump_read(jump->says.data, jump->says.len, end, jump->facts)) {
        if (jump->facts->outcome == SPF_TCP_OPEN && jump->facts->jump_unproven) {
            await_byte(jump);
        } else {
            settle(jump);
        }
    }
}

/* Waits for the program's end, and takes the last of what it says. Returns its exit status, -1 if
 * it did not end by itself. */
static int last_words(struct spf_jump *jump)
{
    int status = jump->program > 0 ? spf_child_wait(&jump->program, GRACE_MS) : -1;

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
    settle(jump);
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
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
        return;
    }
    if (got > 0) {
        jump->facts->outcome = SPF_TCP_OPEN;
        settle(jump);
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

static void close_end(int *fd)
{
    if (*fd >= 0) {
        (void)close(*fd);
    }
    *fd = -1;
}

static pid_t run(const struct spf_child_program *what, const struct ends *ends)
{
    struct spf_child_program program = *what;

    program.fds[0] = program.fds[1] = ends->pair[1];
    program.fds[2] = ends->says[1];
    return spf_child_start(&program);
}

/* The last of a chain connects to the target. An address of its own is what the rules see. */
static void note_last_hop(const struct spf_jump_line *line, struct spf_tcp_facts *facts)
{
    const struct spf_ssh_hop *hop = &line->hops[line->hop_count - 1];
    struct spf_jump_place place;
    const char *host = hop->host;
    struct spf_ip ip;

    if (line->hop_count < 2) {
        return; /* ssh says to which address it connects */
    }
    spf_jump_split(hop->name, &place);
    if (host[0] == '\0') {
        host = place.host;
    }
    if (spf_ip_parse(host, &ip)) {
        spf_copy(facts->jump_address, sizeof facts->jump_address, host);
    }
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

static pid_t run_ssh(struct spf_jump *jump, const struct spf_target *target,
                     const struct spf_ssh_config_facts *config, int64_t version, const char *host,
                     const struct ends *ends)
{
    struct spf_child_environment environment = spf_child_environment(target->ssh_config != NULL);
    struct spf_jump_line line;
    pid_t ssh = -1;

    jump->watch.ready = ssh_says;
    spf_copy(jump->facts->jump, sizeof jump->facts->jump, target->jump);
    if (!spf_jump_line_make(&line, target, config, version, host)) {
        errno = ENOMEM;
    } else {
        note_last_hop(&line, jump->facts);
        jump->watch.due_ms += (int64_t)(line.hop_count - 1) * target->timeout_ms;
        spf_child_environment_add(&environment, "LC_ALL=C");
        for (size_t i = 0; i < SPF_JUMP_HOPS_MAX && line.variables[i] != NULL; i++) {
            spf_child_environment_add(&environment, line.variables[i]);
        }
        ssh = run(&(struct spf_child_program){.words = (const char *const *)line.words,
                                              .environment = &environment},
                  ends);
    }
    spf_jump_line_clear(&line);
    spf_child_environment_clear(&environment);
    return ssh;
}

static pid_t run_proxy(struct spf_jump *jump, const struct spf_target *target,
                       const struct spf_ssh_config_facts *config, const struct ends *ends)
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
    spf_copy(jump->facts->proxy, sizeof jump->facts->proxy, config->proxy_program);
    proxy = run(
        &(struct spf_child_program){.command = target->proxy_command, .environment = &environment},
        ends);
    spf_child_environment_clear(&environment);
    return proxy;
}

struct spf_jump *spf_jump_new(struct spf_loop *loop, const struct spf_target *target,
                              const struct spf_ssh_config_facts *config, int64_t version,
                              const char *host, struct spf_tcp_facts *facts, spf_dialled *done,
                              void *owner)
{
    struct spf_jump *jump = calloc(1, sizeof *jump);
    struct ends ends;
    bool good;

    if (jump == NULL) {
        return NULL;
    }
    *jump = (struct spf_jump){.loop = loop,
                              .facts = facts,
                              .done = done,
                              .owner = owner,
                              .program = -1,
                              .fd = -1,
                              .started_ms = spf_now_ms()};
    spf_buf_init(&jump->says, SAYS_MAX);
    jump->watch = (struct spf_watch){.fd = -1,
                                     .events = POLLIN,
                                     .owner = jump,
                                     .due_ms = jump->started_ms + 2 * (int64_t)target->timeout_ms};
    jump->stream = (struct spf_watch){.fd = -1};
    spf_copy(facts->address, sizeof facts->address, host);
    if (open_ends(&ends)) {
        jump->program = target->jump != NULL ? run_ssh(jump, target, config, version, host, &ends)
                                             : run_proxy(jump, target, config, &ends);
    }
    jump->fd = ends.pair[0];
    jump->watch.fd = ends.says[0];
    close_end(&ends.pair[1]);
    close_end(&ends.says[1]);
    good = jump->program > 0 && spf_loop_add(loop, &jump->watch) &&
           (jump->stream.fd < 0 || spf_loop_add(loop, &jump->stream));
    if (good) {
        return jump;
    }
    spf_jump_free(jump);
    return NULL;
}

void spf_jump_free(struct spf_jump *jump)
{
    if (jump == NULL) {
        return;
    }
    spf_loop_remove(jump->loop, &jump->watch);
    spf_loop_remove(jump->loop, &jump->stream);
    close_end(&jump->fd);
    close_end(&jump->watch.fd);
    (void)spf_child_end(&jump->program, GRACE_MS); /* a chain of jumps is in the same session */
    spf_buf_clear(&jump->says);
    free(jump);
}
