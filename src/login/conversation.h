#pragma once

#include "pipeline/inquiry.h"

/*
 * The SSH conversation with one target: a single TCP connection, a step a group. It serves
 *
 *     KNOWN_HOSTS  TCP  IDENTIFICATION  HANDSHAKE  QUERY  SIGNATURE  SESSION
 *
 * in this order and goes only as far as it is asked; each step has target->timeout_ms. At most one
 * query, one signature and one exec are ever sent (and one "none", when an RSA key needs the
 * server's signature algorithms first). All of it runs in the loop's thread and never blocks.
 */
struct spf_conversation;

/*
 * The inquiry outlives it. With handshake_expected the SSH library starts up while the SYN is on
 * its way, so that it costs no time; nothing is sent that was not asked for. NULL: no memory.
 */
struct spf_conversation *spf_conversation_new(struct spf_inquiry *inquiry, bool handshake_expected);

/*
 * Asks for one of the groups above, whose inputs are present, once. inquiry->arrived may be called
 * before this returns; from inside it the next group may be asked for, but the conversation not
 * freed.
 */
void spf_conversation_serve(struct spf_conversation *conversation, enum spf_group group);

/* The cloud says that packets will be dropped: no need to wait long for an answer to a SYN. */
void spf_conversation_expect_silence(struct spf_conversation *conversation);

/* Closes the connection, politely where there is one to be polite on; arrived is called no more. */
void spf_conversation_free(struct spf_conversation *conversation);
