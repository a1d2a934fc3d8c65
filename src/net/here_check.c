#include <string.h>

#include "base/text.h"
#include "net/port_parts.h"

#define SYNS_MIN  2 /* fewer that were sent again prove nothing */
#define SYNS_SURE 3 /* so many, and one stray packet does not matter */

/*
 * The input filter has no counter of its own: what it drops lacks between InReceives and
 * InDelivers. Such packets came after each SYN, and (almost) none at any other time.
 */
static bool input_is_dropped(const struct spf_drop_facts *drops)
{
    return !drops->late && drops->retransmissions >= SYNS_MIN &&
           drops->syns_discarded >= drops->retransmissions &&
           drops->discarded_apart <= (drops->retransmissions >= SYNS_SURE);
}

static void note_drops(const struct spf_drop_facts *drops, struct spf_result *result)
{
    spf_note_number(result, "retransmissions", drops->retransmissions);
    spf_note_number(result, "unsent_here", drops->unsent);
    spf_note_number(result, "dropped_by_rp_filter", drops->reverse);
    spf_note_number(result, "syns_with_drops_here", drops->syns_discarded);
    if (drops->late) {
        spf_note_bool(result, "drops_sampled_late", true);
    }
}

/* Silence that this machine makes itself. */
static bool judge_drops(const struct spf_tcp_facts *tcp, struct spf_result *result)
{
    const struct spf_drop_facts *drops = &tcp->drops;
    const int64_t again = drops->retransmissions;

    note_drops(drops, result);
    if (again > 0 && drops->unsent >= again) {
        spf_say(result,
                "this machine's own firewall drops the packets to %s before they leave "
                "(TCPRetransFail rose by %lld while the connection was tried)",
                tcp->address, (long long)drops->unsent);
    } else if (again > 0 && drops->reverse >= again) {
        spf_say(result,
                "answers arrive, but not on the interface that the route to %s uses, and this "
                "machine drops them (rp_filter; IPReversePathFilter rose by %lld while the "
                "connection was tried)",
                tcp->address, (long long)drops->reverse);
    } else if (input_is_dropped(drops)) {
        spf_say(result,
                "answers of %s arrive, and this machine's own firewall drops them (packets to this "
                "machine were discarded after each of %lld SYNs: InReceives less InDelivers)",
                tcp->address, (long long)again);
    } else {
        return false;
    }
    return true;
}

bool spf_port_judge_here(const struct spf_view *view, struct spf_result *result,
                         struct spf_opinion *opinion)
{
    const struct spf_tcp_facts *tcp = view->facts->tcp;

    if (tcp->outcome == SPF_TCP_SILENT && judge_drops(tcp, result)) {
        *opinion = spf_concludes(SPF_OWN_FIREWALL_DROPS);
        return true;
    }
    if (tcp->no_port) {
        spf_say(result,
                "this machine has no local port left for another connection to %s port %u (%s)",
                tcp->address, (unsigned)view->target->port, tcp->error);
        *opinion = spf_concludes(SPF_NO_LOCAL_PORT);
        return true;
    }
    if ((tcp->outcome == SPF_TCP_UNREACHABLE || tcp->outcome == SPF_TCP_FORBIDDEN) &&
        tcp->icmp_from[0] != '\0' && strcmp(tcp->icmp_from, tcp->own_address) == 0 &&
        strcmp(tcp->icmp_from, tcp->address) != 0) {
        spf_say(result,
                "this machine's own firewall rejects the connection to %s port %u: the ICMP "
                "message comes from its own address, %s",
                tcp->address, (unsigned)view->target->port, tcp->icmp_from);
        *opinion = spf_concludes(SPF_OWN_FIREWALL_REJECTS);
        return true;
    }
    return false;
}

static void note_if(struct spf_result *result, const char *name, const char *value)
{
    if (value[0] != '\0') {
        spf_note_text(result, name, value);
    }
}

void spf_port_note_here(const struct spf_tcp_facts *tcp, struct spf_result *result)
{
    if (tcp->own_port > 0) {
        spf_note_number(result, "own_port", tcp->own_port);
    }
    if (tcp->name[0] != '\0') {
        spf_note_number(result, "resolve_ms", tcp->resolve_ms);
    }
    note_if(result, "hosts_line", tcp->lookup.hosts_line);
    note_if(result, "name_servers", tcp->lookup.servers);
    note_if(result, "search_domains", tcp->lookup.search);
    note_if(result, "icmp_from", tcp->icmp_from);
    if (tcp->icmp_from[0] != '\0') {
        spf_note_number(result, "icmp_type", tcp->icmp_type);
        spf_note_number(result, "icmp_code", tcp->icmp_code);
    }
}

struct spf_opinion spf_port_judge_name(const struct spf_tcp_facts *tcp, struct spf_result *result)
{
    static const enum spf_finding causes[] = {
        [SPF_LOOKUP_ANSWERED] = SPF_HOST_UNRESOLVED,
        [SPF_LOOKUP_SILENT] = SPF_RESOLVER_SILENT,
        [SPF_LOOKUP_FAILED] = SPF_RESOLVER_FAILED,
        [SPF_LOOKUP_REFUSED] = SPF_RESOLVER_REFUSED,
        [SPF_LOOKUP_UNREACHABLE] = SPF_RESOLVER_UNREACHABLE,
    };
    const struct spf_name_facts *lookup = &tcp->lookup;
    char tried[340] = "";
    char took[32] = "";

    if (tcp->resolve_ms >= 1000) {
        spf_format(took, sizeof took, " in %.1f s", (double)tcp->resolve_ms / 1000);
    }

    if (lookup->search[0] != '\0') {
        spf_format(tried, sizeof tried, "; also tried in the search domains %s", lookup->search);
    }
    if (lookup->outcome != SPF_LOOKUP_ANSWERED) {
        spf_say(result, "the name %s could not be looked up%s: name server %s%s", tcp->name, took,
                lookup->servers[0] != '\0' ? lookup->servers : "not configured", tried);
    } else if (lookup->servers[0] != '\0') {
        spf_say(result, "the name %s has no address: %s (asked %s%s)", tcp->name, tcp->error,
                lookup->servers, tried);
    } else {
        spf_say(result, "the name %s has no address: %s", tcp->name, tcp->error);
    }
    return spf_concludes(causes[lookup->outcome]);
}

/* What such an address means; NULL: it is like any other. */
static const char *meaning_of(const char *address)
{
    static const struct {
        const char *range, *meaning;
    } ranges[] = {
        {"0.0.0.0", "which means this machine itself: a DNS filter or the hosts file blocks the "
                    "name"},
        {"::", "which means this machine itself: a DNS filter or the hosts file blocks the name"},
        {"198.18.0.0/15",
         "an address for benchmarks (RFC 2544) that proxy and VPN programs (Clash, "
         "Surge, sing-box) give out in place of the real one; they connect for "
         "you, so an open port says nothing of the server"},
    };
    struct spf_cidr cidr;
    struct spf_ip ip;

    for (size_t i = 0; spf_ip_parse(address, &ip) && i < sizeof ranges / sizeof *ranges; i++) {
        if (spf_cidr_parse(ranges[i].range, &cidr) && spf_cidr_holds(&cidr, &ip)) {
            return ranges[i].meaning;
        }
    }
    return NULL;
}

bool spf_port_judge_placeholder(const struct spf_view *view, struct spf_result *result, bool failed,
                                struct spf_opinion *opinion)
{
    const struct spf_tcp_facts *tcp = view->facts->tcp;
    const char *meaning = meaning_of(tcp->address);

    if (meaning == NULL) {
        return false;
    }
    spf_say(result, "%s%s%s%s%s, %s", failed ? tcp->error : "", failed ? ": " : "", tcp->name,
            tcp->name[0] != '\0' ? " has the address " : "", tcp->address, meaning);
    *opinion = failed ? spf_concludes(SPF_ADDRESS_PLACEHOLDER)
                      : spf_lowered(SPF_ADDRESS_PLACEHOLDER, SPF_WARN);
    return true;
}

bool spf_port_judge_detour(const struct spf_view *view, struct spf_result *result,
                           struct spf_opinion *opinion)
{
    const struct spf_tcp_facts *tcp = view->facts->tcp;
    const int64_t configured =
        view->target->ssh_config != NULL ? view->facts->ssh_config->manners.connect_timeout : 0;
    const int64_t limit_s = configured > 0 ? configured : tcp->syn_limit_s;
    const struct spf_tcp_attempt *first = NULL;
    int64_t silent = 0;

    for (size_t i = 0; i < tcp->before.count; i++) {
        const struct spf_tcp_attempt *attempt = &tcp->before.items[i];

        silent += attempt->silent;
        if (!attempt->local && (first == NULL || (attempt->silent && !first->silent))) {
            first = attempt; /* an address that this machine has no route to costs nothing */
        }
    }
    if (first == NULL) {
        return false;
    }
    spf_note_text(result, "first_address", first->address);
    spf_note_number(result, "ssh_waits_s", silent * limit_s);
    if (silent > 0) {
        spf_say(result,
                "%s port %u in %lld ms, but only as address %zu of %s: %s does not answer, and ssh "
                "waits up to %lld s for it before it tries the next",
                tcp->address, (unsigned)view->target->port, (long long)tcp->elapsed_ms,
                tcp->before.count + 1, tcp->name, first->address, (long long)silent * limit_s);
    } else {
        spf_say(
            result,
            "%s port %u in %lld ms, but only as address %zu of %s: %s fails (%s), and ssh tries "
            "the next at once",
            tcp->address, (unsigned)view->target->port, (long long)tcp->elapsed_ms,
            tcp->before.count + 1, tcp->name, first->address, first->error);
    }
    *opinion = spf_concludes(SPF_FIRST_ADDRESS_FAILS);
    return true;
}
