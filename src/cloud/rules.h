#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "cloud/facts.h"

/*
 * The security groups of an interface, taken together: does TCP from a source reach a port?
 *
 * Members of one basic group whose inner access policy is Accept reach each other over private
 * addresses, whatever the rules say ("other custom access rules are ignored":
 * ModifySecurityGroupPolicy). Else all ingress rules of all groups form one list, ordered by
 * priority, smallest number first; at equal priority Drop comes before Accept. The first rule that
 * matches decides; none means denied. Groups are stateful, so replies need no rule. (Alibaba Cloud,
 * "Overview of security groups": rule priority and matching.)
 *
 * What could not be understood or resolved is in doubt. Each rule has a most favourable and a least
 * favourable meaning, between an Accept that comes first and a Drop that comes first; and a rule
 * that turns favourable never closes the port. So two readings of all rules, the lax and the strict
 * one, bound every other: where both give one answer, it is the answer. All functions are pure.
 */
struct spf_rules_question {
    struct spf_ip source;      /* family 0: not known, see spf_rules_for_any_source */
    struct spf_ip destination; /* the private address of the interface; family 0: not known */
    uint16_t port;
    int family;    /* 4 or 6: that of the address which is dialled */
    bool internet; /* a public address is dialled, so the packets come from the internet */
    const struct spf_membership_facts *membership; /* borrowed; NULL: not known */
    const char *account; /* that asks the API, its number; borrowed; NULL: not known */
};

/* Ports that a client may have: Linux's own (ip_local_port_range), and what a NAT may make of them.
 */
#define SPF_EPHEMERAL_FIRST       1024
#define SPF_EPHEMERAL_LAST        65535
#define SPF_LINUX_EPHEMERAL_FIRST 32768
#define SPF_LINUX_EPHEMERAL_LAST  60999

/* How a rule bears on a question. */
enum spf_rule_fit {
    SPF_FITS,
    SPF_FITS_PERHAPS, /* a part of it is in doubt */
    SPF_OTHER_NETWORK,
    SPF_OTHER_PROTOCOL,
    SPF_OTHER_PORT,
    SPF_OTHER_SOURCE_PORT, /* one that no client has */
    SPF_OTHER_DESTINATION,
    SPF_OTHER_SOURCE, /* everything else fits */
};

/* *doubt (may be NULL) becomes a text, borrowed from the facts, that says why it only perhaps fits,
 * else NULL. */
enum spf_rule_fit spf_rule_fit(const struct spf_rules_facts *facts,
                               const struct spf_rules_question *question,
                               const struct spf_rule *rule, const char **doubt);

/* The same, whatever the source; SPF_OTHER_SOURCE is no answer then. */
enum spf_rule_fit spf_rule_fit_but_source(const struct spf_rules_facts *facts,
                                          const struct spf_rules_question *question,
                                          const struct spf_rule *rule, const char **doubt);

/* The sources that a rule is for: all, or those in any of the blocks; others perhaps, if in doubt.
 */
struct spf_rule_sources {
    bool all;
    const char *doubt;                 /* borrowed; NULL: no others */
    const struct spf_named_list *list; /* the prefix list whose blocks these are, or NULL */
    const struct spf_block *blocks;    /* borrowed from the facts */
    size_t count;
};
struct spf_rule_sources spf_rule_sources(const struct spf_rules_facts *facts,
                                         const struct spf_rules_question *question,
                                         const struct spf_rule *rule);

/* A protocol by the API's word or IANA's number; "all" is TCP, too. */
enum spf_protocol {
    SPF_PROTOCOL_TCP,
    SPF_PROTOCOL_OTHER,
    SPF_PROTOCOL_UNKNOWN,
};
enum spf_protocol spf_protocol_parse(const char *text);

/* For qsort(3) over pointers to the rules of one array, in the order of evaluation as far as that
 * is certain. Rules of equal rank keep their order. */
int spf_rule_compare(const void *left, const void *right);

enum spf_reading {
    SPF_STRICT, /* what is in doubt is against the connection */
    SPF_LAX,    /* for it */
};

/* A rule as one reading has it. */
struct spf_rule_as_read {
    const struct spf_rule *rule; /* NULL: no rule. Borrowed. */
    enum spf_policy policy;
    int64_t priority;
    bool all; /* it is for all sources; else for the blocks of its sources */
};
/* False if the rule fits no source in this reading. */
bool spf_rule_read(const struct spf_rules_facts *facts, const struct spf_rules_question *question,
                   const struct spf_rule *rule, enum spf_reading reading,
                   struct spf_rule_as_read *as_read);
/* For qsort(3) over struct spf_rule_as_read. */
int spf_rule_compare_as_read(const void *left, const void *right);

/* May the rule name the group of another account, whose members this one cannot see? Its doubt is
 * reported with the account that asks. */
bool spf_rule_names_an_account(const struct spf_rule *rule);

enum spf_rules_answer {
    SPF_RULES_ACCEPT,
    SPF_RULES_DROP,     /* by a rule */
    SPF_RULES_NO_MATCH, /* denied, because no rule accepts */
    SPF_RULES_UNCERTAIN,
};

struct spf_rules_decision {
    enum spf_rules_answer answer;
    /* the deciding rule; for UNCERTAIN one in doubt by which the readings differ. NULL: no rule,
     * but the default or the access that members of one group have to each other. Borrowed. */
    const struct spf_rule *rule;
    const char *doubt; /* for UNCERTAIN: why. Borrowed. */
};

/* Decides for question->source. */
struct spf_rules_decision spf_rules_decide(const struct spf_rules_facts *facts,
                                           const struct spf_rules_question *question);

/* Does the source reach the port as a member of the same group? */
enum spf_inner_access {
    SPF_INNER_NO,
    SPF_INNER_PERHAPS,
    SPF_INNER_YES,
};
enum spf_inner_access spf_rules_inner(const struct spf_rules_facts *facts,
                                      const struct spf_rules_question *question);
/* The answer for one source from the first rules that fit it, by enum spf_reading. */
struct spf_rules_decision spf_rules_conclude(const struct spf_rules_facts *facts,
                                             const struct spf_rules_question *question,
                                             enum spf_inner_access inner,
                                             const struct spf_rule_as_read firsts[2]);

/* What the rules do to every possible source: for a source that is not known. */
struct spf_rules_any_source {
    bool accepts_some, denies_some, uncertain_for_some;
    bool open_to_world; /* the rules that accept somebody are, together, for every source */
    const struct spf_rule *opened_by; /* one of them that is for every source by itself, or NULL */
    struct spf_rules_decision accepted, denied, uncertain; /* an example of each */
};

/*
 * Answers for one source out of every range that the rules distinguish: internet ones if
 * question->internet, else all of question->family. False when memory ran out. Takes time in
 * proportion to the rules and the entries of their lists (times a logarithm), not to their product.
 */
bool spf_rules_for_any_source(const struct spf_rules_facts *facts,
                              const struct spf_rules_question *question,
                              struct spf_rules_any_source *any);
