#include "cloud/aliyun/parse.h"
#include "cloud/aliyun/parse_common.h"

/*
 * What vpc says of the way from the internet: elastic IPs, gateways, routes, DNAT entries. What
 * cannot be understood is neither none nor dropped: the facts are then in doubt.
 */

/* Null and absent are none. */
static bool is_none_or(struct json_object *json, const char *path, enum json_type type)
{
    struct json_object *member = spf_json_path(json, path);

    return member == NULL || json_object_is_type(member, type);
}

/* The lock of an elastic IP: a list of reasons, or a word for one. False: in doubt. */
static bool take_elastic_lock(struct json_object *item, struct spf_gateway_facts *facts)
{
    struct json_object *locks = spf_json_path(item, "OperationLocks.LockReason");
    const char *business = spf_json_text(item, "BusinessStatus");

    if (spf_json_count(locks) > 0) {
        TAKE(spf_json_item(locks, 0), "LockReason", facts->lock);
        return facts->lock[0] != '\0';
    }
    if (spf_same_word(business, "FinancialLocked")) {
        spf_copy(facts->lock, sizeof facts->lock, "financial");
    }
    return is_none_or(item, "OperationLocks", json_type_object) &&
           is_none_or(item, "OperationLocks.LockReason", json_type_array) &&
           is_none_or(item, "BusinessStatus", json_type_string);
}

struct spf_error spf_parse_elastic(struct json_object *reply, struct spf_gateway_facts *facts)
{
    struct json_object *list = spf_json_path(reply, "EipAddresses.EipAddress");

    if (!json_object_is_type(list, json_type_array)) {
        return lacks("EipAddresses");
    }
    for (size_t i = 0; i < spf_json_count(list); i++) {
        struct json_object *item = spf_json_item(list, i);
        struct spf_ip ip;

        if (!spf_ip_parse(spf_json_text(item, "IpAddress"), &ip)) {
            facts->in_doubt = true;
            continue;
        }
        if (!spf_ip_equal(&ip, &facts->address)) {
            continue;
        }
        facts->elastic_known = true;
        TAKE(item, "AllocationId", facts->elastic_id);
        TAKE(item, "InstanceId", facts->bound_to);
        TAKE(item, "InstanceType", facts->bound_type);
        facts->bandwidth = spf_json_number(item, "Bandwidth", SPF_BANDWIDTH_MAX, -1);
        facts->cut_through = spf_same_word(spf_json_text(item, "Mode"), "BINDED");
        facts->in_doubt |= !take_elastic_lock(item, facts);
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
    facts->in_doubt |= !is_none_or(reply, "SupportIpv4Gateway", json_type_boolean) ||
                       !is_none_or(reply, "Ipv4GatewayId", json_type_string);
    return spf_ok();
}

struct spf_error spf_parse_routes(struct json_object *reply, struct spf_gateway_facts *facts)
{
    struct json_object *list = spf_json_path(reply, "RouteEntrys.RouteEntry");
    bool doubt = false;

    if (!json_object_is_type(list, json_type_array)) {
        return lacks("RouteEntrys");
    }
    facts->routes_known = true;
    for (size_t i = 0; i < spf_json_count(list); i++) {
        struct json_object *item = spf_json_item(list, i);
        struct json_object *hops = spf_json_path(item, "NextHops.NextHop");

        struct spf_block block;

        spf_block_set(&block, spf_json_text(item, "DestinationCidrBlock"));
        doubt |= block.cidr.ip.family == 0;
        if (strcmp(block.text, "0.0.0.0/0") == 0) {
            TAKE(spf_json_item(hops, 0), "NextHopType", facts->default_hop);
            doubt |= facts->default_hop[0] == '\0' ||
                     !json_object_is_type(spf_json_get(spf_json_item(hops, 0), "NextHopType"),
                                          json_type_string);
        }
    }
    /* The route that was looked for needs no other one. */
    facts->in_doubt |= doubt && !spf_same_word(facts->default_hop, "Ipv4Gateway");
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
            return spf_no_memory();
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
        if (is_none_or(item, "Ipv6AddressId", json_type_string)) {
            TAKE(item, "Ipv6AddressId", facts->ipv6_id);
        }
        TAKE(item, "Ipv6GatewayId", facts->ipv6_gateway);
        /* Absent, null, {} and 0 are none: the address is for the VPC alone. */
        facts->ipv6_bandwidth =
            spf_json_get(bandwidth, "Bandwidth") == NULL &&
                    (bandwidth == NULL || json_object_is_type(bandwidth, json_type_object))
                ? 0
                : spf_json_number(bandwidth, "Bandwidth", SPF_BANDWIDTH_MAX, -1);
        if (facts->ipv6_bandwidth > 0 && spf_same_word(business, "FinancialLocked")) {
            spf_copy(facts->lock, sizeof facts->lock, "financial");
        } else if (facts->ipv6_bandwidth > 0 && spf_same_word(business, "SecurityLocked")) {
            spf_copy(facts->lock, sizeof facts->lock, "security");
        } else if (!is_none_or(bandwidth, "BusinessStatus", json_type_string) ||
                   (business[0] != '\0' && !spf_same_word(business, "Normal"))) {
            facts->ipv6_bandwidth = -1; /* whether it is locked is not known */
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
    /* An address whose own id is not known is in no list. */
    facts->egress_only_known =
        facts->ipv6_id[0] != '\0' &&
        spf_json_number(reply, "TotalCount", ITEMS_MAX, 0) <= (int64_t)spf_json_count(list);
    for (size_t i = 0; i < spf_json_count(list); i++) {
        struct json_object *item = spf_json_item(list, i);
        const char *id = spf_json_text(item, "InstanceId");

        if (id[0] == '\0' || !is_none_or(item, "InstanceId", json_type_string)) {
            facts->egress_only_known = false;
        }
        if (id[0] != '\0' && (strcmp(id, facts->ipv6_id) == 0 || strcmp(id, instance) == 0)) {
            TAKE(item, "Ipv6EgressOnlyRuleId", facts->egress_only);
            facts->egress_only_known = facts->egress_only[0] != '\0';
        }
    }
    return spf_ok();
}
