#include "cloud_lab.h"

#include "base/json.h"
#include "cloud/aliyun/operation.h"

static void credentials(struct lab *lab)
{
    ck_assert_ptr_null(lab_ask(lab, SPF_GROUP_CREDENTIALS));
}

START_TEST(everything_about_a_healthy_instance)
{
    struct lab lab;
    struct spf_facts *facts = &lab.facts;

    lab_start(&lab, NULL);
    credentials(&lab);
    ck_assert_str_eq(facts->credentials->access_key, "LTAI5tLa");
    ck_assert_str_eq(facts->credentials->source,
                     "environment variable ALIBABA_CLOUD_ACCESS_KEY_ID");
    ck_assert_str_eq(facts->credentials->region, "cn-hangzhou");
    ck_assert_str_eq(facts->credentials->region_source, "the instance's id");

    ck_assert_ptr_null(lab_ask(&lab, SPF_GROUP_IDENTITY));
    ck_assert_str_eq(facts->identity->principal, "acs:ram::1000000000000001:user/preflight");

    ck_assert_ptr_null(lab_ask(&lab, SPF_GROUP_INSTANCE));
    ck_assert_int_eq(facts->instance->search, SPF_INSTANCE_FOUND);
    ck_assert_int_eq(facts->instance->state, SPF_STATE_RUNNING);
    ck_assert_str_eq(facts->instance->name, "web-1");
    ck_assert_uint_eq(facts->instance->addresses.count, 2);
    ck_assert_int_eq(facts->instance->addresses.items[0].class, SPF_CLASS_ELASTIC);
    ck_assert_int_eq(facts->instance->addresses.items[0].bandwidth, 5);
    ck_assert_uint_eq(facts->instance->security_groups.count, 1);

    ck_assert_ptr_null(lab_ask(&lab, SPF_GROUP_RULES));
    ck_assert_uint_eq(facts->rules->groups.count, 1);
    ck_assert_str_eq(facts->rules->groups.items[0].name, "web");
    ck_assert(facts->rules->groups.items[0].inner_accept);
    ck_assert_uint_gt(facts->rules->rules.count, 0);

    ck_assert_ptr_null(lab_ask(&lab, SPF_GROUP_MEMBERSHIP));
    ck_assert_uint_eq(facts->membership->groups.count, 1);
    ck_assert_str_eq(facts->membership->groups.items[0].type, "basic");
    ck_assert(!facts->membership->groups.items[0].managed);
    ck_assert(!facts->membership->peer_known);

    ck_assert_ptr_null(lab_ask(&lab, SPF_GROUP_KEY_PAIR));
    ck_assert(facts->key_pair->bound && facts->key_pair->found);
    ck_assert_str_eq(facts->key_pair->name, "lab-key");
    ck_assert_ptr_null(lab_ask(&lab, SPF_GROUP_NETWORK_ACL));
    ck_assert(!facts->network_acl->bound);
    ck_assert_int_eq(lab_calls(&lab, "DescribeInstances"), 1);
    lab_stop(&lab);
}
END_TEST

START_TEST(wrong_keys_have_their_causes)
{
    static const struct {
        const char *id, *secret, *token;
        enum spf_finding cause;
    } cases[] = {
        {LAB_ID, "wrong", NULL, SPF_ACCESS_KEY_SECRET_WRONG},
        {"LTAInobody", LAB_SECRET, NULL, SPF_ACCESS_KEY_UNKNOWN},
        {"LTAI5tLabInactive00001", "LabCanarySecretInactive000001x", NULL, SPF_ACCESS_KEY_INACTIVE},
        {"STS.LabExpiredStsId00000001", "LabCanarySecretExpired0000001x",
         "CAISLabCanaryTokenExpired00000000000000000000000000000000001", SPF_TOKEN_EXPIRED},
        {"STS.LabCanaryStsId000000001", "LabCanarySecretSts00000000001x",
         "CAISLabCanaryToken+/=000000000000000000000000000000000000001", SPF_NO_FINDING},
        {"STS.LabCanaryStsId000000001", "LabCanarySecretSts00000000001x", "else",
         SPF_TOKEN_INVALID},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct spf_failure *failure;
        struct lab lab;

        lab_start(&lab, NULL);
        setenv("ALIBABA_CLOUD_ACCESS_KEY_ID", cases[i].id, 1);
        setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", cases[i].secret, 1);
        if (cases[i].token != NULL) {
            setenv("ALIBABA_CLOUD_SECURITY_TOKEN", cases[i].token, 1);
        }
        credentials(&lab);
        unsetenv("ALIBABA_CLOUD_SECURITY_TOKEN");
        failure = lab_ask(&lab, SPF_GROUP_INSTANCE);
        ck_assert_msg((failure != NULL ? failure->cause : SPF_NO_FINDING) == cases[i].cause,
                      "case %zu: %s", i,
                      failure != NULL ? spf_findings[failure->cause].id : "no failure");
        if (failure != NULL) {
            ck_assert_str_eq(failure->action, "ecs:DescribeInstances");
        }
        lab_stop(&lab);
    }
}
END_TEST

START_TEST(the_other_regions_are_searched)
{
    struct lab lab;

    lab_start(&lab, NULL);
    setenv("ALIBABA_CLOUD_REGION_ID", "cn-beijing", 1);
    credentials(&lab);
    ck_assert_ptr_null(lab_ask(&lab, SPF_GROUP_INSTANCE));
    ck_assert_int_eq(lab.facts.instance->search, SPF_INSTANCE_FOUND);
    ck_assert_str_eq(lab.facts.instance->region, "cn-hangzhou");
    ck_assert_uint_ge(lab.facts.instance->regions_asked.count, 2);
    unsetenv("ALIBABA_CLOUD_REGION_ID");
    lab_stop(&lab);
}
END_TEST

START_TEST(a_given_region_is_the_only_one)
{
    struct lab lab;

    lab_start(&lab, NULL);
    lab.options.credentials.region = "cn-beijing";
    credentials(&lab);
    ck_assert_ptr_null(lab_ask(&lab, SPF_GROUP_INSTANCE));
    ck_assert_int_eq(lab.facts.instance->search, SPF_INSTANCE_NOWHERE);
    ck_assert(!lab.facts.instance->every_region_asked);
    ck_assert_int_eq(lab_calls(&lab, "DescribeRegions"), 0);
    lab_stop(&lab);
}
END_TEST

START_TEST(an_unknown_instance_is_nowhere)
{
    struct lab lab;

    lab_start(&lab, NULL);
    lab.target.instance_id = "i-bp1nobody000000000000";
    credentials(&lab);
    ck_assert_ptr_null(lab_ask(&lab, SPF_GROUP_INSTANCE));
    ck_assert_int_eq(lab.facts.instance->search, SPF_INSTANCE_NOWHERE);
    ck_assert(lab.facts.instance->every_region_asked);
    lab_stop(&lab);
}
END_TEST

START_TEST(a_cancelled_inquiry_hears_nothing)
{
    struct lab lab;

    lab_start(&lab, NULL);
    credentials(&lab);
    spf_aliyun_serve(lab.aliyun, &lab.inquiry, SPF_GROUP_INSTANCE);
    spf_aliyun_cancel(lab.aliyun, &lab.inquiry);
    ck_assert_int_eq(spf_loop_turn(lab.loop, spf_now_ms() + 50).code, SPF_OK);
    ck_assert_int_eq(lab.arrived, 1);
    spf_aliyun_serve(lab.aliyun, &lab.inquiry, SPF_GROUP_INSTANCE);
    lab_stop(&lab);
}
END_TEST

START_TEST(nobody_listens)
{
    const struct spf_failure *failure;
    struct lab lab;

    lab_start(&lab, NULL);
    credentials(&lab);
    ck_assert_int_eq(spf_endpoint_parse("http://127.0.0.1:1", &lab.endpoint).code, SPF_OK);
    failure = lab_ask(&lab, SPF_GROUP_INSTANCE);
    ck_assert_ptr_nonnull(failure);
    ck_assert_int_eq(failure->cause, SPF_API_UNREACHABLE);
    lab_stop(&lab);
}
END_TEST

static const char *fault_action, *fault_do;

static void with_fault(struct json_object *world)
{
    struct json_object *faults = spf_json_get(world, "faults");
    struct json_object *fault = json_object_new_object();

    json_object_object_add(fault, "action", json_object_new_string(fault_action));
    json_object_object_add(fault, "do", json_object_new_string(fault_do));
    json_object_array_add(faults, fault);
}

static void with_fault_once(struct json_object *world)
{
    with_fault(world);
    json_object_object_add(spf_json_item(spf_json_get(world, "faults"), 0), "nth",
                           json_object_new_int(1));
}

START_TEST(faults_of_the_api)
{
    static const struct {
        const char *fault;
        enum spf_finding cause;
    } cases[] = {
        {"throttle", SPF_API_THROTTLED},
        {"500", SPF_API_ERROR},
        {"503", SPF_API_ERROR},
        {"forbidden", SPF_PERMISSION_DENIED},
        {"502-html", SPF_API_ERROR},
        {"reset", SPF_API_UNREACHABLE},
        {"hang", SPF_API_UNREACHABLE},
        {"truncated", SPF_API_REPLY_INVALID},
        {"cut", SPF_API_UNREACHABLE},
        {"invalid", SPF_API_REPLY_INVALID},
        {"wrong-shape", SPF_API_REPLY_INVALID},
        {"deep", SPF_API_REPLY_INVALID},
        {"huge", SPF_API_REPLY_INVALID},
        {"empty", SPF_API_REPLY_INVALID},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct spf_failure *failure;
        struct lab lab;

        fault_action = "DescribeInstances";
        fault_do = cases[i].fault;
        lab_start(&lab, with_fault);
        credentials(&lab);
        if (strcmp(fault_do, "hang") == 0) {
            lab.target.timeout_ms = 1200;
        }
        failure = lab_ask(&lab, SPF_GROUP_INSTANCE);
        ck_assert_msg(failure != NULL && failure->cause == cases[i].cause, "%s: %s", fault_do,
                      failure != NULL ? spf_findings[failure->cause].id : "no failure");
        lab_stop(&lab);
    }
}
END_TEST

START_TEST(what_a_retry_heals)
{
    static const char *const faults[] = {"throttle", "500", "503", "502-html", "reset", "cut"};

    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        const struct spf_failure *failure;
        struct lab lab;

        fault_action = "DescribeInstances";
        fault_do = faults[i];
        lab_start(&lab, with_fault_once);
        credentials(&lab);
        failure = lab_ask(&lab, SPF_GROUP_INSTANCE);
        ck_assert_msg(failure == NULL, "%s: %s", fault_do, failure != NULL ? failure->text : "");
        ck_assert_int_eq(lab.facts.instance->search, SPF_INSTANCE_FOUND);
        ck_assert_int_eq(lab_calls(&lab, "DescribeInstances"), 2);
        lab_stop(&lab);
    }
}
END_TEST

/* A rule by a prefix list and a port list, and a second interface with a group and an address of
 * its own. */
static void with_lists_and_interfaces(struct json_object *world)
{
    static const char region_patch[] =
        "{\"PrefixLists\":{\"pl-1\":{\"PrefixListId\":\"pl-1\",\"Entries\":{\"Entry\":[{\"Cidr\":"
        "\"203.0.113.0/24\"}]}}},"
        "\"PortRangeLists\":{\"prl-1\":{\"Entries\":[{\"PortRange\":\"20/25\"}]}},"
        "\"NetworkInterfaces\":{\"eni-2\":{\"NetworkInterfaceId\":\"eni-2\",\"Type\":\"Secondary\","
        "\"InstanceId\":\"i-bp1lab0000000000web1\",\"PrivateIpAddress\":\"10.0.1.51\","
        "\"PrivateIpSets\":{\"PrivateIpSet\":[{\"PrivateIpAddress\":\"10.0.1.51\"}]},"
        "\"AssociatedPublicIp\":{\"PublicIpAddress\":\"203.0.113.51\"},"
        "\"SecurityGroupIds\":{\"SecurityGroupId\":[\"sg-2\"]}}}}";
    static const char group[] =
        "{\"SecurityGroupId\":\"sg-2\",\"VpcId\":\"vpc-1\",\"Permissions\":{\"Permission\":["
        "{\"SourcePrefixListId\":\"pl-1\",\"PortRangeListId\":\"prl-1\",\"Priority\":\"1\"},"
        "{\"SourcePrefixListId\":\"pl-none\",\"PortRange\":\"22/22\",\"Priority\":1}]}}";
    struct json_object *region = spf_json_path(world, "regions.cn-hangzhou");
    struct json_object *patch = json_tokener_parse(region_patch);
    struct json_object *interfaces =
        spf_json_path(spf_json_path(region, "Instances.i-bp1lab0000000000web1"),
                      "NetworkInterfaces.NetworkInterface");

    json_object_object_foreach(patch, name, value)
    {
        json_object_object_add(region, name, json_object_get(value));
    }
    json_object_put(patch);
    json_object_object_add(spf_json_get(region, "SecurityGroups"), "sg-2",
                           json_tokener_parse(group));
    json_object_array_add(
        interfaces, json_tokener_parse("{\"NetworkInterfaceId\":\"eni-2\",\"Type\":\"Secondary\","
                                       "\"PrivateIpSets\":{\"PrivateIpSet\":[{\"PrivateIpAddress\":"
                                       "\"10.0.1.51\"}]}}"));
}

/* Pages of a list by their tokens, a letter each; where a circle is seen, three rounds are the
 * most. */
START_TEST(pages_that_go_round_in_a_circle)
{
    static const struct {
        const char *tokens;
        bool good;
    } cases[] = {
        {"a", true},
        {"ab", true},
        {"abcdefghijklmnopqrstuvwxyz", true},
        {"aa", false},
        {"aba", false},
        {"abab", false},
        {"abcbcb", false},
        {"abcdefdefdef", false},
        {"abcabcabc", false},
        {"abcdefghabcdefghabcdefgh", false},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct spf_call call = {.word = "sg-1"};
        struct spf_call other = {.word = "sg-2"};
        struct spf_operation operation = {0};
        bool good = true;

        for (const char *token = cases[i].tokens; good && *token != '\0'; token++) {
            const char text[] = {*token, '\0'};

            /* another list's tokens may be the same, and change slower */
            ck_assert(token != cases[i].tokens ||
                      spf_operation_goes_on(&operation, &other, text).code == SPF_OK);
            good = spf_operation_goes_on(&operation, &call, text).code == SPF_OK;
        }
        ck_assert_msg(good == cases[i].good, "%s", cases[i].tokens);
        free(operation.marks.items);
    }
}
END_TEST

START_TEST(the_interface_that_carries_the_address)
{
    struct spf_instance_facts *instance;
    struct spf_rules_facts *rules;
    struct lab lab;

    lab_start(&lab, with_lists_and_interfaces);
    instance = lab.facts.instance;
    rules = lab.facts.rules;
    lab.target.host = "203.0.113.51";
    credentials(&lab);
    ck_assert_ptr_null(lab_ask(&lab, SPF_GROUP_INSTANCE));
    ck_assert_uint_eq(instance->interfaces.count, 1);
    ck_assert_int_eq(lab_calls(&lab, "DescribeNetworkInterfaces"), 1);
    ck_assert_ptr_null(lab_ask(&lab, SPF_GROUP_RULES));
    ck_assert_str_eq(rules->interface_id, "eni-2");
    ck_assert_uint_eq(rules->rules.count, 2);
    ck_assert_str_eq(rules->rules.items[0].group, "sg-2");
    ck_assert_int_eq(rules->rules.items[0].priority, 1);
    ck_assert_uint_eq(rules->prefix_lists.count, 2);
    ck_assert(rules->prefix_lists.items[0].resolved);
    ck_assert_str_eq(rules->prefix_lists.items[0].blocks.items[0].text, "203.0.113.0/24");
    ck_assert(!rules->prefix_lists.items[1].resolved);
    ck_assert_str_ne(rules->prefix_lists.items[1].error, "");
    ck_assert_uint_eq(rules->port_lists.count, 1);
    ck_assert(rules->port_lists.items[0].resolved);
    lab_stop(&lab);

    /* The primary's own address needs none of this. */
    lab_start(&lab, with_lists_and_interfaces);
    credentials(&lab);
    ck_assert_ptr_null(lab_ask(&lab, SPF_GROUP_INSTANCE));
    ck_assert_int_eq(lab_calls(&lab, "DescribeNetworkInterfaces"), 0);
    lab_stop(&lab);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {everything_about_a_healthy_instance,
                                  wrong_keys_have_their_causes,
                                  the_other_regions_are_searched,
                                  a_given_region_is_the_only_one,
                                  an_unknown_instance_is_nowhere,
                                  a_cancelled_inquiry_hears_nothing,
                                  nobody_listens,
                                  faults_of_the_api,
                                  what_a_retry_heals,
                                  the_interface_that_carries_the_address,
                                  pages_that_go_round_in_a_circle,
                                  NULL};

    return unit_main("aliyun_probe", tests);
}
