#pragma once

#include <stdbool.h>
#include <stddef.h>

/*
 * Does the user's ssh configuration say the same of every host and user? ssh itself names the files
 * that it reads, with -v; a file with a Match, a Host other than "*", or a value made of tokens may
 * treat them differently. Nothing else of them is read here: what they say, `ssh -G` says.
 */

#define SPF_SSH_PATH_SIZE 1024

/*
 * Pure: may a file with this text treat hosts or users differently? In doubt true. A ControlPath
 * with tokens, which many have, does not count: it is written to control_path, which holds "" or
 * that of an earlier file, for config_shared.h to expand. Which tokens count: those of values that
 * some ssh prints expanded.
 */
bool spf_ssh_config_differs(const char *text, size_t len, char control_path[SPF_SSH_PATH_SIZE]);

/*
 * log: all that `ssh -v -G` wrote to its standard error, a C string. True: every file that it names
 * was read here as well, and none treats hosts or users differently; control_path then holds the
 * only ControlPath with tokens, or "". Blocks no longer than ssh did, which has just read the same
 * files.
 */
bool spf_ssh_config_is_alike(const char *log, char control_path[SPF_SSH_PATH_SIZE]);

/* Is a host or a user of this name one that every ssh takes as it stands? Some characters end an
 * ssh of 9.6, or make it read two words, whatever is configured. */
bool spf_ssh_config_can_be_shared(const char *name);

/* The first line of such a log that is not of -v, and its length; an empty one if there is none. */
const char *spf_ssh_config_complaint(const char *log, size_t *len);
