#ifndef SPF_CLOUD_RULES_H
#define SPF_CLOUD_RULES_H

#include <stdbool.h>
#include <stdint.h>

#include "cloud/cloud_facts.h"

/*
 * The security groups of an interface, taken together: does TCP from a source reach a port?
 *
 * All ingress rules of all groups form one list, ordered by priority, smallest number first; at
 * equal priority Drop comes before Accept. The first rule that matches decides; none means denied.
 * Groups are stateful, so replies need no rule. (Alibaba Cloud, "Overview of security groups": rule
 * priority and matching.) All functions here are pure.
 */
struct spf_rules_question {
    struct spf_ip source;      /* family 0: not known, see spf_rules_crowd */
    struct spf_ip destination; /* the private address of the interface; family 0: not known */
    uint16_t port;
    int family;    /* 4 or 6: that of the address which is dialled */
    bool internet; /* a public address is dialled, so the packets come from the internet */
    const struct spf_membership_facts *membership; /* borrowed; NULL: not known */
};

/* How a rule bears on a question. */
enum spf_rule_fit {
    SPF_FITS,
    SPF_FITS_PERHAPS, /* what it names could not be resolved, or depends on our source port */
    SPF_OTHER_NETWORK,
    SPF_OTHER_PROTOCOL,
    SPF_OTHER_PORT,
    SPF_OTHER_DESTINATION,
    SPF_OTHER_SOURCE, /* everything else fits */
};

/* *doubt (may be NULL) becomes a static text that says why it only perhaps fits, else NULL. */
enum spf_rule_fit spf_rule_fit(const struct spf_rules_facts *facts,
                               const struct spf_rules_question *question,
                               const struct spf_rule *rule, const char **doubt);

/* The same, whatever the source; SPF_OTHER_SOURCE is no answer then. */
enum spf_rule_fit spf_rule_fit_but_source(const struct spf_rules_facts *facts,
                                          const struct spf_rules_question *question,
                                          const struct spf_rule *rule, const char **doubt);

/* The sources that a rule is for: all, those in any of the blocks, or in doubt for everybody. */
struct spf_rule_sources {
    bool all;
    const char *doubt;                 /* a static text; NULL: certain */
    const struct spf_named_list *list; /* the prefix list whose blocks these are, or NULL */
    const struct spf_block *blocks;    /* borrowed from the facts */
    size_t count;
};
struct spf_rule_sources spf_rule_sources(const struct spf_rules_facts *facts,
                                         const struct spf_rules_question *question,
                                         const struct spf_rule *rule);

/* Does a come before b in the order of evaluation? */
bool spf_rule_before(const struct spf_rule *a, const struct spf_rule *b);
/* For qsort(3) over pointers to the rules of one array: rules of equal rank keep its order. */
int spf_rule_compare(const void *left, const void *right);

enum spf_rules_answer {
    SPF_RULES_ACCEPT,
    SPF_RULES_DROP,     /* by a rule */
    SPF_RULES_NO_MATCH, /* denied, because no rule accepts */
    SPF_RULES_UNCERTAIN,
};

struct spf_rules_decision {
    enum spf_rules_answer answer;
    /* the deciding rule; for UNCERTAIN the first one in doubt that would change the answer. NULL:
     * no rule, but the default or the access that members of one group have to each other.
     * Borrowed. */
    const struct spf_rule *rule;
    const char *doubt; /* for UNCERTAIN: why, a static text */
};

/*
 * Decides for question->source. An unresolvable rule makes the answer uncertain only if it comes
 * before the first certain match and would answer otherwise.
 */
struct spf_rules_decision spf_rules_decide(const struct spf_rules_facts *facts,
                                           const struct spf_rules_question *question);

/* For one source, of the rules that fit it, the first that certainly does, and the first in doubt
 * of either policy; NULL: none. Borrowed. */
struct spf_rules_firsts {
    const struct spf_rule *certain;
    const struct spf_rule *in_doubt[2]; /* by enum spf_policy */
};
struct spf_rules_decision spf_rules_conclude(const struct spf_rules_facts *facts,
                                             const struct spf_rules_question *question,
                                             const struct spf_rules_firsts *firsts,
                                             const struct spf_rules_decision *otherwise);
/* What holds where no rule fits. */
struct spf_rules_decision spf_rules_default(const struct spf_rules_facts *facts,
                                            const struct spf_rules_question *question);

/* What the rules do to everybody who could ask: for a source that is not known. */
struct spf_rules_crowd {
    bool accepts_some, denies_some, uncertain_for_some;
    bool open_to_world; /* a stranger is let in by a rule for 0.0.0.0/0 or ::/0 */
    struct spf_rules_decision accepted, denied, uncertain; /* an example of each */
};

/*
 * Answers for one source out of every range that the rules tell apart: internet ones if
 * question->internet, else all of question->family. False when memory ran out. Takes time in
 * proportion to the rules and the entries of their lists (times a logarithm), not to their product.
 */
bool spf_rules_crowd(const struct spf_rules_facts *facts, const struct spf_rules_question *question,
                     struct spf_rules_crowd *crowd);

#endif
