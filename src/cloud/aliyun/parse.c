#include "cloud/aliyun/parse.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"
#include "cloud/console.h"

/* More than an instance can have: ten interfaces with twenty addresses each, and ten groups each.
 */
#define ADDRESSES_MAX  400
#define INTERFACES_MAX 50
#define GROUPS_MAX     100
#define ENTRIES_MAX    1000

/* Cleans and cuts: what the API writes is shown to people. */
#define TAKE(json, name, member) take((json), (name), (member), sizeof(member))

static void take(struct json_object *json, const char *name, char *out, size_t size)
{
    const char *text = spf_json_text(json, name);

    spf_clean(out, size, text, strlen(text));
}

static int64_t take_time(struct json_object *json, const char *name)
{
    int64_t utc = spf_utc_parse(spf_json_text(json, name));

    return utc > 0 ? utc : 0;
}

static struct spf_error lacks(const char *what)
{
    return spf_error(SPF_ERR_INVALID, "the API's reply has no %s", what);
}

static struct spf_error no_memory(void)
{
    return spf_error(SPF_ERR_NOMEM, "out of memory");
}

/* A list item that is a string itself: {"SecurityGroupId": ["sg-…"]}. */
static const char *item_text(struct json_object *array, size_t index)
{
    struct json_object *item = spf_json_item(array, index);

    return json_object_is_type(item, json_type_string) ? json_object_get_string(item) : "";
}

static bool append_id(void *list, const char *text)
{
    struct spf_id *id = spf_list_append(list, sizeof *id);

    if (id == NULL)
        return false;
    spf_clean(id->id, sizeof id->id, text, strlen(text));
    return true;
}

static bool add_address(struct spf_instance_facts *facts, enum spf_address_class class,
                        const char *text, int64_t bandwidth, const char *interface_id)
{
    struct spf_address *address;
    struct spf_ip ip;

    if (!spf_ip_parse(text, &ip) || facts->addresses.count >= ADDRESSES_MAX)
        return true;
    for (size_t i = 0; i < facts->addresses.count; i++)
        if (spf_ip_equal(&facts->addresses.items[i].ip, &ip))
            return true;
    address = SPF_APPEND(&facts->addresses);
    if (address == NULL)
        return false;
    address->class = class;
    address->ip = ip;
    address->bandwidth = bandwidth;
    (void)spf_copy(address->interface_id, sizeof address->interface_id, interface_id);
    return true;
}

static bool add_all(struct spf_instance_facts *facts, enum spf_address_class class,
                    struct json_object *array, int64_t bandwidth)
{
    for (size_t i = 0; i < spf_json_count(array); i++)
        if (!add_address(facts, class, item_text(array, i), bandwidth, facts->interface_id))
            return false;
    return true;
}

static bool add_interface(struct json_object *json, struct spf_instance_facts *facts)
{
    struct json_object *ipv6 = spf_json_path(json, "Ipv6Sets.Ipv6Set");
    struct json_object *private = spf_json_path(json, "PrivateIpSets.PrivateIpSet");
    char id[80];
    bool ok = true;

    TAKE(json, "NetworkInterfaceId", id);
    for (size_t i = 0; ok && i < spf_json_count(private); i++)
        ok = add_address(facts, SPF_CLASS_PRIVATE,
                         spf_json_text(spf_json_item(private, i), "PrivateIpAddress"), 0, id);
    for (size_t i = 0; ok && i < spf_json_count(ipv6); i++)
        ok = add_address(facts, SPF_CLASS_IPV6,
                         spf_json_text(spf_json_item(ipv6, i), "Ipv6Address"), -1, id);
    return ok;
}

/* What the rules see behind a public address is the private one of the same interface. */
static void set_private_ips(struct spf_instance_facts *facts)
{
    for (size_t i = 0; i < facts->addresses.count; i++) {
        struct spf_address *address = &facts->addresses.items[i];

        if (address->private_ip.family != 0)
            continue;
        address->private_ip = address->ip;
        for (size_t k = 0; k < facts->addresses.count; k++) {
            const struct spf_address *other = &facts->addresses.items[k];

            if (address->class != SPF_CLASS_PRIVATE && address->class != SPF_CLASS_IPV6 &&
                other->class == SPF_CLASS_PRIVATE &&
                strcmp(other->interface_id, address->interface_id) == 0) {
                address->private_ip = other->ip;
                break;
            }
        }
    }
}

static bool take_addresses(struct json_object *json, struct spf_instance_facts *facts)
{
    struct json_object *interfaces = spf_json_path(json, "NetworkInterfaces.NetworkInterface");
    struct json_object *elastic = spf_json_get(json, "EipAddress");
    int64_t out = spf_json_number(json, "InternetMaxBandwidthOut", -1);
    bool ok;

    for (size_t i = 0; i < spf_json_count(interfaces); i++) {
        struct json_object *item = spf_json_item(interfaces, i);

        if (facts->interface_id[0] == '\0' || spf_same_word(spf_json_text(item, "Type"), "Primary"))
            TAKE(item, "NetworkInterfaceId", facts->interface_id);
    }
    /* InternetMaxBandwidthOut is 0 beside an elastic address and means nothing for it. */
    ok = add_address(facts, SPF_CLASS_ELASTIC, spf_json_text(elastic, "IpAddress"),
                     spf_json_number(elastic, "Bandwidth", -1), facts->interface_id) &&
         add_all(facts, SPF_CLASS_PUBLIC, spf_json_path(json, "PublicIpAddress.IpAddress"), out) &&
         add_all(facts, SPF_CLASS_PRIVATE,
                 spf_json_path(json, "VpcAttributes.PrivateIpAddress.IpAddress"), 0) &&
         add_all(facts, SPF_CLASS_PRIVATE, spf_json_path(json, "InnerIpAddress.IpAddress"), 0);
    for (size_t i = 0; ok && i < spf_json_count(interfaces); i++)
        ok = add_interface(spf_json_item(interfaces, i), facts);
    set_private_ips(facts);
    return ok;
}

/* An elastic address of an interface: its own, or one of a private address's. */
static bool add_elastic(struct json_object *holder, const char *private_ip, const char *id,
                        struct spf_instance_facts *facts)
{
    const char *text = spf_json_text(spf_json_get(holder, "AssociatedPublicIp"), "PublicIpAddress");
    size_t before = facts->addresses.count;

    if (!add_address(facts, SPF_CLASS_ELASTIC, text, -1, id))
        return false;
    if (facts->addresses.count > before)
        (void)spf_ip_parse(private_ip, &facts->addresses.items[before].private_ip);
    return true;
}

static bool take_interface(struct json_object *json, struct spf_instance_facts *facts)
{
    struct json_object *groups = spf_json_path(json, "SecurityGroupIds.SecurityGroupId");
    struct json_object *private = spf_json_path(json, "PrivateIpSets.PrivateIpSet");
    struct spf_interface *interface = SPF_APPEND(&facts->interfaces);

    if (interface == NULL)
        return false;
    TAKE(json, "NetworkInterfaceId", interface->id);
    TAKE(json, "VSwitchId", interface->vswitch);
    interface->primary = spf_same_word(spf_json_text(json, "Type"), "Primary");
    for (size_t i = 0; i < spf_json_count(groups) && i < GROUPS_MAX; i++)
        if (!append_id(&interface->security_groups, item_text(groups, i)))
            return false;
    if (!add_interface(json, facts))
        return false;
    for (size_t i = 0; i < spf_json_count(private); i++) {
        struct json_object *item = spf_json_item(private, i);

        if (!add_elastic(item, spf_json_text(item, "PrivateIpAddress"), interface->id, facts))
            return false;
    }
    return add_elastic(json, spf_json_text(json, "PrivateIpAddress"), interface->id, facts);
}

struct spf_error spf_parse_interfaces(struct json_object *reply, struct spf_instance_facts *facts)
{
    struct json_object *list = spf_json_path(reply, "NetworkInterfaceSets.NetworkInterfaceSet");

    if (!json_object_is_type(list, json_type_array))
        return lacks("NetworkInterfaceSets");
    for (size_t i = 0; i < spf_json_count(list) && i < INTERFACES_MAX; i++)
        if (!take_interface(spf_json_item(list, i), facts))
            return no_memory();
    set_private_ips(facts);
    return spf_ok();
}

static enum spf_instance_state state_of(const char *word)
{
    static const char *const words[] = {"Running",  "Pending", "Starting",
                                        "Stopping", "Stopped", NULL};

    for (int i = 0; words[i] != NULL; i++)
        if (spf_same_word(word, words[i]))
            return (enum spf_instance_state)i;
    return SPF_STATE_OTHER;
}

static bool take_locks(struct json_object *json, struct spf_instance_facts *facts)
{
    struct json_object *locks = spf_json_path(json, "OperationLocks.LockReason");

    for (size_t i = 0; i < spf_json_count(locks); i++) {
        struct spf_lock *lock = SPF_APPEND(&facts->locks);

        if (lock == NULL)
            return false;
        TAKE(spf_json_item(locks, i), "LockReason", lock->reason);
        TAKE(spf_json_item(locks, i), "LockMsg", lock->message);
    }
    return true;
}

static bool take_instance(struct json_object *json, struct spf_instance_facts *facts)
{
    struct json_object *vpc = spf_json_get(json, "VpcAttributes");
    struct json_object *groups = spf_json_path(json, "SecurityGroupIds.SecurityGroupId");
    const char *spot = spf_json_text(json, "SpotStrategy");

    facts->search = SPF_INSTANCE_FOUND;
    TAKE(json, "InstanceId", facts->id);
    TAKE(json, "InstanceName", facts->name);
    if (spf_json_text(json, "RegionId")[0] != '\0')
        TAKE(json, "RegionId", facts->region);
    TAKE(json, "ZoneId", facts->zone);
    TAKE(json, "Status", facts->state_name);
    facts->state = state_of(facts->state_name);
    facts->stopped_releases_address =
        spf_same_word(spf_json_text(json, "StoppedMode"), "StopCharging");
    facts->windows = spf_same_word(spf_json_text(json, "OSType"), "windows");
    facts->prepaid = spf_same_word(spf_json_text(json, "InstanceChargeType"), "PrePaid");
    facts->spot = spot[0] != '\0' && !spf_same_word(spot, "NoSpot");
    facts->classic = spf_same_word(spf_json_text(json, "InstanceNetworkType"), "classic");
    facts->metadata_disabled = spf_same_word(
        spf_json_text(spf_json_get(json, "MetadataOptions"), "HttpEndpoint"), "disabled");
    facts->expires = take_time(json, "ExpiredTime");
    facts->started = take_time(json, "StartTime");
    facts->created = take_time(json, "CreationTime");
    facts->auto_release = take_time(json, "AutoReleaseTime");
    TAKE(json, "OSNameEn", facts->os);
    if (facts->os[0] == '\0')
        TAKE(json, "OSName", facts->os);
    facts->login_as_non_root = spf_json_bool(spf_json_get(json, "ImageOptions"), "LoginAsNonRoot");
    TAKE(json, "ImageId", facts->image);
    TAKE(json, "KeyPairName", facts->key_pair);
    TAKE(vpc, "VpcId", facts->vpc);
    TAKE(vpc, "VSwitchId", facts->vswitch);
    for (size_t i = 0; i < spf_json_count(groups) && i < GROUPS_MAX; i++)
        if (!append_id(&facts->security_groups, item_text(groups, i)))
            return false;
    return take_locks(json, facts) && take_addresses(json, facts);
}

struct spf_error spf_parse_instance(struct json_object *reply, const char *id,
                                    struct spf_instance_facts *facts)
{
    struct json_object *list = spf_json_path(reply, "Instances.Instance");

    if (!json_object_is_type(list, json_type_array))
        return lacks("Instances");
    TAKE(reply, "RequestId", facts->request_id);
    facts->search = SPF_INSTANCE_NOWHERE;
    for (size_t i = 0; i < spf_json_count(list); i++) {
        struct json_object *item = spf_json_item(list, i);

        if (strcmp(spf_json_text(item, "InstanceId"), id) == 0)
            return take_instance(item, facts) ? spf_ok() : no_memory();
    }
    return spf_ok();
}

struct spf_error spf_parse_regions(struct json_object *reply, struct spf_id **ids, size_t *count)
{
    struct json_object *list = spf_json_path(reply, "Regions.Region");
    SPF_LIST(struct spf_id) found = {0};

    if (!json_object_is_type(list, json_type_array))
        return lacks("Regions");
    for (size_t i = 0; i < spf_json_count(list); i++) {
        const char *region = spf_json_text(spf_json_item(list, i), "RegionId");

        if (region[0] != '\0' && !append_id(&found, region)) {
            free(found.items);
            return no_memory();
        }
    }
    *ids = found.items;
    *count = found.count;
    return spf_ok();
}

/* Of two fields for the two families one is filled. */
static void take_either(struct json_object *json, const char *ipv4, const char *ipv6, char *out,
                        size_t size)
{
    take(json, spf_json_text(json, ipv4)[0] != '\0' ? ipv4 : ipv6, out, size);
}

static void take_rule(struct json_object *json, const struct spf_group_of_rules *group,
                      bool classic, struct spf_rule *rule)
{
    TAKE(json, "SecurityGroupRuleId", rule->id);
    (void)spf_copy(rule->group, sizeof rule->group, group->id);
    rule->policy = spf_same_word(spf_json_text(json, "Policy"), "accept") ? SPF_POLICY_ACCEPT
                                                                          : SPF_POLICY_DROP;
    rule->priority = spf_json_number(json, "Priority", 1);
    TAKE(json, "IpProtocol", rule->protocol);
    TAKE(json, "PortRange", rule->ports);
    TAKE(json, "PortRangeListId", rule->port_list);
    TAKE(json, "SourcePortRange", rule->source_ports);
    take_either(json, "SourceCidrIp", "Ipv6SourceCidrIp", rule->source, sizeof rule->source);
    TAKE(json, "SourceGroupId", rule->source_group);
    TAKE(json, "SourcePrefixListId", rule->source_prefix_list);
    take_either(json, "DestCidrIp", "Ipv6DestCidrIp", rule->destination, sizeof rule->destination);
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
static struct spf_error take_list(struct json_object *entries, const char *member,
                                  struct spf_named_list *list)
{
    if (!json_object_is_type(entries, json_type_array))
        return lacks("Entries");
    for (size_t i = 0; i < spf_json_count(entries); i++) {
        if (i >= ENTRIES_MAX)
            return spf_error(SPF_ERR_TOO_BIG, "a list of more than %d entries", ENTRIES_MAX);
        if (!append_id(&list->entries, spf_json_text(spf_json_item(entries, i), member)))
            return no_memory();
    }
    list->resolved = true;
    return spf_ok();
}

struct spf_error spf_parse_prefix_list(struct json_object *reply, struct spf_named_list *list)
{
    return take_list(spf_json_path(reply, "Entries.Entry"), "Cidr", list);
}

/* Here, unlike anywhere else, Entries is the array itself. */
struct spf_error spf_parse_port_list(struct json_object *reply, struct spf_named_list *list)
{
    return take_list(spf_json_get(reply, "Entries"), "PortRange", list);
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
    TAKE(reply, "CidrBlock", facts->vswitch_cidr);
    facts->bound = facts->id[0] != '\0';
    return spf_ok();
}

static bool take_entries(struct json_object *list, const char *peer, void *entries)
{
    for (size_t i = 0; i < spf_json_count(list); i++) {
        struct json_object *item = spf_json_item(list, i);
        struct spf_acl_entry *entry = spf_list_append(entries, sizeof *entry);

        if (entry == NULL)
            return false;
        TAKE(item, "NetworkAclEntryId", entry->id);
        TAKE(item, "NetworkAclEntryName", entry->name);
        entry->policy = spf_same_word(spf_json_text(item, "Policy"), "accept") ? SPF_POLICY_ACCEPT
                                                                               : SPF_POLICY_DROP;
        TAKE(item, "Protocol", entry->protocol);
        TAKE(item, "Port", entry->ports);
        take(item, peer, entry->cidr, sizeof entry->cidr);
        entry->ipv6 = spf_same_word(spf_json_text(item, "IpVersion"), "ipv6");
    }
    return true;
}

struct spf_error spf_parse_acl(struct json_object *reply, struct spf_acl_facts *facts)
{
    struct json_object *acl = spf_json_get(reply, "NetworkAclAttribute");

    if (!json_object_is_type(acl, json_type_object))
        return lacks("NetworkAclAttribute");
    TAKE(acl, "NetworkAclName", facts->name);
    if (!take_entries(spf_json_path(acl, "IngressAclEntries.IngressAclEntry"), "SourceCidrIp",
                      &facts->ingress) ||
        !take_entries(spf_json_path(acl, "EgressAclEntries.EgressAclEntry"), "DestinationCidrIp",
                      &facts->egress))
        return no_memory();
    return spf_ok();
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
