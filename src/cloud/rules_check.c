#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_build.h"
#include "base/language.h"
#include "base/text.h"
#include "cloud/judging.h"
#include "cloud/rules.h"

/*
 * Do the security groups, taken together, accept TCP on the port from my address, and by which
 * rule? cloud/rules.h decides; here it is reported, with what it beat and what nearly matched.
 */
#define TRACE_MAX 20
#define NEAR_MAX  10

/* What the rule names as its source, in the API's words. */
static const char *source_of(const struct spf_rule *rule)
{
    if (rule->source.text[0] != '\0') {
        return rule->source.text;
    }
    return rule->source_group[0] != '\0' ? rule->source_group : rule->source_prefix_list;
}

static const char *ports_of(const struct spf_rule *rule)
{
    return rule->ports.text[0] != '\0' ? rule->ports.text : rule->port_list;
}

static const char *policy_of(const struct spf_rule *rule)
{
    return rule->policy == SPF_POLICY_ACCEPT ? "Accept" : "Drop";
}

static struct json_object *rule_as_json(const struct spf_rule *rule, const char *label,
                                        const char *text)
{
    struct json_object *json = spf_json_object();

    spf_json_add(json, "rule", spf_clean_json(rule->id));
    spf_json_add(json, "group", spf_clean_json(rule->group));
    spf_json_add(json, "policy", spf_clean_json(policy_of(rule)));
    spf_json_add(json, "priority", spf_json_integer(rule->priority));
    spf_json_add(json, "protocol", spf_clean_json(rule->protocol));
    spf_json_add(json, "ports", spf_clean_json(ports_of(rule)));
    spf_json_add(json, "source", spf_clean_json(source_of(rule)));
    spf_json_add(json, label, spf_clean_json(text));
    return json;
}

/*
 * The rules that bear on the question, in their order: which one decides, which it beat; and those
 * that nearly matched. Returns how many accept the port, but for other sources.
 */
static size_t note_rules(struct spf_result *result, const struct spf_rules_facts *facts,
                         const struct spf_rules_question *question, const struct spf_rule *decides)
{
    struct json_object *trace = spf_json_array();
    struct json_object *near = spf_json_array();
    const struct spf_rule **order = calloc(facts->rules.count + 1, sizeof *order);
    size_t for_others = 0;
    size_t traced = 0;
    size_t missed = 0;
    bool decided = false;

    for (size_t i = 0; order != NULL && i < facts->rules.count; i++) {
        order[i] = &facts->rules.items[i];
    }
    if (order != NULL) {
        qsort(order, facts->rules.count, sizeof *order, spf_rule_compare);
    }

    for (size_t i = 0; i < facts->rules.count; i++) {
        /* without memory in another order, for the verdict rests on how many there are */
        const struct spf_rule *rule = order != NULL ? order[i] : &facts->rules.items[i];
        enum spf_rule_fit fit = spf_rule_fit(facts, question, rule, NULL);
        bool accepts = rule->policy == SPF_POLICY_ACCEPT;

        if (fit == SPF_FITS || fit == SPF_FITS_PERHAPS || rule == decides) {
            const char *role = rule == decides           ? "decides"
                               : fit == SPF_FITS_PERHAPS ? "in doubt"
                               : decided                 ? "beaten"
                                                         : "matches";

            decided |= rule == decides;
            if (traced++ < TRACE_MAX) {
                spf_json_append(trace, rule_as_json(rule, "role", role));
            }
        } else if (accepts && (fit == SPF_OTHER_SOURCE || fit == SPF_OTHER_PORT)) {
            for_others += fit == SPF_OTHER_SOURCE && rule->doubt[0] == '\0';
            if (missed++ < NEAR_MAX) {
                spf_json_append(
                    near, rule_as_json(rule, "misses", fit == SPF_OTHER_PORT ? "port" : "source"));
            }
        }
    }
    free(order);
    spf_note_json(result, "trace", trace);
    spf_note_json(result, "near_misses", near);
    return for_others;
}

/* A group that a service manages can be seen, but its rules cannot be edited. */
static bool is_managed(const struct spf_rules_question *question, const char *group)
{
    const struct spf_membership_facts *membership = question->membership;
    size_t count = membership != NULL ? membership->groups.count : 0;

    for (size_t i = 0; i < count; i++) {
        if (strcmp(membership->groups.items[i].id, group) == 0) {
            return membership->groups.items[i].managed;
        }
    }
    return false;
}

/* The members that remedies are made of; a member that is missing leaves its remedy or command out.
 */
static void note_remedies(struct spf_result *result, const struct spf_rules_facts *facts,
                          const struct spf_rules_question *question, const struct spf_rule *drop)
{
    size_t first_drops = 0;

    /* A rule can be added to any group of the interface that is not a service's own. */
    for (size_t i = 0; i < facts->groups.count; i++) {
        if (!is_managed(question, facts->groups.items[i].id)) {
            spf_note_thing(result, SPF_THING_OPEN_GROUP, "open_in", facts->groups.items[i].id);
            break;
        }
    }
    if (drop == NULL || is_managed(question, drop->group)) {
        return;
    }
    if (drop->priority > 1) {
        spf_note_number(result, "ahead_priority", drop->priority - 1);
        return;
    }
    /* Nothing comes before priority 1, so that Drop must give way: one command, if it is the only
     * one. */
    for (size_t i = 0; i < facts->rules.count; i++) {
        const struct spf_rule *rule = &facts->rules.items[i];
        enum spf_rule_fit fit = spf_rule_fit(facts, question, rule, NULL);

        if (rule->priority <= 1 && rule->policy == SPF_POLICY_DROP &&
            (fit == SPF_FITS || (fit == SPF_OTHER_SOURCE && question->source.family == 0))) {
            first_drops++;
        }
    }
    spf_note_text(result, "first_drop_group", drop->group);
    if (first_drops == 1) {
        spf_note_text(result, "first_drop", drop->id);
    }
}

static void note_rule(struct spf_result *result, const struct spf_rule *rule)
{
    if (rule == NULL) {
        spf_note_null(result, "rule");
        spf_note_null(result, "group");
        spf_note_null(result, "policy");
        spf_note_null(result, "priority");
        return;
    }
    /* Of a list of groups that could not be read, the rules have neither. */
    result->rule = rule->id[0] != '\0' ? rule->id : NULL;
    if (rule->id[0] != '\0') {
        spf_note_text(result, "rule", rule->id);
    } else {
        spf_note_null(result, "rule");
    }
    if (rule->group[0] != '\0') {
        spf_note_thing(result, SPF_THING_GROUP, "group", rule->group);
    } else {
        spf_note_null(result, "group");
    }
    spf_note_text(result, "policy", policy_of(rule));
    spf_note_number(result, "priority", rule->priority);
    spf_note_text(result, "rule_source", source_of(rule));
}

static struct spf_opinion accepted(const struct spf_rules_decision *decision, const char *from,
                                   const struct spf_rules_any_source *open,
                                   struct spf_result *result)
{
    const struct spf_rule *rule = decision->rule;
    const char *source = strchr(from, ' ') != NULL ? from : "";

    if (rule == NULL) {
        spf_say(result, "members of its group reach each other, and %s is one", from);
    } else if (open == NULL || open->opened_by == rule) {
        spf_say(result, "%s by %s/%s, priority %lld%s%s",
                open != NULL ? _("open to the whole internet") : _("allowed"), rule->group,
                rule->id, (long long)rule->priority, source[0] != '\0' ? _(", for ") : "", source);
    } else if (open->opened_by != NULL) {
        spf_say(result,
                "open to the whole internet by %s/%s; %s is allowed by %s/%s, priority %lld",
                open->opened_by->group, open->opened_by->id, from, rule->group, rule->id,
                (long long)rule->priority);
    } else {
        spf_say(result,
                "open to the whole internet by several rules together; %s is allowed by %s/%s, "
                "priority %lld",
                from, rule->group, rule->id, (long long)rule->priority);
    }
    if (open == NULL) {
        return spf_passes();
    }
    if (open->opened_by != NULL) {
        spf_note_text(result, "open_rule", open->opened_by->id);
        spf_note_text(result, "open_group", open->opened_by->group);
    }
    return spf_concludes(SPF_SG_OPEN_TO_WORLD);
}

/* A rule that would allow us on another port: perhaps the port was mistaken. */
static void mention_other_port(const struct spf_rules_facts *facts,
                               const struct spf_rules_question *question, struct spf_result *result)
{
    for (size_t i = 0; i < facts->rules.count; i++) {
        const struct spf_rule *rule = &facts->rules.items[i];
        struct spf_rules_question there = *question;
        char said[SPF_SUMMARY_SIZE];

        if (rule->policy != SPF_POLICY_ACCEPT || !rule->ports.understood || rule->ports.first < 1 ||
            rule->ports.first > 65535 ||
            spf_rule_fit(facts, question, rule, NULL) != SPF_OTHER_PORT) {
            continue;
        }
        there.port = (uint16_t)rule->ports.first;
        if (spf_rule_fit(facts, &there, rule, NULL) != SPF_FITS) {
            continue;
        }
        spf_copy(said, sizeof said, result->summary);
        spf_say(result, "%s; rule %s%s%s%s accepts you at %u/%u: was another port meant (-p %u)?",
                said, rule->id, rule->description[0] != '\0' ? " (" : "", rule->description,
                rule->description[0] != '\0' ? ")" : "", (unsigned)rule->ports.first,
                (unsigned)rule->ports.last, (unsigned)there.port);
        return;
    }
}

static struct spf_opinion denied(const struct spf_rules_facts *facts,
                                 const struct spf_rules_question *question,
                                 const struct spf_rules_decision *decision, const char *from,
                                 size_t for_others, struct spf_result *result)
{
    const struct spf_rule *rule = decision->rule;

    note_remedies(result, facts, question, rule);
    if (rule != NULL) {
        spf_say(result, "rule %s of %s drops TCP port %u from %s (priority %lld, source %s)",
                rule->id, rule->group, (unsigned)question->port, from, (long long)rule->priority,
                source_of(rule));
        return spf_concludes(SPF_SG_RULE_DENIES);
    }
    if (for_others == 0) {
        if (facts->groups.count == 1) {
            spf_say(result, "its security group has no rule that accepts TCP port %u",
                    (unsigned)question->port);
        } else {
            spf_say(result, "its %zu security groups have no rule that accepts TCP port %u",
                    facts->groups.count, (unsigned)question->port);
        }
        mention_other_port(facts, question, result);
        return spf_concludes(SPF_SG_NO_RULE);
    }
    for (size_t i = 0; i < facts->rules.count; i++) {
        const struct spf_rule *near = &facts->rules.items[i];

        if (near->policy == SPF_POLICY_ACCEPT &&
            spf_rule_fit(facts, question, near, NULL) == SPF_OTHER_SOURCE) {
            spf_note_text(result, "allowed_source", source_of(near));
            spf_say(result, "%s allows port %u only from %s (rule %s); you connect from %s",
                    near->group, (unsigned)question->port, source_of(near), near->id, from);
            break;
        }
    }
    return spf_concludes(SPF_SG_SOURCE_EXCLUDED);
}

static struct spf_opinion doubtful(const struct spf_rules_decision *decision,
                                   struct spf_result *result)
{
    if (decision->doubt != NULL) {
        spf_note_text(result, "doubt", decision->doubt);
    }
    if (decision->rule != NULL && decision->rule->id[0] != '\0') {
        spf_say(result, "it depends on rule %s of %s (priority %lld): %s", decision->rule->id,
                decision->rule->group, (long long)decision->rule->priority,
                spf_tr(decision->doubt));
    } else if (decision->rule != NULL && decision->rule->group[0] != '\0') {
        spf_say(result, "it depends on a rule of %s: %s", decision->rule->group,
                spf_tr(decision->doubt));
    } else if (decision->doubt != NULL) {
        spf_say(result, "%s", spf_tr(decision->doubt));
    }
    return spf_concludes(SPF_SG_RULE_UNRESOLVED);
}

/* Who manages the group is asked for a remedy's sake, who is in it for the answer's: over private
 * addresses alone. */
static bool membership_matters(const struct spf_rules_decision *decision,
                               const struct spf_rules_question *question)
{
    return decision->answer == SPF_RULES_DROP || decision->answer == SPF_RULES_NO_MATCH ||
           (decision->answer == SPF_RULES_UNCERTAIN && decision->doubt != NULL &&
            !question->internet);
}

/* Open rules open nothing to a world that does not reach the address, as far as that is known: an
 * IPv6 address of a VPC is reached from inside alone unless it was given bandwidth. */
static bool world_reaches(const struct spf_view *view, const struct spf_path *path)
{
    const struct spf_gateway_facts *gateway = view->facts->gateway;

    if (path->dialled.class != SPF_CLASS_IPV6 || view->facts->instance->vpc[0] == '\0') {
        return true;
    }
    return spf_facts_have(view->facts, SPF_GROUP_GATEWAY) && gateway->ipv6_known &&
           gateway->ipv6_bandwidth > 0 && gateway->egress_only[0] == '\0';
}

static struct spf_rules_question question_of(const struct spf_view *view,
                                             const struct spf_path *path)
{
    struct spf_rules_question question =
        (struct spf_rules_question){.source = path->source,
                                    .destination = path->dialled.private_ip,
                                    .port = path->port,
                                    .family = path->dialled.ip.family,
                                    .internet = path->internet};

    if (spf_facts_have(view->facts, SPF_GROUP_MEMBERSHIP)) {
        question.membership = view->facts->membership;
    }
    if (spf_facts_have(view->facts, SPF_GROUP_IDENTITY)) {
        question.account = view->facts->identity->account;
    }
    return question;
}

/* The answer for our address; without one, that for all addresses, where they have the same. */
static struct spf_rules_decision decide(const struct spf_rules_facts *facts,
                                        const struct spf_rules_question *question,
                                        const struct spf_rules_any_source *any)
{
    if (question->source.family != 0) {
        return spf_rules_decide(facts, question);
    }
    if (!any->denies_some && !any->uncertain_for_some) {
        return any->accepted;
    }
    if (!any->accepts_some && !any->uncertain_for_some) {
        return any->denied;
    }
    return any->uncertain_for_some && !(any->accepts_some && any->denies_some)
               ? any->uncertain
               : (struct spf_rules_decision){.answer = SPF_RULES_UNCERTAIN};
}

/* Facts that a call brings, which is made only where the answer rests on them. */
static bool wants_more(const struct spf_view *view, const struct spf_path *path,
                       const struct spf_rules_question *question,
                       const struct spf_rules_decision *decision,
                       const struct spf_rules_any_source *any, struct spf_opinion *opinion)
{
    if (membership_matters(decision, question) && spf_lacks(view, SPF_GROUP_MEMBERSHIP, opinion) &&
        opinion->kind == SPF_OPINION_WANTS) {
        return true;
    }

    /* A group that may be another account's: whose account asks is a call, made for this alone. */
    if (decision->answer == SPF_RULES_UNCERTAIN && decision->rule != NULL && !question->internet &&
        spf_rule_names_an_account(decision->rule) && spf_lacks(view, SPF_GROUP_IDENTITY, opinion) &&
        opinion->kind == SPF_OPINION_WANTS) {
        return true;
    }

    /* Whether the internet reaches an IPv6 address at all is cloud.address's question-> */
    if (decision->answer == SPF_RULES_ACCEPT && any->open_to_world &&
        path->dialled.class == SPF_CLASS_IPV6 && view->facts->instance->vpc[0] != '\0' &&
        spf_lacks(view, SPF_GROUP_GATEWAY, opinion) && opinion->kind == SPF_OPINION_WANTS) {
        return true;
    }
    return false;
}

struct spf_opinion spf_judge_cloud_security_group(const struct spf_view *view,
                                                  struct spf_result *result)
{
    const struct spf_rules_facts *facts = view->facts->rules;
    struct spf_rules_question question;
    struct spf_rules_decision decision;
    struct spf_rules_any_source any;
    struct spf_opinion opinion;
    struct spf_path path;
    size_t for_others;
    char from[360];

    note_rule(result, NULL);
    spf_note_null(result, "trace");
    spf_note_null(result, "near_misses");
    if (spf_path_or_lacks(view, SPF_GROUP_RULES, &path, &opinion)) {
        return opinion;
    }

    question = question_of(view, &path);
    if (!spf_rules_for_any_source(facts, &question, &any)) {
        return spf_source_unknown(SPF_SG_SOURCE_UNKNOWN, view, result);
    }
    decision = decide(facts, &question, &any);
    if (wants_more(view, &path, &question, &decision, &any, &opinion)) {
        return opinion;
    }

    spf_note_source(result, view, &path);
    note_rule(result, decision.rule);
    spf_source_words(from, sizeof from, view, &path);
    for_others = note_rules(result, facts, &question, decision.rule);
    switch (decision.answer) {
    case SPF_RULES_ACCEPT:
        return accepted(&decision, from,
                        any.open_to_world && world_reaches(view, &path) ? &any : NULL, result);
    case SPF_RULES_DROP:
    case SPF_RULES_NO_MATCH:
        return denied(facts, &question, &decision, from, for_others, result);
    case SPF_RULES_UNCERTAIN:
        break;
    }
    /* whose group membership is in doubt has to be known first */
    if (decision.doubt != NULL && (path.source.family != 0 || view->target->jump == NULL)) {
        return doubtful(&decision, result);
    }
    return spf_source_unknown(SPF_SG_SOURCE_UNKNOWN, view, result);
}
