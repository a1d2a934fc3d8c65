#pragma once

#include "login/facts.h"
#include "login/pcap.h"

/*
 * What a server's words and silences prove, by who made it. Seen by running each of them; what is
 * not known of one is presumed not to be so. An identification line alone proves little (wish, a Go
 * library, calls itself OpenSSH_7.6p1): where a wrong belief would do harm, what the server does
 * must bear it out. Pure.
 */
struct spf_implementation {
    const char *software; /* how its software version begins (RFC 4253 section 4.2) */
    const char *name;     /* "Dropbear"; "" if it is not known */
    /* SSH_MSG_USERAUTH_PK_OK (RFC 4252 section 7) is said to a key that is authorised, and to no
     * other; Twisted Conch says it to any key, mod_sftp to any key of a user that exists */
    bool query_proves;
    /* no key of it has a forced command, and a command or subsystem can do no more than it says */
    bool runs_no_forced_command;
    /* the types of key that it knows, comma-separated; NULL: not known, or it announces them */
    const char *key_types;
    const char *guest; /* where keys, configuration and log are on the machine; NULL: not known */
};

/* Never NULL: an unknown one is a row as well. software: as in the identification line. */
const struct spf_implementation *spf_implementation_of(const char *software);

/* Is it OpenSSH's sshd, or nothing that says otherwise? Then the advice is sshd's. */
bool spf_is_sshd(const char *software);

/*
 * Does the server do what, of those whose identification begins with OpenSSH_, only OpenSSH does?
 * It announces publickey-hostbound@openssh.com (since 8.9), or offers umac (since 4.7, unless it
 * was configured away). Ask once the query was answered.
 */
bool spf_shows_openssh(const struct spf_seen *seen);

/*
 * Does the "yes" to a query prove that the server knows the key? By the table, or because it said
 * no to a key that nobody has.
 */
bool spf_query_proves(const char *software, const struct spf_query_facts *query);

/*
 * Does this server announce the forced command of a key, so that its saying nothing means that
 * there is none? Only OpenSSH does. Since 7.7 it says "key options:" for every key; from 6.8 to 7.6
 * it spoke only where there was one, and shows that it is OpenSSH by hostkeys-00@openssh.com, which
 * it sends after the login, before anything about the key (sshd.c, notify_hostkeys). Before that
 * nothing proves it. Ask once a channel is open: all of this has come by then.
 */
bool spf_announces_forced_commands(const char *software, const struct spf_seen *seen);
