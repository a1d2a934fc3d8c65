#ifndef SPF_TESTS_REPLIES_WORLDS_H
#define SPF_TESTS_REPLIES_WORLDS_H

#include <dirent.h>

#include "replies_client.h"

/*
 * Worlds: the replies that were recorded, which fit together, with what makes each world another
 * one. In each something else is found of the instance.
 */
#define INSTANCE "i-2ze0000000000000aaaa"
#define EIP      "EipAddresses.EipAddress.0."
#define ONE      "Instances.Instance.0."

struct patch {
    const char *reply;
    const char *path; /* "": all of it */
    const char *json; /* NULL: it is removed */
};

#define PATCHES_MAX 12
struct world {
    const char *name, *instance, *host, *source;
    enum spf_address_choice address;
    enum spf_finding is; /* what is found of it */
    const char *region;  /* where to look first; NULL: where it is */
    const char *spoiled; /* fnmatch(3) of the replies that are spoilt; NULL: all */
    bool other_key;      /* than the pair's */
    bool shared;         /* asked as one of several targets */
    struct patch patches[PATCHES_MAX];
};

/* The child of that name or place, and what holds it. */
static struct json_object *child(struct json_object *parent, const char *name, size_t len)
{
    char text[100];

    ck_assert_uint_lt(len, sizeof text);
    memcpy(text, name, len);
    text[len] = '\0';
    return json_object_is_type(parent, json_type_array)
               ? spf_json_item(parent, strtoul(text, NULL, 10))
               : spf_json_get(parent, text);
}

/* Puts a value at the path, or removes what is there. */
static void put_at(struct json_object *root, const char *path, struct json_object *value,
                   bool remove)
{
    const char *dot;

    while ((dot = strchr(path, '.')) != NULL) {
        root = child(root, path, (size_t)(dot - path));
        ck_assert_msg(root != NULL, "%s", path);
        path = dot + 1;
    }
    if (json_object_is_type(root, json_type_array) && remove) {
        ck_assert_int_eq(json_object_array_del_idx(root, strtoul(path, NULL, 10), 1), 0);
    } else if (json_object_is_type(root, json_type_array)) {
        ck_assert_int_eq(json_object_array_put_idx(root, strtoul(path, NULL, 10), value), 0);
    } else if (remove) {
        json_object_object_del(root, path);
    } else {
        json_object_object_add(root, path, value);
    }
}

static struct json_object *parsed(const char *text)
{
    struct json_object *json = spf_json_parse(text, strlen(text));

    ck_assert_msg(json != NULL || strcmp(text, "null") == 0, "%s", text);
    return json;
}

/* The replies as they were recorded: the seeds of the fuzz target, each after a byte of its own. */
static struct json_object *recorded(void)
{
    struct json_object *all = json_object_new_object();
    DIR *folder = opendir(TEST_SEEDS);
    struct dirent *entry;

    ck_assert_ptr_nonnull(folder);
    while ((entry = readdir(folder)) != NULL) {
        char path[600];
        char text[32768];
        size_t len;
        FILE *in;

        if (strncmp(entry->d_name, "Describe", 8) != 0 && strncmp(entry->d_name, "Get", 3) != 0) {
            continue;
        }
        (void)snprintf(path, sizeof path, "%s/%s", TEST_SEEDS, entry->d_name);
        in = fopen(path, "r");
        ck_assert_ptr_nonnull(in);
        len = fread(text, 1, sizeof text - 1, in);
        fclose(in);
        text[len] = '\0';
        json_object_object_add(all, entry->d_name, parsed(text + 1));
    }
    closedir(folder);
    return all;
}

static void begin(const struct world *world)
{
    setenv("ALIBABA_CLOUD_REGION_ID", world->region != NULL ? world->region : "cn-beijing", 1);
    replies = recorded();
    put_at(spf_json_get(replies, "DescribeInstances"), "Instances.Instance.1", NULL, true);
    for (int i = 0; i < 2; i++) { /* two that are about other ports and the way out */
        put_at(spf_json_get(replies, "DescribeSecurityGroupAttribute"), "Permissions.Permission.9",
               NULL, true);
    }
    put_at(spf_json_get(replies, "DescribeInstances"), ONE "ImageId", parsed("\"m-bp1lab\""),
           false);
    put_at(spf_json_get(replies, "DescribeCloudAssistantStatus"),
           "InstanceCloudAssistantStatusSet.InstanceCloudAssistantStatus.0.InstanceId",
           parsed("\"" INSTANCE "\""), false);
    /* no event but where a world has one */
    put_at(spf_json_get(replies, "DescribeInstancesFullStatus"),
           "InstanceFullStatusSet.InstanceFullStatusType.0.ScheduledSystemEventSet", NULL, true);
    json_object_object_add(
        replies, "GetInstanceConsoleOutput",
        parsed("{\"ConsoleOutput\":\"WyAgICAwLjAwMDAwMF0gTGludXggdmVyc2lvbiA1LjEwCg==\","
               "\"LastUpdateTime\":\"2026-11-22 18:00:00\"}"));
    for (size_t i = 0; i < PATCHES_MAX && world->patches[i].reply != NULL; i++) {
        const struct patch *patch = &world->patches[i];

        if (patch->path[0] == '\0') {
            json_object_object_add(replies, patch->reply, parsed(patch->json));
        } else {
            put_at(spf_json_get(replies, patch->reply), patch->path,
                   patch->json != NULL ? parsed(patch->json) : NULL, patch->json == NULL);
        }
    }
}

#define OTHER_ADDRESS "203.0.113.40"

static const struct world worlds[] = {
    {"healthy", .source = "192.0.2.7"},
    {"healthy, one of several targets", .spoiled = "DescribeInstances*|*Status",
     .source = "192.0.2.7", .shared = true},
    {"a rule denies", .is = SPF_SG_RULE_DENIES, .spoiled = "*List*|*Group*",
     .source = "198.51.100.7"},
    {"no rule allows", .is = SPF_SG_SOURCE_EXCLUDED, .spoiled = "*List*|*Group*",
     .source = "203.0.114.7"},
    {"by lists", .spoiled = "*List*|*Group*", .source = "203.0.113.70"},
    {"the source is not known", .is = SPF_SG_SOURCE_UNKNOWN, .spoiled = "*List*|*Group*", NULL},
    {"another key", .is = SPF_KEY_PAIR_DIFFERENT, .spoiled = "DescribeKeyPairs",
     .source = "192.0.2.7", .other_key = true},
    {"stopped", .is = SPF_INSTANCE_STOPPED, .spoiled = "DescribeInstances*", .source = "192.0.2.7",
     .patches = {{"DescribeInstances", ONE "Status", "\"Stopped\""}}},
    {"locked", .is = SPF_INSTANCE_LOCKED, .spoiled = "DescribeInstances*", .source = "192.0.2.7",
     .patches = {{"DescribeInstances", ONE "OperationLocks",
                  "{\"LockReason\":[{\"LockReason\":\"financial\"}]}"}}},
    {"expired", .is = SPF_INSTANCE_EXPIRED, .spoiled = "DescribeInstances*", .source = "192.0.2.7",
     .patches = {{"DescribeInstances", ONE "InstanceChargeType", "\"PrePaid\""},
                 {"DescribeInstances", ONE "ExpiredTime", "\"2026-11-01T16:00Z\""}}},
    {"an elastic IP", .spoiled = "*Eip*|DescribeInstances", .source = "192.0.2.7",
     .patches = {{"DescribeInstances", ONE "PublicIpAddress", "{\"IpAddress\":[]}"},
                 {"DescribeInstances", ONE "EipAddress",
                  "{\"AllocationId\":\"eip-1\",\"IpAddress\":\"198.51.100.20\",\"Bandwidth\":5}"},
                 {"DescribeEipAddresses", "EipAddresses.EipAddress.0.InstanceId",
                  "\"" INSTANCE "\""}}},
    {"a locked elastic IP", .is = SPF_ADDRESS_LOCKED, .spoiled = "*Eip*|DescribeInstances",
     .source = "192.0.2.7",
     .patches = {{"DescribeInstances", ONE "PublicIpAddress", "{\"IpAddress\":[]}"},
                 {"DescribeInstances", ONE "EipAddress",
                  "{\"AllocationId\":\"eip-1\",\"IpAddress\":\"198.51.100.20\",\"Bandwidth\":5}"},
                 {"DescribeEipAddresses", "EipAddresses.EipAddress.0.OperationLocks.LockReason",
                  "[{\"LockReason\":\"financial\"}]"}}},
    {"no default route", .is = SPF_ADDRESS_NO_ROUTE, .spoiled = "*Vpc*|*Route*|*VSwitch*",
     .source = "192.0.2.7",
     .patches = {{"DescribeRouteEntryList", "RouteEntrys.RouteEntry.0", NULL}}},
    {"no bandwidth", .is = SPF_ADDRESS_NO_BANDWIDTH, .spoiled = "DescribeInstances*",
     .source = "192.0.2.7", .patches = {{"DescribeInstances", ONE "InternetMaxBandwidthOut", "0"}}},
    {"another's address", .is = SPF_ADDRESS_NOT_OF_INSTANCE, .spoiled = "*Eip*|*Forward*",
     .source = "192.0.2.7", .host = OTHER_ADDRESS},
    {"behind a NAT gateway", .is = SPF_NO_FINDING, .spoiled = "*Eip*|*Forward*",
     .source = "192.0.2.7", .host = "198.51.100.40",
     .patches = {{"DescribeEipAddresses", EIP "IpAddress", "\"198.51.100.40\""},
                 {"DescribeEipAddresses", EIP "InstanceType", "\"Nat\""},
                 {"DescribeEipAddresses", EIP "InstanceId", "\"ngw-1\""},
                 {"DescribeForwardTableEntries",
                  "ForwardTableEntries.ForwardTableEntry.0.ExternalPort", "\"22\""}}},
    {"by IPv6", .spoiled = "*Ipv6*|DescribeInstances", .source = "2001:db8:1::7",
     .address = SPF_ADDRESS_IPV6,
     .patches = {{"DescribeInstances", ONE "NetworkInterfaces.NetworkInterface.0.Ipv6Sets",
                  "{\"Ipv6Set\":[{\"Ipv6Address\":\"2001:db8:1::5\"}]}"},
                 {"DescribeIpv6EgressOnlyRules", "Ipv6EgressOnlyRules.Ipv6EgressOnlyRule", "[]"},
                 {"DescribeIpv6EgressOnlyRules", "TotalCount", "0"}}},
    {"by IPv6, egress only", .is = SPF_ADDRESS_IPV6_EGRESS_ONLY,
     .spoiled = "*Ipv6*|DescribeInstances", .source = "2001:db8:1::7", .address = SPF_ADDRESS_IPV6,
     .patches = {{"DescribeInstances", ONE "NetworkInterfaces.NetworkInterface.0.Ipv6Sets",
                  "{\"Ipv6Set\":[{\"Ipv6Address\":\"2001:db8:1::5\"}]}"}}},
    {"by the private address", .spoiled = "*NetworkInterfaces*|*Groups", .source = "10.0.9.9",
     .address = SPF_ADDRESS_PRIVATE,
     .patches = {{"DescribeNetworkInterfaces.10.0.9.9", "",
                  "{\"NetworkInterfaceSets\":{\"NetworkInterfaceSet\":[{\"OwnerId\":"
                  "\"1000000000000001\",\"SecurityGroupIds\":{\"SecurityGroupId\":["
                  "\"sg-2ze0000000000000dddd\"]}}]}}"},
                 {"DescribeSecurityGroupAttribute", "Permissions.Permission.8", NULL}}},
    {"a second interface", .is = SPF_SG_NO_RULE, .spoiled = "*NetworkInterfaces*|DescribeInstances",
     .source = "192.0.2.7", .host = "198.51.100.21",
     .patches = {{"DescribeInstances", ONE "NetworkInterfaces.NetworkInterface.1",
                  "{\"Type\":\"Secondary\",\"NetworkInterfaceId\":\"eni-2ze0000000000000hhhh\","
                  "\"PrivateIpSets\":{\"PrivateIpSet\":[{\"PrivateIpAddress\":\"10.0.1.51\"}]}}"},
                 {"DescribeSecurityGroupAttribute.sg-2ze0000000000000dddd", "",
                  "{\"SecurityGroupId\":\"sg-2ze0000000000000dddd\",\"VpcId\":\"vpc-1\","
                  "\"InnerAccessPolicy\":\"Drop\",\"Permissions\":{\"Permission\":[]}}"}}},
    {"in another region", .spoiled = "DescribeRegions|DescribeInstances*", .source = "192.0.2.7",
     .region = "cn-hangzhou",
     .patches = {{"DescribeInstances.cn-hangzhou", "",
                  "{\"Instances\":{\"Instance\":[]},\"TotalCount\":0}"},
                 {"DescribeRegions", "Regions.Region.4", NULL},
                 {"DescribeRegions", "Regions.Region.3", NULL}}},
    {"nowhere", .is = SPF_INSTANCE_NOT_FOUND, .spoiled = "DescribeInstances*",
     .source = "192.0.2.7",
     .patches = {{"DescribeInstances", "", "{\"Instances\":{\"Instance\":[]},\"TotalCount\":0}"}}},
    {"by name", .spoiled = "DescribeInstances*", .source = "192.0.2.7", .instance = "web-1"},
    {"a name of several", .is = SPF_INSTANCE_AMBIGUOUS, .spoiled = "DescribeInstances*",
     .instance = "web-1", .source = "192.0.2.7",
     .patches = {{"DescribeInstances", "Instances.Instance.1",
                  "{\"InstanceId\":\"i-2\",\"InstanceName\":\"web-1\"}"}}},
    {"by its address", .spoiled = "DescribeInstances*", .source = "192.0.2.7",
     .instance = "203.0.113.10"},
    {"no key pair", .is = SPF_KEY_PAIR_NONE, .spoiled = "DescribeInstances*", .source = "192.0.2.7",
     .patches = {{"DescribeInstances", ONE "KeyPairName", NULL}}},
    {"a deleted key pair", .is = SPF_KEY_PAIR_DELETED, .spoiled = "DescribeKeyPairs",
     .source = "192.0.2.7", .patches = {{"DescribeKeyPairs", "KeyPairs.KeyPair.0", NULL}}},
    {"the ACL denies", .is = SPF_ACL_DENIES_INBOUND, .spoiled = "*Acl*|*VSwitch*",
     .source = "192.0.2.7",
     .patches = {{"DescribeNetworkAclAttributes",
                  "NetworkAclAttribute.IngressAclEntries.IngressAclEntry.0.Policy", "\"drop\""}}},
    {"the ACL denies the reply", .is = SPF_ACL_DENIES_RETURN, .spoiled = "*Acl*|*VSwitch*",
     .source = "192.0.2.7",
     .patches = {{"DescribeNetworkAclAttributes",
                  "NetworkAclAttribute.EgressAclEntries.EgressAclEntry.0.Policy", "\"drop\""}}},
    {"no ACL", .spoiled = "*Acl*|*VSwitch*", .source = "192.0.2.7",
     .patches = {{"DescribeVSwitchAttributes", "NetworkAclId", "\"\""}}},
    {"in the classic network", .is = SPF_SG_NO_RULE, .spoiled = "*Group*|DescribeInstances",
     .source = "192.0.2.7",
     .patches = {{"DescribeInstances", ONE "InstanceNetworkType", "\"classic\""},
                 {"DescribeInstances", ONE "VpcAttributes", NULL},
                 {"DescribeInstances", ONE "InnerIpAddress", "{\"IpAddress\":[\"10.9.1.1\"]}"},
                 {"DescribeSecurityGroupAttribute", "VpcId", "\"\""}}},
    {"Windows, to be released, by a managed group", .is = SPF_INSTANCE_IS_WINDOWS,
     .spoiled = "DescribeInstances|*Groups", .source = "192.0.2.7",
     .patches = {{"DescribeInstances", ONE "OSType", "\"windows\""},
                 {"DescribeInstances", ONE "AutoReleaseTime", "\"2026-11-30T16:00Z\""},
                 {"DescribeSecurityGroups", "SecurityGroups.SecurityGroup.0.ServiceManaged",
                  "true"}}},
};
#define WORLDS (sizeof worlds / sizeof *worlds)

#endif
