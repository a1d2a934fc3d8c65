#ifndef SPF_NET_NET_FACTS_H
#define SPF_NET_NET_FACTS_H

#include "base/ip.h"
#include "base/shape.h"

enum spf_tcp_outcome {
    SPF_TCP_OPEN,
    SPF_TCP_REFUSED,     /* RST: nothing listens, or a firewall rejects */
    SPF_TCP_SILENT,      /* no answer in time: something drops the packets */
    SPF_TCP_UNREACHABLE, /* no route, or ICMP says so */
    SPF_TCP_RESET,       /* accepted, then reset before a byte came */
    SPF_TCP_UNRESOLVED,  /* the name has no address */
    SPF_TCP_FORBIDDEN,   /* this machine's own routing or firewall forbids it (EACCES, EPERM) */
};

/* What connect(2) said. */
struct spf_tcp_facts {
    enum spf_tcp_outcome outcome;
    char address[64];    /* the literal that was tried last; "" when unresolved */
    char own_address[64]; /* ours on that connection */
    char error[128];     /* strerror(3)'s or gai_strerror(3)'s words */
    int64_t elapsed_ms;  /* from the first SYN to the outcome */
    bool cut_short;      /* given up after 3 s, because the cloud facts promised silence */
};
extern const struct spf_shape spf_tcp_shape;

enum spf_identification_outcome {
    SPF_IDENTIFIED,           /* a line "SSH-2.0-…" or "SSH-1.99-…" came (RFC 4253 section 4.2) */
    SPF_IDENTIFICATION_SILENT,
    SPF_IDENTIFICATION_CLOSED, /* closed before one came */
    SPF_IDENTIFICATION_RESET,
    SPF_IDENTIFICATION_SSH1,   /* "SSH-1.5-…" */
    SPF_IDENTIFICATION_INVALID, /* an SSH- line that RFC 4253 forbids: too long, control bytes */
    SPF_IDENTIFICATION_OTHER,  /* another protocol, or lines without end */
};

/* What the server said first. Texts are as they came, but clean and cut. */
struct spf_identification_facts {
    enum spf_identification_outcome outcome;
    char line[260];     /* the SSH- line without CR LF */
    char software[256]; /* what follows the second dash, "OpenSSH_9.2p1 Debian-2" */
    char before[600];   /* lines before it, or instead of it */
    char protocol[16];  /* for OTHER: "HTTP", "TLS", "SMTP", "FTP", … where it is known; else "" */
    int64_t elapsed_ms; /* from the open connection */
};
extern const struct spf_shape spf_identification_shape;

#endif
