#pragma once

#include "login/facts.h"
#include "login/pcap.h"
#include "net/flow_words.h"
#include "pipeline/check.h"

/*
 * How a connection came to its end, or to a standstill: what the server sent and did, in the terms
 * of RFC 4253 and RFC 4254, from the packets that were seen and the words of the SSH library. Pure.
 */

/* library_says: its error text ("" if none), of libssh 0.10; closed: the socket has reached the
 * server's end. */
struct spf_ending spf_ending_of(const struct spf_seen *seen, const char *library_says, bool closed);
/* Nothing that helps came in time; without_end: and what came was more than any login needs. */
struct spf_ending spf_standstill_of(const struct spf_seen *seen, bool without_end);

/*
 * The words of a check: what and then the ending as a clause, "the handshake failed: the server
 * closed the connection, after its SSH_MSG_KEXINIT". Nothing where there is no ending. error: the
 * server's text, else the library's words, which go into the evidence alone.
 */
void spf_ending_say(struct spf_result *result, const char *what, const struct spf_ending *ending,
                    const char *error);

/*
 * The same of a step whose time may have run out: then the sentence says after how long, and that
 * ssh, which has no such limit (ConnectTimeout ends with the handshake), waits on.
 */
void spf_ending_say_late(const struct spf_view *view, struct spf_result *result, const char *what,
                         const struct spf_ending *ending, const char *error);

/*
 * Was it measured that large packets do not pass? Then what is to be said of it is said, and
 * *opinion is the check's.
 */
SPF_MUST_USE bool spf_path_judge(const struct spf_view *view, struct spf_result *result,
                                 const struct spf_ending *ending, struct spf_opinion *opinion);
