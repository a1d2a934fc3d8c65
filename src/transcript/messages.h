#pragma once

#include <stdbool.h>
#include <stddef.h>

/*
 * What the words of a client, or of sshd's log, report. A family of clients is a table of rows; the
 * order in which its messages come is the business of take.c.
 */
enum spf_message_kind {
    SPF_EVENT_NONE,     /* known and harmless, so that no later row takes the line */
    SPF_EVENT_CLIENT,   /* argument: its name; its version follows */
    SPF_EVENT_LOOKS_UP, /* "HOST"" follows; the address is said when it connects */
    SPF_EVENT_CONNECTS, /* "HOST [ADDRESS] port N." follows: a new attempt */
    SPF_EVENT_CONNECTED,
    SPF_EVENT_LOGS_IN_TO,    /* "HOST:PORT as 'USER'" */
    SPF_EVENT_PROXY_RUNS,    /* a ProxyCommand: its words */
    SPF_EVENT_PROXY_FAILED,  /* what it, or who started it, said */
    SPF_EVENT_TCP,           /* argument: an outcome of enum spf_tcp_outcome by its word */
    SPF_EVENT_FORWARD,       /* a jump host did not open the channel; argument as for TCP */
    SPF_EVENT_BANNER,        /* argument: an outcome of the identification by its word */
    SPF_EVENT_BANNER_LINE,   /* a line that preceded the identification */
    SPF_EVENT_IDENTIFIED,    /* the server's software */
    SPF_EVENT_KEX_BEGINS,    /* our SSH_MSG_KEXINIT was sent */
    SPF_EVENT_KEX_ALGORITHM, /* argument: kex, host-key */
    SPF_EVENT_KEX_CIPHER,    /* argument: in, out; with its MAC */
    SPF_EVENT_KEX_WAITS,     /* for the reply with the host key */
    SPF_EVENT_NO_COMMON,  /* argument: kex, host-key, cipher, mac; the server's offer may follow */
    SPF_EVENT_KEX_BROKEN, /* the handshake ended by an error */
    SPF_EVENT_KEX_TIMEOUT,
    SPF_EVENT_HOST_KEY,     /* "TYPE FINGERPRINT"; argument: the type, else it follows */
    SPF_EVENT_HOST_KNOWN,   /* the client takes it */
    SPF_EVENT_HOST_UNKNOWN, /* the client asks */
    SPF_EVENT_HOST_REFUSED, /* an unknown key, and nobody may be asked */
    SPF_EVENT_HOST_CHANGED, /* FILE:LINE may follow */
    SPF_EVENT_HOST_REVOKED,
    SPF_EVENT_CERTIFICATE,     /* one that is not valid: the server's, or in its log the user's */
    SPF_EVENT_HOST_UNVERIFIED, /* "Host key verification failed.": why was said before, or not */
    SPF_EVENT_AUTH_BEGINS,
    SPF_EVENT_METHODS,    /* a comma-separated list of what can continue */
    SPF_EVENT_PLANS_KEY,  /* a key that the client means to try */
    SPF_EVENT_OFFERED,    /* a key of a file, or of the agent */
    SPF_EVENT_TRIES_KEY,  /* an encrypted or unread key file is tried */
    SPF_EVENT_KEY_ABSENT, /* a default key file that does not exist */
    SPF_EVENT_KEY_FILE,   /* "FILE type N": what the client found at its start */
    SPF_EVENT_SENT_KEY,   /* it was offered after all */
    SPF_EVENT_ACCEPTED,   /* the query's answer */
    SPF_EVENT_REFUSED,    /* the query's answer, in so many words */
    SPF_EVENT_SIGNATURE_REFUSED,
    SPF_EVENT_UNSIGNED,     /* the client did not send what it could have */
    SPF_EVENT_NO_ALGORITHM, /* no signature algorithm in common */
    SPF_EVENT_PARTIAL,
    SPF_EVENT_ASKS_PASSPHRASE,
    SPF_EVENT_ASKS_PASSWORD,
    SPF_EVENT_DENIED, /* the end of the authentication; the methods may follow */
    SPF_EVENT_TOO_MANY,
    SPF_EVENT_DISCONNECT,     /* the server's own words */
    SPF_EVENT_CLOSED,         /* the connection ended, and nothing says why */
    SPF_EVENT_KEY_TROUBLE,    /* argument: a cause of key.*; the file may follow */
    SPF_EVENT_KEY_UNCLEAR,    /* the client could not load the file, and does not say why */
    SPF_EVENT_NAMED,          /* argument: "check cause": the text itself names the cause */
    SPF_EVENT_SUSPECTED,      /* argument: "check cause,cause": several things are said so */
    SPF_EVENT_AUTHENTICATED,  /* argument: "none": without any proof */
    SPF_EVENT_SESSION,        /* something of a session was shown */
    SPF_EVENT_EXIT,           /* the command's or shell's status */
    SPF_EVENT_SESSION_CLOSED, /* "Connection to HOST closed." */
};

struct spf_message {
    const char *words; /* that the line has; at least four bytes */
    const char *then;  /* that must follow them; NULL: nothing */
    enum spf_message_kind event;
    const char *argument;
};

/* A family of clients. Of several rows that a line fits, the one with the most words counts, then
 * the first. */
struct spf_family {
    const char *name;
    const struct spf_message *rows;
    size_t count;
};

#define SPF_FAMILY(name, rows)                    \
    {                                             \
        name, rows, sizeof(rows) / sizeof *(rows) \
    }

/* In the order in which they are tried: of equal words, the first family's row counts. */
extern const struct spf_family spf_family_openssh, spf_family_putty, spf_family_go,
    spf_family_python, spf_family_java, spf_family_node, spf_family_dotnet, spf_family_ruby,
    spf_family_dropbear, spf_family_libssh, spf_family_commercial, spf_family_tools,
    spf_family_sshd;

/*
 * What a library's client knows of a failure, as arguments of SPF_EVENT_SUSPECTED: mostly less than
 * ssh does. Which key was refused, or why, they do not say, and many sign RSA with SHA-1 only.
 */
#define SPF_SAID_REFUSED                                                               \
    "ssh.auth key-pair-different,user-not-of-image,auth-algorithm-refused,authorized-" \
    "keys-ignored,key-pair-not-installed,auth-login-refused,user-not-allowed,auth-"    \
    "publickey-disabled,auth-second-factor"
#define SPF_SAID_ENDED                                                          \
    "ssh.banner ssh-closed-early,handshake-failed,ssh-busy,ssh-penalised,auth-" \
    "disconnected,not-ssh"
#define SPF_SAID_NO_IDENTIFICATION "ssh.banner ssh-closed-early,ssh-busy,ssh-penalised,not-ssh"
#define SPF_SAID_NO_COMMON                                                             \
    "ssh.handshake handshake-no-common-kex,handshake-no-common-host-key,handshake-no-" \
    "common-cipher,handshake-no-common-mac"
#define SPF_SAID_HOST_KEY "ssh.host-key host-key-changed,host-key-unknown"
#define SPF_SAID_KEY_FORMAT                                                            \
    "key.format key-is-not-a-key,key-is-public,key-is-ppk,client-too-old,key-corrupt," \
    "key-on-one-line,key-empty"
#define SPF_SAID_PASSWORD_TRIED  "ssh.auth key-missing,auth-publickey-disabled"
#define SPF_SAID_NOTHING_OFFERED "ssh.auth key-missing,key-is-not-a-key,key-encrypted"
