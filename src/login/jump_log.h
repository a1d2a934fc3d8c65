#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/shape.h"
#include "base/text.h"

#define SPF_JUMP_LOG_MAX  (256u * 1024) /* bytes of a whole log */
#define SPF_JUMP_LOG_HOPS 8

/*
 * What the ssh of each jump host logs, as events. All of a chain write into one stream. With
 * LogVerbose (OpenSSH 8.5 and later) each line carries its place in the source and the process:
 *
 *     debug1: sshconnect.c:ssh_connect_direct():485 (pid=20622): Connecting to b [192.0.2.1]
 * port 22.
 *
 * so that lines name their hop, and nothing that a server says can pass for an event: its
 * banner is not shown at LogLevel ERROR, and its messages come after ssh's own words. Before 8.5
 * the lines have no such mark; then all are taken for the outermost ssh's.
 */
struct spf_jump_hop_log {
    bool interactive;           /* its client has all that it needs to go on */
    bool in, open;              /* authenticated; its channel to the next one opened */
    bool key_unusable;          /* the server would take a key, and ssh could not sign with it */
    bool shared_refusal;        /* a connection that is shared (ControlPath) does not forward */
    char software[64];          /* its server's, by the identification */
    char refusal[128];          /* of the channel: "connect failed: Connection refused"; "" none */
    char address[64];           /* that ssh connected to itself; "" */
    char login[300];            /* "HOST:PORT as 'USER'" */
    char known_hosts_line[300]; /* FILE:LINE of a key that does not match */
    char keys[600];             /* that were offered, as ssh names them */
    char complaint[128];        /* the last line that is no debug message */
};

struct spf_jump_log {
    const char *text; /* borrowed */
    size_t len;
    struct spf_jump_hop_log hops[SPF_JUMP_LOG_HOPS]; /* in the order passed */
    size_t count;
    struct {
        long pid;
        size_t hop;
    } processes[2 * SPF_JUMP_LOG_HOPS];
    size_t process_count;
    bool key_added;      /* a host key was in no known_hosts */
    char complaint[128]; /* the last line that is of no process */
};

/* jumps: the names of the jump hosts between commas, in the order passed. Pure; never fails. */
void spf_jump_log_read(struct spf_jump_log *log, const char *text, size_t len, const char *jumps);

/*
 * What a master says of the connections that it was asked for, line by line: the control socket
 * does not tell why one was refused.
 */
struct spf_jump_refused {
    char *destination;
    char words[128]; /* as in spf_jump_hop_log.refusal */
};
struct spf_jump_channels {
    char destination[320];         /* of the request being read: "HOST:PORT" */
    SPF_LIST(char *) destinations; /* by channel; NULL: nobody asked for it */
    SPF_LIST(struct spf_jump_refused) refused;
};

/* Takes whole lines of the log. Never fails for its input; without memory a refusal has no words.
 */
void spf_jump_channels_read(struct spf_jump_channels *channels, const char *text, size_t len);
/* Why the last connection there was refused; NULL: it is not said. Borrowed. */
const char *spf_jump_channels_refusal(const struct spf_jump_channels *channels, const char *host,
                                      unsigned port);
void spf_jump_channels_clear(struct spf_jump_channels *channels);

/* Appends the lines of one hop as that ssh would have logged them by itself with -v. */
void spf_jump_log_text(const struct spf_jump_log *log, size_t hop, struct spf_buf *text);
