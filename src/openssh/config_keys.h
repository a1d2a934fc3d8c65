#pragma once

#include "base/loop.h"
#include "login/facts.h"
#include "openssh/version.h"
#include "pipeline/target.h"

/*
 * Which keys ssh would offer, without one given, and which of a configuration's key files it would
 * say that it cannot use, and go on to the next. A worker reads them: it may take a while to derive
 * keys, to reach a file system, or until an agent answers (a second at most). Of the target it is
 * the key of -i that counts.
 */
struct spf_ssh_keys_job;

/* done is called in the loop's thread with the owner, unless cancelled. NULL: no memory or thread.
 */
struct spf_ssh_keys_job *spf_ssh_keys_start(struct spf_loop *loop,
                                            const struct spf_ssh_config_facts *config,
                                            const struct spf_openssh_facts *ssh,
                                            const struct spf_target *target,
                                            void (*done)(void *owner), void *owner);
/* From done only, once: marks the files that would be skipped, and fills the list of offers. False:
 * memory or descriptors ran out, and a key may be missing. */
SPF_MUST_USE
bool spf_ssh_keys_take(struct spf_ssh_keys_job *job, struct spf_ssh_config_facts *config);
/* NULL is fine. Before done only. */
void spf_ssh_keys_cancel(struct spf_ssh_keys_job *job);
