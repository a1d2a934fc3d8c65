#pragma once

#include <stdbool.h>

#include "openssh/command_meaning.h"

/*
 * A command that logs in by SSH, as somebody typed it, read the way its program reads its command
 * line: ssh, scp, sftp, ssh-copy-id, rsync, git, mosh, ansible; plink, pscp, psftp, putty, winscp.
 * The command is never run. Pure, but for variables of the environment in nested commands
 * (rsync -e, GIT_SSH_COMMAND), which are looked up.
 */

/*
 * Do these words begin with the name or path of such a program, after assignments (A=b) and what
 * may precede a command (time, exec, env, sudo, ...), and does anything follow it?
 */
bool spf_command_is_one(const char *const *words, size_t count);

/* Fills command, which is cleared in any case with spf_command_clear. look: what stat(2) of a file
 * of ssh's -i (it may begin with a ~) fails with, an errno, or 0; NULL: all of them are there. */
void spf_command_read(const char *const *words, size_t count, int (*look)(const char *path),
                      struct spf_ssh_command *command);
void spf_command_clear(struct spf_ssh_command *command);
