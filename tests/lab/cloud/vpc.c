/* Actions of vpc, version 2016-04-28. */
#include "list.h"

/* The item of a section by its id: in the region asked for, or in any where none was. */
static struct json_object *find_item(const struct lab_call *call, const char *section,
                                     const char *id)
{
    const char *asked = lab_request_param(call->request, "RegionId");
    struct json_object *regions = lab_member(call->world->root, "regions");
    struct json_object_iter at;

    if (asked != NULL && asked[0] != '\0') {
        return lab_member(
            lab_member(lab_world_region(call->world, call->access_key, asked), section), id);
    }
    json_object_object_foreachC(regions, at)
    {
        struct json_object *item = lab_member(lab_member(at.val, section), id);
        if (item != NULL) {
            return item;
        }
    }
    return NULL;
}

static void describe_vswitch_attributes(const struct lab_call *call, struct lab_reply *reply)
{
    const char *id = lab_action_need(call, "VSwitchId", reply);
    struct json_object_iter at;

    if (id == NULL) {
        return;
    }
    struct json_object *item = find_item(call, "VSwitches", id);
    if (item == NULL) {
        lab_reply_error(reply, call->request, 404, "InvalidVSwitchId.NotFound",
                        "Specified virtual switch does not exist.");
        return;
    }
    json_object_object_foreachC(item, at)
        json_object_object_add(reply->body, at.key, json_object_get(at.val));
}

static void describe_network_acl_attributes(const struct lab_call *call, struct lab_reply *reply)
{
    const char *id = lab_action_need(call, "NetworkAclId", reply);

    if (id == NULL) {
        return;
    }
    struct json_object *item = find_item(call, "NetworkAcls", id);
    if (item == NULL) {
        lab_reply_error(reply, call->request, 404, "InvalidNetworkAcl.NotFound",
                        "The specified network ACL does not exist.");
        return;
    }
    json_object_object_add(reply->body, "NetworkAclAttribute", json_object_get(item));
}

static void describe_vpc_attribute(const struct lab_call *call, struct lab_reply *reply)
{
    const char *id = lab_action_need(call, "VpcId", reply);
    struct json_object_iter at;

    if (id == NULL) {
        return;
    }
    struct json_object *item = find_item(call, "Vpcs", id);
    if (item == NULL) {
        lab_reply_error(reply, call->request, 404, "InvalidVpcId.NotFound",
                        "Specified VPC does not exist.");
        return;
    }
    json_object_object_foreachC(item, at)
        json_object_object_add(reply->body, at.key, json_object_get(at.val));
}

static const struct lab_filter elastic_filters[] = {
    {"EipAddress", "IpAddress", LAB_MATCH_EXACT},
    {"AllocationId", "AllocationId", LAB_MATCH_EXACT},
    {0},
};
static const struct lab_list elastic_list = {
    .section = "EipAddresses",
    .outer = "EipAddresses",
    .inner = "EipAddress",
    .filters = elastic_filters,
    .page_size_max = 100,
    .default_size = 10,
};

static void describe_eip_addresses(const struct lab_call *call, struct lab_reply *reply)
{
    (void)lab_list_serve(&elastic_list, call, reply);
}

static const struct lab_filter route_filters[] = {
    {"RouteTableId", "RouteTableId", LAB_MATCH_EXACT},
    {"DestinationCidrBlock", "DestinationCidrBlock", LAB_MATCH_EXACT},
    {0},
};
static const struct lab_list route_list = {
    .section = "RouteEntries",
    .outer = "RouteEntrys",
    .inner = "RouteEntry",
    .filters = route_filters,
    .token_min = 1,
    .token_max = 100,
    .default_size = 50,
};

static void describe_route_entry_list(const struct lab_call *call, struct lab_reply *reply)
{
    if (lab_action_need(call, "RouteTableId", reply) != NULL) {
        (void)lab_list_serve(&route_list, call, reply);
    }
}

static const struct lab_filter forward_filters[] = {
    {"NatGatewayId", "NatGatewayId", LAB_MATCH_EXACT},
    {"ForwardTableId", "ForwardTableId", LAB_MATCH_EXACT},
    {"ExternalIp", "ExternalIp", LAB_MATCH_EXACT},
    {0},
};
static const struct lab_list forward_list = {
    .section = "ForwardEntries",
    .outer = "ForwardTableEntries",
    .inner = "ForwardTableEntry",
    .filters = forward_filters,
    .page_size_max = 50,
    .default_size = 10,
};

static void describe_forward_table_entries(const struct lab_call *call, struct lab_reply *reply)
{
    (void)lab_list_serve(&forward_list, call, reply);
}

static const struct lab_filter ipv6_filters[] = {
    {"Ipv6Address", "Ipv6Address", LAB_MATCH_EXACT},
    {"Ipv6AddressId", "Ipv6AddressId", LAB_MATCH_EXACT},
    {"VpcId", "VpcId", LAB_MATCH_EXACT},
    {"AssociatedInstanceId", "AssociatedInstanceId", LAB_MATCH_EXACT},
    {0},
};
static const struct lab_list ipv6_list = {
    .section = "Ipv6Addresses",
    .outer = "Ipv6Addresses",
    .inner = "Ipv6Address",
    .filters = ipv6_filters,
    .page_size_max = 50,
    .default_size = 10,
};

static void describe_ipv6_addresses(const struct lab_call *call, struct lab_reply *reply)
{
    (void)lab_list_serve(&ipv6_list, call, reply);
}

static const struct lab_filter egress_only_filters[] = {
    {"Ipv6GatewayId", "Ipv6GatewayId", LAB_MATCH_EXACT},
    {"InstanceId", "InstanceId", LAB_MATCH_EXACT},
    {"Ipv6EgressOnlyRuleId", "Ipv6EgressOnlyRuleId", LAB_MATCH_EXACT},
    {0},
};
static const struct lab_list egress_only_list = {
    .section = "Ipv6EgressOnlyRules",
    .outer = "Ipv6EgressOnlyRules",
    .inner = "Ipv6EgressOnlyRule",
    .filters = egress_only_filters,
    .page_size_max = 50,
    .default_size = 10,
};

static void describe_ipv6_egress_only_rules(const struct lab_call *call, struct lab_reply *reply)
{
    if (lab_action_need(call, "Ipv6GatewayId", reply) != NULL) {
        (void)lab_list_serve(&egress_only_list, call, reply);
    }
}

const struct lab_action lab_vpc_actions[] = {
    {"DescribeVpcAttribute", true, "VpcId", describe_vpc_attribute},
    {"DescribeEipAddresses", true, "EipAddress AllocationId PageNumber PageSize",
     describe_eip_addresses},
    {"DescribeRouteEntryList", true, "RouteTableId DestinationCidrBlock MaxResult NextToken",
     describe_route_entry_list},
    {"DescribeForwardTableEntries", true,
     "NatGatewayId ForwardTableId ExternalIp PageNumber PageSize", describe_forward_table_entries},

    {"DescribeIpv6Addresses", true,
     "Ipv6Address Ipv6AddressId VpcId AssociatedInstanceId PageNumber PageSize",
     describe_ipv6_addresses},
    {"DescribeIpv6EgressOnlyRules", true,
     "Ipv6GatewayId InstanceId InstanceType Ipv6EgressOnlyRuleId Name PageNumber PageSize",
     describe_ipv6_egress_only_rules},
    {"DescribeVSwitchAttributes", false, "VSwitchId", describe_vswitch_attributes},
    {"DescribeNetworkAclAttributes", true, "NetworkAclId", describe_network_acl_attributes},
    {0},
};
