#pragma once

#include "login/echo.h"
#include "login/jump.h"
#include "login/link.h"
#include "net/dial.h"
#include "net/listen.h"
#include "net/path_mtu.h"
#include "pipeline/inquiry.h"

/* What the files of the conversation share. */

struct spf_conversation {
    struct spf_inquiry *inquiry;
    enum spf_group step;    /* being served; SPF_GROUP_COUNT: none */
    int fd;                 /* the connected socket; -1: none yet */
    struct spf_watch watch; /* where what comes is waited for: at that socket, if libssh has no
                               other end of it; its due_ms is the end of the step */
    int64_t step_ms;        /* when the step began */
    bool handshake_expected;
    bool silence_expected;
    struct spf_dial *dial;
    struct spf_jump *jump; /* carries the connection */
    struct spf_listener listener;
    struct spf_link *link;
    bool asking_none;
    bool asked_none;
    bool asking_last; /* whether the server lets in without any proof, after its no to the key */
    bool asking_certificate;      /* about the one beside the key, after its no to the key */
    bool asking_stranger;         /* about a key that nobody has */
    size_t key_at;                /* of several keys, how many are answered */
    bool padded;                  /* a full-size packet is on its way */
    struct spf_path_probe *probe; /* measures, once the conversation stands still; NULL: none */
    struct spf_echo *echo;        /* of a session, 20 KiB; NULL: none was wanted */
    struct spf_agent_signing *signing;       /* NULL: our own key signs */
    struct spf_known_hosts_job *known_hosts; /* being read; NULL: not */
};

/* The step's facts are there, or are unavailable. The last thing a step does. */
void spf_conversation_arrive(struct spf_conversation *talk, const struct spf_failure *failure);
void spf_conversation_arrive_failed(struct spf_conversation *talk, const char *what);
int64_t spf_conversation_end_of_step(const struct spf_conversation *talk); /* monotonic, ms */
/* Waits for the socket, until the step's time is over. */
void spf_conversation_wait(struct spf_conversation *talk, short events);
void spf_conversation_clean(char *out, size_t size, const char *text);
/* How the step ended that came to no answer: the server's own text, if it gave one. */
void spf_conversation_keep_ending(struct spf_conversation *talk, struct spf_ending *ending,
                                  char *error, size_t size);

enum spf_auth_outcome spf_conversation_outcome(enum spf_link_state state,
                                               const struct spf_seen *seen);
/*
 * Once, before libssh reads the identification line: is what came with it no packet? Its length
 * must fit (RFC 4253 section 6): ssh ends at once where it does not (packet.c), and libssh waits
 * for as many bytes.
 */
bool spf_conversation_meets_no_packet(const struct spf_conversation *talk);
void spf_conversation_keep_banner(char *out, size_t size, const struct spf_seen *seen);

/* conversation_query.c */
void spf_conversation_query(struct spf_conversation *talk);

/* conversation_keys.c: which key is asked about, of one or of several in turn. */
struct spf_query_key {
    const char *algorithm, *blob;         /* borrowed */
    const struct spf_secret *certificate; /* base64, what is asked about; borrowed; NULL: the key */
    bool agent_signs;
    bool can_sign;
};
struct spf_query_key spf_conversation_key(const struct spf_conversation *talk);
/* Without a key given ssh offers several; "none" goes before them, as with ssh. */
bool spf_conversation_asks_several(const struct spf_conversation *talk);
/* Keeps the answer to the current key. True: there is another one to ask about. */
bool spf_conversation_next_key(struct spf_conversation *talk, enum spf_link_state state);
/* After the last of several keys: back to one that was accepted, but that ssh may not be able to
 * sign with; not where the server ended it, and ssh is sure not to. */
void spf_conversation_recall_accepted(struct spf_conversation *talk);

/* The host as known_hosts would name it: as given, else the address dialled. False: none. */
bool spf_conversation_host(struct spf_conversation *talk, char *out, size_t size);

/* conversation_known_hosts.c: beside whatever step is under way. */
void spf_conversation_gather_known_hosts(struct spf_conversation *talk);
void spf_conversation_abandon_known_hosts(struct spf_conversation *talk);

/* conversation_path.c: what the network path does to the packets. */
void spf_conversation_pad(struct spf_conversation *talk); /* once, before the first request */
size_t spf_conversation_full_size(const struct spf_conversation *talk);
void spf_conversation_keep_flow(const struct spf_conversation *talk, struct spf_ending *ending);
/* The step stands still. True: it is measured why, and the step arrives later. */
SPF_MUST_USE bool spf_conversation_measure(struct spf_conversation *talk,
                                           struct spf_ending *ending);

/* conversation_signature.c */
void spf_conversation_sign(struct spf_conversation *talk);
