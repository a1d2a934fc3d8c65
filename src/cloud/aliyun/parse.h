#pragma once

#include <json-c/json.h>

#include "base/error.h"
#include "cloud/facts.h"

/*
 * From replies of the API to facts. Pure. Replies are outside input: texts are cleaned, lists
 * bounded, and numbers may come as strings. Each returns SPF_ERR_INVALID if the reply lacks what
 * its action always gives, SPF_ERR_NOMEM or SPF_ERR_TOO_BIG when a bound was met.
 */

#define SPF_NEXT_SIZE 1024 /* of a page token */

/* DescribeInstances, asked for one id. search says whether the instance exists. */
SPF_MUST_USE struct spf_error spf_parse_instance(struct json_object *reply, const char *id,
                                                 struct spf_instance_facts *facts);

/* DescribeRegions: ids, and the hosts where they are asked, in the API's own words. */
struct spf_region {
    char id[80];
    char endpoint[100]; /* of ecs; "" not said */
    bool learned;       /* it was already asked there */
};
SPF_MUST_USE struct spf_error spf_parse_regions(struct json_object *reply,
                                                struct spf_region **regions, size_t *count);

/* A rule of the group that may be any, for that reason. False: no memory. */
SPF_MUST_USE bool spf_doubt_rules(struct spf_rules_facts *facts, const char *group,
                                  const char *doubt);

/* DescribeSecurityGroupAttribute, one page; only in the classic network a rule is of one kind of
 * interfaces: appends the rules, and the group with its first page.
 * What cannot be understood is there as in doubt. */
SPF_MUST_USE struct spf_error spf_parse_group(struct json_object *reply, bool classic,
                                              struct spf_rules_facts *facts,
                                              char next[SPF_NEXT_SIZE]);

/* DescribePrefixListAttributes, DescribePortRangeListEntries: the entries; the list is then
 * resolved. */
SPF_MUST_USE struct spf_error spf_parse_prefix_list(struct json_object *reply,
                                                    struct spf_named_list *list);
SPF_MUST_USE struct spf_error spf_parse_port_list(struct json_object *reply,
                                                  struct spf_named_list *list);

/* DescribeSecurityGroups: the kinds of the groups. */
SPF_MUST_USE struct spf_error spf_parse_kinds(struct json_object *reply,
                                              struct spf_membership_facts *facts);

/* DescribeNetworkInterfaces by our own address: the groups that an interface which has it is in. */
SPF_MUST_USE struct spf_error spf_parse_peer(struct json_object *reply,
                                             struct spf_membership_facts *facts);

/* DescribeNetworkInterfaces of one instance: its interfaces, and the addresses that only they show.
 */
SPF_MUST_USE struct spf_error spf_parse_interfaces(struct json_object *reply,
                                                   struct spf_instance_facts *facts);

/* DescribeKeyPairs: the pair of that name. */
SPF_MUST_USE struct spf_error spf_parse_key_pair(struct json_object *reply,
                                                 struct spf_key_pair_facts *facts);

/* DescribeVSwitchAttributes: the id of its network ACL, its route table and block. */
SPF_MUST_USE struct spf_error spf_parse_vswitch(struct json_object *reply,
                                                struct spf_acl_facts *facts);

/* DescribeIpv6Addresses of one address; DescribeIpv6EgressOnlyRules of its gateway. */
SPF_MUST_USE struct spf_error spf_parse_ipv6(struct json_object *reply,
                                             struct spf_gateway_facts *facts);
SPF_MUST_USE struct spf_error spf_parse_egress_only(struct json_object *reply, const char *instance,
                                                    struct spf_gateway_facts *facts);

/* DescribeNetworkAclAttributes. */
SPF_MUST_USE struct spf_error spf_parse_acl(struct json_object *reply, struct spf_acl_facts *facts);

/* DescribeEipAddresses by facts->address; not in the list: not one of this account's. */
SPF_MUST_USE struct spf_error spf_parse_elastic(struct json_object *reply,
                                                struct spf_gateway_facts *facts);
/* DescribeVpcAttribute: the mode of its way to the internet. */
SPF_MUST_USE struct spf_error spf_parse_vpc(struct json_object *reply,
                                            struct spf_gateway_facts *facts);
/* DescribeRouteEntryList: the default route. */
SPF_MUST_USE struct spf_error spf_parse_routes(struct json_object *reply,
                                               struct spf_gateway_facts *facts);
/* DescribeForwardTableEntries, one page: appends. *more: there may be another page. */
SPF_MUST_USE struct spf_error spf_parse_forwards(struct json_object *reply, bool *more,
                                                 struct spf_gateway_facts *facts);

/* DescribeInstancesFullStatus of one instance: its health and its system events. */
SPF_MUST_USE struct spf_error spf_parse_events(struct json_object *reply,
                                               struct spf_events_facts *facts);

/* DescribeImages of one image. */
SPF_MUST_USE struct spf_error spf_parse_image(struct json_object *reply, const char *id,
                                              struct spf_image_facts *facts);

/* DescribeCloudAssistantStatus of one instance; one that is not listed has no agent. */
SPF_MUST_USE struct spf_error spf_parse_assistant(struct json_object *reply, const char *instance,
                                                  struct spf_assistant_facts *facts);

/* GetInstanceConsoleOutput, of which only facts are kept. */
SPF_MUST_USE struct spf_error spf_parse_console(struct json_object *reply,
                                                struct spf_console_facts *facts);

/* GetCallerIdentity. */
SPF_MUST_USE struct spf_error spf_parse_identity(struct json_object *reply,
                                                 struct spf_identity_facts *facts);

#define SPF_RULES_MAX 5000 /* ten groups of 200, with much to spare */
