#ifndef SPF_OPENSSH_CONFIG_ALIKE_H
#define SPF_OPENSSH_CONFIG_ALIKE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Does the user's ssh configuration say the same of every host? ssh itself names the files that it
 * reads, with -v; a file with a Match, a Host other than "*", or a name made of tokens may treat
 * hosts differently. Nothing else of them is read here: what they say, `ssh -G` says.
 */

/* Pure: may a file with this text treat hosts differently? In doubt true. */
bool spf_ssh_config_differs_by_host(const char *text, size_t len);

/*
 * log: all that `ssh -v -G` wrote to its standard error, a C string. True: every file that it names
 * was read here as well, and none treats hosts differently. Blocks no longer than ssh did, which
 * has just read the same files.
 */
bool spf_ssh_config_is_alike(const char *log);

/* The first line of such a log that is not of -v, and its length; an empty one if there is none. */
const char *spf_ssh_config_complaint(const char *log, size_t *len);

#endif
