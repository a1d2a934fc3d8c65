#include "login/jump_share.h"

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
#include "base/wire.h"
#include "login/jump_log.h"
#include "login/jump_program.h"
#include "login/jump_words.h"
#include "login/mux.h"
#include "openssh/control_path.h"
#include "openssh/jump_line.h"
#include "pipeline/finding.h"
#include "platform/child.h"
#include "platform/shell.h"
#include "platform/sockets.h"

#define SOCKET   "/s"
#define ALIVE_MS 3000 /* a program of this machine, which may be busy */
#define AGAIN_MS 20

struct spf_jump_share {
    struct spf_jump_share *next;
    const struct spf_jump_shares *all;
    struct spf_loop *loop;
    enum spf_jump_share_state state;
    char *words; /* that ssh was called with: what makes it the same way */
    char directory[80];
    pid_t ssh;
    int lifeline; /* ssh ends with it, however we do */
    struct spf_watch watch;
    struct spf_buf says; /* of the login; then a line that is not whole yet */
    struct spf_jump_channels channels;
    struct spf_tcp_facts way, failure;
    char software[64];
    bool failure_taken;
    struct spf_jump_waiter *waiters;
};

static void leave_directory(struct spf_jump_share *share)
{
    char path[100];

    if (share->directory[0] == '\0') {
        return;
    }
    spf_format(path, sizeof path, "%s" SOCKET, share->directory);
    (void)unlink(path);
    (void)rmdir(share->directory);
    share->directory[0] = '\0';
}

static void end_master(struct spf_jump_share *share)
{
    spf_loop_remove(share->loop, &share->watch);
    spf_jump_close_end(&share->lifeline);
    spf_jump_close_end(&share->watch.fd);
    (void)spf_child_end(&share->ssh, SPF_JUMP_GRACE_MS);
    leave_directory(share);
}

/* Nobody is to go through it who has not asked yet; who has still gets what comes. */
static void settle(struct spf_jump_share *share, enum spf_jump_share_state state)
{
    struct spf_jump_waiter *waiter;

    share->state = state;
    if (state == SPF_JUMP_SHARE_FAILED || state == SPF_JUMP_SHARE_GONE) {
        end_master(share);
    }
    while ((waiter = share->waiters) != NULL) {
        share->waiters = waiter->next;
        waiter->waits = false;
        waiter->settled(waiter);
    }
    if (share->all->settled != NULL && share->state != SPF_JUMP_SHARE_GONE) {
        share->all->settled(share->all->owner, share->way.jump);
    }
}

/* Would the next one be answered the same? What ssh cannot name, and what passes, may not be. */
static bool is_answer_to_all(const struct spf_tcp_facts *failure)
{
    const enum spf_finding cause = spf_finding_by_id(failure->jump_cause);

    return cause != SPF_NO_FINDING && spf_findings[cause].permanence != SPF_TRANSIENT;
}

static bool was_let_in(const struct spf_jump_share *share)
{
    struct spf_jump_log log;

    spf_jump_log_read(&log, share->says.data, share->says.len, share->way.jump);
    return log.hops[log.count - 1].in;
}

static void login_failed(struct spf_jump_share *share, enum spf_jump_end end)
{
    struct spf_tcp_facts failure = share->way;
    bool for_all;

    (void)spf_jump_read(share->says.data, share->says.len, end, &failure);
    for_all = is_answer_to_all(&failure);
    if (for_all || !was_let_in(share)) { /* else it is the control socket's, which nobody needs */
        share->failure = failure;
    }
    settle(share, for_all ? SPF_JUMP_SHARE_FAILED : SPF_JUMP_SHARE_GONE);
}

/* Takes what is there of the log; false at its end. */
static bool listen_on(struct spf_jump_share *share)
{
    char bytes[4096];
    ssize_t got = read(share->watch.fd, bytes, sizeof bytes);

    if (got > 0 && !spf_buf_failed(&share->says)) {
        spf_buf_add(&share->says, bytes, (size_t)got);
    }
    return got > 0 || (got < 0 && spf_errno_passes(errno));
}

/* A log that goes on for as long as the run does is not kept. */
static void read_channels(struct spf_jump_share *share)
{
    const char *end = memrchr(share->says.data, '\n', share->says.len);
    struct spf_buf rest;

    if (spf_buf_failed(&share->says)) {
        spf_buf_clear(&share->says);
        return;
    }
    if (end == NULL) {
        return;
    }
    spf_jump_channels_read(&share->channels, share->says.data,
                           (size_t)(end + 1 - share->says.data));
    spf_buf_init(&rest, share->says.cap);
    spf_buf_add(&rest, end + 1, share->says.len - (size_t)(end + 1 - share->says.data));
    spf_buf_clear(&share->says);
    share->says = rest;
}

static void master_says(struct spf_watch *watch, short revents)
{
    struct spf_jump_share *share = watch->owner;
    const bool goes_on = revents == 0 || listen_on(share);

    if (share->state == SPF_JUMP_SHARE_STANDS) {
        read_channels(share);
        if (!goes_on) {
            settle(share, SPF_JUMP_SHARE_GONE);
        }
        return;
    }
    if (spf_jump_read_login(share->says.data, share->says.len, &share->way, share->software)) {
        watch->due_ms = 0;
        read_channels(share);
        settle(share, SPF_JUMP_SHARE_STANDS);
    } else if (spf_buf_failed(&share->says)) { /* whether it stands will not be known */
        settle(share, SPF_JUMP_SHARE_GONE);
    } else if (!goes_on) {
        login_failed(share, SPF_JUMP_OVER);
    } else if (spf_now_ms() >= watch->due_ms) {
        login_failed(share, SPF_JUMP_LATE);
    }
}

/* Its standard input is our lifeline, its standard error the log. */
static bool start(struct spf_jump_share *share, const struct spf_jump_line *line,
                  const struct spf_child_environment *environment)
{
    int in[2] = {-1, -1};
    int says[2] = {-1, -1};
    bool good = pipe2(in, O_CLOEXEC) == 0 && pipe2(says, O_CLOEXEC) == 0 &&
                fcntl(says[0], F_SETFL, O_NONBLOCK) == 0;

    if (good) {
        share->ssh =
            spf_child_start(&(struct spf_child_program){.words = (const char *const *)line->words,
                                                        .environment = environment,
                                                        .fds = {in[0], -1, says[1]}});
        good = share->ssh > 0;
    }
    spf_jump_close_end(&in[0]);
    spf_jump_close_end(&says[1]);
    share->lifeline = in[1];
    share->watch.fd = says[0];
    return good && spf_loop_add(share->loop, &share->watch);
}

static const struct spf_ssh_config_facts *config_of(const struct spf_inquiry *inquiry)
{
    return inquiry->target->ssh_config != NULL ? inquiry->facts->ssh_config : NULL;
}

/* The connections that the user's ssh would use there are the user's to hold open. */
static bool user_holds_one(const struct spf_inquiry *inquiry)
{
    const struct spf_ssh_config_facts *config = config_of(inquiry);
    const size_t count = config != NULL ? config->hops.count : 0;

    for (size_t i = 0; i < count; i++) {
        const char *path = config->hops.items[i].manners.control_path;

        if (path[0] != '\0' && spf_control_path_is_open(path)) {
            return true;
        }
    }
    return false;
}

/* All that decides what such an ssh does; NULL: no memory. */
static char *words_of(const struct spf_jump_line *line)
{
    struct spf_buf words;

    spf_buf_init(&words, (size_t)256 * 1024);
    for (size_t i = 0; line->words[i] != NULL; i++) {
        spf_buf_addf(&words, "%s\n", line->words[i]);
    }
    for (size_t i = 0; i < SPF_JUMP_HOPS_MAX && line->variables[i] != NULL; i++) {
        spf_buf_addf(&words, "%s\n", line->variables[i]);
    }
    return spf_buf_take(&words);
}

static bool run(struct spf_jump_share *share, const struct spf_inquiry *inquiry)
{
    const struct spf_target *target = inquiry->target;
    struct spf_child_environment environment = spf_child_environment(target->ssh_config != NULL);
    struct spf_jump_line line;
    char path[100];
    bool good;

    spf_format(path, sizeof path, "%s" SOCKET, share->directory);
    good = spf_jump_line_make_master(&line, target, config_of(inquiry),
                                     inquiry->facts->openssh->version, path);
    if (good) {
        spf_jump_add_environment(&environment, &line);
        spf_jump_note_last_hop(&line, &share->way);
        share->watch.due_ms =
            spf_now_ms() + (int64_t)(line.hop_count + 1) * (int64_t)target->timeout_ms;
        good = start(share, &line, &environment);
    }
    spf_jump_line_clear(&line);
    spf_child_environment_clear(&environment);
    return good;
}

static void free_share(struct spf_jump_share *share)
{
    end_master(share);
    spf_jump_channels_clear(&share->channels);
    spf_buf_clear(&share->says);
    free(share->words);
    free(share);
}

/* Takes over the words. NULL: it cannot be begun here. */
static struct spf_jump_share *begin(struct spf_jump_shares *shares,
                                    const struct spf_inquiry *inquiry, char *words)
{
    struct spf_jump_share *share = calloc(1, sizeof *share);

    if (share == NULL) {
        free(words);
        return NULL;
    }
    *share = (struct spf_jump_share){.all = shares,
                                     .loop = inquiry->loop,
                                     .words = words,
                                     .ssh = -1,
                                     .lifeline = -1,
                                     .watch = {.fd = -1, .events = POLLIN, .ready = master_says}};
    share->watch.owner = share;
    spf_buf_init(&share->says, SPF_JUMP_LOG_MAX);
    spf_copy(share->way.jump, sizeof share->way.jump, inquiry->target->jump);
    if (spf_socket_directory(share->directory, sizeof share->directory) && run(share, inquiry)) {
        share->next = shares->first;
        shares->first = share;
        return share;
    }
    free_share(share);
    return NULL;
}

struct spf_jump_share *spf_jump_share_of(struct spf_jump_shares *shares,
                                         const struct spf_inquiry *inquiry)
{
    struct spf_jump_share *share = NULL;
    struct spf_jump_line line;
    char *words = NULL;
    char ssh[1024];

    if (inquiry->target->jump == NULL || !spf_shell_is_posix() || user_holds_one(inquiry) ||
        !spf_child_find("ssh", ssh, sizeof ssh)) {
        return NULL;
    }
    if (spf_jump_line_make_master(&line, inquiry->target, config_of(inquiry),
                                  inquiry->facts->openssh->version, "")) {
        words = words_of(&line);
    }
    spf_jump_line_clear(&line);
    for (share = shares->first; words != NULL && share != NULL; share = share->next) {
        if (strcmp(share->words, words) == 0) {
            free(words);
            return share;
        }
    }
    return words != NULL ? begin(shares, inquiry, words) : NULL;
}

enum spf_jump_share_state spf_jump_share_state(const struct spf_jump_share *share)
{
    return share->state;
}

bool spf_jump_is_settled(const struct spf_jump_shares *shares, const char *jump)
{
    for (const struct spf_jump_share *share = shares->first; share != NULL; share = share->next) {
        if (strcmp(share->way.jump, jump) == 0) {
            return share->state == SPF_JUMP_SHARE_STANDS || share->state == SPF_JUMP_SHARE_FAILED;
        }
    }
    return false;
}

void spf_jump_leave_all(struct spf_jump_shares *shares)
{
    for (struct spf_jump_share *next; shares->first != NULL; shares->first = next) {
        next = shares->first->next;
        free_share(shares->first);
    }
}

void spf_jump_share_wait(struct spf_jump_share *share, struct spf_jump_waiter *waiter)
{
    struct spf_jump_waiter **end = &share->waiters;

    while (*end != NULL) {
        end = &(*end)->next;
    }
    waiter->next = NULL;
    waiter->waits = true;
    *end = waiter;
}

void spf_jump_share_forget(struct spf_jump_share *share, struct spf_jump_waiter *waiter)
{
    struct spf_jump_waiter **at = &share->waiters;

    while (*at != NULL && *at != waiter) {
        at = &(*at)->next;
    }
    if (*at != NULL) {
        *at = waiter->next;
    }
    waiter->waits = false;
}

bool spf_jump_share_takes_failure(struct spf_jump_share *share)
{
    const bool first = share->failure.jump[0] != '\0' && !share->failure_taken;

    share->failure_taken = true;
    return first;
}

void spf_jump_share_read_failure(const struct spf_jump_share *share, struct spf_tcp_facts *facts)
{
    *facts = share->failure;
}

void spf_jump_share_read_way(const struct spf_jump_share *share, struct spf_tcp_facts *facts)
{
    *facts = share->way;
}

int spf_jump_share_connect(struct spf_jump_share *share)
{
    char path[100];

    if (share->directory[0] == '\0') {
        errno = ENOENT;
        return -1;
    }
    spf_format(path, sizeof path, "%s" SOCKET, share->directory);
    return spf_connect_local(path);
}

bool spf_jump_share_read_refusal(struct spf_jump_share *share, const char *host, unsigned port,
                                 struct spf_tcp_facts *facts)
{
    const char *words;

    /* The master has said it before it answered. */
    while (share->watch.fd >= 0 && share->says.len < SPF_JUMP_LOG_MAX / 2) {
        const size_t had = share->says.len;

        if (!listen_on(share) || share->says.len == had) {
            break;
        }
    }
    read_channels(share);
    words = spf_jump_channels_refusal(&share->channels, host, port);
    if (words != NULL) {
        spf_jump_note_refusal(share->software, words, facts);
    }
    return words != NULL;
}

/* Sends all of the request, which a socket has room for; false: it could not. */
static bool ask(int fd, struct spf_secret *request)
{
    const struct spf_bytes bytes = spf_secret_view(request);
    const bool sent = request != NULL && send(fd, bytes.at, bytes.len,
                                              MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)bytes.len;

    spf_secret_free(request);
    return sent;
}

/* Its queue is full for a moment where many ask at once, which is no sign of its end. */
static int connect_until(struct spf_jump_share *share, int64_t until_ms)
{
    int fd;

    while ((fd = spf_jump_share_connect(share)) < 0 && errno == EAGAIN && spf_now_ms() < until_ms) {
        (void)poll(NULL, 0, AGAIN_MS);
    }
    return fd;
}

static bool hears_alive(int fd, int64_t until_ms)
{
    uint8_t bytes[256];
    size_t len = 0;

    for (int64_t left_ms; (left_ms = until_ms - spf_now_ms()) > 0;) {
        struct pollfd poller = {.fd = fd, .events = POLLIN};
        enum spf_mux_reply reply;
        size_t taken;
        ssize_t got;

        (void)poll(&poller, 1, (int)left_ms);
        got = recv(fd, bytes + len, sizeof bytes - len, MSG_DONTWAIT);
        if (got == 0 || (got < 0 && !spf_errno_passes(errno))) {
            return false;
        }
        len += got > 0 ? (size_t)got : 0;
        while ((reply = spf_mux_read(bytes, len, &taken)) == SPF_MUX_HELLO) {
            memmove(bytes, bytes + taken, len - taken);
            len -= taken;
        }
        if (reply != SPF_MUX_INCOMPLETE) {
            return reply == SPF_MUX_ALIVE;
        }
    }
    return false;
}

bool spf_jump_share_is_alive(struct spf_jump_share *share)
{
    const int64_t until_ms = spf_now_ms() + ALIVE_MS;
    bool alive = false;
    int fd;

    if (share->state != SPF_JUMP_SHARE_STANDS) {
        return false;
    }
    fd = connect_until(share, until_ms);
    if (fd >= 0) {
        alive = ask(fd, spf_mux_ask_alive()) && hears_alive(fd, until_ms);
        (void)close(fd);
    }
    if (!alive) {
        settle(share, SPF_JUMP_SHARE_GONE);
    }
    return alive;
}
