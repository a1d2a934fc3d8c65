#include "cloud/acl.h"

#include <string.h>

/* The ports that an entry is for; any, if that is in doubt. */
static void ports_of(const struct spf_acl_entry *entry, int *first, int *last)
{
    *first = entry->ports.understood ? entry->ports.first : 0;
    *last = entry->ports.understood ? entry->ports.last : 65535;
}

static bool is_in_doubt(const struct spf_acl_entry *entry)
{
    return entry->match_in_doubt || !entry->ports.understood || entry->cidr.cidr.ip.family == 0 ||
           spf_protocol_parse(entry->protocol) == SPF_PROTOCOL_UNKNOWN;
}

/*
 * What the entry does in a reading to packets on one of its ports, with the source as the other
 * end: false if nothing. One in doubt does its most, if that is what the reading wishes; else
 * nothing.
 */
static bool acts(const struct spf_acl_entry *entry, const struct spf_ip *source,
                 enum spf_reading reading, bool *accepts)
{
    enum spf_policy wished = reading == SPF_LAX ? SPF_POLICY_ACCEPT : SPF_POLICY_DROP;
    enum spf_policy policy = entry->policy_in_doubt ? wished : entry->policy;

    if (spf_protocol_parse(entry->protocol) == SPF_PROTOCOL_OTHER) {
        return false;
    }
    if (entry->cidr.cidr.ip.family != 0 && !spf_cidr_holds(&entry->cidr.cidr, source)) {
        return false;
    }
    *accepts = policy == SPF_POLICY_ACCEPT;
    return policy == wished || !is_in_doubt(entry);
}

struct spf_acl_decision spf_acl_inward(const struct spf_acl_facts *facts,
                                       const struct spf_ip *source, uint16_t port,
                                       enum spf_reading reading)
{
    for (size_t i = 0; i < facts->ingress.count; i++) {
        const struct spf_acl_entry *entry = &facts->ingress.items[i];
        int first;
        int last;
        bool accepts;

        ports_of(entry, &first, &last);
        if (port >= first && port <= last && acts(entry, source, reading, &accepts)) {
            return (struct spf_acl_decision){accepts, entry};
        }
    }
    return (struct spf_acl_decision){false, NULL};
}

/* What is decided for replies to this port, and in *until the last port that it is alike for. */
static struct spf_acl_decision egress_for(const struct spf_acl_facts *facts,
                                          const struct spf_ip *source, int port,
                                          enum spf_reading reading, int *until)
{
    *until = 65535;
    for (size_t i = 0; i < facts->egress.count; i++) {
        const struct spf_acl_entry *entry = &facts->egress.items[i];
        int first;
        int last;
        bool accepts;

        ports_of(entry, &first, &last);
        if (last < port || !acts(entry, source, reading, &accepts)) {
            continue;
        }
        if (first <= port) {
            *until = last < *until ? last : *until;
            return (struct spf_acl_decision){accepts, entry};
        }
        *until = first - 1 < *until ? first - 1 : *until;
    }
    return (struct spf_acl_decision){false, NULL};
}

struct spf_acl_replies spf_acl_outward(const struct spf_acl_facts *facts,
                                       const struct spf_ip *source, int first, int last,
                                       enum spf_reading reading)
{
    struct spf_acl_replies replies = {.denied_first = -1};

    for (int port = first, until; port <= last; port = until + 1) {
        struct spf_acl_decision decision = egress_for(facts, source, port, reading, &until);
        int ports = (until < last ? until : last) - port + 1;

        if (decision.accepted) {
            replies.accepted += ports;
            continue;
        }
        replies.denied += ports;
        if (replies.denied_first < 0) {
            replies.denied_first = port;
            replies.entry = decision.entry;
        }
    }
    return replies;
}

/* Of two decisions that differ, the entry that is in doubt. */
static const struct spf_acl_entry *doubtful(struct spf_acl_decision strict,
                                            struct spf_acl_decision lax)
{
    if (strict.accepted == lax.accepted) {
        return NULL;
    }
    if (lax.entry != NULL && (lax.entry->policy_in_doubt || is_in_doubt(lax.entry))) {
        return lax.entry;
    }
    return strict.entry;
}

const struct spf_acl_entry *spf_acl_doubt(const struct spf_acl_facts *facts,
                                          const struct spf_ip *source, uint16_t port, int first,
                                          int last)
{
    const struct spf_acl_entry *entry = doubtful(spf_acl_inward(facts, source, port, SPF_STRICT),
                                                 spf_acl_inward(facts, source, port, SPF_LAX));

    for (int reply = first, strict, lax; entry == NULL && reply <= last;
         reply = (strict < lax ? strict : lax) + 1) {
        entry = doubtful(egress_for(facts, source, reply, SPF_STRICT, &strict),
                         egress_for(facts, source, reply, SPF_LAX, &lax));
    }
    return entry;
}
