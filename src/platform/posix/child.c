#include "platform/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "platform/child_system.h"
#include "platform/shell.h"

#define COMMAND_MAX 8192                /* bytes of a ProxyCommand */
#define CHAIN_MAX   ((size_t)64 * 1024) /* and of the line of a jump host */

const char *const spf_child_needed[] = {"PATH", "HOME", "USER", "LOGNAME", "SSH_AUTH_SOCK", NULL};

bool spf_child_names_equal(const char *a, const char *b, size_t len)
{
    return strncmp(a, b, len) == 0;
}

bool spf_child_find(const char *word, char *path, size_t size)
{
    const char *dirs = getenv("PATH");

    if (strchr(word, '/') != NULL) {
        return spf_copy_whole(path, size, word);
    }
    for (; dirs != NULL && *dirs != '\0'; dirs += *dirs == ':') {
        size_t len = strcspn(dirs, ":");

        if (len > 0 && spf_format_whole(path, size, "%.*s/%s", (int)len, dirs, word) &&
            access(path, X_OK) == 0) {
            return true;
        }
        dirs += len;
    }
    return false;
}

const char *const spf_child_no_shell_says = "/dev/null/none";

const char *spf_child_no_shell(void)
{
    return "SHELL=/dev/null/none";
}

/* Signals and session; the attributes are to be destroyed. An error number. */
static int set_attributes(posix_spawnattr_t *attributes)
{
    /* By ignoring these nohup(1) and a shell's `&` ask to be left alone; ignored ones stay so. */
    static const int inherited[] = {SIGHUP, SIGINT, SIGQUIT};
    sigset_t none;
    sigset_t usual;
    int error = posix_spawnattr_init(attributes);

    if (error != 0) {
        return error;
    }
    (void)sigemptyset(&none);
    (void)sigfillset(&usual);
    for (size_t i = 0; i < sizeof inherited / sizeof *inherited; i++) {
        (void)sigdelset(&usual, inherited[i]);
    }
    (void)posix_spawnattr_setsigmask(attributes, &none);
    (void)posix_spawnattr_setsigdefault(attributes, &usual);
    (void)posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK |
                                                   POSIX_SPAWN_SETSIGDEF);
    return 0;
}

/* The three standard descriptors and no other; the actions are to be destroyed. An error number. */
static int set_descriptors(posix_spawn_file_actions_t *actions, const int fds[3])
{
    int error = posix_spawn_file_actions_init(actions);

    if (error != 0) {
        return error;
    }
    for (int i = 0; i < 3 && error == 0; i++) {
        error = fds[i] >= 0
                    ? posix_spawn_file_actions_adddup2(actions, fds[i], i)
                    : posix_spawn_file_actions_addopen(actions, i, "/dev/null",
                                                       i == STDIN_FILENO ? O_RDONLY : O_WRONLY, 0);
    }
    if (error == 0) {
        error = posix_spawn_file_actions_addclosefrom_np(actions, STDERR_FILENO + 1);
    }
    if (error != 0) {
        (void)posix_spawn_file_actions_destroy(actions);
    }
    return error;
}

static int spawn(const struct spf_child_program *program, const int fds[3], pid_t *pid)
{
    char *const *words =
        (char *const *)(uintptr_t)program->words; /* execve(2) does not write them */
    char **variables = program->environment->variables;
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int error;

    if (variables == NULL) {
        return ENOMEM;
    }
    if ((error = set_descriptors(&actions, fds)) != 0) {
        return error;
    }
    if ((error = set_attributes(&attributes)) == 0) {
        error = program->path != NULL
                    ? posix_spawn(pid, program->path, &actions, &attributes, words, variables)
                    : posix_spawnp(pid, words[0], &actions, &attributes, words, variables);
        (void)posix_spawnattr_destroy(&attributes);
    }
    (void)posix_spawn_file_actions_destroy(&actions);
    return error;
}

/* As ssh does (sshconnect.c, ssh_proxy_connect). */
static pid_t start_command(const struct spf_child_program *program)
{
    struct spf_child_program shell = *program;
    const char *words[] = {getenv("SHELL"), "-c", NULL, NULL};
    struct spf_buf line;
    pid_t pid = -1;

    if (words[0] == NULL || words[0][0] == '\0') {
        words[0] = "/bin/sh";
    }
    spf_buf_init(&line, COMMAND_MAX);
    spf_buf_addf(&line, "exec %s", program->command);
    words[2] = line.data;
    shell.words = words;
    shell.command = NULL;
    errno = E2BIG;
    if (!spf_buf_failed(&line)) {
        pid = spf_child_start(&shell);
    }
    spf_buf_clear(&line);
    return pid;
}

/* The line travels in a variable, so that none has to be quoted within another; the destination is
 * the shell's $0. */
bool spf_child_proxy(struct spf_buf *command, char **variable, const char *const *words,
                     size_t number)
{
    struct spf_buf buf;

    spf_buf_addf(command, "sh -c \"$SSHPREFLIGHT_HOP_%zu\" '[%%h]:%%p'", number);
    spf_buf_init(&buf, CHAIN_MAX);
    spf_buf_addf(&buf, "SSHPREFLIGHT_HOP_%zu=exec", number);
    for (size_t i = 0; words[i] != NULL; i++) {
        spf_buf_addch(&buf, ' ');
        if (i > 0 && strcmp(words[i - 1], "-W") == 0) {
            spf_buf_addstr(&buf, "\"$0\"");
        } else {
            spf_buf_add_shell(&buf, words[i]);
        }
    }
    *variable = spf_buf_take(&buf);
    return *variable != NULL && !spf_buf_failed(command);
}

pid_t spf_child_start(const struct spf_child_program *program)
{
    int fds[3];
    int error = 0;
    pid_t pid = -1;

    if (program->command != NULL) {
        return start_command(program);
    }

    /* In an application that has closed its own standard descriptors, a pipe may have their
     * numbers: one must not take another's place before that one has been moved. */
    for (int i = 0; i < 3; i++) {
        fds[i] = program->fds[i];
        if (fds[i] >= 0 && fds[i] <= STDERR_FILENO) {
            fds[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
            error = fds[i] < 0 ? errno : error;
        }
    }
    if (error == 0) {
        error = spawn(program, fds, &pid);
    }
    for (int i = 0; i < 3; i++) {
        if (fds[i] >= 0 && fds[i] != program->fds[i]) {
            (void)close(fds[i]);
        }
    }
    errno = error;
    return error == 0 ? pid : -1;
}

/* Ended (and not yet waited for), or unknown to the kernel, before the time has come? */
static bool has_ended(pid_t child, int64_t until_ms)
{
    const struct timespec moment = {.tv_nsec = 1000 * 1000};

    for (;;) {
        siginfo_t info = {0};

        if (waitid(P_PID, (id_t)child, &info, WEXITED | WNOHANG | WNOWAIT) != 0 && errno != EINTR) {
            return true;
        }
        if (info.si_pid == child) {
            return true;
        }
        if (spf_now_ms() >= until_ms) {
            return false;
        }
        (void)nanosleep(&moment, NULL);
    }
}

int spf_child_wait(pid_t *child, unsigned grace_ms)
{
    pid_t pid = *child;
    pid_t waited;
    bool in_time;
    int status = -1;

    if (pid <= 0) {
        return -1;
    }
    in_time = has_ended(pid, spf_now_ms() + grace_ms);
    (void)kill(-pid, SIGKILL); /* before it is reaped, so that the number cannot be another's */
    while ((waited = waitpid(pid, &status, 0)) < 0 && errno == EINTR) {
        continue;
    }
    *child = -1;
    if (waited == pid) {
        return status;
    }
    return in_time ? SPF_CHILD_STATUS_LOST : -1;
}

int spf_child_end(pid_t *child, unsigned grace_ms)
{
    if (*child > 0) {
        (void)kill(-*child, SIGTERM);
    }
    return spf_child_wait(child, grace_ms);
}

void spf_child_await(pid_t child, unsigned grace_ms)
{
    (void)has_ended(child, spf_now_ms() + grace_ms);
}

void spf_child_kill(pid_t child)
{
    (void)kill(-child, SIGKILL);
}
