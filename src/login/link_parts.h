#pragma once

#include <libssh/libssh.h>

#include "login/capture.h"
#include "login/link.h"

/* What link.c and link_auth.c share. */
struct spf_link {
    ssh_session session;
    char *user;  /* given with each request: libssh's option refuses some that ssh takes */
    int far_end; /* of a placeholder of its own; -1: it has none, or a connection */
    struct spf_capture capture;
    ssh_key query_key, stranger_key, certificate, sign_key; /* parsed or made at the first call */
    ssh_channel channel;
    bool shaken;     /* the handshake is done */
    bool ran_short;  /* something of ours, since the server last answered */
    bool query_left; /* its answer is left for ssh_userauth_agent */
    char *identification;
};

/* To be called before each call that makes libssh talk or wait. */
void spf_link_calls(struct spf_link *link);
/*
 * Takes and returns what came of the call; errnum: errno after it. Where something of ours ran out
 * in libssh, it ends the connection as for any other reason, or waits on, and errno alone tells.
 */
enum spf_link_state spf_link_came(struct spf_link *link, int errnum, enum spf_link_state state);
/* libssh cannot take what is in order: there was no memory, and its refusal says nothing. */
enum spf_link_state spf_link_lacks_memory(void);
