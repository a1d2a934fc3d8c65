#include <stdio.h>

#include "base/json.h"
#include "cloud/acl.h"
#include "cloud/aliyun/parse.h"
#include "unit.h"

/*
 * What cannot be understood in a reply is carried as in doubt: it makes the answer unknown where it
 * could change it, names the entry, and nothing elsewhere. The replies are the API's, with one
 * member of one entry put in another form.
 */
#define RULE(id, policy, priority, rest)                                                 \
    "{\"SecurityGroupRuleId\":\"" id "\",\"Direction\":\"ingress\",\"Policy\":\"" policy \
    "\",\"Priority\":" priority ",\"IpProtocol\":\"TCP\",\"PortRange\":\"22/22\"," rest "}"
#define FROM(cidr) "\"SourceCidrIp\":\"" cidr "\""
#define OTHER_PORT(x)                                                                \
    "{\"SecurityGroupRuleId\":\"sgr-x\",\"Policy\":\"Drop\",\"IpProtocol\":\"TCP\"," \
    "\"PortRange\":\"80/80\",\"SourceCidrIp\":\"0.0.0.0/0\"," x "}"

static struct spf_error read_rules(const char *rules, struct spf_rules_facts *facts)
{
    char text[4000];
    char next[SPF_NEXT_SIZE];
    struct spf_error error;
    struct json_object *json;

    (void)snprintf(text, sizeof text,
                   "{\"SecurityGroupId\":\"sg-1\",\"VpcId\":\"vpc-1\",\"InnerAccessPolicy\":"
                   "\"Accept\",\"Permissions\":{\"Permission\":[%s]}}",
                   rules);
    json = spf_json_parse(text, strlen(text));
    ck_assert_msg(json != NULL, "%s", text);
    error = spf_parse_group(json, false, facts, next);
    json_object_put(json);
    return error;
}

static struct spf_rules_decision decide(const struct spf_rules_facts *facts)
{
    struct spf_rules_question question = {.port = 22, .family = 4, .internet = true};

    ck_assert(spf_ip_parse("198.51.100.7", &question.source));
    return spf_rules_decide(facts, &question);
}

/* An Accept or a Drop with that Priority, before a rule of priority 2 that says the opposite. */
START_TEST(priorities)
{
    static const char *const good[] = {"1", "\"1\"", "null", "\"\""};
    static const char *const bad[] = {"\"x\"",
                                      "5.0",
                                      "\"5.0\"",
                                      "\"5 \"",
                                      "\"0x5\"",
                                      "true",
                                      "[5]",
                                      "{}",
                                      "0",
                                      "-5",
                                      "101",
                                      "111",
                                      "\"0\"",
                                      "\"01\"",
                                      "\"+1\"",
                                      "1e0",
                                      "99999999999999999999",
                                      "\"99999999999999999999\""};

    for (int drop = 0; drop < 2; drop++) {
        for (size_t i = 0; i < sizeof bad / sizeof *bad + sizeof good / sizeof *good; i++) {
            bool doubtful = i < sizeof bad / sizeof *bad;
            const char *priority = doubtful ? bad[i] : good[i - sizeof bad / sizeof *bad];
            struct spf_rules_facts facts = {0};
            struct spf_rules_decision decision;
            char rules[1000];

            (void)snprintf(
                rules, sizeof rules,
                "{\"SecurityGroupRuleId\":\"sgr-1\",\"Policy\":\"%s\",\"Priority\":%s,"
                "\"IpProtocol\":\"TCP\",\"PortRange\":\"22/22\"," FROM(
                    "198.51.100.0/24") "},{\"SecurityGroupRuleId\":\"sgr-2\",\"Policy\":\"%s\","
                                       "\"Priority\":2,"
                                       "\"IpProtocol\":\"TCP\",\"PortRange\":\"22/22\"," FROM(
                                           "0.0.0.0/0") "}",
                drop ? "Drop" : "Accept", priority, drop ? "Accept" : "Drop");
            ck_assert_int_eq(read_rules(rules, &facts).code, SPF_OK);
            decision = decide(&facts);
            if (doubtful) {
                ck_assert_msg(decision.answer == SPF_RULES_UNCERTAIN, "%s", priority);
                ck_assert_str_eq(decision.rule->id, "sgr-1");
                ck_assert_ptr_nonnull(strstr(decision.doubt, "Priority"));
            } else {
                ck_assert_msg(decision.answer == (drop ? SPF_RULES_DROP : SPF_RULES_ACCEPT), "%s",
                              priority);
            }
            spf_shape_clear(&spf_rules_shape, &facts);
        }
    }
}
END_TEST

START_TEST(rules_in_doubt)
{
    static const struct {
        const char *rules;
        enum spf_rules_answer answer;
        const char *rule, *doubt;
    } cases[] = {
        {RULE("a", "Accept", "1", FROM("198.51.100.0/24")), SPF_RULES_ACCEPT, "a", NULL},
        /* each part, in a Drop that would come before an Accept */
        {RULE("d", "Drop", "1", FROM("198.51.100.0-198.51.100.9")) "," RULE("a", "Accept", "2",
                                                                            FROM("0.0.0.0/0")),
         SPF_RULES_UNCERTAIN, "d", "SourceCidrIp"},
        {RULE("d", "Drop", "1", "\"SourceCidrIp\":[\"0.0.0.0/0\"]") "," RULE("a", "Accept", "2",
                                                                             FROM("0.0.0.0/0")),
         SPF_RULES_UNCERTAIN, "d", "SourceCidrIp"},
        {RULE("d", "Drop", "1", "\"SourceGroupId\":5") "," RULE("a", "Accept", "2",
                                                                FROM("0.0.0.0/0")),
         SPF_RULES_UNCERTAIN, "d", "SourceGroupId"},
        {RULE("d", "Drop", "1", "\"x\":1") "," RULE("a", "Accept", "2", FROM("0.0.0.0/0")),
         SPF_RULES_UNCERTAIN, "d", "source"},
        {RULE("d", "Deny", "1", FROM("198.51.100.7")) "," RULE("a", "Accept", "2",
                                                               FROM("0.0.0.0/0")),
         SPF_RULES_UNCERTAIN, "d", "Policy is \"Deny\""},
        {"{\"SecurityGroupRuleId\":\"d\",\"Policy\":\"Drop\",\"PortRange\":\"22/22\"," FROM(
             "0.0.0.0/0") "}," RULE("a", "Accept", "2", FROM("0.0.0.0/0")),
         SPF_RULES_UNCERTAIN, "d", "IpProtocol"},
        {"{\"SecurityGroupRuleId\":\"d\",\"Policy\":\"Drop\",\"IpProtocol\":\"TCP \",\"PortRange\":"
         "\"22/22\"," FROM("0.0.0.0/0") "}," RULE("a", "Accept", "2", FROM("0.0.0.0/0")),
         SPF_RULES_UNCERTAIN, "d", "IpProtocol"},
        {"{\"SecurityGroupRuleId\":\"d\",\"Policy\":\"Drop\",\"IpProtocol\":6.0,\"PortRange\":"
         "\"22/22\"," FROM("0.0.0.0/0") "}," RULE("a", "Accept", "2", FROM("0.0.0.0/0")),
         SPF_RULES_UNCERTAIN, "d", "IpProtocol"},
        {"{\"SecurityGroupRuleId\":\"d\",\"Policy\":\"Drop\",\"IpProtocol\":\"TCP\",\"PortRange\":"
         "\"ssh\"," FROM("0.0.0.0/0") "}," RULE("a", "Accept", "2", FROM("0.0.0.0/0")),
         SPF_RULES_UNCERTAIN, "d", "PortRange"},
        {"{\"SecurityGroupRuleId\":\"d\",\"Direction\":\"in\",\"Policy\":\"Drop\",\"IpProtocol\":"
         "\"TCP\",\"PortRange\":\"22/22\"," FROM("0.0.0.0/0") "}," RULE("a", "Accept", "2",
                                                                        FROM("0.0.0.0/0")),
         SPF_RULES_UNCERTAIN, "d", "Direction"},
        {"{\"SecurityGroupRuleId\":\"d\",\"Direction\":\"egress\",\"Policy\":\"Drop\","
         "\"IpProtocol\":"
         "\"TCP\",\"PortRange\":\"22/22\"," FROM("0.0.0.0/0") "}," RULE("a", "Accept", "2",
                                                                        FROM("0.0.0.0/0")),
         SPF_RULES_ACCEPT, "a", NULL},
        {"\"Drop\"," RULE("a", "Accept", "2", FROM("0.0.0.0/0")), SPF_RULES_UNCERTAIN, "",
         "item 1"},
        {"null," RULE("a", "Accept", "1", FROM("0.0.0.0/0")), SPF_RULES_UNCERTAIN, "", "item 1"},
        /* nothing elsewhere: what comes later, is about another port, or would say the same */
        {RULE("a", "Accept", "1", FROM("0.0.0.0/0")) "," RULE("d", "Drop", "2", FROM("any")),
         SPF_RULES_ACCEPT, "a", NULL},
        {OTHER_PORT("\"Priority\":\"x\"") "," RULE("a", "Accept", "2", FROM("0.0.0.0/0")),
         SPF_RULES_ACCEPT, "a", NULL},
        {RULE("b", "Accept", "1", FROM("any")) "," RULE("a", "Accept", "2", FROM("0.0.0.0/0")),
         SPF_RULES_ACCEPT, "a", NULL},
        {"\"x\"," RULE("d", "Drop", "1", FROM("0.0.0.0/0")), SPF_RULES_DROP, "d", NULL},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct spf_rules_facts facts = {0};
        struct spf_rules_decision decision;

        ck_assert_int_eq(read_rules(cases[i].rules, &facts).code, SPF_OK);
        decision = decide(&facts);
        ck_assert_msg(decision.answer == cases[i].answer, "%s: %d", cases[i].rules,
                      (int)decision.answer);
        ck_assert_str_eq(decision.rule->id, cases[i].rule);
        if (cases[i].doubt != NULL) {
            ck_assert_msg(strstr(decision.doubt, cases[i].doubt) != NULL, "%s", decision.doubt);
        }
        spf_shape_clear(&spf_rules_shape, &facts);
    }
}
END_TEST

START_TEST(lists_in_doubt)
{
    static const char reply[] = "{\"PrefixListId\":\"pl-1\",\"Entries\":{\"Entry\":[{\"Cidr\":"
                                "\"203.0.113.0/24\"},{\"Cidr\":\"198.51.100.0-198.51.100.255\"}]}}";
    struct json_object *json = spf_json_parse(reply, sizeof reply - 1);
    struct spf_rules_question question = {.port = 22, .family = 4, .internet = true};
    struct spf_rules_facts facts = {0};
    struct spf_rules_decision decision;
    struct spf_named_list *list = SPF_APPEND(&facts.prefix_lists);

    strcpy(list->id, "pl-1");
    ck_assert_int_eq(spf_parse_prefix_list(json, list).code, SPF_OK);
    ck_assert_int_eq(read_rules(RULE("d", "Drop", "1", "\"SourcePrefixListId\":\"pl-1\"") "," RULE(
                                    "a", "Accept", "2", FROM("0.0.0.0/0")),
                                &facts)
                         .code,
                     SPF_OK);
    decision = decide(&facts);
    ck_assert_int_eq(decision.answer, SPF_RULES_UNCERTAIN);
    ck_assert_str_eq(decision.rule->id, "d");
    ck_assert_msg(strstr(decision.doubt, "pl-1") != NULL &&
                      strstr(decision.doubt, "198.51.100.0-") != NULL,
                  "%s", decision.doubt);
    /* the entry that is understood holds */
    ck_assert(spf_ip_parse("203.0.113.7", &question.source));
    ck_assert_int_eq(spf_rules_decide(&facts, &question).answer, SPF_RULES_DROP);
    json_object_put(json);
    spf_shape_clear(&spf_rules_shape, &facts);
}
END_TEST

/* Nothing listed proves nothing; one interface that is listed has exactly its groups. */
START_TEST(whose_groups)
{
    static const struct {
        const char *interfaces;
        bool known;
    } cases[] = {
        {"", false},
        {"{\"SecurityGroupIds\":{\"SecurityGroupId\":[\"sg-1\"]},\"OwnerId\":\"1000\"}", true},
        {"{\"SecurityGroupIds\":{\"SecurityGroupId\":[]}}", false},
        {"{\"SecurityGroupIds\":{\"SecurityGroupId\":[\"sg-1\",5]}}", false},
        {"{\"SecurityGroupIds\":\"sg-1\"}", false},
        {"{}", false},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct spf_membership_facts facts = {0};
        struct json_object *json;
        char text[400];

        (void)snprintf(text, sizeof text,
                       "{\"NetworkInterfaceSets\":{\"NetworkInterfaceSet\":[%s]}}",
                       cases[i].interfaces);
        json = spf_json_parse(text, strlen(text));
        ck_assert_int_eq(spf_parse_peer(json, &facts).code, SPF_OK);
        ck_assert_msg(facts.peer_known == cases[i].known, "%s", text);
        json_object_put(json);
        spf_shape_clear(&spf_membership_shape, &facts);
    }
}
END_TEST

#define ENTRY(id, policy, rest) \
    "{\"NetworkAclEntryId\":\"" id "\",\"Policy\":\"" policy "\"," rest "}"
#define TCP(cidr) "\"Protocol\":\"tcp\",\"Port\":\"22/22\",\"SourceCidrIp\":\"" cidr "\""

START_TEST(acl_entries_in_doubt)
{
    static const struct {
        const char *ingress;
        bool strict, lax;
        const char *entry, *doubt;
    } cases[] = {
        {"{\"IngressAclEntry\":[" ENTRY("a", "accept", TCP("0.0.0.0/0")) "]}", true, true, NULL,
         NULL},
        {"{\"IngressAclEntry\":[]}", false, false, NULL, NULL},
        {"{\"IngressAclEntry\":[" ENTRY("d", "drop", TCP("any")) "," ENTRY("a", "accept",
                                                                           TCP("0.0.0.0/0")) "]}",
         false, true, "d", "SourceCidrIp"},
        {"{\"IngressAclEntry\":[" ENTRY(
             "d", "drop",
             "\"Protocol\":\"tcp\",\"Port\":\"22/22\"") "," ENTRY("a", "accept",
                                                                  TCP("0.0.0.0/0")) "]}",
         false, true, "d", "SourceCidrIp"},
        {"{\"IngressAclEntry\":[" ENTRY(
             "d", "drop",
             "\"Port\":\"22/22\",\"SourceCidrIp\":\"0.0.0.0/0\"") "," ENTRY("a", "accept",
                                                                            TCP("0.0.0.0/0")) "]}",
         false, true, "d", "Protocol"},
        {"{\"IngressAclEntry\":[" ENTRY("d", "deny", TCP("0.0.0.0/0")) "," ENTRY(
             "a", "accept", TCP("0.0.0.0/0")) "]}",
         false, true, "d", "Policy"},
        {"{\"IngressAclEntry\":[" ENTRY("a", "accept",
                                        "\"Protocol\":\"tcp\",\"Port\":\"ssh\","
                                        "\"SourceCidrIp\":\"0.0.0.0/0\"") "]}",
         false, true, "a", "Port"},
        {"{\"IngressAclEntry\":[\"drop\"," ENTRY("a", "accept", TCP("0.0.0.0/0")) "]}", false, true,
         "", "item 1"},
        {"{\"IngressAclEntry\":null}", false, true, "", "no list"},
        {"null", false, true, "", "no list"},
        {"\"x\"", false, true, "", "no list"},
        /* nothing elsewhere */
        {"{\"IngressAclEntry\":[" ENTRY("a", "accept", TCP("0.0.0.0/0")) "," ENTRY("d", "drop",
                                                                                   TCP("any")) "]}",
         true, true, NULL, NULL},
        {"{\"IngressAclEntry\":[" ENTRY(
             "d", "drop", "\"Protocol\":\"udp\",\"Port\":\"x\"") "," ENTRY("a", "accept",
                                                                           TCP("0.0.0.0/0")) "]}",
         true, true, NULL, NULL},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct spf_acl_facts facts = {.bound = true};
        const struct spf_acl_entry *doubt;
        struct json_object *json;
        struct spf_ip source;
        char text[2000];

        (void)snprintf(
            text, sizeof text,
            "{\"NetworkAclAttribute\":{\"NetworkAclId\":\"nacl-1\",\"IngressAclEntries\":%s,"
            "\"EgressAclEntries\":{\"EgressAclEntry\":[{\"Policy\":\"accept\",\"Protocol\":"
            "\"all\",\"Port\":\"-1/-1\",\"DestinationCidrIp\":\"0.0.0.0/0\"}]}}}",
            cases[i].ingress);
        json = spf_json_parse(text, strlen(text));
        ck_assert_msg(json != NULL, "%s", text);
        ck_assert_int_eq(spf_parse_acl(json, &facts).code, SPF_OK);
        ck_assert(spf_ip_parse("198.51.100.7", &source));
        ck_assert_msg(spf_acl_inward(&facts, &source, 22, SPF_STRICT).accepted == cases[i].strict &&
                          spf_acl_inward(&facts, &source, 22, SPF_LAX).accepted == cases[i].lax,
                      "%s", text);
        doubt = spf_acl_doubt(&facts, &source, 22, 1024, 65535);
        ck_assert((doubt != NULL) == (cases[i].entry != NULL));
        if (doubt != NULL) {
            ck_assert_str_eq(doubt->id, cases[i].entry);
            ck_assert_msg(strstr(doubt->doubt, cases[i].doubt) != NULL, "%s", doubt->doubt);
        }
        json_object_put(json);
        spf_shape_clear(&spf_acl_shape, &facts);
    }
}
END_TEST

int main(void)
{
    return unit_main("cloud_doubts",
                     (const TTest *const[]){priorities, rules_in_doubt, lists_in_doubt,
                                            whose_groups, acl_entries_in_doubt, NULL});
}
