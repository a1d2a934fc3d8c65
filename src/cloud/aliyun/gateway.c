#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cloud/address.h"
#include "cloud/aliyun/operation.h"
#include "cloud/aliyun/parse.h"

/*
 * What stands between the internet and the instance. Of the instance's own address: whether it is
 * locked, and whether the VPC sends internet traffic through an IPv4 gateway to which the vSwitch
 * has a route. Of another one: to what it is bound, and where a NAT gateway forwards it.
 */
#define PAGES_MAX 20

static bool ask_forwards(struct spf_operation *operation, const char *page);

/* False: the call has failed, and the operation is over. */
static bool answered(struct spf_operation *operation, const struct spf_api_reply *reply)
{
    if (reply->failure != NULL) {
        spf_operation_finish(operation, reply->failure);
    }
    return reply->failure == NULL;
}

/* False: the reply could not be understood, and the operation is over. */
static bool taken(struct spf_operation *operation, const struct spf_api_reply *reply,
                  struct spf_error error, const char *action)
{
    if (error.code != SPF_OK) {
        spf_operation_finish_parsed(operation, error, action, reply->request_id);
    }
    return error.code == SPF_OK;
}

static void end_if_last(struct spf_operation *operation)
{
    if (operation->calls == NULL) {
        spf_operation_finish(operation, NULL);
    }
}

static void forwards_done(struct spf_operation *operation, struct spf_call *call,
                          const struct spf_api_reply *reply)
{
    struct spf_gateway_facts *facts = operation->inquiry->facts->gateway;
    int64_t page = spf_decimal(call->word, PAGES_MAX, PAGES_MAX) + 1;
    bool more = false;
    char next[24];

    if (!answered(operation, reply) ||
        !taken(operation, reply, spf_parse_forwards(reply->body, &more, facts),
               "vpc:DescribeForwardTableEntries")) {
        return;
    }
    spf_format(next, sizeof next, "%lld", (long long)page);
    if (!more || page > PAGES_MAX) {
        end_if_last(operation);
    } else {
        (void)ask_forwards(operation, next);
    }
}

static bool ask_forwards(struct spf_operation *operation, const char *page)
{
    const struct spf_gateway_facts *facts = operation->inquiry->facts->gateway;
    const char *region = operation->inquiry->facts->instance->region;
    char address[SPF_IP_TEXT_SIZE];
    const struct spf_sign_pair params[] = {{"RegionId", region},
                                           {"NatGatewayId", facts->bound_to},
                                           {"ExternalIp", address},
                                           {"PageSize", "50"},
                                           {"PageNumber", page}};

    spf_ip_format(&facts->address, address);
    return spf_operation_call(operation, "vpc", "DescribeForwardTableEntries", region, params,
                              SPF_COUNT(params), page, forwards_done);
}

static void elastic_done(struct spf_operation *operation, struct spf_call *call,
                         const struct spf_api_reply *reply)
{
    struct spf_gateway_facts *facts = operation->inquiry->facts->gateway;

    (void)call;
    if (!answered(operation, reply) ||
        !taken(operation, reply, spf_parse_elastic(reply->body, facts),
               "vpc:DescribeEipAddresses")) {
        return;
    }
    if (spf_same_word(facts->bound_type, "Nat") && facts->bound_to[0] != '\0') {
        (void)ask_forwards(operation, "1");
    } else {
        end_if_last(operation);
    }
}

static bool ask_elastic(struct spf_operation *operation)
{
    const char *region = operation->inquiry->facts->instance->region;
    char address[SPF_IP_TEXT_SIZE];
    const struct spf_sign_pair params[] = {{"RegionId", region}, {"EipAddress", address}};

    spf_ip_format(&operation->inquiry->facts->gateway->address, address);
    return spf_operation_call(operation, "vpc", "DescribeEipAddresses", region, params,
                              SPF_COUNT(params), "", elastic_done);
}

static void routes_done(struct spf_operation *operation, struct spf_call *call,
                        const struct spf_api_reply *reply)
{

    (void)call;
    if (answered(operation, reply) &&
        taken(operation, reply, spf_parse_routes(reply->body, operation->inquiry->facts->gateway),
              "vpc:DescribeRouteEntryList")) {
        end_if_last(operation);
    }
}

static bool ask_routes(struct spf_operation *operation)
{
    const struct spf_gateway_facts *facts = operation->inquiry->facts->gateway;
    const struct spf_sign_pair params[] = {
        {"RegionId", operation->inquiry->facts->instance->region},
        {"RouteTableId", facts->route_table},
        {"DestinationCidrBlock", "0.0.0.0/0"}};

    return spf_operation_call(operation, "vpc", "DescribeRouteEntryList",
                              operation->inquiry->facts->instance->region, params,
                              SPF_COUNT(params), "", routes_done);
}

static void vswitch_done(struct spf_operation *operation, struct spf_call *call,
                         const struct spf_api_reply *reply)
{
    struct spf_gateway_facts *facts = operation->inquiry->facts->gateway;
    struct spf_acl_facts vswitch = {0};

    (void)call;
    if (!answered(operation, reply) ||
        !taken(operation, reply, spf_parse_vswitch(reply->body, &vswitch),
               "vpc:DescribeVSwitchAttributes")) {
        return;
    }
    memcpy(facts->route_table, vswitch.route_table, sizeof facts->route_table);
    if (facts->route_table[0] != '\0') {
        (void)ask_routes(operation);
    } else {
        facts->in_doubt = true; /* a vSwitch has a route table */
        end_if_last(operation);
    }
}

static void vpc_done(struct spf_operation *operation, struct spf_call *call,
                     const struct spf_api_reply *reply)
{
    struct spf_gateway_facts *facts = operation->inquiry->facts->gateway;
    const char *region = operation->inquiry->facts->instance->region;

    (void)call;
    if (!answered(operation, reply) ||
        !taken(operation, reply, spf_parse_vpc(reply->body, facts), "vpc:DescribeVpcAttribute")) {
        return;
    }
    if (!facts->gateway_mode || facts->gateway[0] == '\0') {
        end_if_last(operation);
    } else if (facts->route_table[0] != '\0') {
        (void)ask_routes(operation);
    } else {
        const struct spf_address dialled =
            spf_cloud_judged_address(operation->inquiry->target, operation->inquiry->facts);
        const struct spf_sign_pair params[] = {
            {"RegionId", region},
            {"VSwitchId", spf_cloud_vswitch(operation->inquiry->facts->instance, &dialled)}};

        (void)spf_operation_call(operation, "vpc", "DescribeVSwitchAttributes", region, params,
                                 SPF_COUNT(params), "", vswitch_done);
    }
}

static bool ask_vpc(struct spf_operation *operation)
{
    const struct spf_instance_facts *instance = operation->inquiry->facts->instance;
    const struct spf_sign_pair params[] = {{"RegionId", instance->region},
                                           {"VpcId", instance->vpc}};

    return spf_operation_call(operation, "vpc", "DescribeVpcAttribute", instance->region, params,
                              SPF_COUNT(params), "", vpc_done);
}

static void egress_only_done(struct spf_operation *operation, struct spf_call *call,
                             const struct spf_api_reply *reply)
{
    struct spf_facts *facts = operation->inquiry->facts;

    (void)call;
    if (answered(operation, reply) &&
        taken(operation, reply,
              spf_parse_egress_only(reply->body, facts->instance->id, facts->gateway),
              "vpc:DescribeIpv6EgressOnlyRules")) {
        end_if_last(operation);
    }
}

/* Egress-only rules matter only where the internet reaches the address at all. */
static void ipv6_done(struct spf_operation *operation, struct spf_call *call,
                      const struct spf_api_reply *reply)
{
    struct spf_gateway_facts *facts = operation->inquiry->facts->gateway;
    const char *region = operation->inquiry->facts->instance->region;

    (void)call;
    if (!answered(operation, reply) ||
        !taken(operation, reply, spf_parse_ipv6(reply->body, facts), "vpc:DescribeIpv6Addresses")) {
        return;
    }
    if (facts->ipv6_bandwidth > 0 && facts->ipv6_gateway[0] != '\0') {
        const struct spf_sign_pair params[] = {
            {"RegionId", region}, {"Ipv6GatewayId", facts->ipv6_gateway}, {"PageSize", "50"}};

        (void)spf_operation_call(operation, "vpc", "DescribeIpv6EgressOnlyRules", region, params,
                                 SPF_COUNT(params), "", egress_only_done);
    } else {
        end_if_last(operation);
    }
}

static void ask_ipv6(struct spf_operation *operation)
{
    const char *region = operation->inquiry->facts->instance->region;
    char address[SPF_IP_TEXT_SIZE];
    const struct spf_sign_pair params[] = {{"RegionId", region}, {"Ipv6Address", address}};

    spf_ip_format(&operation->inquiry->facts->gateway->address, address);
    (void)spf_operation_call(operation, "vpc", "DescribeIpv6Addresses", region, params,
                             SPF_COUNT(params), "", ipv6_done);
}

void spf_operation_gateway(struct spf_operation *operation)
{
    struct spf_facts *facts = operation->inquiry->facts;
    struct spf_gateway_facts *gateway = facts->gateway;
    struct spf_address dialled = {.class = SPF_CLASS_ELASTIC};
    bool own = spf_cloud_dial_address(operation->inquiry->target, facts, &dialled);
    bool elastic = dialled.class == SPF_CLASS_ELASTIC;

    gateway->bandwidth = -1;
    gateway->address = dialled.ip;
    if (!own && !spf_cloud_tried_address(operation->inquiry->target, facts, &gateway->address)) {
        spf_operation_finish(operation, NULL);
        return;
    }
    if (own && dialled.class == SPF_CLASS_IPV6) {
        ask_ipv6(operation);
        return;
    }
    memcpy(gateway->route_table, facts->network_acl->route_table, sizeof gateway->route_table);
    if (gateway->address.family != 4) {
        elastic = false;
    }
    gateway->in_doubt = own && facts->instance->vpc[0] == '\0' && !facts->instance->classic;
    if (own && facts->instance->vpc[0] != '\0' && !ask_vpc(operation)) {
        return;
    }
    if (elastic && !ask_elastic(operation)) {
        return;
    }
    end_if_last(operation);
}
