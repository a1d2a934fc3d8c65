#ifndef SPF_LOGIN_IMPLEMENTATIONS_H
#define SPF_LOGIN_IMPLEMENTATIONS_H

#include "login/pcap.h"

/*
 * What a server's words and silences prove, by who made it. An identification line alone proves
 * little (wish, a Go library, calls itself OpenSSH_7.6p1): where something could be harmed by a
 * wrong belief, what the server does must bear it out. Pure.
 */

/*
 * Does this server announce the forced command of a key, so that its saying nothing means that
 * there is none? Only OpenSSH does. Since 7.7 it says "key options:" for every key; from 6.8 to 7.6
 * it spoke only where there was one, and shows that it is OpenSSH by hostkeys-00@openssh.com, which
 * it sends after the login, before anything about the key (sshd.c, notify_hostkeys). Before that
 * nothing proves it. Ask once a channel is open: all of this has come by then. software: as in the
 * identification line, "OpenSSH_7.4".
 */
bool spf_announces_forced_commands(const char *software, const struct spf_seen *seen);

#endif
