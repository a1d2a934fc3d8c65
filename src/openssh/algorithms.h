#pragma once

#include "base/shape.h"

/*
 * What this machine's ssh can do, and what of it it offers by itself: the measure of whether it
 * could talk to a server. Comma-separated, in its own order; NULL: there is no ssh, or it did not
 * say.
 */
struct spf_openssh_algorithms_facts {
    char *kex, *host_keys, *ciphers, *macs; /* offered: ssh -G, without any configuration */
    char *known_kex, *known_host_keys, *known_ciphers, *known_macs; /* all that it has: ssh -Q */
};
extern const struct spf_shape spf_openssh_algorithms_shape;

/* Reads what `ssh -G -F none NAME` printed ("kexalgorithms a,b"). Pure; *facts is filled. */
void spf_openssh_read_offer(const char *says, struct spf_openssh_algorithms_facts *facts);
/* What `ssh -Q …` printed, a name a line, as a list; the caller frees it. NULL: none, or no memory.
 */
char *spf_openssh_read_names(const char *says);
