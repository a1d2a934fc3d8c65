#pragma once

#include "base/shape.h"
#include "key/facts.h"
#include "net/facts.h"

/*
 * The room of one SSH conversation: what can be known of handshake, host key, authentication and
 * session (here), how it is learnt (conversation.h, on link.h, the one file that includes libssh),
 * what it means (the *check.c, which belong to the core). It includes net for the connection and
 * openssh for what the user's ssh would do. A server program's ways are rows of implementations.c.
 */

enum spf_host_key_marker {
    SPF_MARKER_NONE,
    SPF_MARKER_REVOKED,
    SPF_MARKER_CERT_AUTHORITY,
};

/* A line of a known_hosts file that speaks of the host (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT). */
struct spf_known_host {
    char file[256];
    int64_t line;
    enum spf_host_key_marker marker;
    bool without_port; /* it names the bare host, and the port is not 22 */
    char algorithm[64];
    char sha256[64];
    char *blob; /* base64 */
};
extern const struct spf_shape spf_known_host_shape;

/* A known_hosts file that was not read, or not to its end; or FILE:LINE of a wrong shape. */
struct spf_unread_file {
    char file[256];
    char why[100];
    bool ssh_reads; /* ssh would, or might: what it says there is not known */
};
extern const struct spf_shape spf_unread_file_shape;

struct spf_known_hosts_facts {
    char name[300]; /* what was looked up: "host" or "[host]:port" */
    /* of a transcript: what the client made of the host key: known, unknown, refused (unknown, and
     * nobody could be asked), changed, revoked; "" where the lines below are evaluated */
    char client_verdict[16];
    SPF_LIST(struct spf_known_host) lines;
    SPF_LIST(struct spf_unread_file) unread;
    SPF_LIST(struct spf_known_host) putty; /* what PuTTY knows, on Windows; no line of ssh's */
};
extern const struct spf_shape spf_known_hosts_shape;

/* How a step ended that did not come to its answer. */
enum spf_ending_kind {
    SPF_ENDING_NONE,              /* it did */
    SPF_ENDING_DISCONNECT,        /* SSH_MSG_DISCONNECT; error is its text */
    SPF_ENDING_CLOSED,            /* the server closed the connection */
    SPF_ENDING_RESET,             /* RST, or a write that met one */
    SPF_ENDING_BROKEN,            /* another error of the socket */
    SPF_ENDING_NO_PACKET,         /* lengths that RFC 4253 section 6 does not allow */
    SPF_ENDING_BAD_MAC,           /* a packet that is not what was encrypted */
    SPF_ENDING_OUT_OF_TURN,       /* a message that cannot come here */
    SPF_ENDING_DAMAGED,           /* a message whose content is not one */
    SPF_ENDING_UNPROVED_HOST_KEY, /* the signature does not fit the host key */
    SPF_ENDING_NO_CHANNEL,        /* SSH_MSG_CHANNEL_OPEN_FAILURE; error is its text */
    SPF_ENDING_NO_COMMAND,        /* SSH_MSG_CHANNEL_FAILURE */
    SPF_ENDING_FLOOD,             /* more than any login needs, and no answer */
    SPF_ENDING_FILLERS,           /* no answer in time, but messages that mean nothing */
    SPF_ENDING_SILENCE,           /* no answer in time */
    SPF_ENDING_UNCLEAR,
};

struct spf_ending {
    enum spf_ending_kind kind;
    char last_message[48]; /* the server's last one that means something; "" none */
    char filler[24];       /* SSH_MSG_IGNORE or SSH_MSG_DEBUG, of which so many came since */
    int64_t fillers;
    struct spf_flow flow;     /* at the end of the step, also of one that came to its answer */
    struct spf_path_mtu path; /* what was measured where it stood still */
};

enum spf_handshake_outcome {
    SPF_SHAKE_DONE,
    SPF_SHAKE_NO_KEX,
    SPF_SHAKE_NO_HOST_KEY,
    SPF_SHAKE_NO_CIPHER,
    SPF_SHAKE_NO_MAC,
    SPF_SHAKE_FAILED, /* closed, reset, disconnected, bad packet: ending says how */
    SPF_SHAKE_TIMEOUT,
};

struct spf_handshake_facts {
    enum spf_handshake_outcome outcome;
    struct spf_ending ending;
    char error[256]; /* the server's disconnect text, else the library's words */
    char kex[64], host_key_algorithm[64], cipher_in[64], cipher_out[64], mac_in[64], mac_out[64];
    /* the server's offer (RFC 4253 section 7.1), comma-separated; NULL if its KEXINIT was not seen
     */
    char *server_kex;
    char *server_host_keys;
    char *server_ciphers_out, *server_ciphers_in; /* client to server, server to client */
    char *server_macs_out;
    char *server_macs_in;
    char *server_sig_algs; /* RFC 8308; NULL if not announced */
    char host_key_sha256[64];
    char *host_key_blob; /* base64 */
};
extern const struct spf_shape spf_handshake_shape;

/* The host key that one more connection was shown, made while the first was still open. */
struct spf_host_key_again_facts {
    char sha256[64]; /* "": it did not come to that */
    char *blob;      /* base64; or NULL */
};
extern const struct spf_shape spf_host_key_again_shape;

enum spf_auth_outcome {
    SPF_AUTH_ACCEPTED,
    SPF_AUTH_REFUSED,       /* also by a disconnect that answers our request: error has its text */
    SPF_AUTH_PARTIAL,       /* another factor is wanted */
    SPF_AUTH_ENDED,         /* the connection ended without an answer */
    SPF_AUTH_LOCAL_REFUSAL, /* nothing was sent: no signature algorithm in common */
    SPF_AUTH_SILENT,
};

/* What the server said to the same question about a key that was made on the spot. */
enum spf_stranger {
    SPF_STRANGER_NOT_ASKED,
    SPF_STRANGER_REFUSED,  /* so its "yes" to ours means something */
    SPF_STRANGER_ACCEPTED, /* it says "yes" to any key */
};

/* One of several keys that the server was asked about. */
struct spf_asked_key {
    int64_t offer; /* which of the ssh configuration's */
    enum spf_auth_outcome outcome;
};

/* The answer to "would this key do?" (RFC 4252 section 7): no signature was made. */
struct spf_query_facts {
    enum spf_auth_outcome outcome;
    char methods[200];  /* what can continue, comma-separated; "" if the server did not say */
    char algorithm[64]; /* signature algorithm asked for, "rsa-sha2-512" */
    char banner[600];   /* what the server shows before authentication (SSH_MSG_USERAUTH_BANNER) */
    struct spf_ending ending;
    char error[256];
    int64_t elapsed_ms;  /* until the last answer, or its absence */
    bool of_certificate; /* the last question was about the key's certificate */
    bool none_accepted;  /* the server lets the user in without any proof (RFC 4252 section 5.2) */
    enum spf_stranger stranger;           /* asked where no signature could follow */
    SPF_LIST(struct spf_asked_key) asked; /* of several keys, in turn; the outcome is the last's */
    bool unlike_openssh; /* whatever its identification says, see implementations.h */
};
extern const struct spf_shape spf_query_shape;

struct spf_signature_facts {
    enum spf_auth_outcome outcome;
    char methods[200];
    char algorithm[64];
    char banner[600]; /* the last one; the server's answer where ending says that it came last */
    struct spf_ending ending;
    char error[256];
    int64_t elapsed_ms; /* until the answer, or its absence */
};
extern const struct spf_shape spf_signature_shape;

enum spf_session_outcome {
    SPF_ECHO_BACK,    /* our nonce came back: a shell runs commands */
    SPF_ECHO_OTHER,   /* something else came back, or it ended without the nonce */
    SPF_ECHO_REFUSED, /* no channel, or no exec */
    SPF_ECHO_CLOSED,
    SPF_ECHO_TIMEOUT,
    SPF_ECHO_WITHHELD, /* the server announced a forced command: nothing was run */
    SPF_ECHO_OPENED,   /* it would not have announced one: a channel opens, nothing was run */
};

struct spf_session_facts {
    enum spf_session_outcome outcome;
    int64_t exit_status; /* -1: none came */
    char output[600];    /* what came instead of the nonce, or before it: the end of it, clean */
    char peer[64];       /* our address as the server sees it; "" if it did not say */
    char other_user[64]; /* "Please login as the user "X""; "" if not said */
    struct spf_ending ending;
    char error[256];
    bool no_pty;          /* sshd announced that this key gets no terminal */
    bool forced_command;  /* sshd announced one for this key (SSH_MSG_DEBUG "key options:") */
    bool options_seen;    /* had it one, the server would have said so */
    bool sftp;            /* the command was refused, and then the subsystem sftp accepted */
    bool too_many_logins; /* pam_limits says so (maxlogins) */
    bool only_errors;     /* of OTHER: all that came, and that was something, on standard error */
    bool noise;           /* of BACK: on standard output something came before it */
    bool shell;           /* of BACK: what came back only a shell could have made of the command */
};
extern const struct spf_shape spf_session_shape;

/* How ssh goes about the login by its configuration, to the target or to a jump host. */
struct spf_ssh_manners {
    int64_t connect_timeout; /* ConnectTimeout, s: up to the server's identification; 0 none */
    bool is_batch;           /* BatchMode */
    bool asks_for_no_passphrase;
    bool is_master;          /* ControlMaster, not "no" */
    char control_path[1024]; /* as ssh would use it; "" none */
};

/* A jump host, as the user's ssh would come to it. */
struct spf_ssh_hop {
    char name[300]; /* [user@]host[:port], as given */
    char host[300]; /* what its HostName makes of it; "" if ssh was not asked */
    char user[256]; /* by its configuration; "" if ssh was not asked */
    int64_t port;   /* 0 if ssh was not asked */
    struct spf_ssh_manners manners;
    char known_hosts[1024]; /* files, as ssh_config(5) writes them; "" if ssh was not asked */
    char strict[8];         /* StrictHostKeyChecking, where it is yes or no; else "" */
};

/*
 * A key that ssh would offer, alone or by a certificate, which is an offer of its own. Without a
 * public key ssh would decrypt the file first.
 */
struct spf_ssh_offer {
    char path[1024];        /* the private key's file; "" only the agent has it */
    char certificate[1024]; /* file of the certificate, or "in the agent"; "" the key alone */
    struct spf_secret *certificate_line; /* base64, as spf_key_facts has it; NULL none */
    char algorithm[64];                  /* of the key, "ssh-ed25519"; "" not known */
    char sha256[64];
    char *blob;     /* base64 of the public key; NULL not known */
    bool in_agent;  /* the key, or the certificate where it is offered */
    bool usable;    /* the file gives a key to sign with, without a passphrase */
    bool beyond_us; /* a type of key that only the user's ssh has */
    /* ssh knows the key only once it has loaded the private one, and so can't know it for one of
     * the agent's */
    bool private_only;
    bool skipped; /* ssh can't sign with the file, nor an agent with the key: it goes on */
};

/* Can the server be asked about it? Not where ssh must decrypt the file first to know the key. */
bool spf_ssh_offer_is_askable(const struct spf_ssh_offer *offer);

struct spf_ssh_file {
    char *path;       /* NULL: a record does not say */
    bool exists;      /* as a regular file */
    bool passed_over; /* of a key: ssh would say that it cannot use it, and go on to the next one;
                         one that does not exist was named by the failed command's -i */
};

/* What was named by -i, and ssh goes on without. */
struct spf_skipped_file {
    char *path;
    struct spf_key_facts key;
};

/*
 * What the user's ssh would use for the target, by its configuration and what was given (ssh -G).
 * The command of a ProxyCommand may hold a secret: it is in no record, its first word is.
 */
struct spf_ssh_config_facts {
    char asked[300]; /* the name that ssh was asked about; "" if there was none to ask about */
    char host[300];  /* HostName */
    char user[256];
    int64_t port;
    int64_t family; /* AddressFamily: 0 any, 4, 6 */
    SPF_LIST(struct spf_ssh_hop) hops;
    bool proxy_passes_descriptor;              /* ProxyUseFdpass */
    SPF_LIST(struct spf_ssh_file) known_hosts; /* the user's, then the system's */
    SPF_LIST(struct spf_ssh_file) identities;  /* in ssh's order */
    SPF_LIST(struct spf_ssh_offer)
    offers; /* without a key given: those that ssh would offer, in
               its order */
    SPF_LIST(struct spf_skipped_file) skipped; /* one at most */
    bool identities_only;
    /* algorithms that it allows, comma-separated; NULL if ssh did not say */
    char *kex, *host_key_algorithms, *ciphers, *macs, *accepted_algorithms;
    bool publickey_off;             /* PubkeyAuthentication no */
    char strict[8];                 /* StrictHostKeyChecking, where it is yes or no; else "" */
    bool trusts_loopback;           /* NoHostAuthenticationForLocalhost */
    int64_t required_rsa;           /* RequiredRSASize, bits; 0 if ssh did not say */
    char says[700];                 /* what of it is not what was asked for anyway; "" nothing */
    struct spf_ssh_manners manners; /* mostly empty from its path on */
    char unhonoured[300]; /* the first option that matters and is not supported here; "" none */
    char refusal[300];    /* the option with which ssh itself ends, and why; "" none */
    char broken[300];     /* why ssh refuses it, where it is only compared; "" */
    char host_key_alias[300];
    char proxy_program[256];   /* the first word of ProxyCommand; "" none */
    char identity_agent[1024]; /* a socket, or "none"; "" that of SSH_AUTH_SOCK */
    char jump[1024];           /* all jump hosts in the order passed; "" none */
    char proxy_command[4096];
};
extern const struct spf_shape spf_ssh_config_shape;

/* Is it the file that ssh goes on without? */
bool spf_ssh_config_skips(const struct spf_ssh_config_facts *config, const char *path);

/* The first key file that ssh would not skip: of all (after NULL), or of those that follow it;
 * of all, if there is none, the first that exists or that ssh was told to use. NULL: none.
 * Borrowed. */
const char *spf_ssh_config_key(const struct spf_ssh_config_facts *config, const char *after);

/* The agent that ssh would ask, as struct spf_target has it. Borrowed. */
const char *spf_ssh_config_agent(const struct spf_ssh_config_facts *config);

/* Which of the ssh configuration's offers the server accepted; -1: none. */
int64_t spf_query_accepted(const struct spf_query_facts *query);
