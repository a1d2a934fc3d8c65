#pragma once

#include "pipeline/inquiry.h"
#include "transcript/lines.h"

/*
 * What a pasted text says: output of ssh (an error line, or all of -vvv), PuTTY, a library, sshd's
 * log, with whatever a tool put around it. It is read into the same groups of facts that the probes
 * fill, and then judged by the same checks; a group that it does not show fails with
 * not-in-transcript.
 *
 * To add a client's words: a row in its family's table (openssh.c, putty.c, …), which says what the
 * words report (enum spf_message_kind); a text of the real program with its expectation in
 * tests/transcript. Only words whose meaning depends on what preceded them need a line in
 * take.c and take_*.c.
 *
 * Pure: from any thread; nothing is fetched or printed.
 */
struct spf_transcript;

/* Reads hostile text of at most SPF_TRANSCRIPT_MAX bytes. NULL: no memory. */
struct spf_transcript *spf_transcript_read(const char *text, size_t len);
void spf_transcript_free(struct spf_transcript *transcript);

/* What the text says of the target; members that it does not name are NULL or 0. Borrowed. */
struct spf_transcript_target {
    const char *host, *user, *key_path, *jump;
    uint16_t port;
};
const struct spf_transcript_target *spf_transcript_target(const struct spf_transcript *transcript);

/* Something of a session went wrong there: else a login is all that it can show. */
bool spf_transcript_shows_session(const struct spf_transcript *transcript);

/* Serves a group from the text, at once: the facts, or a failure not-in-transcript. */
void spf_transcript_serve(const struct spf_transcript *transcript, struct spf_inquiry *inquiry,
                          enum spf_group group);

/*
 * A text evaluated as a whole, for those who need only its cause: what an ssh that was started for
 * us (a jump host's) said. SPF_NO_FINDING: the text does not show one, then the likeliest candidate
 * is returned if it names any. words receives the line that decided, clean and cut; "" where
 * nothing in the text is known.
 */
enum spf_finding spf_transcript_cause(const char *text, size_t len, char words[128]);
