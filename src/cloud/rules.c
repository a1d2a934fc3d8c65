#include "cloud/rules.h"

#include <string.h>

#include "base/language.h"
#include "base/text.h"

enum match { NO, PERHAPS, YES };

static const struct spf_named_list *named(const struct spf_named_list *lists, size_t count,
                                          const char *id)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(lists[i].id, id) == 0) {
            return lists[i].resolved ? &lists[i] : NULL;
        }
    }
    return NULL;
}

static enum match port_in(const struct spf_ports *ports, uint16_t port)
{
    if (!ports->understood) {
        return PERHAPS;
    }
    return port >= ports->first && port <= ports->last ? YES : NO;
}

static enum match any_of(enum match a, enum match b)
{
    return a > b ? a : b;
}

static bool is_all(const struct spf_rule *rule)
{
    return spf_same_word(rule->protocol, "all");
}

static bool is_number(const char *text)
{
    size_t len = strlen(text);

    return len > 0 && len <= 3 && strspn(text, "0123456789") == len && (len == 1 || text[0] != '0');
}

enum spf_protocol spf_protocol_parse(const char *text)
{
    static const char *const others[] = {"udp", "icmp", "icmpv6", "gre"};

    if (spf_same_word(text, "tcp") || spf_same_word(text, "all") || strcmp(text, "6") == 0) {
        return SPF_PROTOCOL_TCP;
    }
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        if (spf_same_word(text, others[i])) {
            return SPF_PROTOCOL_OTHER;
        }
    }
    return is_number(text) ? SPF_PROTOCOL_OTHER : SPF_PROTOCOL_UNKNOWN;
}

static enum match match_port(const struct spf_rules_facts *facts, const struct spf_rule *rule,
                             uint16_t port, const char **doubt)
{
    const struct spf_named_list *list;
    enum match match = NO;

    /* A rule for TCP never says -1/-1 by itself, so beside a list it means "see there". */
    if (rule->port_list[0] != '\0' &&
        (rule->ports.text[0] == '\0' || strcmp(rule->ports.text, "-1/-1") == 0)) {
        list = named(facts->port_lists.items, facts->port_lists.count, rule->port_list);
        if (list == NULL) {
            *doubt = N_("its port list could not be read");
            return PERHAPS;
        }
        for (size_t i = 0; i < list->ports.count; i++) {
            match = any_of(match, port_in(&list->ports.items[i], port));
        }
        if (match != YES && list->doubt[0] != '\0') {
            *doubt = list->doubt;
            return PERHAPS;
        }
    } else if (rule->ports.text[0] == '\0' && is_all(rule)) {
        return YES;
    } else {
        match = port_in(&rule->ports, port);
    }
    if (match == PERHAPS) {
        *doubt = N_("its port range could not be understood");
    }
    return match;
}

/* ssh(1) connects from an unprivileged port, whichever the system gives it. */
static enum match match_source_port(const struct spf_rule *rule, const char **doubt)
{
    const struct spf_ports *ports = &rule->source_ports;

    if (ports->text[0] == '\0') {
        return YES;
    }
    if (!ports->understood) {
        *doubt = N_("its source ports could not be understood");
        return PERHAPS;
    }
    if (ports->first <= SPF_EPHEMERAL_FIRST && ports->last >= SPF_EPHEMERAL_LAST) {
        return YES;
    }
    if (ports->last < SPF_EPHEMERAL_FIRST) {
        return NO;
    }
    *doubt = N_("it asks for a source port that a client does not choose");
    return PERHAPS;
}

/* In the classic network a rule is for one of the two. */
static enum match match_network(const struct spf_rules_question *question,
                                const struct spf_rule *rule, const char **doubt)
{
    bool internet = spf_same_word(rule->network, "internet");

    if (rule->network[0] == '\0') {
        return YES;
    }
    if (internet || spf_same_word(rule->network, "intranet")) {
        return internet == question->internet ? YES : NO;
    }
    *doubt = N_("the network that it is for could not be understood");
    return PERHAPS;
}

static enum match match_protocol(const struct spf_rule *rule, const char **doubt)
{
    switch (spf_protocol_parse(rule->protocol)) {
    case SPF_PROTOCOL_TCP:
        return YES;
    case SPF_PROTOCOL_OTHER:
        return NO;
    case SPF_PROTOCOL_UNKNOWN:
        break;
    }
    *doubt = N_("its protocol could not be understood");
    return PERHAPS;
}

static enum match match_destination(const struct spf_rules_question *question,
                                    const struct spf_rule *rule, const char **doubt)
{
    const struct spf_cidr *block = &rule->destination.cidr;

    if (rule->destination.text[0] == '\0') {
        return YES;
    }
    if (block->ip.family == 0) {
        *doubt = N_("its destination could not be understood");
        return PERHAPS;
    }
    if (block->ip.family != question->family) {
        return NO;
    }
    if (block->bits == 0) {
        return YES;
    }
    if (question->destination.family == 0) {
        *doubt = N_("the private address that it asks for is not known");
        return PERHAPS;
    }
    return spf_cidr_holds(block, &question->destination) ? YES : NO;
}

/* An account goes by its number, or by a name that no reply has beside the number. */
static bool are_different(const char *account, const char *other)
{
    return account != NULL && other != NULL && account[0] != '\0' && other[0] != '\0' &&
           account[strspn(account, "0123456789")] == '\0' &&
           other[strspn(other, "0123456789")] == '\0' && strcmp(account, other) != 0;
}

/* Is the source a member of the group? */
static enum match peer_in(const struct spf_membership_facts *membership, const char *group,
                          const char *owner)
{
    if (membership == NULL || !membership->peer_known) {
        return PERHAPS;
    }
    /* An account's interfaces are in its own groups alone. */
    if (are_different(owner, membership->peer_owner)) {
        return NO;
    }
    for (size_t i = 0; i < membership->peer_groups.count; i++) {
        if (strcmp(membership->peer_groups.items[i].id, group) == 0) {
            return YES;
        }
    }
    return NO;
}

/* Enterprise groups always isolate their members. */
static enum match is_basic(const struct spf_membership_facts *membership, const char *group)
{
    for (size_t i = 0; membership != NULL && i < membership->groups.count; i++) {
        const char *type = membership->groups.items[i].type;

        if (strcmp(membership->groups.items[i].id, group) == 0) {
            return type[0] == '\0' ? PERHAPS : strcmp(type, "enterprise") == 0 ? NO : YES;
        }
    }
    return PERHAPS;
}

bool spf_rule_names_an_account(const struct spf_rule *rule)
{
    return rule->source.text[0] == '\0' && rule->source_group[0] != '\0' &&
           rule->source_owner[0] != '\0';
}

/* Why membership of the rule's source group is not known. */
static const char *doubt_of_group(const struct spf_rules_question *question,
                                  const struct spf_rule *rule)
{
    if (are_different(rule->source_owner, question->account)) {
        return N_("its source group is another account's, whose members this account cannot see");
    }
    if (rule->source_owner[0] != '\0' && question->account != NULL &&
        strcmp(rule->source_owner, question->account) != 0) {
        return N_(
            "its source group may be another account's, whose members this account cannot see");
    }
    return N_("whether the source belongs to its source group is not known");
}

/* CIDR wins over group, and a prefix list counts only alone (AuthorizeSecurityGroup). */
struct spf_rule_sources spf_rule_sources(const struct spf_rules_facts *facts,
                                         const struct spf_rules_question *question,
                                         const struct spf_rule *rule)
{
    const struct spf_named_list *list;

    if (rule->source.text[0] != '\0') {
        if (rule->source.cidr.ip.family == 0) {
            return (struct spf_rule_sources){.doubt = N_("its source could not be understood")};
        }
        return (struct spf_rule_sources){.blocks = &rule->source, .count = 1};
    }
    if (rule->source_group[0] != '\0') {
        if (question->internet) { /* a source group stands for its members' private addresses */
            return (struct spf_rule_sources){0};
        }
        switch (peer_in(question->membership, rule->source_group, rule->source_owner)) {
        case YES:
            return (struct spf_rule_sources){.all = true};
        case NO:
            return (struct spf_rule_sources){0};
        case PERHAPS:
            return (struct spf_rule_sources){.doubt = doubt_of_group(question, rule)};
        }
    }
    if (rule->source_prefix_list[0] == '\0') {
        return (struct spf_rule_sources){.doubt = N_("it names no source that is understood")};
    }
    list = named(facts->prefix_lists.items, facts->prefix_lists.count, rule->source_prefix_list);
    if (list == NULL) {
        return (struct spf_rule_sources){.doubt = N_("its prefix list could not be read")};
    }
    return (struct spf_rule_sources){.doubt = list->doubt[0] != '\0' ? list->doubt : NULL,
                                     .list = list,
                                     .blocks = list->blocks.items,
                                     .count = list->blocks.count};
}

static enum match match_source(const struct spf_rules_facts *facts,
                               const struct spf_rules_question *question,
                               const struct spf_rule *rule, const char **doubt)
{
    const struct spf_rule_sources sources = spf_rule_sources(facts, question, rule);

    for (size_t i = 0; i < sources.count; i++) {
        if (spf_cidr_holds(&sources.blocks[i].cidr, &question->source)) {
            return YES;
        }
    }
    if (sources.all || sources.doubt == NULL) {
        return sources.all ? YES : NO;
    }
    *doubt = sources.doubt;
    return PERHAPS;
}

enum spf_rule_fit spf_rule_fit_but_source(const struct spf_rules_facts *facts,
                                          const struct spf_rules_question *question,
                                          const struct spf_rule *rule, const char **doubt)
{
    *doubt = NULL;
    if (match_network(question, rule, doubt) == NO) {
        return SPF_OTHER_NETWORK;
    }
    if (match_protocol(rule, doubt) == NO) {
        return SPF_OTHER_PROTOCOL;
    }
    if (match_port(facts, rule, question->port, doubt) == NO) {
        return SPF_OTHER_PORT;
    }
    if (match_source_port(rule, doubt) == NO) {
        return SPF_OTHER_SOURCE_PORT;
    }
    if (match_destination(question, rule, doubt) == NO) {
        return SPF_OTHER_DESTINATION;
    }
    if (rule->match_in_doubt) {
        *doubt = rule->doubt;
    }
    return *doubt == NULL ? SPF_FITS : SPF_FITS_PERHAPS;
}

enum spf_rule_fit spf_rule_fit(const struct spf_rules_facts *facts,
                               const struct spf_rules_question *question,
                               const struct spf_rule *rule, const char **doubt)
{
    const char *why;
    enum spf_rule_fit fit = spf_rule_fit_but_source(facts, question, rule, &why);

    if (doubt != NULL) {
        *doubt = NULL;
    }
    if (fit != SPF_FITS && fit != SPF_FITS_PERHAPS) {
        return fit;
    }
    if (match_source(facts, question, rule, &why) == NO) {
        return SPF_OTHER_SOURCE;
    }
    if (rule->policy_in_doubt || rule->priority_in_doubt) {
        why = rule->doubt;
    }
    if (doubt != NULL) {
        *doubt = why;
    }
    return why == NULL ? SPF_FITS : SPF_FITS_PERHAPS;
}

enum spf_inner_access spf_rules_inner(const struct spf_rules_facts *facts,
                                      const struct spf_rules_question *question)
{
    enum spf_inner_access access = SPF_INNER_NO;

    for (size_t i = 0; !question->internet && i < facts->groups.count; i++) {
        const struct spf_group_of_rules *group = &facts->groups.items[i];
        enum match basic = is_basic(question->membership, group->id);
        enum match member = peer_in(question->membership, group->id, "");

        if ((!group->inner_accept && !group->inner_in_doubt) || basic == NO || member == NO) {
            continue;
        }
        if (!group->inner_in_doubt && basic == YES && member == YES) {
            return SPF_INNER_YES;
        }
        access = SPF_INNER_PERHAPS;
    }
    return access;
}
