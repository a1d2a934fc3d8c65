#include "login/jump.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"

#define SAYS_MAX  (256u * 1024) /* of what ssh -vv says; a login takes 20 KiB */
#define WORDS_MAX 40
#define ROOM      5

struct spf_jump {
    struct spf_loop *loop;
    struct spf_watch watch; /* of ssh's standard error */
    struct spf_tcp_facts *facts;
    spf_dialled *done; /* NULL once called */
    void *owner;
    pid_t ssh;
    int fd; /* our end of the pair, until it is given away */
    int64_t started_ms;
    struct spf_buf says;
};

static void settle(struct spf_jump *jump)
{
    spf_dialled *done = jump->done;
    int fd = jump->fd;

    jump->done = NULL;
    jump->watch.due_ms = 0;
    jump->facts->elapsed_ms = spf_now_ms() - jump->started_ms;
    if (jump->facts->outcome == SPF_TCP_OPEN)
        jump->fd = -1;
    else
        fd = -1;
    done(jump->owner, fd, NULL);
}

/* What ssh says is read as long as it lives, for it would wait for a reader. */
static void ready(struct spf_watch *watch, short revents)
{
    struct spf_jump *jump = watch->owner;
    enum spf_jump_end end =
        watch->due_ms != 0 && spf_now_ms() >= watch->due_ms ? SPF_JUMP_LATE : SPF_JUMP_GOES_ON;
    char bytes[4096];
    ssize_t got = revents != 0 ? read(watch->fd, bytes, sizeof bytes) : -1;

    if (got > 0 && jump->done != NULL && !spf_buf_failed(&jump->says))
        spf_buf_add(&jump->says, bytes, (size_t)got);
    if (revents != 0 && (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))) {
        end = SPF_JUMP_OVER;
        spf_loop_remove(jump->loop, watch);
    }
    if (jump->done != NULL && spf_jump_read(jump->says.data, jump->says.len, end, jump->facts))
        settle(jump);
}

/* Our end and ssh's ends; what ssh gets is closed in us by the caller. */
struct ends {
    int pair[2], says[2];
};

static bool open_ends(struct ends *ends)
{
    *ends = (struct ends){{-1, -1}, {-1, -1}};
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends->pair) != 0 ||
        pipe2(ends->says, O_CLOEXEC) != 0)
        return false;
    return fcntl(ends->pair[0], F_SETFL, O_NONBLOCK) == 0 &&
           fcntl(ends->says[0], F_SETFL, O_NONBLOCK) == 0;
}

static void close_end(int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
    *fd = -1;
}

/* ssh's command line; texts that it needs are made in room. */
static bool set_words(const struct spf_target *target, const char *host, struct spf_buf room[ROOM],
                      const char **words)
{
    const char *last = strrchr(target->jump, ',');
    size_t count = 0;
    bool good = true;

    for (int i = 0; i < ROOM; i++)
        spf_buf_init(&room[i], 64 * 1024);
    spf_buf_addf(&room[0], "-oConnectTimeout=%u", (target->timeout_ms + 999) / 1000);
    spf_buf_addstr(&room[1], "-oUserKnownHostsFile=/dev/null"); /* where a new key is written to */
    for (size_t i = 0; target->known_hosts != NULL && target->known_hosts[i] != NULL; i++)
        spf_buf_addf(&room[1], " \"%s\"", target->known_hosts[i]);
    if (target->known_hosts == NULL)
        spf_buf_addstr(&room[1], " ~/.ssh/known_hosts ~/.ssh/known_hosts2");
    spf_buf_addf(&room[2], strchr(host, ':') != NULL ? "[%s]:%u" : "%s:%u", host,
                 (unsigned)target->port);
    spf_buf_addf(&room[3], "ssh://%s", last != NULL ? last + 1 : target->jump);

    words[count++] = "ssh";
    if (target->ssh_config == NULL || target->ssh_config[0] != '\0') {
        words[count++] = "-F";
        words[count++] = target->ssh_config != NULL ? target->ssh_config : "none";
    }
    words[count++] = "-vvT";
    words[count++] = "-oBatchMode=yes";
    words[count++] = "-oStrictHostKeyChecking=accept-new";
    words[count++] = "-oUpdateHostKeys=no";
    words[count++] = "-oPermitLocalCommand=no";
    words[count++] = "-oControlPath=none";
    words[count++] = "-oLogLevel=DEBUG2";
    words[count++] = room[0].data;
    words[count++] = room[1].data;
    if (target->known_hosts != NULL)
        words[count++] = "-oGlobalKnownHostsFile=/dev/null";
    if (last != NULL) {
        spf_buf_add(&room[4], target->jump, (size_t)(last - target->jump));
        words[count++] = "-J";
        words[count++] = room[4].data;
    }
    words[count++] = "-W";
    words[count++] = room[2].data;
    words[count++] = "--";
    words[count++] = room[3].data;
    words[count] = NULL;
    for (int i = 0; i < ROOM; i++)
        good = good && !spf_buf_failed(&room[i]);
    return good;
}

/* What ssh needs to find keys, agent and home; its messages in English. */
static void set_environment(struct spf_buf room[5], char **environment)
{
    static const char *const names[] = {"PATH", "HOME", "USER", "LOGNAME", "SSH_AUTH_SOCK"};
    size_t count = 0;

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *value = getenv(names[i]);

        spf_buf_init(&room[i], 8192);
        spf_buf_addf(&room[i], "%s=%s", names[i], value != NULL ? value : "");
        if (value != NULL && !spf_buf_failed(&room[i]))
            environment[count++] = room[i].data;
    }
    environment[count++] = (char *)(uintptr_t) "LC_ALL=C";
    environment[count] = NULL;
}

static pid_t run_ssh(const char **words, const struct ends *ends)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    struct spf_buf room[5];
    char *environment[7];
    sigset_t none;
    pid_t pid = -1;

    if (posix_spawn_file_actions_init(&actions) != 0)
        return -1;
    set_environment(room, environment);
    (void)sigemptyset(&none);
    (void)posix_spawnattr_init(&attributes);
    (void)posix_spawnattr_setsigmask(&attributes, &none);
    (void)posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK);
    if (posix_spawn_file_actions_adddup2(&actions, ends->pair[1], 0) != 0 ||
        posix_spawn_file_actions_adddup2(&actions, ends->pair[1], 1) != 0 ||
        posix_spawn_file_actions_adddup2(&actions, ends->says[1], 2) != 0 ||
        posix_spawnp(&pid, "ssh", &actions, &attributes, (char **)(uintptr_t)words, environment) !=
            0)
        pid = -1;
    (void)posix_spawn_file_actions_destroy(&actions);
    (void)posix_spawnattr_destroy(&attributes);
    for (size_t i = 0; i < 5; i++)
        spf_buf_clear(&room[i]);
    return pid;
}

struct spf_jump *spf_jump_new(struct spf_loop *loop, const struct spf_target *target,
                              const char *host, struct spf_tcp_facts *facts, spf_dialled *done,
                              void *owner)
{
    struct spf_jump *jump = calloc(1, sizeof *jump);
    const char *words[WORDS_MAX];
    struct spf_buf room[ROOM] = {0};
    struct ends ends;

    if (jump == NULL)
        return NULL;
    *jump = (struct spf_jump){.loop = loop,
                              .facts = facts,
                              .done = done,
                              .owner = owner,
                              .ssh = -1,
                              .fd = -1,
                              .started_ms = spf_now_ms()};
    spf_buf_init(&jump->says, SAYS_MAX);
    jump->watch = (struct spf_watch){.fd = -1,
                                     .events = POLLIN,
                                     .ready = ready,
                                     .owner = jump,
                                     .due_ms = jump->started_ms + 2 * (int64_t)target->timeout_ms};
    (void)spf_copy(facts->jump, sizeof facts->jump, target->jump);
    (void)spf_copy(facts->address, sizeof facts->address, host);
    if (open_ends(&ends) && set_words(target, host, room, words))
        jump->ssh = run_ssh(words, &ends);
    for (int i = 0; i < ROOM; i++)
        spf_buf_clear(&room[i]);
    jump->fd = ends.pair[0];
    jump->watch.fd = ends.says[0];
    close_end(&ends.pair[1]);
    close_end(&ends.says[1]);
    if (jump->ssh > 0 && spf_loop_add(loop, &jump->watch))
        return jump;
    spf_jump_free(jump);
    return NULL;
}

void spf_jump_free(struct spf_jump *jump)
{
    const struct timespec moment = {.tv_nsec = 5 * 1000 * 1000};

    if (jump == NULL)
        return;
    spf_loop_remove(jump->loop, &jump->watch);
    close_end(&jump->fd);
    close_end(&jump->watch.fd);
    if (jump->ssh > 0) {
        int left = 40;

        (void)kill(-jump->ssh, SIGTERM); /* a chain of jumps is in the same session */
        while (waitpid(jump->ssh, NULL, WNOHANG) == 0 && left-- > 0)
            (void)nanosleep(&moment, NULL);
        if (left < 0) {
            (void)kill(-jump->ssh, SIGKILL);
            (void)waitpid(jump->ssh, NULL, 0);
        }
    }
    spf_buf_clear(&jump->says);
    free(jump);
}
