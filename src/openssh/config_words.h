#pragma once

#include "base/text.h"
#include "login/facts.h"
#include "pipeline/target.h"

/*
 * What `ssh -G` prints, read: a line for each option, its name in lower case, a space and the value
 * (readconf.c, dump_client_config). Nothing here does I/O or fails for its input.
 */

#define SPF_IDENTITIES_MAX 64

/* Fills what ssh -G says of the target; false if the text is not what ssh -G prints. */
bool spf_ssh_config_read(const char *text, size_t len, struct spf_ssh_config_facts *facts);

/* The same of a jump host: into its hop, and the jump hosts that it has itself into jump (size
 * bytes, "" for none). */
bool spf_ssh_config_read_hop(const char *text, size_t len, struct spf_ssh_hop *hop, char *jump,
                             size_t size);

/*
 * Fills facts->says: what the configuration makes different from what was asked, in the words of
 * ssh_config(5): "HostName 10.0.0.5, User deploy"; "" if nothing. own_user: who we are on this
 * machine, which is ssh's user where none is configured; home: our directory, which is shown as ~.
 */
void spf_ssh_config_tell(const struct spf_target *asked, const char *own_user, const char *home,
                         struct spf_ssh_config_facts *facts);
