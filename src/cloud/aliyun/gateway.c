#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cloud/address.h"
#include "cloud/aliyun/ask.h"
#include "cloud/aliyun/parse.h"

/*
 * What stands between the internet and the instance. Of the instance's own address: whether it is
 * locked, and whether the VPC sends internet traffic through an IPv4 gateway to which the vSwitch
 * has a route. Of another one: to what it is bound, and where a NAT gateway forwards it.
 */
#define PAGES_MAX 20

static bool ask_forwards(struct spf_ask *ask, const char *page);

/* True if the errand's reply is of use; else the ask is over. */
static bool taken(struct spf_ask *ask, const struct spf_api_reply *reply, struct spf_error error,
                  const char *action)
{
    if (reply->failure != NULL)
        spf_ask_finish(ask, reply->failure);
    else if (error.code != SPF_OK)
        spf_ask_finish_parsed(ask, error, action, reply->request_id);
    return reply->failure == NULL && error.code == SPF_OK;
}

static void end_if_last(struct spf_ask *ask)
{
    if (ask->errands == NULL)
        spf_ask_finish(ask, NULL);
}

static void forwards_done(struct spf_ask *ask, struct spf_errand *errand,
                          const struct spf_api_reply *reply)
{
    struct spf_gateway_facts *facts = &ask->inquiry->facts->gateway;
    struct spf_error error = spf_ok();
    int64_t page = spf_decimal(errand->word, PAGES_MAX, PAGES_MAX) + 1;
    bool more = false;
    char next[24];

    if (reply->failure == NULL)
        error = spf_parse_forwards(reply->body, &more, facts);
    if (!taken(ask, reply, error, "vpc:DescribeForwardTableEntries"))
        return;
    (void)spf_format(next, sizeof next, "%lld", (long long)page);
    if (!more || page > PAGES_MAX)
        end_if_last(ask);
    else
        (void)ask_forwards(ask, next);
}

static bool ask_forwards(struct spf_ask *ask, const char *page)
{
    const struct spf_gateway_facts *facts = &ask->inquiry->facts->gateway;
    const char *region = ask->inquiry->facts->instance.region;
    char address[SPF_IP_TEXT_SIZE];

    spf_ip_format(&facts->address, address);
    {
        const struct spf_sign_pair params[] = {{"RegionId", region},
                                               {"NatGatewayId", facts->bound_to},
                                               {"ExternalIp", address},
                                               {"PageSize", "50"},
                                               {"PageNumber", page}};

        return spf_ask_call(ask, "vpc", "DescribeForwardTableEntries", region, params,
                            SPF_COUNT(params), page, forwards_done);
    }
}

static void elastic_done(struct spf_ask *ask, struct spf_errand *errand,
                         const struct spf_api_reply *reply)
{
    struct spf_gateway_facts *facts = &ask->inquiry->facts->gateway;
    struct spf_error error = spf_ok();

    (void)errand;
    if (reply->failure == NULL)
        error = spf_parse_elastic(reply->body, facts);
    if (!taken(ask, reply, error, "vpc:DescribeEipAddresses"))
        return;
    if (spf_same_word(facts->bound_type, "Nat") && facts->bound_to[0] != '\0')
        (void)ask_forwards(ask, "1");
    else
        end_if_last(ask);
}

static bool ask_elastic(struct spf_ask *ask)
{
    const char *region = ask->inquiry->facts->instance.region;
    char address[SPF_IP_TEXT_SIZE];

    spf_ip_format(&ask->inquiry->facts->gateway.address, address);
    {
        const struct spf_sign_pair params[] = {{"RegionId", region}, {"EipAddress", address}};

        return spf_ask_call(ask, "vpc", "DescribeEipAddresses", region, params, SPF_COUNT(params),
                            "", elastic_done);
    }
}

static void routes_done(struct spf_ask *ask, struct spf_errand *errand,
                        const struct spf_api_reply *reply)
{
    struct spf_error error = spf_ok();

    (void)errand;
    if (reply->failure == NULL)
        error = spf_parse_routes(reply->body, &ask->inquiry->facts->gateway);
    if (taken(ask, reply, error, "vpc:DescribeRouteEntryList"))
        end_if_last(ask);
}

static bool ask_routes(struct spf_ask *ask)
{
    const struct spf_gateway_facts *facts = &ask->inquiry->facts->gateway;
    const struct spf_sign_pair params[] = {{"RegionId", ask->inquiry->facts->instance.region},
                                           {"RouteTableId", facts->route_table},
                                           {"DestinationCidrBlock", "0.0.0.0/0"}};

    return spf_ask_call(ask, "vpc", "DescribeRouteEntryList", ask->inquiry->facts->instance.region,
                        params, SPF_COUNT(params), "", routes_done);
}

static void vswitch_done(struct spf_ask *ask, struct spf_errand *errand,
                         const struct spf_api_reply *reply)
{
    struct spf_gateway_facts *facts = &ask->inquiry->facts->gateway;
    struct spf_acl_facts vswitch = {0};
    struct spf_error error = spf_ok();

    (void)errand;
    if (reply->failure == NULL)
        error = spf_parse_vswitch(reply->body, &vswitch);
    if (!taken(ask, reply, error, "vpc:DescribeVSwitchAttributes"))
        return;
    memcpy(facts->route_table, vswitch.route_table, sizeof facts->route_table);
    if (facts->route_table[0] != '\0')
        (void)ask_routes(ask);
    else
        end_if_last(ask);
}

static void vpc_done(struct spf_ask *ask, struct spf_errand *errand,
                     const struct spf_api_reply *reply)
{
    struct spf_gateway_facts *facts = &ask->inquiry->facts->gateway;
    const char *region = ask->inquiry->facts->instance.region;
    struct spf_error error = spf_ok();

    (void)errand;
    if (reply->failure == NULL)
        error = spf_parse_vpc(reply->body, facts);
    if (!taken(ask, reply, error, "vpc:DescribeVpcAttribute"))
        return;
    if (!facts->gateway_mode || facts->gateway[0] == '\0') {
        end_if_last(ask);
    } else if (facts->route_table[0] != '\0') {
        (void)ask_routes(ask);
    } else {
        const struct spf_address dialled =
            spf_cloud_judged_address(ask->inquiry->target, ask->inquiry->facts);
        const struct spf_sign_pair params[] = {
            {"RegionId", region},
            {"VSwitchId", spf_cloud_vswitch(&ask->inquiry->facts->instance, &dialled)}};

        (void)spf_ask_call(ask, "vpc", "DescribeVSwitchAttributes", region, params,
                           SPF_COUNT(params), "", vswitch_done);
    }
}

static bool ask_vpc(struct spf_ask *ask)
{
    const struct spf_instance_facts *instance = &ask->inquiry->facts->instance;
    const struct spf_sign_pair params[] = {{"RegionId", instance->region},
                                           {"VpcId", instance->vpc}};

    return spf_ask_call(ask, "vpc", "DescribeVpcAttribute", instance->region, params,
                        SPF_COUNT(params), "", vpc_done);
}

static void egress_only_done(struct spf_ask *ask, struct spf_errand *errand,
                             const struct spf_api_reply *reply)
{
    struct spf_facts *facts = ask->inquiry->facts;
    struct spf_error error = spf_ok();

    (void)errand;
    if (reply->failure == NULL)
        error = spf_parse_egress_only(reply->body, facts->instance.id, &facts->gateway);
    if (taken(ask, reply, error, "vpc:DescribeIpv6EgressOnlyRules"))
        end_if_last(ask);
}

/* Egress-only rules matter only where the internet reaches the address at all. */
static void ipv6_done(struct spf_ask *ask, struct spf_errand *errand,
                      const struct spf_api_reply *reply)
{
    struct spf_gateway_facts *facts = &ask->inquiry->facts->gateway;
    const char *region = ask->inquiry->facts->instance.region;
    struct spf_error error = spf_ok();

    (void)errand;
    if (reply->failure == NULL)
        error = spf_parse_ipv6(reply->body, facts);
    if (!taken(ask, reply, error, "vpc:DescribeIpv6Addresses"))
        return;
    if (facts->ipv6_bandwidth > 0 && facts->ipv6_gateway[0] != '\0') {
        const struct spf_sign_pair params[] = {
            {"RegionId", region}, {"Ipv6GatewayId", facts->ipv6_gateway}, {"PageSize", "50"}};

        (void)spf_ask_call(ask, "vpc", "DescribeIpv6EgressOnlyRules", region, params,
                           SPF_COUNT(params), "", egress_only_done);
    } else {
        end_if_last(ask);
    }
}

static void ask_ipv6(struct spf_ask *ask)
{
    const char *region = ask->inquiry->facts->instance.region;
    char address[SPF_IP_TEXT_SIZE];

    spf_ip_format(&ask->inquiry->facts->gateway.address, address);
    {
        const struct spf_sign_pair params[] = {{"RegionId", region}, {"Ipv6Address", address}};

        (void)spf_ask_call(ask, "vpc", "DescribeIpv6Addresses", region, params, SPF_COUNT(params),
                           "", ipv6_done);
    }
}

void spf_ask_gateway(struct spf_ask *ask)
{
    struct spf_facts *facts = ask->inquiry->facts;
    struct spf_gateway_facts *gateway = &facts->gateway;
    struct spf_address dialled = {.class = SPF_CLASS_ELASTIC};
    bool own = spf_cloud_dial_address(ask->inquiry->target, facts, &dialled);
    bool elastic = dialled.class == SPF_CLASS_ELASTIC;

    gateway->bandwidth = -1;
    gateway->address = dialled.ip;
    if (!own && !spf_cloud_tried_address(ask->inquiry->target, facts, &gateway->address)) {
        spf_ask_finish(ask, NULL);
        return;
    }
    if (own && dialled.class == SPF_CLASS_IPV6) {
        ask_ipv6(ask);
        return;
    }
    memcpy(gateway->route_table, facts->network_acl.route_table, sizeof gateway->route_table);
    if (gateway->address.family != 4)
        elastic = false;
    if (own && facts->instance.vpc[0] != '\0' && !ask_vpc(ask))
        return;
    if (elastic && !ask_elastic(ask))
        return;
    end_if_last(ask);
}
