#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What libssh hides, from its packet capture (ssh_set_pcap_file): the offers of both sides, the
 * server's signature algorithms, methods, disconnect and debug messages.
 *
 * Why a debugging capture: libssh has no call or callback for these, and without them a verdict is
 * wrong (a server that takes passwords only looks like one that refuses the key). The choices were
 * to patch libssh, to read its log, whose words change from release to release, or this file, whose
 * form is a standard. libssh writes each packet in clear, after made-up IPv4 and TCP headers, into
 * a pcap file in network byte order. A libssh that was built without it (WITH_PCAP) is of no use
 * here: spf_link_captures tells, and no handshake is begun.
 *
 * Pure, bounded; all that is read is hostile.
 */
#define SPF_NAMES_MAX 4000 /* of a name-list; longer ones are cut at a comma */

/* The lists of SSH_MSG_KEXINIT, RFC 4253 section 7.1, in its order. */
enum spf_offer_list {
    SPF_OFFER_KEX,
    SPF_OFFER_HOST_KEYS,
    SPF_OFFER_CIPHERS_OUT, /* client to server */
    SPF_OFFER_CIPHERS_IN,
    SPF_OFFER_MACS_OUT,
    SPF_OFFER_MACS_IN,
    SPF_OFFER_LISTS, /* compression and languages are not kept */
};

/* Zero-initialised means that nothing was seen yet. Texts are as they came: not clean. */
struct spf_seen {
    bool port_known;
    uint8_t port[2]; /* ours, by which its packets are distinguished from the server's */
    bool packets;    /* any packet at all: the capture works */
    char *server[SPF_OFFER_LISTS]; /* NULL: no KEXINIT of the server came */
    char *client[SPF_OFFER_LISTS];
    char *sig_algs;    /* RFC 8308 server-sig-algs; NULL: not announced */
    bool hostbound;    /* RFC 8308: publickey-hostbound@openssh.com */
    char methods[200]; /* of the last SSH_MSG_USERAUTH_FAILURE */
    char *banner;      /* SSH_MSG_USERAUTH_BANNER; NULL: none came */
    bool disconnected; /* SSH_MSG_DISCONNECT came */
    uint32_t disconnect_code;
    char *disconnect;     /* its text; NULL: none */
    uint8_t last;         /* type of the server's last message that means something; 0: none */
    uint8_t filler;       /* type of the last that means nothing (SSH_MSG_IGNORE, SSH_MSG_DEBUG) */
    int64_t fillers;      /* how many of those came since */
    bool request_sent;    /* an SSH_MSG_USERAUTH_REQUEST of ours is out, unanswered */
    bool key_accepted;    /* SSH_MSG_USERAUTH_PK_OK came: the answer "yes" to a query */
    char algorithm[64];   /* of our last one, method publickey */
    bool key_options;     /* sshd announced the key's options in SSH_MSG_DEBUG */
    bool forced_command;  /* "command" among them */
    bool no_pty;          /* "pty" is not among them: no terminal for this key */
    bool accepted;        /* SSH_MSG_USERAUTH_SUCCESS came */
    bool options_settled; /* and after it the options that hold for the session */
    bool host_keys_shown; /* and after it the global request hostkeys-00@openssh.com */
    bool channel_refused; /* SSH_MSG_CHANNEL_OPEN_FAILURE came */
    char *refusal;        /* its text; NULL: none */
    bool offers_over;     /* another KEXINIT is not kept */
};

/* Takes in one whole capture file; call again with the next one. What memory is short for is left
 * out. */
void spf_seen_read(struct spf_seen *seen, const uint8_t *file, size_t len);
/* The handshake is done: the lists go, but for the server's SPF_OFFER_MACS_OUT, which shows whose
 * it is. */
void spf_seen_forget_offers(struct spf_seen *seen);
void spf_seen_clear(struct spf_seen *seen);
