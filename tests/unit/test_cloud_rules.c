#include "cloud/rules.h"

#include <stdio.h>

#include "cloud/acl.h"
#include "cloud/any_source.h"
#include "unit.h"

static struct spf_ip ip(const char *text)
{
    struct spf_ip value = {0};

    ck_assert_msg(text == NULL || spf_ip_parse(text, &value), "%s", text);
    return value;
}

/* One rule in the order: policy priority protocol ports source, "|" between rules. */
static void add_rules(struct spf_rules_facts *facts, const char *text)
{
    char copy[2000];
    char *save = NULL;

    ck_assert(strlen(text) < sizeof copy);
    strcpy(copy, text);
    for (char *part = strtok_r(copy, "|", &save); part != NULL; part = strtok_r(NULL, "|", &save)) {
        struct spf_rule *rule = SPF_APPEND(&facts->rules);
        char policy[10];
        char ports[16];
        char source[64];
        long priority;

        ck_assert_int_eq(sscanf(part, " %9s %ld %15s %15s %63s", policy, &priority, rule->protocol,
                                ports, source),
                         5);
        rule->policy = strcmp(policy, "drop") == 0 ? SPF_POLICY_DROP : SPF_POLICY_ACCEPT;
        rule->priority = priority;
        (void)snprintf(rule->id, sizeof rule->id, "r%zu", facts->rules.count);
        spf_ports_set(&rule->ports, strcmp(ports, "-") == 0 ? "" : ports);
        if (strncmp(source, "sg-", 3) == 0) {
            strcpy(rule->source_group, source);
        } else if (strncmp(source, "pl-", 3) == 0) {
            strcpy(rule->source_prefix_list, source);
        } else {
            spf_block_set(&rule->source, source);
        }
    }
}

static void clear(struct spf_rules_facts *facts)
{
    spf_shape_clear(&spf_rules_shape, facts);
}

static struct spf_rules_question from(const char *source)
{
    struct spf_rules_question question = {.source = ip(source), .port = 22, .internet = true};

    question.family = question.source.family;
    question.destination = ip("10.0.1.11");
    return question;
}

START_TEST(the_official_rules)
{
    static const struct {
        const char *rules, *source, *decides;
        enum spf_rules_answer answer;
    } cases[] = {
        {"", "192.0.2.1", NULL, SPF_RULES_NO_MATCH},
        {"accept 1 TCP 22/22 192.0.2.0/24", "192.0.2.1", "r1", SPF_RULES_ACCEPT},
        {"accept 1 tcp 22/22 192.0.2.0/24", "192.0.3.1", NULL, SPF_RULES_NO_MATCH},
        {"accept 1 UDP 22/22 0.0.0.0/0", "192.0.2.1", NULL, SPF_RULES_NO_MATCH},
        {"accept 1 ALL -1/-1 0.0.0.0/0", "192.0.2.1", "r1", SPF_RULES_ACCEPT},
        {"accept 1 6 22/22 0.0.0.0/0", "192.0.2.1", "r1", SPF_RULES_ACCEPT},
        {"accept 1 17 22/22 0.0.0.0/0", "192.0.2.1", NULL, SPF_RULES_NO_MATCH},
        {"accept 1 TCP 1/65535 0.0.0.0/0", "192.0.2.1", "r1", SPF_RULES_ACCEPT},
        {"accept 1 TCP 20/25 0.0.0.0/0", "192.0.2.1", "r1", SPF_RULES_ACCEPT},
        {"accept 1 TCP 23/25 0.0.0.0/0", "192.0.2.1", NULL, SPF_RULES_NO_MATCH},
        {"accept 5 TCP 22/22 0.0.0.0/0 | drop 5 TCP 22/22 192.0.2.1", "192.0.2.1", "r2",
         SPF_RULES_DROP},
        {"accept 4 TCP 22/22 0.0.0.0/0 | drop 5 TCP 22/22 192.0.2.1", "192.0.2.1", "r1",
         SPF_RULES_ACCEPT},
        {"accept 100 ALL -1/-1 0.0.0.0/0 | drop 1 ALL -1/-1 0.0.0.0/0", "192.0.2.1", "r2",
         SPF_RULES_DROP},
        {"accept 1 TCP 22/22 0.0.0.0/0", "2001:db8::1", NULL, SPF_RULES_NO_MATCH},
        {"accept 1 TCP 22/22 ::/0", "192.0.2.1", NULL, SPF_RULES_NO_MATCH},
        {"accept 1 TCP 22/22 2001:db8::/32", "2001:db8::1", "r1", SPF_RULES_ACCEPT},
        /* A source group stands for private addresses, so the internet never matches it. */
        {"accept 1 TCP 22/22 sg-1", "192.0.2.1", NULL, SPF_RULES_NO_MATCH},
        /* What cannot be resolved matters only before the first certain match, and if it differs.
         */
        {"accept 2 TCP 22/22 pl-1", "192.0.2.1", "r1", SPF_RULES_UNCERTAIN},
        {"accept 2 TCP 22/22 pl-1 | drop 1 TCP 22/22 0.0.0.0/0", "192.0.2.1", "r2", SPF_RULES_DROP},
        {"drop 1 TCP 22/22 pl-1 | accept 2 TCP 22/22 0.0.0.0/0", "192.0.2.1", "r1",
         SPF_RULES_UNCERTAIN},
        {"accept 1 TCP 22/22 pl-1 | accept 2 TCP 22/22 0.0.0.0/0", "192.0.2.1", "r2",
         SPF_RULES_ACCEPT},
        {"accept 1 TCP nonsense 0.0.0.0/0", "192.0.2.1", "r1", SPF_RULES_UNCERTAIN},
        {"accept 1 TCP 22/22 nonsense", "192.0.2.1", "r1", SPF_RULES_UNCERTAIN},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct spf_rules_question question = from(cases[i].source);
        struct spf_rules_facts facts = {0};
        struct spf_rules_decision decision;

        add_rules(&facts, cases[i].rules);
        decision = spf_rules_decide(&facts, &question);
        ck_assert_msg(decision.answer == cases[i].answer, "%s from %s: %d", cases[i].rules,
                      cases[i].source, (int)decision.answer);
        if (cases[i].decides == NULL) {
            ck_assert_ptr_null(decision.rule);
        } else {
            ck_assert_str_eq(decision.rule->id, cases[i].decides);
        }
        clear(&facts);
    }
}
END_TEST

START_TEST(the_rarer_fields)
{
    struct spf_rules_question question = from("192.0.2.1");
    struct spf_rules_facts facts = {0};
    struct spf_named_list *list;
    struct spf_rule *rule;

    add_rules(&facts, "accept 1 TCP 22/22 0.0.0.0/0");
    rule = &facts.rules.items[0];

    /* ssh uses unprivileged ports. */
    spf_ports_set(&rule->source_ports, "1024/65535");
    ck_assert_int_eq(spf_rules_decide(&facts, &question).answer, SPF_RULES_ACCEPT);
    spf_ports_set(&rule->source_ports, "1/1023");
    ck_assert_int_eq(spf_rules_decide(&facts, &question).answer, SPF_RULES_NO_MATCH);
    spf_ports_set(&rule->source_ports, "1000/2000");
    ck_assert_int_eq(spf_rules_decide(&facts, &question).answer, SPF_RULES_UNCERTAIN);
    spf_ports_set(&rule->source_ports, "-1/-1");
    ck_assert_int_eq(spf_rules_decide(&facts, &question).answer, SPF_RULES_ACCEPT);

    spf_block_set(&rule->destination, "10.0.1.0/24");
    ck_assert_int_eq(spf_rules_decide(&facts, &question).answer, SPF_RULES_ACCEPT);
    spf_block_set(&rule->destination, "10.0.2.0/24");
    ck_assert_int_eq(spf_rules_decide(&facts, &question).answer, SPF_RULES_NO_MATCH);
    question.destination = (struct spf_ip){0};
    ck_assert_int_eq(spf_rules_decide(&facts, &question).answer, SPF_RULES_UNCERTAIN);
    spf_block_set(&rule->destination, "0.0.0.0/0");
    ck_assert_int_eq(spf_rules_decide(&facts, &question).answer, SPF_RULES_ACCEPT);

    strcpy(rule->network, "intranet");
    ck_assert_int_eq(spf_rules_decide(&facts, &question).answer, SPF_RULES_NO_MATCH);
    rule->network[0] = '\0';

    /* Lists, once they are resolved. */
    strcpy(rule->port_list, "prl-1");
    spf_ports_set(&rule->ports, "");
    ck_assert_int_eq(spf_rules_decide(&facts, &question).answer, SPF_RULES_UNCERTAIN);
    list = SPF_APPEND(&facts.port_lists);
    strcpy(list->id, "prl-1");
    ck_assert_int_eq(spf_rules_decide(&facts, &question).answer, SPF_RULES_UNCERTAIN);
    list->resolved = true;
    ck_assert_int_eq(spf_rules_decide(&facts, &question).answer, SPF_RULES_NO_MATCH);
    spf_ports_set(SPF_APPEND(&list->ports), "20/25");
    ck_assert_int_eq(spf_rules_decide(&facts, &question).answer, SPF_RULES_ACCEPT);

    spf_block_set(&rule->source, "");
    strcpy(rule->source_prefix_list, "pl-1");
    list = SPF_APPEND(&facts.prefix_lists);
    strcpy(list->id, "pl-1");
    list->resolved = true;
    ck_assert_int_eq(spf_rules_decide(&facts, &question).answer, SPF_RULES_NO_MATCH);
    spf_block_set(SPF_APPEND(&list->blocks), "192.0.2.0/25");
    ck_assert_int_eq(spf_rules_decide(&facts, &question).answer, SPF_RULES_ACCEPT);
    clear(&facts);
}
END_TEST

/* Why nobody knows, where the interface is not seen and the account asks. */
static const char *doubt_without_peer(const struct spf_rules_facts *facts,
                                      const struct spf_rules_question *question,
                                      const struct spf_membership_facts *membership,
                                      const char *account)
{
    struct spf_membership_facts unseen = *membership;
    struct spf_rules_question asked = *question;
    struct spf_rules_decision decision;

    unseen.peer_known = false;
    asked.membership = &unseen;
    asked.account = account;
    decision = spf_rules_decide(facts, &asked);
    ck_assert_int_eq(decision.answer, SPF_RULES_UNCERTAIN);
    return decision.doubt;
}

START_TEST(members_of_one_group_reach_each_other)
{
    struct spf_rules_question question = from("10.0.1.5");
    struct spf_membership_facts membership = {0};
    struct spf_rules_facts facts = {0};
    struct spf_group_of_rules *group = SPF_APPEND(&facts.groups);
    struct spf_kind_of_group *kind = SPF_APPEND(&membership.groups);

    question.internet = false;
    question.membership = &membership;
    strcpy(group->id, "sg-1");
    strcpy(kind->id, "sg-1");
    ck_assert_int_eq(spf_rules_decide(&facts, &question).answer, SPF_RULES_NO_MATCH);
    group->inner_accept = true;
    ck_assert_int_eq(spf_rules_decide(&facts, &question).answer, SPF_RULES_UNCERTAIN);
    strcpy(kind->type, "basic");
    membership.peer_known = true;
    ck_assert_int_eq(spf_rules_decide(&facts, &question).answer, SPF_RULES_NO_MATCH);
    strcpy(SPF_APPEND(&membership.peer_groups)->id, "sg-1");
    ck_assert_int_eq(spf_rules_decide(&facts, &question).answer, SPF_RULES_ACCEPT);
    strcpy(kind->type, "enterprise");
    ck_assert_int_eq(spf_rules_decide(&facts, &question).answer, SPF_RULES_NO_MATCH);
    kind->type[0] = '\0';
    ck_assert_int_eq(spf_rules_decide(&facts, &question).answer, SPF_RULES_UNCERTAIN);

    /* The policy precedes every rule; isolation comes after them all. */
    strcpy(kind->type, "basic");
    add_rules(&facts, "drop 1 ALL -1/-1 0.0.0.0/0");
    ck_assert_int_eq(spf_rules_decide(&facts, &question).answer, SPF_RULES_ACCEPT);
    group->inner_accept = false;
    ck_assert_int_eq(spf_rules_decide(&facts, &question).answer, SPF_RULES_DROP);
    group->inner_in_doubt = true;
    ck_assert_int_eq(spf_rules_decide(&facts, &question).answer, SPF_RULES_UNCERTAIN);
    group->inner_in_doubt = false;
    facts.rules.items[0].priority = 100;
    add_rules(&facts, "accept 1 TCP 22/22 sg-1");
    ck_assert_int_eq(spf_rules_decide(&facts, &question).answer, SPF_RULES_ACCEPT);
    strcpy(facts.rules.items[1].source_owner, "2000");
    ck_assert_int_eq(spf_rules_decide(&facts, &question).answer, SPF_RULES_ACCEPT);
    strcpy(membership.peer_owner, "1000");
    ck_assert_int_eq(spf_rules_decide(&facts, &question).answer, SPF_RULES_DROP);
    /* A name may be that of the interface's account. */
    strcpy(facts.rules.items[1].source_owner, "ops@example.com");
    ck_assert_int_eq(spf_rules_decide(&facts, &question).answer, SPF_RULES_ACCEPT);
    ck_assert_ptr_null(strstr(doubt_without_peer(&facts, &question, &membership, NULL), "account"));
    ck_assert_ptr_nonnull(
        strstr(doubt_without_peer(&facts, &question, &membership, "1000"), "may be another"));
    strcpy(facts.rules.items[1].source_owner, "2000");
    ck_assert_ptr_nonnull(
        strstr(doubt_without_peer(&facts, &question, &membership, "1000"), "is another account's"));
    ck_assert_ptr_null(
        strstr(doubt_without_peer(&facts, &question, &membership, "2000"), "account"));

    /* Of several groups that are shared, one that connects is enough. */
    membership.peer_known = true;
    facts.rules.items[0].priority = 1;
    group = SPF_APPEND(&facts.groups);
    strcpy(group->id, "sg-2");
    group->inner_accept = true;
    kind = SPF_APPEND(&membership.groups);
    strcpy(kind->id, "sg-2");
    strcpy(kind->type, "basic");
    ck_assert_int_eq(spf_rules_decide(&facts, &question).answer, SPF_RULES_DROP);
    strcpy(SPF_APPEND(&membership.peer_groups)->id, "sg-2");
    ck_assert_int_eq(spf_rules_decide(&facts, &question).answer, SPF_RULES_ACCEPT);
    spf_shape_clear(&spf_membership_shape, &membership);
    clear(&facts);
}
END_TEST

START_TEST(crowds)
{
    static const struct {
        const char *rules;
        bool accepts, denies, open;
    } cases[] = {
        {"", false, true, false},
        {"accept 1 TCP 22/22 0.0.0.0/0", true, false, true},
        {"accept 1 TCP 22/22 192.0.2.0/24", true, true, false},
        {"accept 1 TCP 22/22 0.0.0.0/0 | drop 1 TCP 22/22 192.0.2.0/24", true, true, true},
        {"accept 1 TCP 22/22 0.0.0.0/1 | accept 1 TCP 22/22 128.0.0.0/1", true, false, true},
        {"accept 1 TCP 22/22 0.0.0.0/1 | accept 1 TCP 22/22 128.0.0.0/1 | drop 1 TCP 22/22 "
         "1.0.0.0/8",
         true, true, true},
        {"accept 1 TCP 22/22 0.0.0.0/1 | accept 1 TCP 22/22 192.0.0.0/2", true, true, false},
        {"accept 1 TCP 22/22 1.2.3.0/24 | drop 5 TCP 22/22 0.0.0.0/0 | accept 9 TCP 22/22 "
         "0.0.0.0/0",
         true, true, false},
        /* From the internet nobody comes with a private address. */
        {"accept 1 TCP 22/22 10.0.0.0/8", false, true, false},
        {"accept 9 TCP 22/22 0.0.0.0/0 | drop 1 TCP 22/22 10.0.0.0/8", true, false, true},
        {"accept 1 TCP 22/22 ::/0", false, true, false},
        {"accept 1 TCP 80/80 192.0.2.0/24", false, true, false},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct spf_rules_question question = {.port = 22, .family = 4, .internet = true};
        struct spf_rules_facts facts = {0};
        struct spf_rules_any_source any;

        add_rules(&facts, cases[i].rules);
        ck_assert(spf_rules_for_any_source(&facts, &question, &any));
        ck_assert_msg(any.accepts_some == cases[i].accepts && any.denies_some == cases[i].denies &&
                          any.open_to_world == cases[i].open,
                      "%s: %d %d %d", cases[i].rules, any.accepts_some, any.denies_some,
                      any.open_to_world);
        clear(&facts);
    }
}
END_TEST

/*
 * The oracle. It knows the rules as numbers, never as text, tries every way in which the doubtful
 * parts could turn out, one by one, and walks a plainly sorted list.
 */
struct plain_rule {
    bool drop, any_policy, any_priority, any_match, rest_in_doubt;
    int priority, low, high;
    uint32_t net, mask;
};

/* The rule as it turned out: what it does to the source, and when. */
struct outcome {
    bool drop, matches;
    int priority;
};

static int walk(const struct outcome *rules, int count)
{
    for (int key = 0; key <= 221; key++) {
        for (int i = 0; i < count; i++) {
            if (rules[i].matches && rules[i].priority * 2 + (rules[i].drop ? 0 : 1) == key) {
                return rules[i].drop ? 0 : 1;
            }
        }
    }
    return 0;
}

static void try_all(const struct plain_rule *rules, int count, uint32_t source, int port,
                    struct outcome *outcomes, int done, int seen[2])
{
    static const int priorities[] = {1, 2, 3, 4, 110};
    const struct plain_rule *rule = &rules[done];
    bool in_net, may_match, must_match;

    if (done == count) {
        seen[walk(outcomes, count)] = 1;
        return;
    }
    in_net = (source & rule->mask) == rule->net;
    may_match = port >= rule->low && port <= rule->high && (in_net || rule->rest_in_doubt);
    must_match = may_match && in_net && !rule->any_match;
    for (int policy = 0; policy < 2; policy++) {
        for (int k = 0; k < 5; k++) {
            int priority = rule->any_priority ? priorities[k] : rule->priority;

            if ((!rule->any_policy && policy != rule->drop) || (!rule->any_priority && k > 0)) {
                continue;
            }
            for (int matches = must_match; matches <= may_match; matches++) {
                outcomes[done] = (struct outcome){policy, matches, priority};
                try_all(rules, count, source, port, outcomes, done + 1, seen);
            }
        }
    }
}

static int oracle(const struct plain_rule *rules, int count, uint32_t source, int port)
{
    struct outcome outcomes[8];
    int seen[2] = {0, 0};

    try_all(rules, count, source, port, outcomes, 0, seen);
    return seen[0] && seen[1] ? 2 : seen[1];
}

static uint64_t next_random(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return *state >> 33;
}

static void make_rule(uint64_t *state, struct plain_rule *plain, struct spf_rule *rule)
{
    static const char *const tcp[] = {"TCP", "tcp", "6", "ALL"};
    int bits = 24 + (int)(next_random(state) % 9);
    char text[64];

    memset(plain, 0, sizeof *plain);
    plain->drop = next_random(state) % 2;
    plain->any_match = next_random(state) % 5 == 0;
    plain->priority = 1 + (int)(next_random(state) % 4);
    plain->low = 20 + (int)(next_random(state) % 4);
    plain->high = plain->low + (int)(next_random(state) % 3);
    plain->mask = 0xffffffffu << (32 - bits);
    plain->net = (0x0a000000u | (uint32_t)(next_random(state) % 256)) & plain->mask;
    if (next_random(state) % 6 == 0) {
        plain->net = plain->mask = 0;
    }

    rule->policy = plain->drop ? SPF_POLICY_DROP : SPF_POLICY_ACCEPT;
    rule->priority = plain->priority;
    strcpy(rule->protocol, tcp[next_random(state) % 4]);
    (void)snprintf(text, sizeof text, "%d/%d", plain->low, plain->high);
    spf_ports_set(&rule->ports, text);
    (void)snprintf(text, sizeof text, "%u.%u.%u.%u/%d", plain->net >> 24, plain->net >> 16 & 255,
                   plain->net >> 8 & 255, plain->net & 255, plain->mask == 0 ? 0 : bits);
    spf_block_set(&rule->source, text);
    if (plain->any_match) {
        spf_ports_set(&rule->source_ports, "1000/2000");
    }
}

/* Puts more of the rule in doubt: its policy, its priority, whether it matches, an entry of a list.
 */
static void make_doubts(uint64_t *state, struct plain_rule *plain, struct spf_rule *rule,
                        struct spf_rules_facts *facts)
{
    plain->any_policy = rule->policy_in_doubt = next_random(state) % 6 == 0;
    plain->any_priority = rule->priority_in_doubt = next_random(state) % 6 == 0;
    if (next_random(state) % 8 == 0) {
        plain->any_match = rule->match_in_doubt = true;
    }
    if (rule->policy_in_doubt || rule->priority_in_doubt || rule->match_in_doubt) {
        strcpy(rule->doubt, "a part of it");
    }
    if (next_random(state) % 6 == 0) {
        struct spf_named_list *list = SPF_APPEND(&facts->prefix_lists);

        (void)snprintf(list->id, sizeof list->id, "pl-%zu", facts->prefix_lists.count);
        strcpy(rule->source_prefix_list, list->id);
        *SPF_APPEND(&list->blocks) = rule->source;
        spf_block_set(&rule->source, "");
        list->resolved = true;
        if (next_random(state) % 2) {
            plain->rest_in_doubt = true;
            spf_block_set(SPF_APPEND(&list->blocks), "any");
            strcpy(list->doubt, "an entry of it");
        }
    }
}

START_TEST(like_the_oracle)
{
    static const enum spf_rules_answer answers[] = {SPF_RULES_NO_MATCH, SPF_RULES_ACCEPT,
                                                    SPF_RULES_UNCERTAIN};
    uint64_t state = 20261122;
    int counts[3] = {0};

    for (int round = 0; round < 3000; round++) {
        struct plain_rule plain[8];
        struct spf_rules_facts facts = {0};
        struct spf_rules_question question = {.family = 4};
        int count = (int)(next_random(&state) % 6);

        for (int i = 0; i < count; i++) {
            struct spf_rule *rule = SPF_APPEND(&facts.rules);

            make_rule(&state, &plain[i], rule);
            make_doubts(&state, &plain[i], rule, &facts);
        }
        for (int probe = 0; probe < 12; probe++) {
            uint32_t source = 0x0a000000u | (uint32_t)(next_random(&state) % 256);
            struct spf_rules_decision decision;
            struct spf_rules_any_source any;
            char text[20];
            int expected;

            question.port = (uint16_t)(19 + next_random(&state) % 8);
            (void)snprintf(text, sizeof text, "10.0.0.%u", source & 255);
            question.source = ip(text);
            expected = oracle(plain, count, source, question.port);
            counts[expected]++;
            decision = spf_rules_decide(&facts, &question);
            ck_assert((decision.answer == SPF_RULES_UNCERTAIN) == (decision.doubt != NULL));
            if (decision.answer == SPF_RULES_DROP) {
                decision.answer = SPF_RULES_NO_MATCH;
            }
            ck_assert_msg(decision.answer == answers[expected], "round %d, %s:%u: %d, not %d",
                          round, text, question.port, (int)decision.answer, expected);

            /* What one source gets, "any source" must have got. */
            ck_assert(spf_rules_for_any_source(&facts, &question, &any));
            ck_assert(expected != 1 || any.accepts_some);
            ck_assert(expected != 0 || any.denies_some);
            ck_assert(expected != 2 || any.uncertain_for_some);
        }
        clear(&facts);
    }
    ck_assert(counts[0] > 1000 && counts[1] > 1000 && counts[2] > 1000);
}
END_TEST

/* A world of every kind of source and doubt; small ranges, so that rules overlap. */
static void make_world(uint64_t *state, struct spf_rules_facts *facts,
                       struct spf_membership_facts *membership)
{
    struct plain_rule plain;
    struct spf_kind_of_group *kind = SPF_APPEND(&membership->groups);
    int count = (int)(next_random(state) % 12);

    strcpy(kind->id, "sg-0");
    strcpy(kind->type, "basic");

    for (int i = 0; i < 3; i++) {
        struct spf_named_list *list = SPF_APPEND(&facts->prefix_lists);

        (void)snprintf(list->id, sizeof list->id, "pl-%d", i);
        list->resolved = i != 2;
        for (uint64_t k = next_random(state) % 4; k > 0; k--) {
            char text[40];

            (void)snprintf(text, sizeof text, "10.0.0.%lu/%lu", next_random(state) % 256,
                           24 + next_random(state) % 9);
            spf_block_set(SPF_APPEND(&list->blocks), text);
        }
    }
    strcpy(SPF_APPEND(&facts->groups)->id, "sg-0");
    facts->groups.items[0].inner_accept = next_random(state) % 2;
    membership->peer_known = next_random(state) % 2;
    if (next_random(state) % 2) {
        strcpy(SPF_APPEND(&membership->peer_groups)->id, "sg-0");
    }
    for (int i = 0; i < count; i++) {
        struct spf_rule *rule = SPF_APPEND(&facts->rules);

        make_rule(state, &plain, rule);
        switch (next_random(state) % 8) {
        case 0:
        case 1:
            spf_block_set(&rule->source, "");
            (void)snprintf(rule->source_prefix_list, sizeof rule->source_prefix_list, "pl-%lu",
                           next_random(state) % 4);
            break;
        case 2:
            spf_block_set(&rule->source, "");
            (void)snprintf(rule->source_group, sizeof rule->source_group, "sg-%lu",
                           next_random(state) % 2);
            break;
        case 3:
            spf_block_set(&rule->source, next_random(state) % 2 ? "::/0" : "nonsense");
            break;
        default:
            break;
        }
    }
}

/* The quick way must find what asking one address after the other finds, with the same examples. */
static void one_by_one(const struct spf_rules_facts *facts, struct spf_rules_question question,
                       struct spf_rules_any_source *any)
{
    memset(any, 0, sizeof *any);
    for (unsigned last = 0; last < 258; last++) {
        struct spf_rules_decision decision;
        char text[20] = "9.255.255.255";

        if (last == 257) {
            strcpy(text, "10.0.1.0");
        } else if (last > 0) {
            (void)snprintf(text, sizeof text, "10.0.0.%u", last - 1);
        }
        question.source = ip(text);
        decision = spf_rules_decide(facts, &question);
        if (decision.answer == SPF_RULES_ACCEPT) {
            any->accepts_some = true;
        } else if (decision.answer == SPF_RULES_UNCERTAIN) {
            any->uncertain_for_some = true;
        } else {
            any->denies_some = true;
        }
    }
}

START_TEST(everybody_is_everyone)
{
    uint64_t state = 20261129;

    for (int round = 0; round < 3000; round++) {
        struct spf_membership_facts membership = {0};
        struct spf_rules_facts facts = {0};
        struct spf_rules_any_source any;
        struct spf_rules_any_source slow;
        struct spf_rules_question question = {.family = 4, .membership = &membership};

        make_world(&state, &facts, &membership);
        question.port = (uint16_t)(19 + next_random(&state) % 8);
        one_by_one(&facts, question, &slow);
        ck_assert(spf_rules_for_any_source(&facts, &question, &any));
        ck_assert_msg(any.accepts_some == slow.accepts_some &&
                          any.denies_some == slow.denies_some &&
                          any.uncertain_for_some == slow.uncertain_for_some,
                      "round %d", round);
        if (any.accepts_some) {
            ck_assert_int_eq(any.accepted.answer, SPF_RULES_ACCEPT);
        }
        if (any.uncertain_for_some) {
            ck_assert_ptr_nonnull(any.uncertain.doubt);
        }
        clear(&facts);
        spf_shape_clear(&spf_membership_shape, &membership);
    }
}
END_TEST

static bool cut(struct spf_any_source *any, const char *text)
{
    struct spf_block block;

    spf_block_set(&block, text);
    return spf_any_source_cut(any, &block.cidr);
}

START_TEST(ranges_of_everybody)
{
    struct spf_any_source all;

    ck_assert(spf_any_source_init(&all, 4, false));
    ck_assert(cut(&all, "255.255.255.255/32"));
    ck_assert(cut(&all, "192.0.2.77/24"));
    ck_assert(cut(&all, "2001:db8::/32"));
    ck_assert(cut(&all, "nonsense"));
    ck_assert_uint_eq(all.addresses.count, 4);
    {
        struct spf_ip wanted[] = {ip("0.0.0.0"), ip("255.255.255.255"), ip("192.0.2.0"),
                                  ip("192.0.3.0")};

        for (int i = 0; i < 4; i++) {
            ck_assert(spf_ip_equal(&all.addresses.items[i], &wanted[i]));
        }
    }
    spf_any_source_clear(&all);
    ck_assert(spf_any_source_init(&all, 6, false));
    ck_assert(cut(&all, "2001:db8:ffff:ffff::/64"));
    {
        struct spf_ip wanted = ip("2001:db9::");

        ck_assert(spf_ip_equal(&all.addresses.items[2], &wanted));
    }
    spf_any_source_clear(&all);
}
END_TEST

static void add_entry(void *list, enum spf_policy policy, const char *ports, const char *cidr)
{
    struct spf_acl_entry *entry = spf_list_append(list, sizeof *entry);

    entry->policy = policy;
    strcpy(entry->protocol, "all");
    spf_ports_set(&entry->ports, ports);
    spf_block_set(&entry->cidr, cidr);
}

START_TEST(network_acls_keep_no_state)
{
    struct spf_acl_facts acl = {.bound = true};
    struct spf_ip source = ip("192.0.2.1");
    struct spf_ip other = ip("198.51.100.1");
    struct spf_acl_replies replies;

    ck_assert(!spf_acl_inward(&acl, &source, 22, SPF_STRICT).accepted);
    add_entry(&acl.ingress, SPF_POLICY_ACCEPT, "22/22", "192.0.2.0/24");
    add_entry(&acl.ingress, SPF_POLICY_DROP, "-1/-1", "0.0.0.0/0");
    ck_assert(spf_acl_inward(&acl, &source, 22, SPF_STRICT).accepted);
    ck_assert(!spf_acl_inward(&acl, &source, 23, SPF_LAX).accepted);
    ck_assert_ptr_eq(spf_acl_inward(&acl, &other, 22, SPF_LAX).entry, &acl.ingress.items[1]);

    replies = spf_acl_outward(&acl, &source, 1024, 65535, SPF_STRICT);
    ck_assert_int_eq(replies.denied, 64512);
    add_entry(&acl.egress, SPF_POLICY_DROP, "40000/40001", "0.0.0.0/0");
    add_entry(&acl.egress, SPF_POLICY_ACCEPT, "1024/65535", "0.0.0.0/0");
    replies = spf_acl_outward(&acl, &source, 1024, 65535, SPF_STRICT);
    ck_assert_int_eq(replies.denied, 2);
    ck_assert_int_eq(replies.accepted, 64510);
    ck_assert_int_eq(replies.denied_first, 40000);
    ck_assert_ptr_eq(replies.entry, &acl.egress.items[0]);
    spf_shape_clear(&spf_acl_shape, &acl);
}
END_TEST

/* The entries as numbers; each doubtful one turned out in every way. */
struct plain_entry {
    bool drop, any_policy, any_match, matches;
};

static void try_entries(const struct plain_entry *entries, int count, int done, bool decided,
                        bool accepted, int seen[2])
{
    const struct plain_entry *entry = &entries[done];

    if (decided || done == count) {
        seen[decided && accepted] = 1;
        return;
    }
    for (int policy = 0; policy < 2; policy++) {
        if (!entry->any_policy && policy != entry->drop) {
            continue;
        }
        for (int matches = entry->matches && !entry->any_match;
             matches <= (entry->matches || entry->any_match); matches++) {
            try_entries(entries, count, done + 1, matches, policy == 0, seen);
        }
    }
}

START_TEST(network_acls_like_the_oracle)
{
    uint64_t state = 7;
    int counts[3] = {0};

    for (int round = 0; round < 5000; round++) {
        struct spf_acl_facts acl = {.bound = true};
        struct spf_ip source = ip("192.0.2.1");
        struct plain_entry plain[8];
        int count = (int)(next_random(&state) % 7);
        int seen[2] = {0, 0};
        int answer;
        bool strict, lax;

        for (int i = 0; i < count; i++) {
            struct plain_entry *entry = &plain[i];
            uint64_t doubt = next_random(&state) % 12;
            struct spf_acl_entry *real;

            *entry = (struct plain_entry){.drop = next_random(&state) % 2,
                                          .matches = next_random(&state) % 2};
            add_entry(&acl.ingress, entry->drop ? SPF_POLICY_DROP : SPF_POLICY_ACCEPT, "22/22",
                      entry->matches ? "192.0.2.0/24" : "198.51.100.0/24");
            real = &acl.ingress.items[i];
            entry->any_policy = real->policy_in_doubt = doubt == 0 || doubt == 1;
            if (doubt == 1 || doubt == 2) {
                real->match_in_doubt = entry->any_match = entry->matches;
            } else if (doubt == 3) {
                spf_block_set(&real->cidr, "any");
                entry->any_match = true;
            } else if (doubt == 4) {
                strcpy(real->protocol, "TCP ");
                entry->any_match = entry->matches;
            } else if (doubt == 5) {
                spf_ports_set(&real->ports, "x");
                entry->any_match = entry->matches;
            }
        }
        try_entries(plain, count, 0, false, false, seen);
        answer = seen[0] && seen[1] ? 2 : seen[1];
        counts[answer]++;
        strict = spf_acl_inward(&acl, &source, 22, SPF_STRICT).accepted;
        lax = spf_acl_inward(&acl, &source, 22, SPF_LAX).accepted;
        ck_assert_msg(strict == (answer == 1) && lax == (answer != 0), "round %d: %d %d, not %d",
                      round, strict, lax, answer);
        ck_assert((spf_acl_doubt(&acl, &source, 22, 1024, 65535) != NULL) == (answer == 2));
        spf_shape_clear(&spf_acl_shape, &acl);
    }
    ck_assert(counts[0] > 500 && counts[1] > 500 && counts[2] > 500);
}
END_TEST

int main(void)
{
    return unit_main("cloud_rules",
                     (const TTest *const[]){the_official_rules, the_rarer_fields,
                                            members_of_one_group_reach_each_other, crowds,
                                            like_the_oracle, everybody_is_everyone,
                                            ranges_of_everybody, network_acls_keep_no_state,
                                            network_acls_like_the_oracle, NULL});
}
