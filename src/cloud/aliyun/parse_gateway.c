#include "cloud/aliyun/parse_common.h"

/* What vpc says of the way from the internet: elastic IPs, gateways, routes, DNAT entries. */

struct spf_error spf_parse_elastic(struct json_object *reply, struct spf_gateway_facts *facts)
{
    struct json_object *list = spf_json_path(reply, "EipAddresses.EipAddress");

    if (!json_object_is_type(list, json_type_array)) {
        return lacks("EipAddresses");
    }
    for (size_t i = 0; i < spf_json_count(list); i++) {
        struct json_object *item = spf_json_item(list, i);
        struct json_object *locks = spf_json_path(item, "OperationLocks.LockReason");
        const char *business = spf_json_text(item, "BusinessStatus");
        struct spf_ip ip;

        if (!spf_ip_parse(spf_json_text(item, "IpAddress"), &ip) ||
            !spf_ip_equal(&ip, &facts->address)) {
            continue;
        }
        facts->elastic_known = true;
        TAKE(item, "AllocationId", facts->elastic_id);
        TAKE(item, "InstanceId", facts->bound_to);
        TAKE(item, "InstanceType", facts->bound_type);
        facts->bandwidth = spf_json_number(item, "Bandwidth", SPF_BANDWIDTH_MAX, -1);
        facts->cut_through = spf_same_word(spf_json_text(item, "Mode"), "BINDED");
        if (spf_json_count(locks) > 0) {
            TAKE(spf_json_item(locks, 0), "LockReason", facts->lock);
        } else if (spf_same_word(business, "FinancialLocked")) {
            spf_copy(facts->lock, sizeof facts->lock, "financial");
        }
    }
    return spf_ok();
}

struct spf_error spf_parse_vpc(struct json_object *reply, struct spf_gateway_facts *facts)
{
    if (spf_json_text(reply, "VpcId")[0] == '\0') {
        return lacks("VpcId");
    }
    facts->vpc_known = true;
    facts->gateway_mode = spf_json_bool(reply, "SupportIpv4Gateway");
    TAKE(reply, "Ipv4GatewayId", facts->gateway);
    return spf_ok();
}

struct spf_error spf_parse_routes(struct json_object *reply, struct spf_gateway_facts *facts)
{
    struct json_object *list = spf_json_path(reply, "RouteEntrys.RouteEntry");

    if (!json_object_is_type(list, json_type_array)) {
        return lacks("RouteEntrys");
    }
    facts->routes_known = true;
    for (size_t i = 0; i < spf_json_count(list); i++) {
        struct json_object *item = spf_json_item(list, i);
        struct json_object *hops = spf_json_path(item, "NextHops.NextHop");

        if (strcmp(spf_json_text(item, "DestinationCidrBlock"), "0.0.0.0/0") == 0) {
            TAKE(spf_json_item(hops, 0), "NextHopType", facts->default_hop);
        }
    }
    return spf_ok();
}

struct spf_error spf_parse_forwards(struct json_object *reply, bool *more,
                                    struct spf_gateway_facts *facts)
{
    struct json_object *list = spf_json_path(reply, "ForwardTableEntries.ForwardTableEntry");

    if (!json_object_is_type(list, json_type_array)) {
        return lacks("ForwardTableEntries");
    }
    for (size_t i = 0; i < spf_json_count(list) && facts->forwards.count < ENTRIES_MAX; i++) {
        struct json_object *item = spf_json_item(list, i);
        struct spf_forward *forward;
        struct spf_ip outside;

        if (!spf_ip_parse(spf_json_text(item, "ExternalIp"), &outside) ||
            !spf_ip_equal(&outside, &facts->address)) {
            continue;
        }
        if ((forward = SPF_APPEND(&facts->forwards)) == NULL) {
            return no_memory();
        }
        TAKE(item, "ForwardEntryId", forward->id);
        TAKE(item, "NatGatewayId", forward->gateway);
        TAKE(item, "ExternalPort", forward->ports);
        TAKE(item, "InternalPort", forward->inside_ports);
        TAKE(item, "IpProtocol", forward->protocol);
        (void)spf_ip_parse(spf_json_text(item, "InternalIp"), &forward->inside);
    }
    *more = spf_json_count(list) > 0 && spf_json_number(reply, "PageNumber", ITEMS_MAX, 1) *
                                                spf_json_number(reply, "PageSize", ITEMS_MAX, 50) <
                                            spf_json_number(reply, "TotalCount", ITEMS_MAX, 0);
    return spf_ok();
}

struct spf_error spf_parse_ipv6(struct json_object *reply, struct spf_gateway_facts *facts)
{
    struct json_object *list = spf_json_path(reply, "Ipv6Addresses.Ipv6Address");

    if (!json_object_is_type(list, json_type_array)) {
        return lacks("Ipv6Addresses");
    }
    for (size_t i = 0; i < spf_json_count(list); i++) {
        struct json_object *item = spf_json_item(list, i);
        struct json_object *bandwidth = spf_json_get(item, "Ipv6InternetBandwidth");
        const char *business = spf_json_text(bandwidth, "BusinessStatus");
        struct spf_ip ip;

        if (!spf_ip_parse(spf_json_text(item, "Ipv6Address"), &ip) ||
            !spf_ip_equal(&ip, &facts->address)) {
            continue;
        }
        facts->ipv6_known = true;
        TAKE(item, "Ipv6AddressId", facts->ipv6_id);
        TAKE(item, "Ipv6GatewayId", facts->ipv6_gateway);
        /* Absent, null, {} and 0 are none: the address is for the VPC alone. */
        facts->ipv6_bandwidth =
            spf_json_get(bandwidth, "Bandwidth") == NULL &&
                    (bandwidth == NULL || json_object_is_type(bandwidth, json_type_object))
                ? 0
                : spf_json_number(bandwidth, "Bandwidth", SPF_BANDWIDTH_MAX, -1);
        if (facts->ipv6_bandwidth > 0 && business[0] != '\0' &&
            !spf_same_word(business, "Normal")) {
            spf_copy(facts->lock, sizeof facts->lock,
                     spf_same_word(business, "FinancialLocked") ? "financial" : "security");
        }
    }
    return spf_ok();
}

struct spf_error spf_parse_egress_only(struct json_object *reply, const char *instance,
                                       struct spf_gateway_facts *facts)
{
    struct json_object *list = spf_json_path(reply, "Ipv6EgressOnlyRules.Ipv6EgressOnlyRule");

    if (!json_object_is_type(list, json_type_array)) {
        return lacks("Ipv6EgressOnlyRules");
    }
    facts->egress_only_known =
        spf_json_number(reply, "TotalCount", ITEMS_MAX, 0) <= (int64_t)spf_json_count(list);
    for (size_t i = 0; i < spf_json_count(list); i++) {
        struct json_object *item = spf_json_item(list, i);
        const char *id = spf_json_text(item, "InstanceId");

        if (strcmp(id, facts->ipv6_id) != 0 && strcmp(id, instance) != 0) {
            continue;
        }
        facts->egress_only_known = true;
        TAKE(item, "Ipv6EgressOnlyRuleId", facts->egress_only);
    }
    return spf_ok();
}
