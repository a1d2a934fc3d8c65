#include "cloud/aliyun/policy.h"

#include <json-c/json.h>
#include <string.h>

#include "base/json_build.h"

#define NEEDS_INSTANCE                                                        \
    (SPF_CHECK_BIT(CLOUD_INSTANCE) | SPF_CHECK_BIT(CLOUD_ADDRESS) |           \
     SPF_CHECK_BIT(CLOUD_SECURITY_GROUP) | SPF_CHECK_BIT(CLOUD_NETWORK_ACL) | \
     SPF_CHECK_BIT(CLOUD_KEY_PAIR) | NEEDS_ADDRESS)
#define NEEDS_ADDRESS                                                                     \
    (SPF_CHECK_BIT(NET_PORT) | SPF_CHECK_BIT(SSH_BANNER) | SPF_CHECK_BIT(SSH_HANDSHAKE) | \
     SPF_CHECK_BIT(SSH_HOST_KEY) | SPF_CHECK_BIT(SSH_AUTH) | SPF_CHECK_BIT(SSH_SESSION))
#define NEEDS_CONSOLE                                                                    \
    (SPF_CHECK_BIT(NET_PORT) | SPF_CHECK_BIT(SSH_BANNER) | SPF_CHECK_BIT(SSH_HOST_KEY) | \
     SPF_CHECK_BIT(SSH_AUTH))

#define NEEDS_GATEWAY                                                     \
    (SPF_CHECK_BIT(CLOUD_ADDRESS) | SPF_CHECK_BIT(CLOUD_SECURITY_GROUP) | \
     SPF_CHECK_BIT(CLOUD_NETWORK_ACL) | SPF_CHECK_BIT(NET_PORT))

#define NEEDS_WAY \
    (SPF_CHECK_BIT(CLOUD_ADDRESS) | SPF_CHECK_BIT(CLOUD_NETWORK_ACL) | SPF_CHECK_BIT(NET_PORT))

/* Their remedies are carried out inside. */
#define NEEDS_WAY_IN (SPF_CHECK_BIT(CLOUD_ADDRESS) | SPF_CHECK_BIT(CLOUD_KEY_PAIR) | NEEDS_ADDRESS)

static const struct {
    const char *action;
    spf_checks checks; /* any of them calls it */
} grants[] = {
    {"ecs:DescribeInstances", NEEDS_INSTANCE},
    {"ecs:DescribeRegions", NEEDS_INSTANCE},
    {"ecs:DescribeInstancesFullStatus", SPF_CHECK_BIT(CLOUD_INSTANCE) | SPF_CHECK_BIT(NET_PORT)},
    {"ecs:DescribeNetworkInterfaces", NEEDS_INSTANCE},
    {"ecs:DescribeSecurityGroupAttribute", SPF_CHECK_BIT(CLOUD_SECURITY_GROUP)},
    {"ecs:DescribeSecurityGroups", SPF_CHECK_BIT(CLOUD_SECURITY_GROUP)},
    {"ecs:DescribePrefixListAttributes", SPF_CHECK_BIT(CLOUD_SECURITY_GROUP)},
    {"ecs:DescribePortRangeListEntries", SPF_CHECK_BIT(CLOUD_SECURITY_GROUP)},
    {"ecs:DescribeKeyPairs", SPF_CHECK_BIT(CLOUD_KEY_PAIR)},
    {"ecs:GetInstanceConsoleOutput", NEEDS_CONSOLE},
    {"ecs:DescribeImages", SPF_CHECK_BIT(SSH_AUTH)},
    {"ecs:DescribeCloudAssistantStatus", NEEDS_WAY_IN},
    {"vpc:DescribeEipAddresses", NEEDS_GATEWAY},
    {"vpc:DescribeForwardTableEntries", NEEDS_GATEWAY},
    {"vpc:DescribeRouteEntryList", NEEDS_WAY},
    {"vpc:DescribeVpcAttribute", NEEDS_WAY},
    {"vpc:DescribeIpv6Addresses", NEEDS_INSTANCE},
    {"vpc:DescribeIpv6EgressOnlyRules", NEEDS_INSTANCE},
    {"vpc:DescribeVSwitchAttributes", NEEDS_WAY},
    {"vpc:DescribeNetworkAclAttributes", SPF_CHECK_BIT(CLOUD_NETWORK_ACL)},
};

static struct json_object *statement(spf_checks checks, bool console)
{
    struct json_object *statement = spf_json_object();
    struct json_object *actions = spf_json_array();

    for (size_t i = 0; i < sizeof grants / sizeof *grants; i++) {
        if (grants[i].checks & checks ||
            (console && strcmp(grants[i].action, "ecs:GetInstanceConsoleOutput") == 0)) {
            spf_json_append(actions, spf_json_string(grants[i].action));
        }
    }
    spf_json_add(statement, "Effect", spf_json_string("Allow"));
    spf_json_add(statement, "Action", actions);
    spf_json_add(statement, "Resource", spf_json_string("*"));
    return statement;
}

bool spf_aliyun_policy(spf_checks checks, bool console, struct spf_buf *out)
{
    struct json_object *policy = spf_json_object();
    struct json_object *statements = spf_json_array();
    const char *text;

    /* A statement without actions is no policy: RAM refuses it. */
    if (checks & NEEDS_INSTANCE) {
        spf_json_append(statements, statement(checks, console));
    }
    spf_json_add(policy, "Version", spf_json_string("1"));
    spf_json_add(policy, "Statement", statements);
    text = json_object_to_json_string_ext(policy,
                                          JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE);
    if (text != NULL) {
        spf_buf_addstr(out, text);
        spf_buf_addch(out, '\n');
    }
    json_object_put(policy);
    return text != NULL && !spf_buf_failed(out);
}
