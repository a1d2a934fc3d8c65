#include "login/child.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"

static bool is_one_of(const char *variable, const char *const *names)
{
    size_t len = strcspn(variable, "=");

    for (; *names != NULL; names++) {
        if (strlen(*names) == len && strncmp(variable, *names, len) == 0)
            return true;
    }
    return false;
}

struct spf_child_environment spf_child_environment(bool whole)
{
    static const char *const needed[] = {"PATH", "HOME", "USER", "LOGNAME", "SSH_AUTH_SOCK", NULL};
    static const char *const ours[] = {"SSHPREFLIGHT_PASSPHRASE", NULL};
    struct spf_child_environment environment = {0};
    size_t count = 0;

    while (environ[count] != NULL)
        count++;
    environment.room = count + SPF_CHILD_VARIABLES_MAX;
    environment.variables = calloc(environment.room + 1, sizeof *environment.variables);
    for (size_t i = 0; environment.variables != NULL && i < count; i++) {
        if (whole ? !is_one_of(environ[i], ours) : is_one_of(environ[i], needed))
            environment.variables[environment.count++] = environ[i];
    }
    if (!whole)
        spf_child_environment_add(&environment, "LC_ALL=C");
    return environment;
}

void spf_child_environment_add(struct spf_child_environment *environment, const char *variable)
{
    size_t name = strcspn(variable, "=") + 1, at = 0;

    if (environment->variables == NULL)
        return;
    while (at < environment->count && strncmp(environment->variables[at], variable, name) != 0)
        at++;
    if (at == environment->room)
        return;
    environment->variables[at] = (char *)(uintptr_t)variable; /* execve(2) does not write it */
    environment->count += at == environment->count;
}

void spf_child_environment_clear(struct spf_child_environment *environment)
{
    free(environment->variables);
    *environment = (struct spf_child_environment){0};
}

pid_t spf_child_run(const char *const *words, const struct spf_child_environment *environment,
                    const int fds[3])
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none, usual;
    pid_t pid = -1;
    int error;

    if (environment->variables == NULL || posix_spawn_file_actions_init(&actions) != 0) {
        errno = ENOMEM;
        return -1;
    }
    (void)sigemptyset(&none);
    (void)sigemptyset(&usual);
    (void)sigaddset(&usual, SIGPIPE);
    (void)sigaddset(&usual, SIGXFSZ);
    (void)posix_spawnattr_init(&attributes);
    (void)posix_spawnattr_setsigmask(&attributes, &none);
    (void)posix_spawnattr_setsigdefault(&attributes, &usual);
    (void)posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK |
                                                    POSIX_SPAWN_SETSIGDEF);
    error = 0;
    for (int i = 0; i < 3 && error == 0; i++)
        error = posix_spawn_file_actions_adddup2(&actions, fds[i], i);
    if (error == 0)
        error = posix_spawnp(&pid, words[0], &actions, &attributes, (char **)(uintptr_t)words,
                             environment->variables);
    (void)posix_spawn_file_actions_destroy(&actions);
    (void)posix_spawnattr_destroy(&attributes);
    errno = error;
    return error == 0 ? pid : -1;
}

int spf_child_wait(pid_t *child)
{
    const struct timespec moment = {.tv_nsec = 1000 * 1000};
    int status = -1, left = 200;
    pid_t ended = 0;

    if (*child <= 0)
        return -1;
    while ((ended = waitpid(*child, &status, WNOHANG)) == 0 && left-- > 0)
        (void)nanosleep(&moment, NULL);
    (void)kill(-*child, SIGKILL); /* what it started and left behind, too */
    if (ended == 0) {
        while (waitpid(*child, &status, 0) < 0 && errno == EINTR)
            continue;
    }
    *child = -1;
    return status;
}

int spf_child_end(pid_t *child)
{
    if (*child > 0)
        (void)kill(-*child, SIGTERM);
    return spf_child_wait(child);
}
