#include "cloud/rules.h"

#include <string.h>

#include "base/text.h"

enum match { NO, PERHAPS, YES };

static const struct spf_named_list *named(const struct spf_named_list *lists, size_t count,
                                          const char *id)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(lists[i].id, id) == 0)
            return lists[i].resolved ? &lists[i] : NULL;
    return NULL;
}

static enum match port_in(const struct spf_ports *ports, uint16_t port)
{
    if (!ports->understood)
        return PERHAPS;
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
            *doubt = "its port list could not be read";
            return PERHAPS;
        }
        for (size_t i = 0; i < list->ports.count; i++)
            match = any_of(match, port_in(&list->ports.items[i], port));
    } else if (rule->ports.text[0] == '\0' && is_all(rule)) {
        return YES;
    } else {
        match = port_in(&rule->ports, port);
    }
    if (match == PERHAPS)
        *doubt = "its port range could not be understood";
    return match;
}

static enum match match_source_port(const struct spf_rule *rule, const char **doubt)
{
    const struct spf_ports *ports = &rule->source_ports;

    if (ports->text[0] == '\0')
        return YES;
    if (ports->understood && ports->first <= 1 && ports->last == 65535)
        return YES;
    *doubt = "it asks for a source port that a client does not choose";
    return PERHAPS;
}

static enum match match_destination(const struct spf_rules_question *question,
                                    const struct spf_rule *rule, const char **doubt)
{
    const struct spf_cidr *block = &rule->destination.cidr;

    if (rule->destination.text[0] == '\0')
        return YES;
    if (block->ip.family == 0) {
        *doubt = "its destination could not be understood";
        return PERHAPS;
    }
    if (block->ip.family != question->family)
        return NO;
    if (block->bits == 0)
        return YES;
    if (question->destination.family == 0) {
        *doubt = "the private address that it asks for is not known";
        return PERHAPS;
    }
    return spf_cidr_holds(block, &question->destination) ? YES : NO;
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
struct spf_rule_sources spf_rule_sources(const struct spf_rules_facts *facts,
                                         const struct spf_rules_question *question,
                                         const struct spf_rule *rule)
{
    const struct spf_named_list *list;

    if (rule->source.text[0] != '\0') {
        if (rule->source.cidr.ip.family == 0)
            return (struct spf_rule_sources){.doubt = "its source could not be understood"};
        return (struct spf_rule_sources){.blocks = &rule->source, .count = 1};
    }
    if (rule->source_group[0] != '\0') {
        if (question->internet) /* a source group stands for its members' private addresses */
            return (struct spf_rule_sources){0};
        switch (peer_in(question->membership, rule->source_group)) {
        case YES:
            return (struct spf_rule_sources){.all = true};
        case NO:
            return (struct spf_rule_sources){0};
        case PERHAPS:
            return (struct spf_rule_sources){
                .doubt = "whether the source belongs to its source group is not known"};
        }
    }
    if (rule->source_prefix_list[0] == '\0')
        return (struct spf_rule_sources){.doubt = "it names no source that is understood"};
    list = named(facts->prefix_lists.items, facts->prefix_lists.count, rule->source_prefix_list);
    if (list == NULL)
        return (struct spf_rule_sources){.doubt = "its prefix list could not be read"};
    return (struct spf_rule_sources){
        .list = list, .blocks = list->blocks.items, .count = list->blocks.count};
}

static enum match match_source(const struct spf_rules_facts *facts,
                               const struct spf_rules_question *question,
                               const struct spf_rule *rule, const char **doubt)
{
    const struct spf_rule_sources sources = spf_rule_sources(facts, question, rule);

    if (sources.doubt != NULL) {
        *doubt = sources.doubt;
        return PERHAPS;
    }
    for (size_t i = 0; i < sources.count; i++)
        if (spf_cidr_holds(&sources.blocks[i].cidr, &question->source))
            return YES;
    return sources.all ? YES : NO;
}

enum spf_rule_fit spf_rule_fit_but_source(const struct spf_rules_facts *facts,
                                          const struct spf_rules_question *question,
                                          const struct spf_rule *rule, const char **doubt)
{
    *doubt = NULL;
    if (rule->network[0] != '\0' && spf_same_word(rule->network, "internet") != question->internet)
        return SPF_OTHER_NETWORK;
    if (!is_all(rule) && !spf_same_word(rule->protocol, "tcp") && strcmp(rule->protocol, "6") != 0)
        return SPF_OTHER_PROTOCOL;
    if (match_port(facts, rule, question->port, doubt) == NO)
        return SPF_OTHER_PORT;
    (void)match_source_port(rule, doubt);
    if (match_destination(question, rule, doubt) == NO)
        return SPF_OTHER_DESTINATION;
    return *doubt == NULL ? SPF_FITS : SPF_FITS_PERHAPS;
}

enum spf_rule_fit spf_rule_fit(const struct spf_rules_facts *facts,
                               const struct spf_rules_question *question,
                               const struct spf_rule *rule, const char **doubt)
{
    const char *why;
    enum spf_rule_fit fit = spf_rule_fit_but_source(facts, question, rule, &why);

    if (doubt != NULL)
        *doubt = NULL;
    if (fit != SPF_FITS && fit != SPF_FITS_PERHAPS)
        return fit;
    if (match_source(facts, question, rule, &why) == NO)
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

int spf_rule_compare(const void *left, const void *right)
{
    const struct spf_rule *a = *(const struct spf_rule *const *)left;
    const struct spf_rule *b = *(const struct spf_rule *const *)right;

    if (spf_rule_before(a, b))
        return -1;
    if (spf_rule_before(b, a))
        return 1;
    return a < b ? -1 : a > b;
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

struct spf_rules_decision spf_rules_default(const struct spf_rules_facts *facts,
                                            const struct spf_rules_question *question)
{
    switch (inner_access(facts, question)) {
    case YES:
        return (struct spf_rules_decision){.answer = SPF_RULES_ACCEPT};
    case PERHAPS:
        return (struct spf_rules_decision){
            .answer = SPF_RULES_UNCERTAIN,
            .doubt = "whether the source is a member of the same group is not known"};
    case NO:
        break;
    }
    return (struct spf_rules_decision){.answer = SPF_RULES_NO_MATCH};
}

/* Why a rule that fits does so only perhaps: the same for every source that it fits. */
static const char *doubt_of(const struct spf_rules_facts *facts,
                            const struct spf_rules_question *question, const struct spf_rule *rule)
{
    const struct spf_rule_sources sources = spf_rule_sources(facts, question, rule);
    const char *doubt;

    (void)spf_rule_fit_but_source(facts, question, rule, &doubt);
    return sources.doubt != NULL ? sources.doubt : doubt;
}

struct spf_rules_decision spf_rules_conclude(const struct spf_rules_facts *facts,
                                             const struct spf_rules_question *question,
                                             const struct spf_rules_firsts *firsts,
                                             const struct spf_rules_decision *otherwise)
{
    const struct spf_rule *certain = firsts->certain, *open;
    bool accepts = certain != NULL ? certain->policy == SPF_POLICY_ACCEPT
                                   : otherwise->answer == SPF_RULES_ACCEPT;

    open = firsts->in_doubt[accepts ? SPF_POLICY_DROP : SPF_POLICY_ACCEPT];
    if (open != NULL && (certain == NULL || spf_rule_before(open, certain)))
        return (struct spf_rules_decision){SPF_RULES_UNCERTAIN, .rule = open,
                                           .doubt = doubt_of(facts, question, open)};
    if (certain == NULL)
        return *otherwise;
    return (struct spf_rules_decision){accepts ? SPF_RULES_ACCEPT : SPF_RULES_DROP,
                                       .rule = certain};
}

struct spf_rules_decision spf_rules_decide(const struct spf_rules_facts *facts,
                                           const struct spf_rules_question *question)
{
    const struct spf_rules_decision otherwise = spf_rules_default(facts, question);
    struct spf_rules_firsts firsts = {0};

    for (size_t i = 0; i < facts->rules.count; i++) {
        const struct spf_rule *rule = &facts->rules.items[i], **first;
        enum spf_rule_fit fit = spf_rule_fit(facts, question, rule, NULL);

        if (fit != SPF_FITS && fit != SPF_FITS_PERHAPS)
            continue;
        first = fit == SPF_FITS ? &firsts.certain : &firsts.in_doubt[rule->policy];
        if (*first == NULL || spf_rule_before(rule, *first))
            *first = rule;
    }
    return spf_rules_conclude(facts, question, &firsts, &otherwise);
}
