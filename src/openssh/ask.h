#pragma once

#include <stdbool.h>

#include "base/text.h"
#include "openssh/version.h"

/*
 * Runs the ssh that PATH finds with these words (NULL-terminated, "ssh" itself included) and
 * appends what it prints to says, as far as that has room. No shell is in between, its input is
 * empty, it has a session and a small environment of its own (no passphrase), and 2 s. For
 * questions that touch no network and read no configuration: -V, which answers on standard error,
 * and -Q.
 *
 * Blocks: for worker threads. False: there is no ssh, it failed, or it printed too much or too
 * long.
 */
enum spf_openssh_stream {
    SPF_OPENSSH_OUTPUT, /* what -Q prints */
    SPF_OPENSSH_ERRORS, /* where -V prints */
};

SPF_MUST_USE
bool spf_openssh_ask(const char *const *words, enum spf_openssh_stream stream,
                     struct spf_buf *says);

/* Which ssh it is, by its -V; all empty if there is none. Blocks, too. */
void spf_openssh_ask_version(struct spf_openssh_facts *facts);
