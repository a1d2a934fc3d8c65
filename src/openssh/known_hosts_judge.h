#pragma once

#include "login/facts.h"

/* What ssh makes of the lines that known_hosts files have of a host. Pure. */
enum spf_host_key_verdict {
    SPF_VERDICT_UNKNOWN,
    SPF_VERDICT_KNOWN,
    SPF_VERDICT_CHANGED, /* another key is known, of whichever type */
    SPF_VERDICT_REVOKED,
    SPF_VERDICT_REVOKED_BARE, /* for the host without its port alone: warned of, and unknown */
};

/*
 * What ssh would say of a server that shows this key (base64 of its blob); *line is the line that
 * decides, borrowed, or NULL.
 */
enum spf_host_key_verdict spf_known_hosts_judge(const struct spf_known_hosts_facts *facts,
                                                const char *blob,
                                                const struct spf_known_host **line);

/*
 * Does ssh's verdict depend on a certificate, which we cannot read? It asks a server that has one
 * for it (plain: its other host key algorithms), looks for an authority that signed it, revoked or
 * not, and only where there is none at the key itself (sshconnect.c, check_host_key; hostfile.c,
 * check_hostkeys_by_key_or_type). verdict: the one on the key itself.
 */
bool spf_known_hosts_by_certificate(const struct spf_known_hosts_facts *facts,
                                    const struct spf_handshake_facts *shown, const char *plain,
                                    enum spf_host_key_verdict verdict);

/*
 * The comma-separated algorithms in the order in which ssh would offer them to this host: those of
 * known keys first, unless the first one of all is known (sshconnect2.c, order_hostkeyalgs). The
 * caller frees it; NULL: no memory.
 */
char *spf_known_hosts_order(const struct spf_known_hosts_facts *facts, const char *algorithms);
