#pragma once

#include "base/loop.h"
#include "base/secret.h"

/*
 * Runs a configured credential program in a worker: only from a file owned by us or root that
 * nobody else can write, without a shell, in its own session, killed at its limit, standard input
 * null, at most 64 KiB of output, and the whole environment but for our own secrets
 * (platform/child.h). An exit status other than 0 is a failure, whatever it has printed.
 */
struct spf_program;

/* output NULL: error says why. Called once in the loop's thread; output is borrowed. */
typedef void spf_program_done(void *owner, const struct spf_secret *output, const char *error);

/* The line is split as the aliyun CLI does it (identity/words.h). NULL: no memory. */
struct spf_program *spf_program_start(struct spf_loop *loop, const char *command_line,
                                      unsigned timeout_ms, spf_program_done *done, void *owner);
/* done will not be called; the program is killed, or not started any more. */
void spf_program_cancel(struct spf_program *program);
