#include "cloud/acl.h"

#include <string.h>

#include "base/text.h"

static bool concerns(const struct spf_acl_entry *entry, const struct spf_ip *source)
{
    return (spf_same_word(entry->protocol, "tcp") || spf_same_word(entry->protocol, "all") ||
            strcmp(entry->protocol, "6") == 0) &&
           spf_cidr_holds(&entry->cidr.cidr, source);
}

/* An entry whose ports cannot be read accepts nothing and denies everything. */
static void ports_of(const struct spf_acl_entry *entry, int *first, int *last)
{
    if (entry->ports.understood) {
        *first = entry->ports.first;
        *last = entry->ports.last;
        return;
    }
    *first = entry->policy == SPF_POLICY_DROP ? 0 : 1;
    *last = entry->policy == SPF_POLICY_DROP ? 65535 : 0;
}

struct spf_acl_decision spf_acl_inward(const struct spf_acl_facts *facts,
                                       const struct spf_ip *source, uint16_t port)
{
    for (size_t i = 0; i < facts->ingress.count; i++) {
        const struct spf_acl_entry *entry = &facts->ingress.items[i];
        int first, last;

        ports_of(entry, &first, &last);
        if (port >= first && port <= last && concerns(entry, source))
            return (struct spf_acl_decision){entry->policy == SPF_POLICY_ACCEPT, entry};
    }
    return (struct spf_acl_decision){false, NULL};
}

/* The entry that decides for replies to this port, and in *until the last port that it is alike
 * for. */
static const struct spf_acl_entry *egress_for(const struct spf_acl_facts *facts,
                                              const struct spf_ip *source, int port, int *until)
{
    *until = 65535;
    for (size_t i = 0; i < facts->egress.count; i++) {
        const struct spf_acl_entry *entry = &facts->egress.items[i];
        int first, last;

        ports_of(entry, &first, &last);
        if (last < port || !concerns(entry, source))
            continue;
        if (first <= port) {
            *until = last < *until ? last : *until;
            return entry;
        }
        *until = first - 1 < *until ? first - 1 : *until;
    }
    return NULL;
}

struct spf_acl_replies spf_acl_outward(const struct spf_acl_facts *facts,
                                       const struct spf_ip *source, int first, int last)
{
    struct spf_acl_replies replies = {.denied_first = -1};

    for (int port = first, until; port <= last; port = until + 1) {
        const struct spf_acl_entry *entry = egress_for(facts, source, port, &until);
        int ports = (until < last ? until : last) - port + 1;

        if (entry != NULL && entry->policy == SPF_POLICY_ACCEPT) {
            replies.accepted += ports;
            continue;
        }
        replies.denied += ports;
        if (replies.denied_first < 0) {
            replies.denied_first = port;
            replies.entry = entry;
        }
    }
    return replies;
}
