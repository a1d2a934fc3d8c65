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
    bool query_left; /* its answer is left for ssh_userauth_agent */
    char *identification;
};

/* libssh cannot take what is in order: there was no memory, and its refusal says nothing. */
enum spf_link_state spf_link_lacks_memory(void);
