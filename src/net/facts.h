#pragma once

#include "base/ip.h"
#include "base/shape.h"

/*
 * The room of the way to the port: what can be known of a name, a connection and the first bytes
 * (here), how it is learnt (dial.h, listen.h, path_mtu.h), what it means (the *check.c). Facts and
 * checks include base and pipeline and belong to the core; it knows no SSH beyond the
 * identification line (RFC 4253, 4.2).
 */

enum spf_tcp_outcome {
    SPF_TCP_OPEN,
    SPF_TCP_REFUSED,            /* RST: nothing listens, or a firewall rejects */
    SPF_TCP_SILENT,             /* no answer in time: something drops the packets */
    SPF_TCP_UNREACHABLE,        /* no route, or ICMP says so */
    SPF_TCP_RESET,              /* reset while it was opened, a transcript or a jump host says */
    SPF_TCP_UNRESOLVED,         /* the name has no address */
    SPF_TCP_FORBIDDEN,          /* routing or firewall forbids it (EACCES, EPERM), see local */
    SPF_TCP_JUMP_FAILED,        /* ssh did not get through the jump host, see jump_cause */
    SPF_TCP_JUMP_FORBIDS,       /* it did, and the jump host does not forward the connection */
    SPF_TCP_JUMP_NO_CONNECTION, /* it did, and has no connection to the target, see error */
    SPF_TCP_PROXY_FAILED,       /* the ProxyCommand ended, or nothing came through it, see error */
};

/* One address of a name that was tried before the last one. */
struct spf_tcp_attempt {
    char address[64];
    char error[128];
    int64_t elapsed_ms;
    bool silent, local; /* no answer came; this machine has no way there */
};
extern const struct spf_shape spf_tcp_attempt_shape;

/* What became of a name that has no address. */
enum spf_lookup_outcome {
    SPF_LOOKUP_ANSWERED,    /* there is none, the resolver says; or it was not looked up here */
    SPF_LOOKUP_SILENT,      /* no name server answered in the resolver's time */
    SPF_LOOKUP_FAILED,      /* one did, with an error (SERVFAIL), or only later */
    SPF_LOOKUP_REFUSED,     /* one did, and does not serve us (REFUSED) */
    SPF_LOOKUP_UNREACHABLE, /* none can be reached */
};

/* How a name was looked up. */
struct spf_name_facts {
    enum spf_lookup_outcome outcome;
    char servers[300];   /* of no address: "192.0.2.53: no answer, 192.0.2.54: …" */
    char search[300];    /* of no address: the search domains that were tried */
    char hosts_line[40]; /* "/etc/hosts:7", where that gives the name its address; "" */
};
extern const struct spf_shape spf_name_shape;

/*
 * Of an attempt that got no answer, by the kernel's counters: SYNs sent again, and what was dropped
 * here while they were (net/own_drops.h).
 */
struct spf_drop_facts {
    int64_t retransmissions;
    int64_t unsent;
    int64_t reverse;
    int64_t syns_discarded; /* of the SYNs that were sent again: something to us was dropped then */
    int64_t discarded_apart; /* packets that were dropped at other times */
    bool late; /* packets may have been dropped, and it is not known after which SYN */
};
extern const struct spf_shape spf_drop_shape;

/* What connect(2) said. */
struct spf_tcp_facts {
    enum spf_tcp_outcome outcome;
    char name[300];       /* the name that was resolved; "" for a literal address */
    char address[64];     /* the literal that was tried last; "" when unresolved */
    char own_address[64]; /* ours on that connection */
    char error[128];      /* strerror(3)'s or gai_strerror(3)'s words */
    bool local;           /* this machine said so itself: no packet left it */
    char icmp_from[64];   /* whose ICMP message ended the attempt; "" none came */
    int64_t icmp_type;
    int64_t icmp_code;
    struct spf_name_facts lookup;
    struct spf_drop_facts drops;
    int64_t own_port;
    bool reset;          /* of OPEN: the reset came before we could look, and error has its words */
    int64_t syn_limit_s; /* of a silent one among them: how long the system would try (tcp(7)) */
    bool no_port;        /* all local ports to that address are in use */
    int64_t elapsed_ms;  /* from the first SYN to the outcome */
    int64_t resolve_ms;  /* of the name; 0 for a literal */
    bool cut_short;      /* given up after 3 s, because the cloud facts promised silence */
    char jump[300];      /* the jump hosts, as given; "" for a direct connection */
    char jump_address[64]; /* the literal that ssh connected to, of a single jump host */
    char jump_cause[64];   /* of JUMP_FAILED: the catalogue's id for what ssh said, or "" */
    char jump_hop[300];    /* the jump host at which it failed, as given; "" none did */
    char jump_login[300];  /* of it: "HOST:PORT as 'USER'"; "" it did not come so far */
    char jump_known_hosts_line[300]; /* of it: FILE:LINE of a host key that does not match; "" */
    char jump_keys[600];   /* of it: the keys that ssh offered, "FILE TYPE FINGERPRINT; ..." */
    bool jump_unproven;    /* of OPEN: its server may have confirmed before it had connected */
    bool jump_key_unknown; /* its host key was in no known_hosts */
    char proxy[256];       /* the program of a ProxyCommand that connects; "" none */
    SPF_LIST(struct spf_tcp_attempt) before; /* in the order of getaddrinfo(3), as ssh tries them */
};
extern const struct spf_shape spf_tcp_shape;

/* Did the jump host refuse an ssh that had no key for it? Of a live run: a text may not show what
 * was offered. */
bool spf_tcp_jump_lacked_key(const struct spf_tcp_facts *tcp);

/*
 * A TCP connection as its kernel saw it (tcp(7), TCP_INFO) at the end of a step. Bytes are of TCP's
 * payload; a packet has `headers` more (IP's and TCP's, with timestamps where they are used).
 */
struct spf_flow {
    bool known; /* false: through a jump host, a transcript, or the step was not reached */
    int64_t bytes_out;
    int64_t bytes_in;
    int64_t segments_out;
    int64_t segments_in;
    int64_t unacked;         /* bytes that were sent, or wait to be, and are not acknowledged */
    int64_t retransmissions; /* segments, since the connection began */
    int64_t backoff;         /* how often the retransmission timer was doubled, by now */
    int64_t out_of_order;    /* segments that came although one before them is missing */
    int64_t rtt_us;
    int64_t quiet_ms; /* since data came last */
    int64_t headers;
    int64_t mss_out;     /* what a full segment of ours holds */
    int64_t mss_in;      /* the largest segment that came (an estimate, at least 536) */
    int64_t mss_offered; /* what a segment to us may hold */
    char icmp_error[64]; /* of a standstill: what a router's ICMP messages say; "" none came */
};
extern const struct spf_shape spf_flow_shape;

/* What is sent so that a full-size packet is among it: its bytes beside what is sent anyway. */
#define SPF_PADDING_MAX 16384

enum spf_path_outcome {
    SPF_PATH_UNTRIED,
    SPF_PATH_LIMITED, /* packets of `passes` bytes pass, those of `fails` do not */
    SPF_PATH_CUT,    /* each flow stands still after about `cut_after` bytes, whatever their size */
    SPF_PATH_FINE,   /* a new connection passes packets of every size */
    SPF_PATH_CLOSED, /* no new connection, or none that could be measured */
};

/* What new connections found where one had come to a standstill. Sizes are of IP packets. */
struct spf_path_mtu {
    enum spf_path_outcome outcome;
    bool inwards; /* the packets to us; else those from us */
    int64_t passes;
    int64_t fails;
    int64_t cut_after;
    int64_t probes;     /* connections that were made for it */
    char interface[16]; /* ours, that the connection uses; "" not known */
};
extern const struct spf_shape spf_path_mtu_shape;

enum spf_identification_outcome {
    SPF_IDENTIFIED, /* a line "SSH-2.0-…" or "SSH-1.99-…" came (RFC 4253 section 4.2) */
    SPF_IDENTIFICATION_SILENT,
    SPF_IDENTIFICATION_CLOSED, /* closed before one came */
    SPF_IDENTIFICATION_RESET,
    SPF_IDENTIFICATION_SSH1,    /* "SSH-1.5-…" */
    SPF_IDENTIFICATION_INVALID, /* an SSH- line that RFC 4253 forbids: too long, control bytes */
    SPF_IDENTIFICATION_OTHER,   /* another protocol, or lines without end */
};

/* What the server said first. Texts are as they came, but clean and cut. */
struct spf_identification_facts {
    enum spf_identification_outcome outcome;
    char line[260];     /* the SSH- line without CR LF, cut */
    char software[256]; /* what follows the second dash, "OpenSSH_9.2p1 Debian-2", cut */
    char before[600];   /* lines before it, or instead of it */
    char protocol[16]; /* for OTHER: "HTTP", "TLS", "SMTP", "FTP", … where it is known; else "" */
    char error[128];   /* what is wrong with an INVALID line; strerror(3)'s words for RESET */
    int64_t elapsed_ms;   /* from the open connection */
    struct spf_flow flow; /* of SILENT */
    char proxy_says[300]; /* of a ProxyCommand, where no SSH came through it: what it says on its
                           * standard error, and its exit status; "" */
};
extern const struct spf_shape spf_identification_shape;
