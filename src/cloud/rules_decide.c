/* In which order rules are evaluated, and what they come to. */
#include "base/language.h"
#include "cloud/rules.h"

static bool before(const struct spf_rule *a, const struct spf_rule *b)
{
    if (a->priority != b->priority) {
        return a->priority < b->priority;
    }
    return a->policy == SPF_POLICY_DROP && b->policy == SPF_POLICY_ACCEPT;
}

int spf_rule_compare(const void *left, const void *right)
{
    const struct spf_rule *a = *(const struct spf_rule *const *)left;
    const struct spf_rule *b = *(const struct spf_rule *const *)right;

    if (before(a, b)) {
        return -1;
    }
    if (before(b, a)) {
        return 1;
    }
    return a < b ? -1 : a > b;
}

#define FIRST_PRIORITY 1
#define LAST_PRIORITY  110 /* of old times; 100 today */

bool spf_rule_read(const struct spf_rules_facts *facts, const struct spf_rules_question *question,
                   const struct spf_rule *rule, enum spf_reading reading,
                   struct spf_rule_as_read *as_read)
{
    const struct spf_rule_sources sources = spf_rule_sources(facts, question, rule);
    enum spf_policy wished = reading == SPF_LAX ? SPF_POLICY_ACCEPT : SPF_POLICY_DROP;
    const char *doubt;
    enum spf_rule_fit fit = spf_rule_fit_but_source(facts, question, rule, &doubt);

    if (fit != SPF_FITS && fit != SPF_FITS_PERHAPS) {
        return false;
    }
    *as_read = (struct spf_rule_as_read){rule, rule->policy, rule->priority, sources.all};
    if (rule->policy_in_doubt) {
        as_read->policy = wished;
    }
    if (as_read->policy == wished) {
        as_read->all |= sources.doubt != NULL;
    } else if (fit == SPF_FITS_PERHAPS) {
        return false;
    }
    if (rule->priority_in_doubt) {
        as_read->priority = as_read->policy == wished ? FIRST_PRIORITY : LAST_PRIORITY;
    }
    return as_read->all || sources.count > 0;
}

static bool read_before(const struct spf_rule_as_read *a, const struct spf_rule_as_read *b)
{
    if (a->priority != b->priority) {
        return a->priority < b->priority;
    }
    return a->policy == SPF_POLICY_DROP && b->policy == SPF_POLICY_ACCEPT;
}

int spf_rule_compare_as_read(const void *left, const void *right)
{
    const struct spf_rule_as_read *a = left;
    const struct spf_rule_as_read *b = right;

    if (read_before(a, b)) {
        return -1;
    }
    if (read_before(b, a)) {
        return 1;
    }
    return a->rule < b->rule ? -1 : a->rule > b->rule;
}

/* Why the rule is in doubt, for whatever source it fits; NULL: it is not. */
static const char *doubt_of(const struct spf_rules_facts *facts,
                            const struct spf_rules_question *question, const struct spf_rule *rule)
{
    const struct spf_rule_sources sources = spf_rule_sources(facts, question, rule);
    const char *doubt;

    (void)spf_rule_fit_but_source(facts, question, rule, &doubt);
    if (rule->doubt[0] != '\0') {
        return rule->doubt;
    }
    return doubt != NULL ? doubt : sources.doubt;
}

struct spf_rules_decision spf_rules_conclude(const struct spf_rules_facts *facts,
                                             const struct spf_rules_question *question,
                                             enum spf_inner_access inner,
                                             const struct spf_rule_as_read firsts[2])
{
    const struct spf_rule_as_read *strict = &firsts[SPF_STRICT];
    const struct spf_rule_as_read *lax = &firsts[SPF_LAX];
    bool lax_accepts = lax->rule != NULL && lax->policy == SPF_POLICY_ACCEPT;
    struct spf_rules_decision decision = {.answer = SPF_RULES_UNCERTAIN};

    if (inner == SPF_INNER_YES) {
        return (struct spf_rules_decision){.answer = SPF_RULES_ACCEPT};
    }
    if (strict->rule != NULL && strict->policy == SPF_POLICY_ACCEPT) {
        return (struct spf_rules_decision){.answer = SPF_RULES_ACCEPT, .rule = strict->rule};
    }
    if (!lax_accepts && inner == SPF_INNER_NO) {
        return (struct spf_rules_decision){
            .answer = lax->rule != NULL ? SPF_RULES_DROP : SPF_RULES_NO_MATCH, .rule = lax->rule};
    }
    if (!lax_accepts) {
        decision.doubt = N_("whether the source is a member of the same group is not known");
        return decision;
    }
    /* One of the two is in doubt: certain ones stand in the same order in both readings. */
    decision.rule = lax->rule;
    decision.doubt = doubt_of(facts, question, lax->rule);
    if (decision.doubt == NULL && strict->rule != NULL) {
        decision.rule = strict->rule;
        decision.doubt = doubt_of(facts, question, strict->rule);
    }
    return decision;
}

static bool is_for(const struct spf_rules_facts *facts, const struct spf_rules_question *question,
                   const struct spf_rule_as_read *as_read)
{
    const struct spf_rule_sources sources = spf_rule_sources(facts, question, as_read->rule);

    for (size_t i = 0; !as_read->all && i < sources.count; i++) {
        if (spf_cidr_holds(&sources.blocks[i].cidr, &question->source)) {
            return true;
        }
    }
    return as_read->all;
}

struct spf_rules_decision spf_rules_decide(const struct spf_rules_facts *facts,
                                           const struct spf_rules_question *question)
{
    struct spf_rule_as_read firsts[2] = {{0}};
    struct spf_rule_as_read as_read;

    for (size_t i = 0; i < facts->rules.count; i++) {
        for (int reading = SPF_STRICT; reading <= SPF_LAX; reading++) {
            struct spf_rule_as_read *first = &firsts[reading];

            if (spf_rule_read(facts, question, &facts->rules.items[i], (enum spf_reading)reading,
                              &as_read) &&
                (first->rule == NULL || read_before(&as_read, first)) &&
                is_for(facts, question, &as_read)) {
                *first = as_read;
            }
        }
    }
    return spf_rules_conclude(facts, question, spf_rules_inner(facts, question), firsts);
}
