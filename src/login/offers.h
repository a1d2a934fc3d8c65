#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "login/facts.h"
#include "login/pcap.h"
#include "openssh/algorithms.h"

/*
 * What OpenSSH's client offers by default (9.2, myproposal.h), without certificates: the measure of
 * whether ssh could talk to a server. libssh offers the part of it that it has.
 */
extern const char *const spf_openssh_offer[SPF_OFFER_LISTS];

/* What it signs with by default, certificates first; never SHA-1. */
extern const char spf_openssh_signatures[];

/*
 * The same by the user's configuration, else by what this machine's ssh says that it offers (NULL
 * each: not known); the lists are borrowed.
 */
void spf_offers_of(const struct spf_ssh_config_facts *config,
                   const struct spf_openssh_algorithms_facts *ssh,
                   const char *offers[SPF_OFFER_LISTS]);

/* Is the name one of the comma-separated list? A NULL list has none. */
bool spf_names_have(const char *list, const char *name);
/* The first name of ours that is in theirs as well (RFC 4253 section 7.1); false if there is none.
 */
bool spf_names_common(const char *ours, const char *theirs, char *out, size_t size);

/* Is a MAC negotiated with it, or does it authenticate by itself (RFC 5116)? */
bool spf_cipher_needs_mac(const char *cipher);

/*
 * The list without names that are no algorithms but flags (ext-info-s, RFC 8308; kex-strict-s-v00).
 * The caller frees it; NULL: no list, or no memory.
 */
char *spf_names_of_algorithms(const char *list);

/* Why a handshake did not succeed: the first category without a common name, else just failed. */
enum spf_handshake_outcome spf_offers_judge(const struct spf_seen *seen);

/* EXT_INFO may come in a later segment than NEWKEYS: again once more of the server was read. */
void spf_offers_keep_sig_algs(struct spf_handshake_facts *facts, const struct spf_seen *seen);

/* Copies the server's offer to the facts, which own it. */
void spf_offers_keep(struct spf_handshake_facts *facts, const struct spf_seen *seen);

/*
 * Of a handshake that is done: the host key algorithm is the first of ours that is among theirs
 * (RFC 4253 section 7.1); libssh does not tell.
 */
void spf_offers_keep_host_key(struct spf_handshake_facts *facts, const struct spf_seen *seen);
