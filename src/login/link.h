#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/secret.h"
#include "login/facts.h"
#include "login/pcap.h"
#include "login/shared.h"

/*
 * One SSH connection through libssh, non-blocking; the only place that knows libssh and its habits.
 *
 * It is started without a connection: libssh speaks its identification to a placeholder, a
 * connection of this process with itself, and the caller sends those bytes itself. So nothing of
 * what the server says is read before the caller has peeked at it; libssh's packet capture, which
 * wants IPv4, works on any connection; and libssh may close its descriptor as it likes, ours stays
 * ours.
 */
struct spf_link;

enum spf_link_state {
    SPF_LINK_AGAIN, /* wait for spf_link_events on the socket, then call again with the same
                       arguments */
    SPF_LINK_DONE,
    SPF_LINK_REFUSED, /* the server refuses; the connection lives on */
    SPF_LINK_PARTIAL, /* accepted, but another factor is wanted */
    SPF_LINK_LOCAL,   /* libssh refuses by itself: nothing was sent */
    SPF_LINK_ENDED,   /* the connection is gone, or of no more use */
};

/* Was libssh built with packet captures (WITH_PCAP), without which there is no link? */
bool spf_link_captures(void);

/* user is copied; shared is needed for the call only, and may be NULL. NULL: no memory or
 * descriptor, or no captures. */
struct spf_link *spf_link_new(const char *user, struct spf_login_shared *shared);
/* Says goodbye if it can, and forgets everything; the socket stays the caller's. Takes NULL. */
void spf_link_free(struct spf_link *link);

/* What we say first, with CR LF: to be sent by the caller. */
const char *spf_link_identification(const struct spf_link *link, size_t *len);
/*
 * From now on libssh reads from and writes to the connected socket, on which nothing of the
 * server's identification may have been read. The descriptor at which to wait for spf_link_events;
 * -1: there is none.
 */
SPF_MUST_USE int spf_link_attach(struct spf_link *link, int fd);
/* POLLIN, and POLLOUT when libssh has something to send. */
short spf_link_events(struct spf_link *link);

/* False after any ENDED but one: the agent did not sign, and so nothing was sent. */
bool spf_link_is_alive(const struct spf_link *link);

/* Was it for want of something of ours that the server has given no answer, or has not been heard?
 */
bool spf_link_ran_short(const struct spf_link *link);

/*
 * Offers these algorithms instead of what ssh does by default, and takes signatures of these;
 * before the handshake. False if libssh has none of a list. accepted: NULL for the default;
 * signatures with SHA-1 are never made.
 */
SPF_MUST_USE bool spf_link_offer(struct spf_link *link, const char *const offers[SPF_OFFER_LISTS],
                                 const char *accepted);
/* Comma-separated host key algorithms in order of preference; before the handshake. */
SPF_MUST_USE bool spf_link_prefer(struct spf_link *link, const char *host_key_algorithms);
enum spf_link_state spf_link_handshake(struct spf_link *link);
/* Algorithms and host key of a finished handshake. False: no memory. */
SPF_MUST_USE bool spf_link_describe(struct spf_link *link, struct spf_handshake_facts *facts);

/*
 * Sends one SSH_MSG_IGNORE (RFC 4253 section 11.2) with so many bytes, which every server must
 * ignore; after the handshake. What is answered after it proves that packets of its size pass.
 */
void spf_link_pad(struct spf_link *link, size_t len);

/* RFC 4252 section 7: would this key do? base64 of the blob, and the type of key in it. */
enum spf_link_state spf_link_query(struct spf_link *link, const char *algorithm, const char *blob);
/* The next query is about another key: the last one was answered. */
void spf_link_query_next(struct spf_link *link);
/*
 * The same of a certificate (its line's base64). With a yes the signature that follows is made with
 * it.
 */
enum spf_link_state spf_link_query_certificate(struct spf_link *link,
                                               const struct spf_secret *certificate);
/*
 * The same of a key of that type that no server can know: made on the spot, with the numbers of the
 * given one changed. LOCAL: of this type none can be made (hardware keys).
 */
enum spf_link_state spf_link_query_stranger(struct spf_link *link, const char *algorithm,
                                            const char *blob);
/* Section 5.2: asks for nothing, but the answer brings the server's EXT_INFO and methods. */
enum spf_link_state spf_link_none(struct spf_link *link);
/* key: text of an OpenSSH container without a passphrase. */
enum spf_link_state spf_link_sign(struct spf_link *link, const struct spf_secret *key);

/*
 * An agent signs instead of a key of ours. ssh_userauth_agent, libssh's only way to one, begins
 * with a query of its own. So ours is sent, but its "yes" is only seen in the capture (DONE) and
 * left for ssh_userauth_agent to take: the server receives one query, as ever. Without a capture it
 * receives a second one.
 *
 * agent: a socket at which this one key, and no other, is available; the link's from now on.
 */
enum spf_link_state spf_link_query_for_agent(struct spf_link *link, const char *algorithm,
                                             const char *blob);
SPF_MUST_USE bool spf_link_use_agent(struct spf_link *link, int agent);
/* Blocks while the agent signs: for a worker, until the agent has answered. */
enum spf_link_state spf_link_sign_by_agent(struct spf_link *link);

/*
 * Opens a session channel; runs nothing. Once it is DONE, what sshd announces about the key
 * (spf_link_seen) has come: it sends that before it looks at any request for a channel.
 */
enum spf_link_state spf_link_open(struct spf_link *link);
/*
 * Starts the command. It may go out while spf_link_open still says AGAIN, but only to sshd:
 * libssh addresses a channel as 0 until it is confirmed, and sshd gives its first one this number
 * (channels.c, channel_new: the first free slot).
 */
enum spf_link_state spf_link_exec(struct spf_link *link, const char *command);
/* Asks for the subsystem sftp (RFC 4254 section 6.5) on a channel that refused a command. */
enum spf_link_state spf_link_sftp(struct spf_link *link);
/*
 * Takes what the command has said on either stream, up to size bytes; *len is set. DONE at the end
 * of its output, with *exit_status (-1: none came). *errors grows by the bytes on standard
 * error. After AGAIN libssh may hold some that the socket no longer signals: look again a little
 * later.
 */
enum spf_link_state spf_link_output(struct spf_link *link, char *out, size_t size, size_t *len,
                                    size_t *errors, int *exit_status);

/* What the packet capture has shown so far; borrowed. */
const struct spf_seen *spf_link_seen(struct spf_link *link);
/* The offers have been looked at. */
void spf_link_forget_offers(struct spf_link *link);
/* False once the server has sent more than any login needs: end it. */
bool spf_link_is_bounded(const struct spf_link *link);
/* libssh's words for its last trouble, which may be of long ago; borrowed. For ending.h only: what
 * the user reads is what the server did. */
const char *spf_link_error(struct spf_link *link);
