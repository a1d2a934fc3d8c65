/* Actions of ecs, version 2014-05-26. */
#include "ecs_more.h"
#include "list.h"

#include <string.h>
#include <strings.h>

static struct json_object *page_of(struct lab_reply *reply, const struct lab_list *list)
{
    return lab_member(lab_member(reply->body, list->outer), list->inner);
}

/* --- DescribeRegions --- */

static void describe_regions(const struct lab_call *call, struct lab_reply *reply)
{
    struct json_object *regions = lab_member(call->world->root, "regions");
    struct json_object_iter at;
    struct json_object *list = lab_need(json_object_new_array());
    struct json_object *outer = lab_need(json_object_new_object());

    json_object_object_foreachC(regions, at)
    {
        struct json_object *item = lab_need(json_object_new_object());
        json_object_object_add(item, "RegionId", json_object_new_string(at.key));
        json_object_object_add(item, "RegionEndpoint",
                               json_object_new_string(lab_text(at.val, "RegionEndpoint")));
        json_object_object_add(item, "LocalName",
                               json_object_new_string(lab_text(at.val, "LocalName")));
        json_object_array_add(list, item);
    }
    json_object_object_add(outer, "Region", list);
    json_object_object_add(reply->body, "Regions", outer);
}

/* --- DescribeInstances --- */

static const struct lab_filter instance_filters[] = {
    {"InstanceIds", "InstanceId", LAB_MATCH_JSON_ARRAY},
    {"InstanceName", "InstanceName", LAB_MATCH_WILDCARD},
    {"Status", "Status", LAB_MATCH_EXACT},
    {"KeyPairName", "KeyPairName", LAB_MATCH_EXACT},
    {"VpcId", "VpcAttributes.VpcId", LAB_MATCH_EXACT},
    {"VSwitchId", "VpcAttributes.VSwitchId", LAB_MATCH_EXACT},
    {"ZoneId", "ZoneId", LAB_MATCH_EXACT},
    {"SecurityGroupId", "SecurityGroupIds.SecurityGroupId", LAB_MATCH_EXACT},
    {"InstanceNetworkType", "InstanceNetworkType", LAB_MATCH_EXACT},
    {"InstanceChargeType", "InstanceChargeType", LAB_MATCH_EXACT},
    {"LockReason", "OperationLocks.LockReason.LockReason", LAB_MATCH_EXACT},
    {"PublicIpAddresses", "PublicIpAddress.IpAddress", LAB_MATCH_JSON_ARRAY},
    {"EipAddresses", "EipAddress.IpAddress", LAB_MATCH_JSON_ARRAY},
    {"PrivateIpAddresses", "VpcAttributes.PrivateIpAddress.IpAddress", LAB_MATCH_JSON_ARRAY},
    {"InnerIpAddresses", "InnerIpAddress.IpAddress", LAB_MATCH_JSON_ARRAY},
    {"Ipv6Address", "NetworkInterfaces.NetworkInterface.Ipv6Sets.Ipv6Set.Ipv6Address",
     LAB_MATCH_NUMBERED},
    {"Tag", "Tags", LAB_MATCH_TAGS},
    {0},
};

static const struct lab_list instance_list = {
    .section = "Instances",
    .outer = "Instances",
    .inner = "Instance",
    .filters = instance_filters,
    .page_size_max = 100,
    .token_min = 10,
    .token_max = 100,
    .default_size = 10,
};

static bool asked_for_attribute(const struct lab_request *request, const char *attribute)
{
    for (size_t i = 0; i < request->query.count; i++) {
        if (strncmp(request->query.item[i].name, "AdditionalAttributes.", 21) == 0 &&
            strcmp(request->query.item[i].value, attribute) == 0) {
            return true;
        }
    }
    return false;
}

/* IPv6 addresses are reported only to those who ask for NETWORK_PRIMARY_ENI_IP. */
static void hide_ipv6(struct json_object *instance)
{
    struct json_object *interfaces =
        lab_member(lab_member(instance, "NetworkInterfaces"), "NetworkInterface");

    for (size_t i = 0; interfaces != NULL && i < json_object_array_length(interfaces); i++) {
        json_object_object_del(json_object_array_get_idx(interfaces, i), "Ipv6Sets");
    }
}

static void describe_instances(const struct lab_call *call, struct lab_reply *reply)
{
    if (!lab_list_serve(&instance_list, call, reply)) {
        return;
    }
    if (asked_for_attribute(call->request, "NETWORK_PRIMARY_ENI_IP")) {
        return;
    }
    struct json_object *page = page_of(reply, &instance_list);
    for (size_t i = 0; i < json_object_array_length(page); i++) {
        hide_ipv6(json_object_array_get_idx(page, i));
    }
}

/* --- DescribeSecurityGroups, DescribeSecurityGroupAttribute --- */

static const struct lab_filter group_filters[] = {
    {"SecurityGroupIds", "SecurityGroupId", LAB_MATCH_JSON_ARRAY},
    {"SecurityGroupId", "SecurityGroupId", LAB_MATCH_EXACT},
    {"SecurityGroupName", "SecurityGroupName", LAB_MATCH_EXACT},
    {"SecurityGroupType", "SecurityGroupType", LAB_MATCH_EXACT},
    {"VpcId", "VpcId", LAB_MATCH_EXACT},
    {0},
};

static const struct lab_list group_list = {
    .section = "SecurityGroups",
    .outer = "SecurityGroups",
    .inner = "SecurityGroup",
    .filters = group_filters,
    .page_size_max = 100,
    .token_min = 1,
    .token_max = 100,
    .default_size = 10,
};

static void describe_security_groups(const struct lab_call *call, struct lab_reply *reply)
{
    if (!lab_list_serve(&group_list, call, reply)) {
        return;
    }
    json_object_object_add(reply->body, "RegionId",
                           json_object_new_string(lab_request_param(call->request, "RegionId")));
    struct json_object *page = page_of(reply, &group_list);
    for (size_t i = 0; i < json_object_array_length(page); i++) {
        struct json_object *group = json_object_array_get_idx(page, i);
        json_object_object_del(group, "Permissions");
        json_object_object_del(group, "RegionId");
        json_object_object_del(group, "InnerAccessPolicy");
    }
}

/* The rules asked for. A group in a VPC has but one kind of interface; NicType says nothing there.
 */
static struct json_object *rules_of(const struct lab_call *call, struct json_object *group)
{
    const char *direction = lab_request_param(call->request, "Direction");
    const char *nic = lab_request_param(call->request, "NicType");
    bool classic = lab_text(group, "VpcId")[0] == '\0';
    struct json_object *rules = lab_member(lab_member(group, "Permissions"), "Permission");
    struct json_object *wanted = lab_need(json_object_new_array());

    if (nic == NULL || nic[0] == '\0') {
        nic = "internet";
    }
    for (size_t i = 0; rules != NULL && i < json_object_array_length(rules); i++) {
        struct json_object *rule = json_object_array_get_idx(rules, i);
        if (direction != NULL && direction[0] != '\0' && strcasecmp(direction, "all") != 0 &&
            strcasecmp(direction, lab_text(rule, "Direction")) != 0) {
            continue;
        }
        if (classic && strcasecmp(nic, lab_text(rule, "NicType")) != 0) {
            continue;
        }
        json_object_array_add(wanted, json_object_get(rule));
    }
    return wanted;
}

static bool one_of(const char *value, const char *const *words)
{
    if (value == NULL || value[0] == '\0') {
        return true;
    }
    for (; *words != NULL; words++) {
        if (strcasecmp(value, *words) == 0) {
            return true;
        }
    }
    return false;
}

/* As the model has it. Worlds may write it as a number. */
static void priority_as_text(struct json_object *rule)
{
    struct json_object *priority = lab_member(rule, "Priority");

    if (json_object_is_type(priority, json_type_int)) {
        json_object_object_add(rule, "Priority",
                               json_object_new_string(json_object_to_json_string(priority)));
    }
}

static void describe_security_group_attribute(const struct lab_call *call, struct lab_reply *reply)
{
    static const char *const told[] = {"SecurityGroupId", "InnerAccessPolicy", "SecurityGroupName",
                                       "Description",     "RegionId",          "VpcId"};
    static const char *const directions[] = {"ingress", "egress", "all", NULL};
    static const char *const nics[] = {"internet", "intranet", NULL};
    const char *attribute = lab_request_param(call->request, "Attribute");
    const char *id = lab_action_need(call, "SecurityGroupId", reply);
    struct json_object *group =
        lab_member(lab_member(call->region, "SecurityGroups"), id != NULL ? id : "");

    if (id == NULL) {
        return;
    }
    if (group == NULL) {
        lab_reply_error(reply, call->request, 404, "InvalidSecurityGroupId.NotFound",
                        "The specified SecurityGroupId does not exist.");
        return;
    }
    if (!one_of(lab_request_param(call->request, "Direction"), directions)) {
        lab_reply_error(reply, call->request, 400, "InvalidParameter",
                        "The specified parameter \"Direction\" is not valid.");
        return;
    }
    if (!one_of(lab_request_param(call->request, "NicType"), nics)) {
        lab_reply_error(reply, call->request, 400, "InvalidNicType.ValueNotSupported",
                        "The specified NicType is not supported.");
        return;
    }
    struct json_object *rules = rules_of(call, group);
    struct json_object *page = lab_list_token_page(call, rules, 10, 1000, 500, reply);
    json_object_put(rules);
    if (page == NULL) {
        return;
    }
    for (size_t i = 0; i < json_object_array_length(page); i++) {
        priority_as_text(json_object_array_get_idx(page, i));
    }
    for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++) {
        json_object_object_add(reply->body, told[i],
                               json_object_new_string(lab_text(group, told[i])));
    }
    struct json_object *outer = lab_need(json_object_new_object());
    json_object_object_add(outer, "Permission", page);
    json_object_object_add(reply->body, "Permissions", outer);
    if (attribute != NULL && strcmp(attribute, "snapshotPolicyIds") == 0) {
        outer = lab_need(json_object_new_object());
        json_object_object_add(outer, "SnapshotPolicyId", json_object_new_array());
        json_object_object_add(reply->body, "SnapshotPolicyIds", outer);
    }
}

/* --- DescribeKeyPairs --- */

static const struct lab_filter key_pair_filters[] = {
    {"KeyPairName", "KeyPairName", LAB_MATCH_WILDCARD},
    {"KeyPairFingerPrint", "KeyPairFingerPrint", LAB_MATCH_EXACT},
    {0},
};

static const struct lab_list key_pair_list = {
    .section = "KeyPairs",
    .outer = "KeyPairs",
    .inner = "KeyPair",
    .filters = key_pair_filters,
    .page_size_max = 50,
    .default_size = 10,
};

static void describe_key_pairs(const struct lab_call *call, struct lab_reply *reply)
{
    const char *include = lab_request_param(call->request, "IncludePublicKey");

    if (!lab_list_serve(&key_pair_list, call, reply)) {
        return;
    }
    if (include != NULL && strcmp(include, "true") == 0) {
        return;
    }
    struct json_object *page = page_of(reply, &key_pair_list);
    for (size_t i = 0; i < json_object_array_length(page); i++) {
        json_object_object_del(json_object_array_get_idx(page, i), "PublicKey");
    }
}

const struct lab_action lab_ecs_actions[] = {
    {"DescribeRegions", false, "InstanceChargeType ResourceType", describe_regions},
    {"DescribeInstances", true,
     "InstanceIds InstanceName Status KeyPairName VpcId VSwitchId ZoneId SecurityGroupId "
     "InstanceNetworkType InstanceChargeType LockReason PublicIpAddresses EipAddresses "
     "PrivateIpAddresses InnerIpAddresses Ipv6Address.N AdditionalAttributes.N PageNumber PageSize "
     "MaxResults NextToken Tag.N.Key Tag.N.Value",
     describe_instances},
    {"DescribeSecurityGroups", true,
     "SecurityGroupIds SecurityGroupId SecurityGroupName SecurityGroupType VpcId PageNumber "
     "PageSize MaxResults NextToken",
     describe_security_groups},
    {"DescribeSecurityGroupAttribute", true,
     "SecurityGroupId Direction NicType MaxResults NextToken Attribute",
     describe_security_group_attribute},
    {"DescribeKeyPairs", true,
     "KeyPairName KeyPairFingerPrint IncludePublicKey PageNumber PageSize", describe_key_pairs},
    {"DescribeNetworkInterfaces", true,
     "InstanceId NetworkInterfaceId.N PrivateIpAddress.N VpcId Type PageNumber PageSize MaxResults "
     "NextToken",
     lab_describe_network_interfaces},
    {"DescribePrefixListAttributes", true, "PrefixListId", lab_describe_prefix_list_attributes},
    {"DescribePortRangeListEntries", true, "PortRangeListId", lab_describe_port_range_list_entries},
    {"DescribeInstancesFullStatus", true, "InstanceId.N PageNumber PageSize",
     lab_describe_instances_full_status},
    {"DescribeImages", true, "ImageId PageNumber PageSize", lab_describe_images},
    {"DescribeCloudAssistantStatus", true, "InstanceId.N PageNumber PageSize MaxResults NextToken",
     lab_describe_cloud_assistant_status},
    {"GetInstanceConsoleOutput", true, "InstanceId RemoveSymbols", lab_get_instance_console_output},
    {0},
};
