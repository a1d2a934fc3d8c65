#pragma once

#include "base/secret.h"
#include "base/text.h"

/*
 * Where secrets come from on a command line (never from argv), and other standard input. Errors are
 * for a person. *secret is the caller's; NULL where there is none.
 */

/*
 * Standard input as a key, at most a mebibyte. An input that has not ended after so many seconds,
 * or before stop_fd is readable, is an error.
 */
SPF_MUST_USE
struct spf_error spf_read_key_from_stdin(int stop_fd, unsigned seconds, struct spf_secret **secret);

/* The first line of a file, without its line end; it must have come in so many seconds, and before
 * stop_fd is readable. */
SPF_MUST_USE
struct spf_error spf_read_passphrase_file(const char *path, int stop_fd, unsigned seconds,
                                          struct spf_secret **secret);

/* SSHPREFLIGHT_PASSPHRASE; it is taken out of the environment, so that no child sees it. */
SPF_MUST_USE struct spf_error spf_read_passphrase_environment(struct spf_secret **secret);

/*
 * Asks on the terminal, without echo. No terminal, or an empty answer: *secret is NULL and that is
 * no error. Blocks for as long as the person takes. INT, TERM, HUP and QUIT end the process as if
 * it had not caught them, with the terminal as before; after a stop (TSTP) it asks again.
 */
SPF_MUST_USE
struct spf_error spf_prompt_passphrase(const char *key_path, struct spf_secret **secret);
