#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "transcript/attempt.h"

/* Values within a message. All are cleaned; what does not fit is left out. */

/* The text up to the first of the bytes of stop, or to its end. False, and "", if it is empty or
 * too long. */
bool spf_word_at(const char *text, const char *stop, char *out, size_t size);
bool spf_ends_with(const char *text, const char *ending);
/* The file that a message names: what stands in quotes, else a word with a slash in it. */
bool spf_quoted_or_path(const char *line, char *out, size_t size);
/* "USER@HOST", the last word before stop. */
void spf_login_at(const char *line, const char *stop, struct spf_attempt *attempt);
/* "HOST:PORT as 'USER'", or PuTTY's "USER"". */
void spf_login_named(const struct spf_match *match, struct spf_attempt *attempt);
/* Whom a line of sshd's log is about. */
void spf_logged_user(const char *line, struct spf_attempt *attempt);
/* "… HOST port N", at the end of a connection. */
void spf_closed_by(const struct spf_match *match, struct spf_attempt *attempt);
/* An ssh that forwards ("ssh -W '[HOST]:PORT' JUMP"); of a command that is cut off, what it has.
 * False: it is another program. */
bool spf_forwarding_command(const char *command, struct spf_hop *hop);
/* A typed command after a prompt ("$ ssh -i key.pem root@HOST"); false: the line is none. */
bool spf_typed_command(const char *line, struct spf_attempt *attempt);
