#ifndef SPF_TESTS_LOGIN_FIXTURE_H
#define SPF_TESTS_LOGIN_FIXTURE_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "all_facts.h"
#include "base/clock.h"
#include "login/conversation.h"
#include "unit.h"

/* A place for keys and servers, gone with the test. */
struct place {
    char dir[64];
    pid_t server;
    uint16_t port;
};

static inline char *text_of(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static inline char *text_of(const char *fmt, ...)
{
    char *text = NULL;
    va_list args;

    va_start(args, fmt);
    ck_assert_int_ge(vasprintf(&text, fmt, args), 0);
    va_end(args);
    return text;
}

static inline void run(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static inline void run(const char *fmt, ...)
{
    char *command = NULL;
    va_list args;

    va_start(args, fmt);
    ck_assert_int_ge(vasprintf(&command, fmt, args), 0);
    va_end(args);
    ck_assert_msg(system(command) == 0, "%s", command);
    free(command);
}

static inline void place_open(struct place *place)
{
    *place = (struct place){.dir = "/tmp/login-XXXXXX"};
    ck_assert_ptr_nonnull(mkdtemp(place->dir));
}

static inline void place_close(struct place *place)
{
    if (place->server > 0) {
        (void)kill(place->server, SIGTERM);
        (void)waitpid(place->server, NULL, 0);
    }
    run("rm -rf %s", place->dir);
}

static inline char *slurp(const char *path)
{
    FILE *file = fopen(path, "r");
    char *text = calloc(1, 65536);

    ck_assert_msg(file != NULL, "%s", path);
    ck_assert_ptr_nonnull(text);
    (void)!fread(text, 1, 65535, file);
    (void)fclose(file);
    return text;
}

/* A loopback listener; port is set. */
static inline int listen_somewhere(uint16_t *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    ck_assert_int_eq(listen(fd, 8), 0);
    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    *port = ntohs(address.sin_port);
    return fd;
}

/*
 * As the above, but only held: sshd, which binds with SO_REUSEADDR as well, may listen there, while
 * no other program is given the port by chance before it does.
 */
static inline int hold_a_port(uint16_t *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int)), 0);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    *port = ntohs(address.sin_port);
    return fd;
}

static inline void wait_for_port(uint16_t port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

    for (int64_t end = spf_now_ms() + UNIT_HANGS_MS; spf_now_ms() < end;) {
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        int error = connect(fd, (struct sockaddr *)&address, sizeof address);

        (void)close(fd);
        if (error == 0) {
            return;
        }
        (void)poll(NULL, 0, 20);
    }
    ck_abort_msg("the server does not come up");
}

/* SSH_AUTH_SOCK leads to dir/agent. */
static inline void use_agent(const struct place *place)
{
    char *path = text_of("%s/agent", place->dir);

    ck_assert_int_eq(setenv("SSH_AUTH_SOCK", path, 1), 0);
    free(path);
}

/* OpenSSH's own ssh-agent, there. Its socket is there a moment before it can be connected to. */
static inline pid_t start_agent(const struct place *place)
{
    char *path = text_of("%s/agent", place->dir);
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    int error = -1;
    pid_t child = fork();

    if (child == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
        (void)!freopen("/dev/null", "w", stdout);
        (void)execlp("ssh-agent", "ssh-agent", "-D", "-a", path, (char *)NULL);
        _exit(127);
    }
    (void)snprintf(at.sun_path, sizeof at.sun_path, "%s", path);
    for (int64_t end = spf_now_ms() + UNIT_HANGS_MS; error != 0 && spf_now_ms() < end;) {
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

        error = connect(fd, (struct sockaddr *)&at, sizeof at);
        (void)close(fd);
        (void)poll(NULL, 0, error != 0 ? 10 : 0);
    }
    ck_assert_int_eq(error, 0);
    free(path);
    use_agent(place);
    return child;
}

/* OpenSSH's own sshd, with the given lines of configuration before the common ones. */
static inline void start_sshd(struct place *place, const char *config)
{
    char *path = text_of("%s/sshd_config", place->dir);
    FILE *file = fopen(path, "w");
    int held = hold_a_port(&place->port);

    run("test -e %s/host || ssh-keygen -q -t ed25519 -N '' -f %s/host", place->dir, place->dir);
    if (getuid() == 0) {
        (void)mkdir("/run/sshd", 0755);
    }
    ck_assert_ptr_nonnull(file);
    (void)fprintf(file,
                  "%s\nPort %u\nListenAddress 127.0.0.1\nHostKey %s/host\nPidFile none\n"
                  "AuthorizedKeysFile %s/authorized_keys\nStrictModes no\nUsePAM no\n"
                  "PermitRootLogin yes\nLogLevel ERROR\nMaxStartups 100\n"
                  /* bash reads no start-up file then, which may take seconds */
                  "SetEnv SHLVL=2\n",
                  config, (unsigned)place->port, place->dir, place->dir);
    (void)fclose(file);
    /* sshd since 9.8 makes an address wait after some refusals, loopback too */
    run("! /usr/sbin/sshd -V 2>&1 | grep -Eq 'OpenSSH_(9[.][89]|[1-9][0-9])' ||"
        " echo PerSourcePenalties no >>%s",
        path);
    place->server = fork();
    if (place->server == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGTERM); /* a test that fails leaves nothing running */
        (void)execl("/usr/sbin/sshd", "/usr/sbin/sshd", "-D", "-e", "-f", path, (char *)NULL);
        _exit(127);
    }
    free(path);
    wait_for_port(place->port);
    (void)close(held);
}

/* A conversation with one target, and a loop that turns until the asked group is there. */
struct talk {
    struct spf_inquiry inquiry; /* first */
    struct spf_target target;
    struct spf_facts facts;
    struct spf_conversation *conversation;
    const char *known_hosts[2];
    char *known_hosts_file;
    bool there;
    struct spf_failure failure;
};

static inline void talk_arrived(struct spf_inquiry *inquiry, enum spf_group group,
                                const struct spf_failure *failure)
{
    struct talk *talk = (struct talk *)inquiry;

    ck_assert_msg(!talk->there, "arrived twice");
    talk->there = true;
    talk->failure = failure != NULL ? *failure : (struct spf_failure){0};
    talk->facts.group[group].phase = failure != NULL ? SPF_FAILED : SPF_PRESENT;
}

static inline void talk_open(struct talk *talk, const struct place *place, const char *host,
                             uint16_t port)
{
    const struct passwd *me = getpwuid(getuid());

    *talk = (struct talk){0};
    open_all(&talk->facts);
    talk->known_hosts_file = text_of("%s/known_hosts", place->dir);
    talk->known_hosts[0] = talk->known_hosts_file;
    talk->target = (struct spf_target){.host = host,
                                       .user = me->pw_name,
                                       .port = port,
                                       .timeout_ms = 60000,
                                       .selected = SPF_ALL_CHECKS,
                                       .known_hosts = talk->known_hosts};
    talk->inquiry = (struct spf_inquiry){.target = &talk->target,
                                         .facts = &talk->facts,
                                         .loop = spf_loop_new(),
                                         .arrived = talk_arrived};
    talk->conversation = spf_conversation_new(&talk->inquiry, true);
    ck_assert_ptr_nonnull(talk->conversation);
}

static inline void talk_close(struct talk *talk)
{
    spf_conversation_free(talk->conversation);
    spf_loop_free(talk->inquiry.loop);
    spf_facts_clear(&talk->facts);
    free(talk->known_hosts_file);
}

/* The key that ssh-keygen put into dir/name, as the key probe would hand it over. */
static inline void talk_use_key(struct talk *talk, const struct place *place, const char *name)
{
    char *path = text_of("%s/%s", place->dir, name), *public = text_of("%s.pub", path);
    char *text = slurp(path), *line = slurp(public), blob[8192];

    talk->facts.key->login = spf_secret_new(text, strlen(text));
    ck_assert_int_eq(sscanf(line, "%39s %8191s", talk->facts.key->algorithm, blob), 2);
    talk->facts.key->public_blob = strdup(blob);
    talk->facts.key->usable = true;
    talk->facts.group[SPF_GROUP_KEY].phase = SPF_PRESENT;
    free(path);
    free(public);
    free(text);
    free(line);
}

static inline void ask(struct talk *talk, enum spf_group group)
{
    int64_t end = spf_now_ms() + UNIT_HANGS_MS;

    talk->there = false;
    spf_conversation_serve(talk->conversation, group);
    while (!talk->there && spf_now_ms() < end) {
        ck_assert_int_eq(spf_loop_turn(talk->inquiry.loop, end).code, SPF_OK);
    }
    ck_assert_msg(talk->there, "group %d did not come", (int)group);
    ck_assert_msg(talk->failure.cause == SPF_NO_FINDING, "group %d: %s", (int)group,
                  talk->failure.text);
}

/* All groups up to and with the last, in order. */
static inline void ask_up_to(struct talk *talk, enum spf_group last)
{
    for (int group = SPF_GROUP_KNOWN_HOSTS; group <= (int)last; group++) {
        ask(talk, (enum spf_group)group);
    }
}

#endif
