#include <stdlib.h>

#include "cloud/aliyun/parse.h"
#include "cloud/aliyun/parse_common.h"
#include "cloud/instance_word.h"

/* DescribeInstances and DescribeNetworkInterfaces: an instance, its addresses and interfaces. */

static bool add_address(struct spf_instance_facts *facts, enum spf_address_class class,
                        const char *text, int64_t bandwidth, const char *interface_id)
{
    struct spf_address *address;
    struct spf_ip ip;

    if (!spf_ip_parse(text, &ip) || facts->addresses.count >= ADDRESSES_MAX) {
        facts->addresses_in_doubt |= text[0] != '\0';
        return true;
    }
    for (size_t i = 0; i < facts->addresses.count; i++) {
        if (spf_ip_equal(&facts->addresses.items[i].ip, &ip)) {
            return true;
        }
    }
    address = SPF_APPEND(&facts->addresses);
    if (address == NULL) {
        return false;
    }
    address->class = class;
    address->ip = ip;
    address->bandwidth = bandwidth;
    spf_copy(address->interface_id, sizeof address->interface_id, interface_id);
    return true;
}

/* Does the member, where there is one, have this type? Null and absent are none. */
static bool is_understood(struct json_object *json, const char *path, enum json_type type)
{
    struct json_object *member = spf_json_path(json, path);

    return member == NULL || json_object_is_type(member, type);
}

static bool add_all(struct spf_instance_facts *facts, enum spf_address_class class,
                    struct json_object *array, int64_t bandwidth)
{
    for (size_t i = 0; i < spf_json_count(array); i++) {
        facts->addresses_in_doubt |= item_text(array, i)[0] == '\0';
        if (!add_address(facts, class, item_text(array, i), bandwidth, facts->interface_id)) {
            return false;
        }
    }
    return true;
}

static bool add_interface(struct json_object *json, struct spf_instance_facts *facts)
{
    struct json_object *ipv6 = spf_json_path(json, "Ipv6Sets.Ipv6Set");
    struct json_object *private = spf_json_path(json, "PrivateIpSets.PrivateIpSet");
    char id[80];
    bool ok = true;

    TAKE(json, "NetworkInterfaceId", id);
    /* An interface has an id, and at least one private address. */
    facts->addresses_in_doubt |= id[0] == '\0' || spf_json_count(private) == 0 ||
                                 !is_understood(json, "Ipv6Sets", json_type_object) ||
                                 !is_understood(json, "Ipv6Sets.Ipv6Set", json_type_array);
    for (size_t i = 0; ok && i < spf_json_count(private); i++) {
        const char *text = spf_json_text(spf_json_item(private, i), "PrivateIpAddress");

        facts->addresses_in_doubt |= text[0] == '\0';
        ok = add_address(facts, SPF_CLASS_PRIVATE, text, 0, id);
    }
    for (size_t i = 0; ok && i < spf_json_count(ipv6); i++) {
        const char *text = spf_json_text(spf_json_item(ipv6, i), "Ipv6Address");

        facts->addresses_in_doubt |= text[0] == '\0';
        ok = add_address(facts, SPF_CLASS_IPV6, text, -1, id);
    }
    return ok;
}

/* What the rules see behind a public address is the private one of the same interface. */
static void set_private_ips(struct spf_instance_facts *facts)
{
    for (size_t i = 0; i < facts->addresses.count; i++) {
        struct spf_address *address = &facts->addresses.items[i];

        if (address->private_ip.family != 0) {
            continue;
        }
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

/* Each member that has addresses, and those on the way to it. */
static bool addresses_are_understood(struct json_object *json)
{
    static const struct {
        const char *path;
        enum json_type type;
    } members[] = {
        {"EipAddress", json_type_object},
        {"EipAddress.IpAddress", json_type_string},
        {"PublicIpAddress", json_type_object},
        {"PublicIpAddress.IpAddress", json_type_array},
        {"InnerIpAddress", json_type_object},
        {"InnerIpAddress.IpAddress", json_type_array},
        {"VpcAttributes", json_type_object},
        {"VpcAttributes.PrivateIpAddress", json_type_object},
        {"VpcAttributes.PrivateIpAddress.IpAddress", json_type_array},
        {"NetworkInterfaces", json_type_object},
        {"NetworkInterfaces.NetworkInterface", json_type_array},
    };

    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        if (!is_understood(json, members[i].path, members[i].type)) {
            return false;
        }
    }
    return true;
}

static bool take_addresses(struct json_object *json, struct spf_instance_facts *facts)
{
    struct json_object *interfaces = spf_json_path(json, "NetworkInterfaces.NetworkInterface");
    struct json_object *elastic = spf_json_get(json, "EipAddress");
    int64_t out = spf_json_number(json, "InternetMaxBandwidthOut", SPF_BANDWIDTH_MAX, -1);
    bool ok;

    /* In a VPC the interfaces are always listed. */
    facts->addresses_in_doubt |=
        !addresses_are_understood(json) ||
        (!facts->classic && !json_object_is_type(interfaces, json_type_array));
    for (size_t i = 0; i < spf_json_count(interfaces); i++) {
        struct json_object *item = spf_json_item(interfaces, i);

        if (facts->interface_id[0] == '\0' ||
            spf_same_word(spf_json_text(item, "Type"), "Primary")) {
            TAKE(item, "NetworkInterfaceId", facts->interface_id);
        }
    }
    /* InternetMaxBandwidthOut is 0 beside an elastic IP and means nothing for it. */
    ok = add_address(facts, SPF_CLASS_ELASTIC, spf_json_text(elastic, "IpAddress"),
                     spf_json_number(elastic, "Bandwidth", SPF_BANDWIDTH_MAX, -1),
                     facts->interface_id) &&
         add_all(facts, SPF_CLASS_PUBLIC, spf_json_path(json, "PublicIpAddress.IpAddress"), out) &&
         add_all(facts, SPF_CLASS_PRIVATE,
                 spf_json_path(json, "VpcAttributes.PrivateIpAddress.IpAddress"), 0) &&
         add_all(facts, SPF_CLASS_PRIVATE, spf_json_path(json, "InnerIpAddress.IpAddress"), 0);
    for (size_t i = 0; ok && i < spf_json_count(interfaces); i++) {
        ok = add_interface(spf_json_item(interfaces, i), facts);
    }
    set_private_ips(facts);
    return ok;
}

/* An elastic IP of an interface: its own, or one of a private address's. */
static bool add_elastic(struct json_object *holder, const char *private_ip, const char *id,
                        struct spf_instance_facts *facts)
{
    const char *text = spf_json_text(spf_json_get(holder, "AssociatedPublicIp"), "PublicIpAddress");
    size_t before = facts->addresses.count;

    if (!add_address(facts, SPF_CLASS_ELASTIC, text, -1, id)) {
        return false;
    }
    if (facts->addresses.count > before) {
        (void)spf_ip_parse(private_ip, &facts->addresses.items[before].private_ip);
    }
    return true;
}

static bool take_interface(struct json_object *json, struct spf_instance_facts *facts)
{
    struct json_object *groups = spf_json_path(json, "SecurityGroupIds.SecurityGroupId");
    struct json_object *private = spf_json_path(json, "PrivateIpSets.PrivateIpSet");
    struct spf_interface *interface = SPF_APPEND(&facts->interfaces);

    if (interface == NULL) {
        return false;
    }
    TAKE(json, "NetworkInterfaceId", interface->id);
    TAKE(json, "VSwitchId", interface->vswitch);
    interface->primary = spf_same_word(spf_json_text(json, "Type"), "Primary");
    for (size_t i = 0; i < spf_json_count(groups) && i < GROUPS_MAX; i++) {
        interface->groups_in_doubt |= item_text(groups, i)[0] == '\0';
        if (item_text(groups, i)[0] != '\0' &&
            !append_id(&interface->security_groups, item_text(groups, i))) {
            return false;
        }
    }
    if (!add_interface(json, facts)) {
        return false;
    }
    for (size_t i = 0; i < spf_json_count(private); i++) {
        struct json_object *item = spf_json_item(private, i);

        if (!add_elastic(item, spf_json_text(item, "PrivateIpAddress"), interface->id, facts)) {
            return false;
        }
    }
    return add_elastic(json, spf_json_text(json, "PrivateIpAddress"), interface->id, facts);
}

struct spf_error spf_parse_interfaces(struct json_object *reply, struct spf_instance_facts *facts)
{
    struct json_object *list = spf_json_path(reply, "NetworkInterfaceSets.NetworkInterfaceSet");

    if (!json_object_is_type(list, json_type_array)) {
        return lacks("NetworkInterfaceSets");
    }
    facts->addresses_in_doubt |= spf_json_count(list) == 0; /* it has one */
    for (size_t i = 0; i < spf_json_count(list) && i < INTERFACES_MAX; i++) {
        if (!take_interface(spf_json_item(list, i), facts)) {
            return spf_no_memory();
        }
    }
    set_private_ips(facts);
    return spf_ok();
}

static enum spf_instance_state state_of(const char *word)
{
    static const char *const words[] = {"Running",  "Pending", "Starting",
                                        "Stopping", "Stopped", NULL};

    for (int i = 0; words[i] != NULL; i++) {
        if (spf_same_word(word, words[i])) {
            return (enum spf_instance_state)i;
        }
    }
    return SPF_STATE_OTHER;
}

static bool take_locks(struct json_object *json, struct spf_instance_facts *facts)
{
    struct json_object *locks = spf_json_path(json, "OperationLocks.LockReason");

    for (size_t i = 0; i < spf_json_count(locks); i++) {
        struct spf_lock *lock = SPF_APPEND(&facts->locks);

        if (lock == NULL) {
            return false;
        }
        TAKE(spf_json_item(locks, i), "LockReason", lock->reason);
        TAKE(spf_json_item(locks, i), "LockMsg", lock->message);
    }
    return true;
}

/* A text, or none; a time in it can be read. */
static bool is_text(struct json_object *json, const char *name, bool time)
{
    const char *text = spf_json_text(json, name);

    return is_understood(json, name, json_type_string) &&
           (!time || text[0] == '\0' || take_time(json, name) > 0);
}

/* The first of the members that say what state the instance is in, and of what sort, that cannot be
 * understood. Its Status has a cause of its own. */
static const char *state_doubt(struct json_object *json)
{
    static const struct {
        const char *name, *one, *other; /* the words that there are */
    } words[] = {{"InstanceChargeType", "PrePaid", "PostPaid"}, {"OSType", "linux", "windows"}};
    static const char *const times[] = {"ExpiredTime", "AutoReleaseTime"};
    struct json_object *locks = spf_json_path(json, "OperationLocks.LockReason");

    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        const char *word = spf_json_text(json, words[i].name);

        if (!is_text(json, words[i].name, false) ||
            (word[0] != '\0' && !spf_same_word(word, words[i].one) &&
             !spf_same_word(word, words[i].other))) {
            return words[i].name;
        }
    }
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        if (!is_text(json, times[i], true)) {
            return times[i];
        }
    }
    if (spf_same_word(spf_json_text(json, "InstanceChargeType"), "PrePaid") &&
        take_time(json, "ExpiredTime") == 0) {
        return "ExpiredTime";
    }
    if (!is_understood(json, "OperationLocks", json_type_object) ||
        !is_understood(json, "OperationLocks.LockReason", json_type_array)) {
        return "OperationLocks";
    }
    for (size_t i = 0; i < spf_json_count(locks); i++) {
        if (spf_json_text(spf_json_item(locks, i), "LockReason")[0] == '\0') {
            return "OperationLocks";
        }
    }
    return "";
}

static bool take_instance(struct json_object *json, struct spf_instance_facts *facts)
{
    struct json_object *vpc = spf_json_get(json, "VpcAttributes");
    struct json_object *groups = spf_json_path(json, "SecurityGroupIds.SecurityGroupId");
    const char *spot = spf_json_text(json, "SpotStrategy");

    facts->search = SPF_INSTANCE_FOUND;
    TAKE(json, "InstanceId", facts->id);
    TAKE(json, "InstanceName", facts->name);
    if (spf_json_text(json, "RegionId")[0] != '\0') {
        TAKE(json, "RegionId", facts->region);
    }
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
    if (facts->os[0] == '\0') {
        TAKE(json, "OSName", facts->os);
    }
    facts->login_as_non_root = spf_json_bool(spf_json_get(json, "ImageOptions"), "LoginAsNonRoot");
    TAKE(json, "ImageId", facts->image);
    TAKE(json, "KeyPairName", facts->key_pair);
    facts->key_pair_in_doubt = !is_text(json, "KeyPairName", false);
    spf_copy(facts->state_doubt, sizeof facts->state_doubt, state_doubt(json));
    TAKE(vpc, "VpcId", facts->vpc);
    TAKE(vpc, "VSwitchId", facts->vswitch);
    /* In which network it is decides which rules are its own. */
    facts->groups_in_doubt |= !facts->classic && facts->vpc[0] == '\0';
    for (size_t i = 0; i < spf_json_count(groups) && i < GROUPS_MAX; i++) {
        facts->groups_in_doubt |= item_text(groups, i)[0] == '\0';
        if (item_text(groups, i)[0] != '\0' &&
            !append_id(&facts->security_groups, item_text(groups, i))) {
            return false;
        }
    }
    return take_locks(json, facts) && take_addresses(json, facts);
}

/* Does the instance bear the name? The API's filter takes more for a match than it should. */
static bool is_called(struct json_object *item, const char *word, enum spf_instance_word kind)
{
    if (kind == SPF_WORD_ADDRESS) {
        return true; /* its addresses are compared once they are read */
    }
    return strcmp(spf_json_text(item, kind == SPF_WORD_ID ? "InstanceId" : "InstanceName"), word) ==
           0;
}

struct spf_error spf_parse_instance(struct json_object *reply, const char *word,
                                    struct spf_instance_facts *facts)
{
    struct json_object *list = spf_json_path(reply, "Instances.Instance");
    struct json_object *found = NULL;
    enum spf_instance_word kind = SPF_WORD_ID;
    struct spf_ip ip = {0};

    if (!json_object_is_type(list, json_type_array)) {
        return lacks("Instances");
    }
    TAKE(reply, "RequestId", facts->request_id);
    facts->search = SPF_INSTANCE_NOWHERE;
    (void)!spf_instance_word(word, &kind, &ip).code;
    for (size_t i = 0; i < spf_json_count(list); i++) {
        struct json_object *item = spf_json_item(list, i);

        /* One that cannot be read may be the one, or another one of the name. */
        if (spf_json_text(item, "InstanceId")[0] == '\0' ||
            (kind == SPF_WORD_NAME && !is_text(item, "InstanceName", false))) {
            return lacks("InstanceId or InstanceName");
        }
        if (!is_called(item, word, kind)) {
            continue;
        }
        found = item;
        if (!append_id(&facts->several, spf_json_text(item, "InstanceId"))) {
            return spf_no_memory();
        }
    }
    if (facts->several.count > 1) {
        facts->search = SPF_INSTANCE_SEVERAL;
        return spf_ok();
    }
    free(facts->several.items);
    memset(&facts->several, 0, sizeof facts->several);
    if (found == NULL && spf_json_count(list) > 0 && kind == SPF_WORD_ID) {
        return spf_error(SPF_ERR_INVALID, "the API's reply is about another instance");
    }
    if (found == NULL) {
        return spf_ok();
    }
    if (!take_instance(found, facts)) {
        return spf_no_memory();
    }
    for (size_t i = 0; kind == SPF_WORD_ADDRESS && i < facts->addresses.count; i++) {
        if (spf_ip_equal(&facts->addresses.items[i].ip, &ip)) {
            return spf_ok();
        }
    }
    return kind != SPF_WORD_ADDRESS
               ? spf_ok()
               : spf_error(SPF_ERR_INVALID, "the API's reply is about another address");
}

struct spf_error spf_parse_events(struct json_object *reply, struct spf_events_facts *facts)
{
    struct json_object *list = spf_json_path(reply, "InstanceFullStatusSet.InstanceFullStatusType");
    struct json_object *one = spf_json_item(list, 0);
    struct json_object *events;

    if (!json_object_is_type(list, json_type_array)) {
        return lacks("InstanceFullStatusSet");
    }
    TAKE(spf_json_get(one, "HealthStatus"), "Name", facts->health);
    events = spf_json_path(one, "ScheduledSystemEventSet.ScheduledSystemEventType");
    for (size_t i = 0; i < spf_json_count(events) && i < ENTRIES_MAX; i++) {
        struct json_object *item = spf_json_item(events, i);
        struct spf_event *event = SPF_APPEND(&facts->events);

        if (event == NULL) {
            return spf_no_memory();
        }
        TAKE(item, "EventId", event->id);
        TAKE(item, "Reason", event->reason);
        TAKE(spf_json_get(item, "EventType"), "Name", event->type);
        TAKE(spf_json_get(item, "EventCycleStatus"), "Name", event->state);
        event->not_before = take_time(item, "NotBefore");
    }
    return spf_ok();
}

struct spf_error spf_parse_image(struct json_object *reply, const char *id,
                                 struct spf_image_facts *facts)
{
    struct json_object *list = spf_json_path(reply, "Images.Image");

    if (!json_object_is_type(list, json_type_array)) {
        return lacks("Images");
    }
    for (size_t i = 0; i < spf_json_count(list); i++) {
        struct json_object *item = spf_json_item(list, i);
        struct json_object *cloud_init = spf_json_get(item, "IsSupportCloudinit");

        if (strcmp(spf_json_text(item, "ImageId"), id) != 0) {
            continue;
        }
        facts->known = true;
        /* Only an outspoken no is one. */
        facts->without_cloud_init = json_object_is_type(cloud_init, json_type_boolean) &&
                                    !json_object_get_boolean(cloud_init);
        facts->login_as_non_root = spf_json_bool(item, "LoginAsNonRootSupported");
    }
    return spf_ok();
}

struct spf_error spf_parse_assistant(struct json_object *reply, const char *instance,
                                     struct spf_assistant_facts *facts)
{
    struct json_object *list =
        spf_json_path(reply, "InstanceCloudAssistantStatusSet.InstanceCloudAssistantStatus");

    if (!json_object_is_type(list, json_type_array)) {
        return lacks("InstanceCloudAssistantStatusSet");
    }
    for (size_t i = 0; i < spf_json_count(list); i++) {
        struct json_object *item = spf_json_item(list, i);

        if (strcmp(spf_json_text(item, "InstanceId"), instance) != 0) {
            continue;
        }
        facts->connected = spf_json_bool(item, "CloudAssistantStatus"); /* a string, in the model */
        facts->session_manager = facts->connected && spf_json_bool(item, "SupportSessionManager");
    }
    return spf_ok();
}
