#include "cloud/rules.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cloud/everybody.h"

enum match { NO, PERHAPS, YES };

bool spf_ports_parse(const char *text, int *first, int *last)
{
    char *end;
    long a = strtol(text, &end, 10), b = a;

    if (end == text)
        return false;
    if (*end == '/') {
        const char *second = end + 1;

        b = strtol(second, &end, 10);
        if (end == second)
            return false;
    }
    if (*end != '\0')
        return false;
    if (a == -1 && b == -1) {
        a = 0;
        b = 65535;
    }
    if (a < 0 || b > 65535 || a > b)
        return false;
    *first = (int)a;
    *last = (int)b;
    return true;
}

static const struct spf_named_list *named(const struct spf_named_list *lists, size_t count,
                                          const char *id)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(lists[i].id, id) == 0)
            return lists[i].resolved ? &lists[i] : NULL;
    return NULL;
}

static enum match port_in(const char *ports, uint16_t port)
{
    int first, last;

    if (!spf_ports_parse(ports, &first, &last))
        return PERHAPS;
    return port >= first && port <= last ? YES : NO;
}

static enum match any_of(enum match a, enum match b)
{
    return a > b ? a : b;
}

static bool is_all(const struct spf_rule *rule)
{
    return spf_same_word(rule->protocol, "all");
}

static enum match match_port(const struct spf_rules_facts *facts, const struct spf_rule *rule,
                             uint16_t port, const char **doubt)
{
    const struct spf_named_list *list;
    enum match match = NO;

    /* A rule for TCP never says -1/-1 by itself, so beside a list it means "see there". */
    if (rule->port_list[0] != '\0' &&
        (rule->ports[0] == '\0' || strcmp(rule->ports, "-1/-1") == 0)) {
        list = named(facts->port_lists.items, facts->port_lists.count, rule->port_list);
        if (list == NULL) {
            *doubt = "its port list could not be read";
            return PERHAPS;
        }
        for (size_t i = 0; i < list->entries.count; i++)
            match = any_of(match, port_in(list->entries.items[i].id, port));
    } else if (rule->ports[0] == '\0' && is_all(rule)) {
        return YES;
    } else {
        match = port_in(rule->ports, port);
    }
    if (match == PERHAPS)
        *doubt = "its port range could not be understood";
    return match;
}

static enum match match_source_port(const struct spf_rule *rule, const char **doubt)
{
    int first, last;

    if (rule->source_ports[0] == '\0')
        return YES;
    if (spf_ports_parse(rule->source_ports, &first, &last) && first <= 1 && last == 65535)
        return YES;
    *doubt = "it asks for a source port that a client does not choose";
    return PERHAPS;
}

static enum match match_destination(const struct spf_rules_question *question,
                                    const struct spf_rule *rule, const char **doubt)
{
    struct spf_cidr block;

    if (rule->destination[0] == '\0')
        return YES;
    if (!spf_cidr_parse(rule->destination, &block)) {
        *doubt = "its destination could not be understood";
        return PERHAPS;
    }
    if (block.ip.family != question->family)
        return NO;
    if (block.bits == 0)
        return YES;
    if (question->destination.family == 0) {
        *doubt = "the private address that it asks for is not known";
        return PERHAPS;
    }
    return spf_cidr_holds(&block, &question->destination) ? YES : NO;
}

/* Is the source a member of the group? */
static enum match peer_in(const struct spf_membership_facts *membership, const char *group)
{
    if (membership == NULL || !membership->peer_known)
        return PERHAPS;
    for (size_t i = 0; i < membership->peer_groups.count; i++)
        if (strcmp(membership->peer_groups.items[i].id, group) == 0)
            return YES;
    return NO;
}

static bool is_enterprise(const struct spf_membership_facts *membership, const char *group)
{
    for (size_t i = 0; membership != NULL && i < membership->groups.count; i++)
        if (strcmp(membership->groups.items[i].id, group) == 0)
            return strcmp(membership->groups.items[i].type, "enterprise") == 0;
    return false;
}

/* CIDR wins over group, and a prefix list counts only alone (AuthorizeSecurityGroup). */
static enum match match_source(const struct spf_rules_facts *facts,
                               const struct spf_rules_question *question,
                               const struct spf_rule *rule, const char **doubt)
{
    const struct spf_named_list *list;
    struct spf_cidr block;
    enum match member;

    if (rule->source[0] != '\0') {
        if (!spf_cidr_parse(rule->source, &block)) {
            *doubt = "its source could not be understood";
            return PERHAPS;
        }
        return spf_cidr_holds(&block, &question->source) ? YES : NO;
    }
    if (rule->source_group[0] != '\0') {
        if (question->internet)
            return NO; /* a source group stands for its members' private addresses */
        member = peer_in(question->membership, rule->source_group);
        if (member == PERHAPS)
            *doubt = "whether the source belongs to its source group is not known";
        return member;
    }
    if (rule->source_prefix_list[0] == '\0') {
        *doubt = "it names no source that is understood";
        return PERHAPS;
    }
    list = named(facts->prefix_lists.items, facts->prefix_lists.count, rule->source_prefix_list);
    if (list == NULL) {
        *doubt = "its prefix list could not be read";
        return PERHAPS;
    }
    for (size_t i = 0; i < list->entries.count; i++)
        if (spf_cidr_parse(list->entries.items[i].id, &block) &&
            spf_cidr_holds(&block, &question->source))
            return YES;
    return NO;
}

enum spf_rule_fit spf_rule_fit(const struct spf_rules_facts *facts,
                               const struct spf_rules_question *question,
                               const struct spf_rule *rule, const char **doubt)
{
    const char *why = NULL;
    enum match ports, sources;

    if (doubt != NULL)
        *doubt = NULL;
    if (rule->network[0] != '\0' && spf_same_word(rule->network, "internet") != question->internet)
        return SPF_OTHER_NETWORK;
    if (!is_all(rule) && !spf_same_word(rule->protocol, "tcp") && strcmp(rule->protocol, "6") != 0)
        return SPF_OTHER_PROTOCOL;
    ports = match_port(facts, rule, question->port, &why);
    if (ports == NO)
        return SPF_OTHER_PORT;
    (void)match_source_port(rule, &why);
    if (match_destination(question, rule, &why) == NO)
        return SPF_OTHER_DESTINATION;
    sources = match_source(facts, question, rule, &why);
    if (sources == NO)
        return SPF_OTHER_SOURCE;
    if (doubt != NULL)
        *doubt = why;
    return why == NULL ? SPF_FITS : SPF_FITS_PERHAPS;
}

bool spf_rule_before(const struct spf_rule *a, const struct spf_rule *b)
{
    if (a->priority != b->priority)
        return a->priority < b->priority;
    return a->policy == SPF_POLICY_DROP && b->policy == SPF_POLICY_ACCEPT;
}

/* Members of one basic group reach each other, unless its inner policy says no; below all rules. */
static enum match inner_access(const struct spf_rules_facts *facts,
                               const struct spf_rules_question *question)
{
    enum match match = NO;

    if (question->internet)
        return NO;
    for (size_t i = 0; i < facts->groups.count; i++) {
        const struct spf_group_of_rules *group = &facts->groups.items[i];

        if (group->inner_accept && !is_enterprise(question->membership, group->id))
            match = any_of(match, peer_in(question->membership, group->id));
    }
    return match;
}

struct spf_rules_decision spf_rules_decide(const struct spf_rules_facts *facts,
                                           const struct spf_rules_question *question)
{
    struct spf_rules_decision decision = {.answer = SPF_RULES_NO_MATCH};
    const struct spf_rule *certain = NULL, *open = NULL;
    enum match inner = inner_access(facts, question);
    enum spf_policy outcome;
    const char *doubt;

    for (size_t i = 0; i < facts->rules.count; i++) {
        const struct spf_rule *rule = &facts->rules.items[i];

        if ((certain == NULL || spf_rule_before(rule, certain)) &&
            spf_rule_fit(facts, question, rule, NULL) == SPF_FITS)
            certain = rule;
    }
    if (certain != NULL)
        outcome = certain->policy;
    else
        outcome = inner == YES ? SPF_POLICY_ACCEPT : SPF_POLICY_DROP;

    for (size_t i = 0; i < facts->rules.count; i++) {
        const struct spf_rule *rule = &facts->rules.items[i];

        if (rule->policy != outcome && (certain == NULL || spf_rule_before(rule, certain)) &&
            (open == NULL || spf_rule_before(rule, open)) &&
            spf_rule_fit(facts, question, rule, &doubt) == SPF_FITS_PERHAPS) {
            open = rule;
            decision.doubt = doubt;
        }
    }
    decision.rule = open != NULL ? open : certain;
    if (open != NULL) {
        decision.answer = SPF_RULES_UNCERTAIN;
    } else if (certain == NULL && inner == PERHAPS) {
        decision.answer = SPF_RULES_UNCERTAIN;
        decision.doubt = "whether the source is a member of the same group is not known";
    } else if (outcome == SPF_POLICY_ACCEPT) {
        decision.answer = SPF_RULES_ACCEPT;
    } else if (certain != NULL) {
        decision.answer = SPF_RULES_DROP;
    }
    return decision;
}

static bool cut_by_rule(const struct spf_rules_facts *facts, const struct spf_rule *rule,
                        struct spf_everybody *everybody)
{
    const struct spf_named_list *list;

    if (rule->source[0] != '\0')
        return spf_everybody_cut(everybody, rule->source);
    list = named(facts->prefix_lists.items, facts->prefix_lists.count, rule->source_prefix_list);
    for (size_t i = 0; list != NULL && i < list->entries.count; i++)
        if (!spf_everybody_cut(everybody, list->entries.items[i].id))
            return false;
    return true;
}

static bool is_for_everybody(const struct spf_rule *rule)
{
    struct spf_cidr block;

    return rule != NULL && spf_cidr_parse(rule->source, &block) && block.bits == 0;
}

static void ask_one(const struct spf_rules_facts *facts, const struct spf_rules_question *question,
                    struct spf_rules_crowd *crowd)
{
    struct spf_rules_decision decision = spf_rules_decide(facts, question);

    switch (decision.answer) {
    case SPF_RULES_ACCEPT:
        if (!crowd->accepts_some)
            crowd->accepted = decision;
        crowd->accepts_some = true;
        if (is_for_everybody(decision.rule))
            crowd->open_to_world = true;
        break;
    case SPF_RULES_DROP:
    case SPF_RULES_NO_MATCH:
        if (!crowd->denies_some)
            crowd->denied = decision;
        crowd->denies_some = true;
        break;
    case SPF_RULES_UNCERTAIN:
        if (!crowd->uncertain_for_some)
            crowd->uncertain = decision;
        crowd->uncertain_for_some = true;
        break;
    }
}

/* Can the rule matter to anyone who asks for this port? Then its borders do. */
static bool matters(const struct spf_rules_facts *facts, const struct spf_rules_question *question,
                    const struct spf_rule *rule)
{
    enum spf_rule_fit fit = spf_rule_fit(facts, question, rule, NULL);

    return fit == SPF_FITS || fit == SPF_FITS_PERHAPS || fit == SPF_OTHER_SOURCE;
}

bool spf_rules_crowd(const struct spf_rules_facts *facts, const struct spf_rules_question *question,
                     struct spf_rules_crowd *crowd)
{
    struct spf_rules_question one = *question;
    struct spf_everybody everybody;
    bool ok = spf_everybody_init(&everybody, question->family, question->internet);

    memset(crowd, 0, sizeof *crowd);
    for (size_t i = 0; ok && i < facts->rules.count; i++)
        if (matters(facts, question, &facts->rules.items[i]))
            ok = cut_by_rule(facts, &facts->rules.items[i], &everybody);
    for (size_t i = 0; ok && i < everybody.addresses.count; i++) {
        one.source = everybody.addresses.items[i];
        ask_one(facts, &one, crowd);
    }
    spf_everybody_clear(&everybody);
    return ok;
}
