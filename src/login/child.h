#ifndef SPF_LOGIN_CHILD_H
#define SPF_LOGIN_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * Programs that the user's ssh configuration makes us run: the user's own ssh, and a ProxyCommand.
 * Each has a session of its own, so that it cannot ask on our terminal, and is ended with all that
 * it started.
 */

#define SPF_CHILD_VARIABLES_MAX 16

/* An environment: pointers into environ, and variables that are to be added. */
struct spf_child_environment {
    char **variables; /* ends with NULL; NULL: no memory */
    size_t count, room;
};

/*
 * whole: what the user's own ssh would have, but without our passphrase; else only what ssh needs
 * to find programs, keys, the agent and its home. Messages come in English (LC_ALL=C), unless
 * whole.
 */
struct spf_child_environment spf_child_environment(bool whole);
/* Adds "NAME=value", borrowed, in place of one of that name. */
void spf_child_environment_add(struct spf_child_environment *environment, const char *variable);
void spf_child_environment_clear(struct spf_child_environment *environment);

/*
 * Runs the program that PATH has under words[0] with the three descriptors as its standard ones. -1
 * and errno if it cannot be run.
 */
pid_t spf_child_run(const char *const *words, const struct spf_child_environment *environment,
                    const int fds[3]);

/*
 * Ends the session's process group, at once or after 200 ms at most, and forgets it. The exit
 * status as waitpid(2) gives it; of one that had to be ended it is not 0.
 */
int spf_child_end(pid_t *child);
/* The same of one that is about to end by itself: it has 200 ms for it. */
int spf_child_wait(pid_t *child);

#endif
