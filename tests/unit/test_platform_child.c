#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "platform/child.h"
#include "unit.h"

/* What a child sees of itself, asked of real programs that print it. */

static const char usual_path[] = "/usr/local/bin:/usr/bin:/bin";

/* Runs the words to their end; what they wrote to standard output is in out. The exit status. */
static int run(const char *const *words, const struct spf_child_environment *environment, char *out,
               size_t size)
{
    struct spf_child_environment whole = spf_child_environment(true);
    struct spf_child_program program = {.words = words,
                                        .environment = environment != NULL ? environment : &whole};
    size_t len = 0;
    ssize_t got;
    int ends[2];
    int status;
    pid_t pid;

    ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
    memcpy(program.fds, (int[3]){-1, ends[1], -1}, sizeof program.fds);
    pid = spf_child_start(&program);
    ck_assert_msg(pid > 0, "%s: %s", words[0], strerror(errno));
    (void)close(ends[1]);
    while ((got = read(ends[0], out + len, size - 1 - len)) > 0) {
        len += (size_t)got;
    }
    out[len] = '\0';
    (void)close(ends[0]);
    status = spf_child_wait(&pid, UNIT_HANGS_MS);
    ck_assert_int_eq(pid, -1);
    spf_child_environment_clear(&whole);
    return status;
}

/* The mask in a line of /proc/self/status. */
static unsigned long long mask(const char *status, const char *name)
{
    const char *line = strstr(status, name);

    ck_assert_ptr_nonnull(line);
    return strtoull(line + strlen(name), NULL, 16);
}

#define BIT(signal) (1ull << ((signal)-1))
#define DEAF        (BIT(SIGHUP) | BIT(SIGINT) | BIT(SIGQUIT))
#define LIBC        (BIT(32) | BIT(33)) /* glibc's own for threads; its posix_spawn ignores them */

START_TEST(signals_are_as_a_shell_gives_them)
{
    static const char *const words[] = {"cat", "/proc/self/status", NULL};
    struct sigaction kept[NSIG];
    sigset_t all;
    sigset_t before;
    char status[16384];

    (void)sigfillset(&all);
    ck_assert_int_eq(sigprocmask(SIG_SETMASK, &all, &before), 0);
    for (int i = 1; i < NSIG; i++) {
        struct sigaction ignore = {.sa_handler = SIG_IGN};

        if (i != SIGCHLD) { /* its own test: nothing is known of the end then */
            (void)sigaction(i, &ignore, &kept[i]);
        }
    }
    ck_assert_int_eq(run(words, NULL, status, sizeof status), 0);
    for (int i = 1; i < NSIG; i++) {
        if (i != SIGCHLD) {
            (void)sigaction(i, &kept[i], NULL);
        }
    }
    ck_assert_int_eq(sigprocmask(SIG_SETMASK, &before, NULL), 0);

    ck_assert_uint_eq(mask(status, "SigBlk:"), 0);
    ck_assert_uint_eq(mask(status, "SigIgn:") & ~LIBC, DEAF);
    /* and nothing is ignored that was not ignored here */
    ck_assert_int_eq(run(words, NULL, status, sizeof status), 0);
    ck_assert_uint_eq(mask(status, "SigBlk:"), 0);
    ck_assert_uint_eq(mask(status, "SigIgn:") & ~(LIBC | DEAF), 0);
}
END_TEST

START_TEST(no_descriptor_but_the_three)
{
    static const char *const words[] = {"sh", "-c", "exec ls /proc/self/fd", NULL};
    char list[1024];
    int leaky[40];

    for (size_t i = 0; i < sizeof leaky / sizeof *leaky; i++) {
        ck_assert_int_ge(leaky[i] = open("/dev/null", O_RDONLY), 0); /* stays open over exec */
    }
    ck_assert_int_eq(run(words, NULL, list, sizeof list), 0);
    for (size_t i = 0; i < sizeof leaky / sizeof *leaky; i++) {
        (void)close(leaky[i]);
    }
    ck_assert_str_eq(list, "0\n1\n2\n3\n"); /* the fourth is ls's own, of the directory */
}
END_TEST

/* In an application without standard descriptors the caller's may be 0, 1 and 2, in any order. */
START_TEST(standard_descriptors_in_any_order)
{
    static const char *const words[] = {"sh", "-c", "cat; echo complaint >&2", NULL};
    struct spf_child_environment environment = spf_child_environment(true);
    char said[100] = "";
    char complained[100] = "";
    int in[2];
    int out[2];
    int err[2];
    int saved[3];
    int ready;
    pid_t pid;

    ck_assert_int_eq(pipe2(in, O_CLOEXEC) | pipe2(out, O_CLOEXEC) | pipe2(err, O_CLOEXEC), 0);
    ck_assert_int_eq(write(in[1], "said", 4), 4);
    (void)close(in[1]);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_ge(saved[i] = fcntl(i, F_DUPFD_CLOEXEC, 100), 0);
    }
    ready = dup2(err[1], 0) == 0 && dup2(in[0], 1) == 1 && dup2(out[1], 2) == 2;
    pid = spf_child_start(
        &(struct spf_child_program){.words = words, .environment = &environment, .fds = {1, 2, 0}});
    for (int i = 0; i < 3; i++) {
        (void)dup2(saved[i], i);
        (void)close(saved[i]);
    }
    ck_assert(ready);
    ck_assert_int_gt(pid, 0);
    (void)close(out[1]);
    (void)close(err[1]);
    ck_assert_int_eq(read(out[0], said, sizeof said - 1), 4);
    ck_assert_int_gt(read(err[0], complained, sizeof complained - 1), 0);
    ck_assert_int_eq(spf_child_wait(&pid, UNIT_HANGS_MS), 0);
    ck_assert_str_eq(said, "said");
    ck_assert_str_eq(complained, "complaint\n");
    (void)close(in[0]);
    (void)close(out[0]);
    (void)close(err[0]);
    spf_child_environment_clear(&environment);
}
END_TEST

START_TEST(a_session_of_its_own)
{
    /* pid, group, session and terminal (0: none) */
    static const char *const words[] = {"sh", "-c", "exec cut -d ' ' -f 1,5,6,7 /proc/self/stat",
                                        NULL};
    int pid;
    int group;
    int session;
    int terminal;
    char out[200];

    ck_assert_int_eq(run(words, NULL, out, sizeof out), 0);
    ck_assert_int_eq(sscanf(out, "%d %d %d %d", &pid, &group, &session, &terminal), 4);
    ck_assert_int_eq(pid, group);
    ck_assert_int_eq(pid, session);
    ck_assert_int_eq(terminal, 0);
}
END_TEST

START_TEST(environments)
{
    static const char *const words[] = {"env", NULL};
    static const char *const dropped[] = {"CHILD_TEST_A", "CHILD_TEST", NULL};
    struct spf_child_environment environment;
    char out[4096];

    ck_assert_int_eq(clearenv(), 0);
    (void)setenv("PATH", usual_path, 1);
    (void)setenv("SSHPREFLIGHT_PASSPHRASE", "canary", 1);
    (void)setenv("CHILD_TEST_A", "1", 1);
    (void)setenv("CHILD_TEST_AB", "2", 1);
    (void)setenv("HOME", "/nonexistent", 1);

    environment = spf_child_environment(true);
    ck_assert_int_eq(run(words, &environment, out, sizeof out), 0);
    ck_assert_str_eq(out, "PATH=/usr/local/bin:/usr/bin:/bin\nCHILD_TEST_A=1\nCHILD_TEST_AB=2\n"
                          "HOME=/nonexistent\n");
    spf_child_environment_drop(&environment, dropped);
    spf_child_environment_add(&environment, "HOME=/");
    spf_child_environment_add(&environment, "SHELL=/none");
    ck_assert_int_eq(run(words, &environment, out, sizeof out), 0);
    ck_assert_str_eq(out,
                     "PATH=/usr/local/bin:/usr/bin:/bin\nCHILD_TEST_AB=2\nHOME=/\nSHELL=/none\n");
    spf_child_environment_clear(&environment);

    environment = spf_child_environment(false);
    ck_assert_int_eq(run(words, &environment, out, sizeof out), 0);
    ck_assert_str_eq(out, "PATH=/usr/local/bin:/usr/bin:/bin\nHOME=/nonexistent\nLC_ALL=C\n");
    spf_child_environment_clear(&environment);
}
END_TEST

START_TEST(what_cannot_be_run)
{
    static const char *const none[] = {"sshpreflight-test-none", NULL};
    static const char *const shell[] = {"sh", "-c", "exit 3", NULL};
    struct spf_child_environment environment = spf_child_environment(true);
    struct spf_child_environment empty = {0};
    struct spf_child_program program = {
        .words = none, .environment = &environment, .fds = {-1, -1, -1}};
    pid_t pid = -1;

    errno = 0;
    ck_assert_int_eq(spf_child_start(&program), -1);
    ck_assert_int_eq(errno, ENOENT);
    program.path = "/dev/null";
    ck_assert_int_eq(spf_child_start(&program), -1);
    ck_assert_int_eq(errno, EACCES);
    program.path = "/bin/sh"; /* not what PATH has under words[0] */
    program.words = shell;
    ck_assert_int_gt(pid = spf_child_start(&program), 0);
    ck_assert_int_eq(WEXITSTATUS(spf_child_wait(&pid, UNIT_HANGS_MS)), 3);
    program.environment = &empty; /* memory ran out */
    ck_assert_int_eq(spf_child_start(&program), -1);
    ck_assert_int_eq(errno, ENOMEM);
    ck_assert_int_eq(spf_child_wait(&pid, 0), -1);
    spf_child_environment_clear(&environment);
}
END_TEST

/* Does any process of the group live? A zombie that nobody waits for, as in a container, does not.
 */
static bool lives(pid_t group)
{
    DIR *processes = opendir("/proc");
    struct dirent *entry;
    bool found = false;

    ck_assert_ptr_nonnull(processes);
    while (!found && (entry = readdir(processes)) != NULL) {
        char path[300];
        char line[512] = "";
        const char *after_name;
        FILE *stat;
        char state;
        int own;

        (void)snprintf(path, sizeof path, "/proc/%s/stat", entry->d_name);
        if ((stat = fopen(path, "re")) == NULL) {
            continue;
        }
        (void)fgets(line, sizeof line, stat);
        (void)fclose(stat);
        after_name = strrchr(line, ')');
        found = after_name != NULL && sscanf(after_name, ") %c %*d %d", &state, &own) == 2 &&
                own == group && state != 'Z' && state != 'X';
    }
    (void)closedir(processes);
    return found;
}

/* What was killed takes a moment to go. */
static bool is_gone(pid_t group)
{
    const struct timespec moment = {.tv_nsec = 1000 * 1000};
    int64_t until = spf_now_ms() + UNIT_HANGS_MS;

    while (lives(group)) {
        if (spf_now_ms() > until) {
            return false;
        }
        (void)nanosleep(&moment, NULL);
    }
    return true;
}

START_TEST(the_end_of_all_that_it_started)
{
    static const char *const scripts[] = {
        "sleep 1000 & sleep 1000",
        "trap '' TERM; (trap '' TERM; sleep 1000; sleep 1000) & echo; while :; do sleep 1000; done",
    };
    struct spf_child_environment environment = spf_child_environment(true);

    for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++) {
        const char *const words[] = {"sh", "-c", scripts[i], NULL};
        struct spf_child_program program = {
            .words = words, .environment = &environment, .fds = {-1, -1, -1}};
        pid_t pid = spf_child_start(&program);
        pid_t group = pid;

        ck_assert_int_gt(pid, 0);
        ck_assert_int_ne(spf_child_end(&pid, 50), 0);
        ck_assert_int_eq(pid, -1);
        ck_assert(is_gone(group));
    }
    spf_child_environment_clear(&environment);
}
END_TEST

/* A child that has ended leaves a process behind that holds nothing of ours. */
START_TEST(what_a_child_leaves_behind)
{
    static const char *const words[] = {"sh", "-c", "sleep 1000 >&- 2>&- & echo done", NULL};
    struct spf_child_environment environment = spf_child_environment(true);
    struct spf_child_program program = {
        .words = words, .environment = &environment, .fds = {-1, -1, -1}};
    pid_t pid = spf_child_start(&program);
    pid_t group = pid;

    ck_assert_int_gt(pid, 0);
    ck_assert_int_eq(spf_child_wait(&pid, UNIT_HANGS_MS), 0);
    ck_assert(is_gone(group));
    spf_child_environment_clear(&environment);
}
END_TEST

/* The application that a library lives in may ignore SIGCHLD: the kernel then reaps by itself. */
START_TEST(where_nothing_is_known_of_the_end)
{
    static const char *const words[] = {"sh", "-c", "echo said; exit 1", NULL};
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    struct sigaction kept;
    char out[100];
    int status;

    ck_assert_int_eq(sigaction(SIGCHLD, &ignore, &kept), 0);
    status = run(words, NULL, out, sizeof out);
    ck_assert_int_eq(sigaction(SIGCHLD, &kept, NULL), 0);
    ck_assert_str_eq(out, "said\n");
    ck_assert_int_eq(status, SPF_CHILD_STATUS_LOST);
}
END_TEST

int main(void)
{
    return unit_main("platform/child",
                     (const TTest *const[]){
                         signals_are_as_a_shell_gives_them, no_descriptor_but_the_three,
                         standard_descriptors_in_any_order, a_session_of_its_own, environments,
                         what_cannot_be_run, the_end_of_all_that_it_started,
                         what_a_child_leaves_behind, where_nothing_is_known_of_the_end, NULL});
}
