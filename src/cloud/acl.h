#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "cloud/rules.h"

/*
 * The network ACL of a vSwitch: stateless, so the SYN must pass inwards and the reply outwards. The
 * entries of a direction are asked in order, the first match decides, none means denied. The port
 * always means the destination's: ours when the packets go out, and that is an ephemeral one.
 * (Alibaba Cloud, "Network ACL overview".) Entries in doubt are read for and against the connection
 * (enum spf_reading, cloud/rules.h). Pure.
 */
struct spf_acl_decision {
    bool accepted;
    const struct spf_acl_entry *entry; /* NULL: the default denied. Borrowed. */
};

/* Does the SYN from source to port come in? */
struct spf_acl_decision spf_acl_inward(const struct spf_acl_facts *facts,
                                       const struct spf_ip *source, uint16_t port,
                                       enum spf_reading reading);

/* What becomes of replies to a client's ports first..last. */
struct spf_acl_replies {
    int accepted, denied;              /* how many of the ports */
    int denied_first;                  /* the lowest denied one */
    const struct spf_acl_entry *entry; /* that denies it; NULL: the default. Borrowed. */
};
struct spf_acl_replies spf_acl_outward(const struct spf_acl_facts *facts,
                                       const struct spf_ip *source, int first, int last,
                                       enum spf_reading reading);

/*
 * An entry in doubt by which the readings differ about the SYN, or else about replies to the
 * client's ports. NULL: they do not. Borrowed.
 */
const struct spf_acl_entry *spf_acl_doubt(const struct spf_acl_facts *facts,
                                          const struct spf_ip *source, uint16_t port, int first,
                                          int last);
