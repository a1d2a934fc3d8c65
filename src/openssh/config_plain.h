#ifndef SPF_OPENSSH_CONFIG_PLAIN_H
#define SPF_OPENSSH_CONFIG_PLAIN_H

#include <stdbool.h>

/*
 * Is there nothing that ssh's configuration could change for a login? So it is with the system's
 * own ssh where the user has no file, and the system-wide one is as plain as Debian delivers it.
 * Then ssh need not be asked, which costs 5 ms of CPU time. An ssh elsewhere in PATH may read other
 * files. home: the user's folder by passwd, which is where ssh looks (ssh.c).
 */
bool spf_ssh_config_is_plain(const char *home);

/* Of one line of a configuration file; an Include that matches no file is plain. */
bool spf_ssh_config_line_is_plain(const char *line);

#endif
