#ifndef SPF_TESTS_JUMP_SCENE_H
#define SPF_TESTS_JUMP_SCENE_H

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "all_facts.h"
#include "base/clock.h"
#include "base/text.h"
#include "login/jump.h"
#include "login/jump_parts.h"
#include "login/jump_share.h"
#include "login/shared.h"
#include "unit.h"

/*
 * A target behind a jump host, and a master of the shared connection (mux.h) that behaves oddly.
 * Under the name of ssh the test's program is that master, on a real socket, and also the ssh of a
 * target that goes alone, which reaches it each time.
 */

enum then { STAY, CLOSE, END, HALT }; /* what the master does after its replies */
enum far { KEEP, SPEAK, SHUT };       /* and with the descriptors that it was given */
enum alive { ANSWERS, HANGS_UP, MUMBLES };
enum listening { LISTENS, NOWHERE, CROWDED };

struct play {
    const char *name;
    const char *replies;
    size_t len;
    enum spf_tcp_outcome outcome;
    bool alone;
    const char *log; /* of its login, in place of that which stands */
    const char *says;
    enum then then;
    enum far far;
    enum alive alive;
    enum listening listening;
    bool unproven; /* a server that confirms before it has connected */
    bool dribbles; /* byte by byte */
    bool waits;    /* its time is to be over once it has replied */
    bool floods;   /* more than is kept of its log, before it replies */
    bool drowns;   /* or before it logs in */
    bool late;     /* it does not log in */
};

#define REPLIES(text) text, sizeof(text) - 1
#define HELLO         "\0\0\0\x08\0\0\0\x01\0\0\0\x04"
#define OPENED        "\0\0\0\x0c\x80\0\0\x06\0\0\0\x01\0\0\0\x02"
#define FAILURE       "\0\0\0\x28\x80\0\0\x03\0\0\0\x01\0\0\0\x1cSession open refused by peer"
#define NO_FDS                                   \
    "\0\0\0\x2d\x80\0\0\x03\0\0\0\x01\0\0\0\x21" \
    "did not receive file descriptors."
#define REFUSED                                                                        \
    "debug2: channel 1: stdio fwd to web:2200\r\ndebug2: channel_new: 2 control 1\r\n" \
    "channel 2: open failed: "
#define IS(software) "debug1: Remote protocol version 2.0, remote software version " software "\r\n"
#define IN           "Authenticated to b ([192.0.2.9]:22) using \"publickey\".\r\n"

static const struct play plays[] = {
    {"opens", REPLIES(HELLO OPENED), SPF_TCP_OPEN},
    {"byte by byte", REPLIES(HELLO OPENED), SPF_TCP_OPEN, .dribbles = true},
    /* what is no reply to us */
    {"short", REPLIES(HELLO "\0\0\0\x04\x80\0\0\x06"), SPF_TCP_OPEN, true},
    {"empty", REPLIES(HELLO "\0\0\0\0"), SPF_TCP_OPEN, true},
    {"oversized", REPLIES(HELLO "\xff\xff\xff\xff"), SPF_TCP_OPEN, true},
    {"longer than is kept", REPLIES(HELLO "\0\0\x0f\xff"), SPF_TCP_OPEN, true, .dribbles = true},
    {"of version 5", REPLIES("\0\0\0\x08\0\0\0\x01\0\0\0\x05" OPENED), SPF_TCP_OPEN, true},
    {"no hello", REPLIES(OPENED), SPF_TCP_OPEN, true},
    {"failure without hello", REPLIES(FAILURE), SPF_TCP_OPEN, true,
     .says = REFUSED "connect failed: Connection refused\r\n"},
    {"another question's", REPLIES(HELLO "\0\0\0\x0c\x80\0\0\x05\0\0\0\x01\0\0\x12\x34"),
     SPF_TCP_OPEN, true},
    {"another request's", REPLIES(HELLO "\0\0\0\x0c\x80\0\0\x06\0\0\0\x02\0\0\0\x02"), SPF_TCP_OPEN,
     true},
    {"of no type", REPLIES(HELLO "\0\0\0\x08\x12\x34\x56\x78\0\0\0\x01"), SPF_TCP_OPEN, true},
    {"permission denied", REPLIES(HELLO "\0\0\0\x0e\x80\0\0\x02\0\0\0\x01\0\0\0\x02no"),
     SPF_TCP_OPEN, true, .says = REFUSED "connect failed: Connection refused\r\n"},
    {"a failure of its own", REPLIES(HELLO NO_FDS), SPF_TCP_OPEN, true,
     .says = REFUSED "connect failed: Connection refused\r\n"},
    /* what the jump host says, and what may be this connection's fault */
    {"refused", REPLIES(HELLO FAILURE), SPF_TCP_REFUSED,
     .says = REFUSED "connect failed: Connection refused\r\n"},
    {"refused, half a line", REPLIES(HELLO FAILURE), SPF_TCP_OPEN, true, .says = REFUSED "conn"},
    {"refused without a word", REPLIES(HELLO FAILURE), SPF_TCP_OPEN, true},
    {"prohibited", REPLIES(HELLO FAILURE), SPF_TCP_OPEN, true,
     .says = REFUSED "administratively prohibited: open failed\r\n"},
    {"no resources", REPLIES(HELLO FAILURE), SPF_TCP_OPEN, true,
     .says = REFUSED "resource shortage: x\r\n"},
    /* it cannot be asked, or does not answer */
    {"no socket", REPLIES(HELLO OPENED), SPF_TCP_OPEN, true, .listening = NOWHERE},
    {"many ask", REPLIES(HELLO OPENED), SPF_TCP_OPEN, .listening = CROWDED},
    {"ends at once", REPLIES(""), SPF_TCP_OPEN, true, .then = END},
    {"ends after hello", REPLIES(HELLO), SPF_TCP_OPEN, true, .then = END},
    {"says nothing", REPLIES(""), SPF_TCP_OPEN, true, .waits = true},
    {"the jump host says nothing", REPLIES(HELLO), SPF_TCP_SILENT, .waits = true},
    {"halts", REPLIES(HELLO), SPF_TCP_OPEN, true, .then = HALT, .waits = true},
    {"hangs up", REPLIES(HELLO), SPF_TCP_OPEN, true, .alive = HANGS_UP, .waits = true},
    {"mumbles", REPLIES(HELLO), SPF_TCP_OPEN, true, .alive = MUMBLES, .waits = true},
    /* a server that confirms before it has connected */
    {"speaks", REPLIES(HELLO OPENED), SPF_TCP_OPEN, .far = SPEAK, .unproven = true},
    {"closes", REPLIES(HELLO OPENED), SPF_TCP_JUMP_NO_CONNECTION, .far = SHUT, .unproven = true},
    {"lets go", REPLIES(HELLO OPENED), SPF_TCP_JUMP_NO_CONNECTION, .then = CLOSE, .unproven = true},
    {"closes and ends", REPLIES(HELLO OPENED), SPF_TCP_OPEN, true, .then = END, .far = SHUT,
     .unproven = true},
    {"closes and is no master", REPLIES(HELLO OPENED), SPF_TCP_OPEN, true, .far = SHUT,
     .alive = HANGS_UP, .unproven = true},
    {"lets go and is no master", REPLIES(HELLO OPENED), SPF_TCP_OPEN, true, .then = CLOSE,
     .alive = HANGS_UP, .unproven = true},
    {"nothing comes", REPLIES(HELLO OPENED), SPF_TCP_JUMP_NO_CONNECTION, .unproven = true,
     .waits = true},
    {"nothing comes of no master", REPLIES(HELLO OPENED), SPF_TCP_OPEN, true, .alive = HANGS_UP,
     .unproven = true, .waits = true},
    /* its login */
    {"refused a login", REPLIES(""), SPF_TCP_JUMP_FAILED,
     .log = "debug1: Authentications that can continue: publickey\r\n"
            "a@b: Permission denied (publickey).\r\n"},
    {"a failure that passes", REPLIES(""), SPF_TCP_JUMP_FAILED, .log = "a word of its own\r\n"},
    {"floods", REPLIES(HELLO FAILURE), SPF_TCP_REFUSED, .floods = true,
     .says = REFUSED "connect failed: Connection refused\r\n"},
    {"floods before it stands", REPLIES(HELLO OPENED), SPF_TCP_OPEN, true, .drowns = true},
    {"does not log in", REPLIES(""), SPF_TCP_JUMP_FAILED, .log = "", .late = true},
    {"no room for its socket", REPLIES(""), SPF_TCP_OPEN, true,
     .log = IN "unix_listener: cannot bind to path: No space left on device\r\n"},
};

#define PLAYS (sizeof plays / sizeof *plays)

/* --- the other side, which tells nobody what fails but by ending --- */

static void demand(bool good)
{
    if (!good) {
        _exit(100);
    }
}

static bool is_there(const char *name)
{
    char path[200];

    spf_format(path, sizeof path, "%s/%s", getenv("HOME"), name);
    return access(path, F_OK) == 0;
}

static void note(const char *name, const char *text)
{
    char path[200];
    FILE *file;

    spf_format(path, sizeof path, "%s/%s", getenv("HOME"), name);
    file = fopen(path, "a");
    demand(file != NULL && fputs(text, file) >= 0 && fclose(file) == 0);
}

static void say(int fd, const char *text, size_t len)
{
    demand(send(fd, text, len, MSG_NOSIGNAL) == (ssize_t)len);
}

static int take_descriptor(int from)
{
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(sizeof(int))];
    } control;
    char byte;
    struct iovec text = {&byte, 1};
    struct msghdr message = {.msg_iov = &text,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = sizeof control};
    int fd;

    demand(recvmsg(from, &message, 0) == 1 && CMSG_FIRSTHDR(&message) != NULL);
    memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof fd);
    return fd;
}

/* Hello, and then a request with its length before it; returns its type's last byte. */
static int take_request(int fd)
{
    unsigned char bytes[512];
    size_t len;

    demand(recv(fd, bytes, 16, MSG_WAITALL) == 16);
    len = bytes[15];
    demand(recv(fd, bytes, len, MSG_WAITALL) == (ssize_t)len);
    return bytes[3];
}

static void reply(int fd, const struct play *play, size_t len)
{
    for (size_t i = 0; i < len; i += play->dribbles ? 1 : len) {
        say(fd, play->replies + i, play->dribbles ? 1 : len);
    }
    for (size_t i = 0; strcmp(play->name, "longer than is kept") == 0 && i < 0xfff; i++) {
        if (send(fd, "\0", 1, MSG_NOSIGNAL) != 1) {
            return;
        }
    }
}

static void flood(bool floods)
{
    char line[1024];

    memset(line, 'x', sizeof line);
    line[sizeof line - 1] = '\n';
    for (size_t i = 0; floods && i < 300; i++) {
        demand(write(STDERR_FILENO, line, sizeof line) == (ssize_t)sizeof line);
    }
}

/* A target's connection; false: the master is to end. */
static bool serve_target(int fd, const struct play *play, size_t len)
{
    const int ends[] = {take_descriptor(fd), take_descriptor(fd)};

    flood(play->floods);
    if (play->says != NULL) {
        demand(write(STDERR_FILENO, play->says, strlen(play->says)) > 0);
    }
    reply(fd, play, len);
    if (play->far == SPEAK) {
        say(ends[0], "S", 1);
    }
    for (int i = 0; i < 2 && play->far == SHUT; i++) {
        (void)close(ends[i]);
    }
    note("asked", "");
    if (play->then == HALT) {
        (void)raise(SIGSTOP);
    }
    if (play->then == CLOSE || len < play->len) {
        (void)close(fd);
    }
    return play->then != END;
}

static void serve_alive(int fd, const struct play *play)
{
    if (play->alive == ANSWERS) {
        say(fd, REPLIES(HELLO "\0\0\0\x0c\x80\0\0\x05\0\0\0\x01\0\0\x12\x34"));
    } else if (play->alive == MUMBLES) {
        say(fd, REPLIES(HELLO OPENED));
    }
    if (play->alive == HANGS_UP) {
        (void)close(fd);
    }
}

static int be_master(const char *path, const struct play *play, size_t len)
{
    static const char stands[] = IN "debug1: Entering interactive session.\r\n";
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    const int listener = socket(AF_UNIX, SOCK_STREAM, 0);
    const int crowd = socket(AF_UNIX, SOCK_STREAM, 0);
    bool goes_on = true;

    spf_copy(at.sun_path, sizeof at.sun_path, path);
    demand(bind(listener, (struct sockaddr *)&at, sizeof at) == 0);
    demand(listen(listener, play->listening == CROWDED ? 0 : 8) == 0);
    demand(play->listening != CROWDED || connect(crowd, (struct sockaddr *)&at, sizeof at) == 0);
    demand(play->listening != NOWHERE || unlink(path) == 0);
    flood(play->drowns);
    dprintf(STDERR_FILENO, "%s%s", play->unproven ? IS("paramiko_3") : IS("OpenSSH_9.2"),
            play->log != NULL ? play->log : stands);
    while (play->late) {
        (void)poll(NULL, 0, 1000);
    }
    if (play->log != NULL) {
        return 255;
    }
    while (play->listening == CROWDED && !is_there("go")) {
        (void)poll(NULL, 0, 10);
    }
    if (play->listening == CROWDED) {
        (void)accept(listener, NULL, NULL);
    }
    while (goes_on) {
        const int fd = accept(listener, NULL, NULL);

        if (take_request(fd) == 8) {
            goes_on = serve_target(fd, play, len);
        } else {
            serve_alive(fd, play);
        }
    }
    return 255;
}

/* The ssh of a target that goes alone, where there is no script for it: it gets through. */
static int be_alone(void)
{
    char path[200];
    char byte;

    note("alone", "x");
    if (is_there("script")) {
        spf_format(path, sizeof path, "%s/script", getenv("HOME"));
        (void)execl("/bin/sh", "sh", path, (char *)NULL);
    }
    dprintf(STDERR_FILENO, "%sdebug2: channel 0: open confirm rwindow 0 rmax 32768\r\n",
            IS("OpenSSH_9.2") IN);
    while (read(STDIN_FILENO, &byte, 1) > 0) {
    }
    return 255;
}

static int be_ssh(int argc, char **argv)
{
    const char *path = NULL;
    char plan[200];
    unsigned index = 0;
    unsigned len = 0;
    FILE *file;

    for (int i = 1; i < argc; i++) {
        path = spf_starts_with(argv[i], "-oControlPath=/") ? argv[i] + 14 : path;
    }
    if (path != NULL) {
        spf_format(plan, sizeof plan, "%s/plan", getenv("HOME"));
        file = fopen(plan, "r");
        demand(file != NULL && fscanf(file, "%u %u", &index, &len) == 2 && index < PLAYS);
        return be_master(path, &plays[index], len);
    }
    return be_alone();
}

/* --- our side --- */

struct scene {
    struct spf_inquiry inquiry;
    struct spf_target target;
    struct spf_facts facts;
    struct spf_jump *jump;
    char home[64];
    int descriptors, fd;
    bool there, failed;
    enum spf_finding cause;
    int settled; /* so often it was told that the way is known */
};

static size_t count_in(const char *path)
{
    DIR *dir = opendir(path);
    size_t count = 0;

    ck_assert_ptr_nonnull(dir);
    while (readdir(dir) != NULL) {
        count++;
    }
    (void)closedir(dir);
    return count;
}

static void path_in(const struct scene *scene, const char *name, char path[200])
{
    spf_format(path, 200, "%s/%s", scene->home, name);
}

static void way_settled(void *owner, const char *jump)
{
    struct scene *scene = owner;

    scene->settled += spf_jump_is_settled(&scene->inquiry.login->jumps, jump);
}

static void scene_open(struct scene *scene, size_t play, size_t len)
{
    char path[200], program[1000] = "", text[300];

    *scene = (struct scene){.home = "/tmp/share-XXXXXX",
                            .fd = -1,
                            .descriptors = (int)count_in("/proc/self/fd"),
                            .target = {.host = "web",
                                       .user = "u",
                                       .jump = "a@b",
                                       .port = 2200,
                                       .timeout_ms = plays[play].late ? 100 : 4 * UNIT_HANGS_MS}};
    open_all(&scene->facts);
    ck_assert_ptr_nonnull(mkdtemp(scene->home));
    ck_assert_int_gt(readlink("/proc/self/exe", program, sizeof program - 1), 0);
    path_in(scene, "aside", path);
    ck_assert_int_eq(mkdir(path, 0755), 0);
    ck_assert_int_eq(setenv("TMPDIR", path, 1), 0);
    path_in(scene, "ssh", path);
    ck_assert_int_eq(symlink(program, path), 0);
    spf_format(text, sizeof text, "%s:/usr/bin:/bin", scene->home);
    ck_assert_int_eq(setenv("PATH", text, 1), 0);
    ck_assert_int_eq(setenv("HOME", scene->home, 1), 0);
    spf_format(text, sizeof text, "%zu %zu\n", play, len);
    note("plan", text);
    scene->inquiry = (struct spf_inquiry){.target = &scene->target,
                                          .facts = &scene->facts,
                                          .loop = spf_loop_new(),
                                          .login = spf_login_shared_new()};
    ck_assert_ptr_nonnull(scene->inquiry.login);
    scene->inquiry.login->jumps.settled = way_settled;
    scene->inquiry.login->jumps.owner = scene;
}

static inline void dialled(void *owner, int fd, const struct spf_failure *failure)
{
    struct scene *scene = owner;

    ck_assert(!scene->there);
    scene->there = true;
    scene->failed = failure != NULL;
    scene->fd = fd;
}

static inline void turn(const struct scene *scene)
{
    ck_assert_int_eq(spf_loop_turn(scene->inquiry.loop, spf_now_ms() + 20).code, SPF_OK);
}

/* One directory of ours with the socket in it, for nobody else. */
static inline void is_private(const struct scene *scene)
{
    char path[200];
    struct dirent *entry;
    size_t seen = 0;
    DIR *dir;

    path_in(scene, "aside", path);
    dir = opendir(path);
    ck_assert_ptr_nonnull(dir);
    while ((entry = readdir(dir)) != NULL) {
        struct stat is;

        if (entry->d_name[0] != '.') {
            ck_assert_int_eq(fstatat(dirfd(dir), entry->d_name, &is, 0), 0);
            ck_assert_uint_eq(is.st_mode & 07777, 0700);
            seen++;
        }
    }
    (void)closedir(dir);
    ck_assert_uint_eq(seen, 1);
}

/* Until it is decided; where the master says no more, its time is over as soon as it has replied.
 */
static inline void await(struct scene *scene, const struct play *play)
{
    const bool greets = play->len > 0;
    const int64_t until_ms = spf_now_ms() + UNIT_HANGS_MS;
    struct spf_jump *jump = scene->jump;
    bool over = !play->waits;

    while (!scene->there) {
        ck_assert_msg(spf_now_ms() < until_ms, "%s: hangs", play->name);
        turn(scene);
        if (!over && is_there("asked") && jump->greeted == greets &&
            (jump->stream.slot != 0) == play->unproven) {
            over = true;
            jump->watch.due_ms = spf_now_ms();
            spf_loop_update(scene->inquiry.loop, &jump->watch);
        }
        if (play->listening == CROWDED && jump->watch.slot != 0 && jump->watch.fd < 0) {
            note("go", "");
        }
    }
}

static void scene_close(struct scene *scene)
{
    char path[200];
    static const char *const names[] = {"plan", "ssh", "asked", "alone", "go", "script"};

    spf_jump_free(scene->jump);
    if (scene->fd >= 0) {
        (void)close(scene->fd);
    }
    spf_login_shared_free(scene->inquiry.login);
    spf_loop_free(scene->inquiry.loop);
    spf_facts_clear(&scene->facts);
    ck_assert_int_eq((int)count_in("/proc/self/fd"), scene->descriptors);
    ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
    ck_assert_int_eq(errno, ECHILD);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        path_in(scene, names[i], path);
        (void)unlink(path);
    }
    path_in(scene, "aside", path);
    ck_assert_msg(rmdir(path) == 0, "something is left in TMPDIR");
    ck_assert_int_eq(rmdir(scene->home), 0);
}

static inline void expect(const struct scene *scene, const struct play *play, bool alone)
{
    ck_assert_msg(is_there("alone") == alone, "%s: alone %d", play->name, !alone);
    ck_assert_msg(!scene->failed && scene->facts.tcp->outcome == play->outcome, "%s: outcome %d",
                  play->name, (int)scene->facts.tcp->outcome);
    ck_assert_int_eq(scene->fd >= 0, play->outcome == SPF_TCP_OPEN);
    ck_assert_str_eq(scene->facts.tcp->jump, "a@b");
    ck_assert_str_eq(scene->facts.tcp->address, "web");
}

static inline void be_ssh_if_called_so(int argc, char **argv)
{
    const char *name = strrchr(argv[0], '/');

    if (strcmp(name != NULL ? name + 1 : argv[0], "ssh") == 0) {
        _exit(be_ssh(argc, argv));
    }
}

#endif
