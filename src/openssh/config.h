#pragma once

#include "openssh/config_answers.h"
#include "openssh/config_words.h"
#include "pipeline/inquiry.h"

/*
 * What the user's own ssh would do, asked of it: `ssh -G` prints the configuration for a host
 * (ssh(1)), and so does it for every jump host on the way. No shell is in between, the program has
 * a session of its own, its input is empty, its output and its time are bounded, and the passphrase
 * is not in its environment. Nobody connects anywhere.
 *
 * With target->ssh_config the configuration is to be used, and ssh -G does all that reading it
 * means: a `Match exec` runs its command. Without, it is only to be compared: then no command can
 * run, for ssh gets a shell that does not exist and gives up where it would need one, names are not
 * made canonical, and the two seconds that it may take are waited for by nobody.
 */
struct spf_ssh_config;

/*
 * Serves SPF_GROUP_SSH_CONFIG: arrived is called once, later. The inquiry outlives it. NULL: no
 * memory, and arrived is not called. Failures are spf_ssh_config_unusable's; an instance without
 * any address that could be asked about makes empty facts. answers, which outlives it, may be NULL:
 * what is only to be compared is asked once for all targets that it is the same of.
 */
struct spf_ssh_config *spf_ssh_config_new(struct spf_inquiry *inquiry,
                                          struct spf_ssh_answers *answers);

/* Ends what still runs. Takes NULL. */
void spf_ssh_config_free(struct spf_ssh_config *config);
