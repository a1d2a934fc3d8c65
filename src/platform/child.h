#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/text.h"

/*
 * The room of what the kernel and the C library give beyond C: children, signals, the terminal,
 * homes, files and who may read them, sockets, limits. It includes base alone. Another system is
 * another set of these files; of the rooms above only net asks Linux by name, for its counters
 * and settings in /proc.
 */

/*
 * The one place that starts programs: the user's ssh, a ProxyCommand, a credential program. Nothing
 * of our own state leaks into a child:
 *
 *  - signals: none is blocked, and every disposition is the default, but that HUP, INT and QUIT
 * stay ignored where they were when we started, as under nohup(1) or in a shell's `&`;
 *  - descriptors: its three standard ones, whatever else is open in this process and however it was
 *    opened;
 *  - session: its own, so that it cannot ask on our terminal, and is ended with all that it
 * started;
 *  - environment: what the caller has chosen, and never the passphrase of the key.
 *
 * Functions may be called from any thread; a child belongs to the thread that started it.
 */

#define SPF_CHILD_VARIABLES_MAX 16 /* that can be added to an environment */

/* An environment: pointers into environ, and variables that are to be added. */
struct spf_child_environment {
    char **variables; /* ends with NULL; NULL: no memory, which spf_child_start reports */
    size_t count;
    size_t room;
};

/*
 * whole: all that we have; else only what ssh needs to find programs, keys, the agent and its home,
 * with messages in English (LC_ALL=C). Never our own SSHPREFLIGHT_PASSPHRASE. Borrows from environ:
 * use it at once. To be cleared.
 */
struct spf_child_environment spf_child_environment(bool whole);
/* Leaves out the variables of these names; the list ends with NULL. */
void spf_child_environment_drop(struct spf_child_environment *environment,
                                const char *const *names);
/* Adds "NAME=value", borrowed, in place of one of that name. */
void spf_child_environment_add(struct spf_child_environment *environment, const char *variable);
void spf_child_environment_clear(struct spf_child_environment *environment);

struct spf_child_program {
    const char *path;         /* the file; NULL: what PATH has under words[0] */
    const char *const *words; /* its arguments, words[0] first; ends with NULL */
    const char *command;      /* instead of both: a ProxyCommand, run as this system's ssh does */
    const struct spf_child_environment *environment;
    int fds[3]; /* become its standard descriptors and stay the caller's; -1: /dev/null */
};

/* Where a program of this name is found: in PATH, or what names a directory itself. False: not. */
bool spf_child_find(const char *word, char *path, size_t size);

/* The id of the process, which leads its session and process group; -1 with errno if the program
 * cannot be run. */
SPF_MUST_USE pid_t spf_child_start(const struct spf_child_program *program);

/*
 * Waits for one that is about to end by itself, for grace_ms at most, and ends what is left of its
 * process group. Forgets the child (*child becomes -1). Returns its status as waitpid(2) gives it;
 * of one that had to be ended that is not 0. Where the application that the library lives in
 * ignores SIGCHLD, the kernel keeps no status: then of one that ended in time it is
 * SPF_CHILD_STATUS_LOST.
 */
#define SPF_CHILD_STATUS_LOST (-2)
int spf_child_wait(pid_t *child, unsigned grace_ms);
/* Asks the process group to end (SIGTERM; nobody is asked on Windows), then the same. */
int spf_child_end(pid_t *child, unsigned grace_ms);
/* Waits until it has ended, for grace_ms at most, and leaves the rest to spf_child_wait. */
void spf_child_await(pid_t child, unsigned grace_ms);
/* Ends the process group of a child that another thread awaits, at once. Never call it when that
 * thread may be in spf_child_wait: the number can be another's by then. */
void spf_child_kill(pid_t child);

/*
 * For a chain of jump hosts: the ProxyCommand with which an ssh starts the ssh of words (ends with
 * NULL), which goes where that ssh would (%h, %p) instead of where its word behind "-W" says.
 * number counts the chain, from 1, and is in the command, as "SSHPREFLIGHT_HOP_1". *variable
 * receives "NAME=value" for the environment of the chain, to be freed; NULL: it takes none. False:
 * no memory.
 */
SPF_MUST_USE bool spf_child_proxy(struct spf_buf *command, char **variable,
                                  const char *const *words, size_t number);

/*
 * "NAME=value" for an ssh that is to run none of the commands of its configuration (readconf.c,
 * execute_in_shell): it gives up instead. What it complains then has spf_child_no_shell_says.
 */
const char *spf_child_no_shell(void);
extern const char *const spf_child_no_shell_says;
