#include "cloud/aliyun/parse.h"

#include <stdlib.h>
#include <string.h>

#include "cloud/aliyun/parse_common.h"
#include "cloud/console.h"

struct spf_error spf_parse_regions(struct json_object *reply, struct spf_region **regions,
                                   size_t *count)
{
    struct json_object *list = spf_json_path(reply, "Regions.Region");
    SPF_LIST(struct spf_region) found = {0};

    if (!json_object_is_type(list, json_type_array))
        return lacks("Regions");
    for (size_t i = 0; i < spf_json_count(list); i++) {
        struct json_object *item = spf_json_item(list, i);
        struct spf_region *region;

        if (spf_json_text(item, "RegionId")[0] == '\0')
            continue;
        region = SPF_APPEND(&found);
        if (region == NULL) {
            free(found.items);
            return no_memory();
        }
        take(item, "RegionId", region->id, sizeof region->id);
        take(item, "RegionEndpoint", region->endpoint, sizeof region->endpoint);
    }
    *regions = found.items;
    *count = found.count;
    return spf_ok();
}

/* Of two fields for the two families one is filled. */
static void take_either(struct json_object *json, const char *ipv4, const char *ipv6,
                        struct spf_block *block)
{
    const char *text = spf_json_text(json, ipv4);

    spf_block_set(block, text[0] != '\0' ? text : spf_json_text(json, ipv6));
}

static void take_rule(struct json_object *json, const struct spf_group_of_rules *group,
                      bool classic, struct spf_rule *rule)
{
    TAKE(json, "SecurityGroupRuleId", rule->id);
    (void)spf_copy(rule->group, sizeof rule->group, group->id);
    rule->policy = spf_same_word(spf_json_text(json, "Policy"), "accept") ? SPF_POLICY_ACCEPT
                                                                          : SPF_POLICY_DROP;
    rule->priority = spf_json_number(json, "Priority", ITEMS_MAX, 1);
    TAKE(json, "IpProtocol", rule->protocol);
    spf_ports_set(&rule->ports, spf_json_text(json, "PortRange"));
    TAKE(json, "PortRangeListId", rule->port_list);
    spf_ports_set(&rule->source_ports, spf_json_text(json, "SourcePortRange"));
    take_either(json, "SourceCidrIp", "Ipv6SourceCidrIp", &rule->source);
    TAKE(json, "SourceGroupId", rule->source_group);
    TAKE(json, "SourcePrefixListId", rule->source_prefix_list);
    take_either(json, "DestCidrIp", "Ipv6DestCidrIp", &rule->destination);
    if (classic)
        TAKE(json, "NicType", rule->network);
    TAKE(json, "Description", rule->description);
}

static struct spf_group_of_rules *group_with(struct spf_rules_facts *facts, const char *id)
{
    struct spf_group_of_rules *group;

    for (size_t i = 0; i < facts->groups.count; i++)
        if (strcmp(facts->groups.items[i].id, id) == 0)
            return &facts->groups.items[i];
    group = SPF_APPEND(&facts->groups);
    if (group != NULL)
        (void)spf_copy(group->id, sizeof group->id, id);
    return group;
}

struct spf_error spf_parse_group(struct json_object *reply, struct spf_rules_facts *facts,
                                 char next[SPF_NEXT_SIZE])
{
    struct json_object *list = spf_json_path(reply, "Permissions.Permission");
    bool classic = spf_json_text(reply, "VpcId")[0] == '\0';
    struct spf_group_of_rules *group;
    char id[80];

    TAKE(reply, "SecurityGroupId", id);
    if (!json_object_is_type(list, json_type_array) || id[0] == '\0')
        return lacks("Permissions");
    group = group_with(facts, id);
    if (group == NULL)
        return no_memory();
    TAKE(reply, "SecurityGroupName", group->name);
    group->inner_accept = spf_same_word(spf_json_text(reply, "InnerAccessPolicy"), "accept");
    for (size_t i = 0; i < spf_json_count(list); i++) {
        struct json_object *item = spf_json_item(list, i);
        const char *direction = spf_json_text(item, "Direction");
        struct spf_rule *rule;

        if (direction[0] != '\0' && !spf_same_word(direction, "ingress"))
            continue;
        if (facts->rules.count >= SPF_RULES_MAX)
            return spf_error(SPF_ERR_TOO_BIG, "more than %d security group rules", SPF_RULES_MAX);
        rule = SPF_APPEND(&facts->rules);
        if (rule == NULL)
            return no_memory();
        take_rule(item, group, classic, rule);
    }
    /* The token goes back as it came, so it is not cleaned; one that does not fit is no token. */
    if (!spf_copy(next, SPF_NEXT_SIZE, spf_json_text(reply, "NextToken")))
        return spf_error(SPF_ERR_TOO_BIG, "a page token of more than %d bytes", SPF_NEXT_SIZE);
    return spf_ok();
}

struct spf_error spf_parse_kinds(struct json_object *reply, struct spf_membership_facts *facts)
{
    struct json_object *list = spf_json_path(reply, "SecurityGroups.SecurityGroup");

    if (!json_object_is_type(list, json_type_array))
        return lacks("SecurityGroups");
    for (size_t i = 0; i < spf_json_count(list) && i < GROUPS_MAX; i++) {
        struct json_object *item = spf_json_item(list, i);
        struct spf_kind_of_group *kind = SPF_APPEND(&facts->groups);
        const char *type = spf_json_text(item, "SecurityGroupType");

        if (kind == NULL)
            return no_memory();
        TAKE(item, "SecurityGroupId", kind->id);
        (void)spf_copy(kind->type, sizeof kind->type,
                       spf_same_word(type, "normal")       ? "basic"
                       : spf_same_word(type, "enterprise") ? "enterprise"
                                                           : "");
        kind->managed = spf_json_bool(item, "ServiceManaged");
    }
    return spf_ok();
}

struct spf_error spf_parse_peer(struct json_object *reply, struct spf_membership_facts *facts)
{
    struct json_object *list = spf_json_path(reply, "NetworkInterfaceSets.NetworkInterfaceSet");

    if (!json_object_is_type(list, json_type_array))
        return lacks("NetworkInterfaceSets");
    for (size_t i = 0; i < spf_json_count(list) && i < INTERFACES_MAX; i++) {
        struct json_object *groups =
            spf_json_path(spf_json_item(list, i), "SecurityGroupIds.SecurityGroupId");

        for (size_t k = 0; k < spf_json_count(groups) && k < GROUPS_MAX; k++)
            if (!append_id(&facts->peer_groups, item_text(groups, k)))
                return no_memory();
    }
    facts->peer_known = true;
    return spf_ok();
}

/* A list without entries matches nobody; one whose entries are missing is no list. */
static struct spf_error check_list(struct json_object *entries)
{
    if (!json_object_is_type(entries, json_type_array))
        return lacks("Entries");
    if (spf_json_count(entries) > ENTRIES_MAX)
        return spf_error(SPF_ERR_TOO_BIG, "a list of more than %d entries", ENTRIES_MAX);
    return spf_ok();
}

struct spf_error spf_parse_prefix_list(struct json_object *reply, struct spf_named_list *list)
{
    struct json_object *entries = spf_json_path(reply, "Entries.Entry");
    struct spf_error error = check_list(entries);

    if (error.code != SPF_OK)
        return error;
    for (size_t i = 0; i < spf_json_count(entries); i++) {
        struct spf_block *block = SPF_APPEND(&list->blocks);

        if (block == NULL)
            return no_memory();
        spf_block_set(block, spf_json_text(spf_json_item(entries, i), "Cidr"));
    }
    list->resolved = true;
    return spf_ok();
}

/* Here, unlike anywhere else, Entries is the array itself. */
struct spf_error spf_parse_port_list(struct json_object *reply, struct spf_named_list *list)
{
    struct json_object *entries = spf_json_get(reply, "Entries");
    struct spf_error error = check_list(entries);

    if (error.code != SPF_OK)
        return error;
    for (size_t i = 0; i < spf_json_count(entries); i++) {
        struct spf_ports *ports = SPF_APPEND(&list->ports);

        if (ports == NULL)
            return no_memory();
        spf_ports_set(ports, spf_json_text(spf_json_item(entries, i), "PortRange"));
    }
    list->resolved = true;
    return spf_ok();
}

struct spf_error spf_parse_key_pair(struct json_object *reply, struct spf_key_pair_facts *facts)
{
    struct json_object *list = spf_json_path(reply, "KeyPairs.KeyPair");

    if (!json_object_is_type(list, json_type_array))
        return lacks("KeyPairs");
    for (size_t i = 0; i < spf_json_count(list); i++) {
        struct json_object *item = spf_json_item(list, i);
        const char *key = spf_json_text(item, "PublicKey");

        if (strcmp(spf_json_text(item, "KeyPairName"), facts->name) != 0)
            continue;
        facts->found = true;
        TAKE(item, "KeyPairFingerPrint", facts->fingerprint);
        facts->created = take_time(item, "CreationTime");
        if (key[0] != '\0') {
            struct spf_buf buf;

            spf_buf_init(&buf, 16384);
            spf_buf_add_clean(&buf, key, strlen(key), 16384);
            facts->public_key = spf_buf_take(&buf);
            if (facts->public_key == NULL)
                return no_memory();
        }
        break;
    }
    return spf_ok();
}

struct spf_error spf_parse_vswitch(struct json_object *reply, struct spf_acl_facts *facts)
{
    if (spf_json_text(reply, "VSwitchId")[0] == '\0')
        return lacks("VSwitchId");
    TAKE(reply, "NetworkAclId", facts->id);
    spf_block_set(&facts->vswitch_cidr, spf_json_text(reply, "CidrBlock"));
    TAKE(spf_json_get(reply, "RouteTable"), "RouteTableId", facts->route_table);
    facts->bound = facts->id[0] != '\0';
    return spf_ok();
}

static struct spf_error take_entries(struct json_object *list, const char *peer, void *entries)
{
    if (spf_json_count(list) > ACL_ENTRIES_MAX)
        return spf_error(SPF_ERR_TOO_BIG, "a network ACL of more than %d entries", ACL_ENTRIES_MAX);
    for (size_t i = 0; i < spf_json_count(list); i++) {
        struct json_object *item = spf_json_item(list, i);
        struct spf_acl_entry *entry = spf_list_append(entries, sizeof *entry);

        if (entry == NULL)
            return no_memory();
        TAKE(item, "NetworkAclEntryId", entry->id);
        TAKE(item, "NetworkAclEntryName", entry->name);
        entry->policy = spf_same_word(spf_json_text(item, "Policy"), "accept") ? SPF_POLICY_ACCEPT
                                                                               : SPF_POLICY_DROP;
        TAKE(item, "Protocol", entry->protocol);
        spf_ports_set(&entry->ports, spf_json_text(item, "Port"));
        spf_block_set(&entry->cidr, spf_json_text(item, peer));
        entry->ipv6 = spf_same_word(spf_json_text(item, "IpVersion"), "ipv6");
    }
    return spf_ok();
}

struct spf_error spf_parse_acl(struct json_object *reply, struct spf_acl_facts *facts)
{
    struct json_object *acl = spf_json_get(reply, "NetworkAclAttribute");
    struct spf_error error;

    if (!json_object_is_type(acl, json_type_object))
        return lacks("NetworkAclAttribute");
    TAKE(acl, "NetworkAclName", facts->name);
    error = take_entries(spf_json_path(acl, "IngressAclEntries.IngressAclEntry"), "SourceCidrIp",
                         &facts->ingress);
    if (error.code == SPF_OK)
        error = take_entries(spf_json_path(acl, "EgressAclEntries.EgressAclEntry"),
                             "DestinationCidrIp", &facts->egress);
    return error;
}

struct spf_error spf_parse_identity(struct json_object *reply, struct spf_identity_facts *facts)
{
    if (spf_json_text(reply, "AccountId")[0] == '\0')
        return lacks("AccountId");
    TAKE(reply, "AccountId", facts->account);
    TAKE(reply, "Arn", facts->principal);
    return spf_ok();
}

/* "2018-03-22 10:04:57", in China's time, UTC+8. */
static int64_t take_china_time(struct json_object *json, const char *name)
{
    char text[24];
    int64_t utc;

    if (!spf_copy(text, sizeof text - 1, spf_json_text(json, name)) || strlen(text) != 19)
        return 0;
    text[10] = 'T';
    text[19] = 'Z';
    text[20] = '\0';
    utc = spf_utc_parse(text);
    return utc > 8 * 3600 ? utc - 8 * 3600 : 0;
}

struct spf_error spf_parse_console(struct json_object *reply, struct spf_console_facts *facts)
{
    const char *base64 = spf_json_text(reply, "ConsoleOutput");
    size_t len = strlen(base64), size = len / 4 * 3 + 3;
    struct spf_error error;
    uint8_t *text;
    long got;

    if (spf_json_get(reply, "ConsoleOutput") == NULL)
        return lacks("ConsoleOutput");
    text = malloc(size);
    if (text == NULL)
        return no_memory();
    got = spf_base64_decode(base64, len, text, size);
    if (got < 0)
        error = spf_error(SPF_ERR_INVALID, "the console's text is not base64");
    else
        error = spf_console_read((const char *)text, (size_t)got, facts);
    free(text);
    facts->updated = take_china_time(reply, "LastUpdateTime");
    return error;
}
