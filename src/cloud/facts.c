#include "cloud/facts.h"

#include <string.h>

#include "base/names.h"

static const struct spf_field id_fields[] = {
    SPF_SHAPE_TEXT(struct spf_id, id),
};
const struct spf_shape spf_id_shape = SPF_SHAPE(struct spf_id, id_fields);

static const char *identity_name(unsigned value)
{
    switch ((enum spf_cli_identity)value) {
        SPF_NAME(SPF_IDENTITY_UNKNOWN, "unknown");
        SPF_NAME(SPF_IDENTITY_PROFILE, "profile");
        SPF_NAME(SPF_IDENTITY_ENVIRONMENT, "environment");
        SPF_NAME(SPF_IDENTITY_TERRAFORM, "terraform");
        SPF_NAME(SPF_IDENTITY_OIDC, "oidc");
        SPF_NAME(SPF_IDENTITY_MACHINE, "machine");
        SPF_NAME(SPF_IDENTITY_URI, "uri");
        SPF_NAME(SPF_IDENTITY_ELSEWHERE, "elsewhere");
    }
    return NULL;
}

static const struct spf_field credentials_fields[] = {
    SPF_SHAPE_TEXT(struct spf_credentials_facts, source),
    SPF_SHAPE_TEXT(struct spf_credentials_facts, passed_over),
    SPF_SHAPE_TEXT(struct spf_credentials_facts, beside),
    SPF_SHAPE_TEXT(struct spf_credentials_facts, access_key),
    SPF_SHAPE_ENUM(struct spf_credentials_facts, identity, identity_name),
    SPF_SHAPE_TEXT(struct spf_credentials_facts, profile),
    SPF_SHAPE_TEXT(struct spf_credentials_facts, config_path),
    SPF_SHAPE_BOOL(struct spf_credentials_facts, region_configured),
    SPF_SHAPE_BOOL(struct spf_credentials_facts, beside_configuration),
    SPF_SHAPE_BOOL(struct spf_credentials_facts, instance_cli),
    SPF_SHAPE_TEXT(struct spf_credentials_facts, id_variable),
    SPF_SHAPE_TEXT(struct spf_credentials_facts, secret_variable),
    SPF_SHAPE_TEXT(struct spf_credentials_facts, token_variable),
    SPF_SHAPE_TEXT(struct spf_credentials_facts, region),
    SPF_SHAPE_TEXT(struct spf_credentials_facts, region_source),
    SPF_SHAPE_BOOL(struct spf_credentials_facts, region_guessed),
};
const struct spf_shape spf_credentials_shape =
    SPF_SHAPE(struct spf_credentials_facts, credentials_fields);

static const struct spf_field identity_fields[] = {
    SPF_SHAPE_TEXT(struct spf_identity_facts, account),
    SPF_SHAPE_TEXT(struct spf_identity_facts, principal),
};
const struct spf_shape spf_identity_shape = SPF_SHAPE(struct spf_identity_facts, identity_fields);

static const char *state_name(unsigned value)
{
    switch ((enum spf_instance_state)value) {
        SPF_NAME(SPF_STATE_RUNNING, "running");
        SPF_NAME(SPF_STATE_PENDING, "pending");
        SPF_NAME(SPF_STATE_STARTING, "starting");
        SPF_NAME(SPF_STATE_STOPPING, "stopping");
        SPF_NAME(SPF_STATE_STOPPED, "stopped");
        SPF_NAME(SPF_STATE_OTHER, "other");
    }
    return NULL;
}

static const char *search_name(unsigned value)
{
    switch ((enum spf_instance_search)value) {
        SPF_NAME(SPF_INSTANCE_FOUND, "found");
        SPF_NAME(SPF_INSTANCE_NOWHERE, "not-found");
        SPF_NAME(SPF_INSTANCE_REGION_UNKNOWN, "region-unknown");
        SPF_NAME(SPF_INSTANCE_SEVERAL, "several");
    }
    return NULL;
}

static const char *class_name(unsigned value)
{
    switch ((enum spf_address_class)value) {
        SPF_NAME(SPF_CLASS_PUBLIC, "public");
        SPF_NAME(SPF_CLASS_ELASTIC, "elastic");
        SPF_NAME(SPF_CLASS_IPV6, "ipv6");
        SPF_NAME(SPF_CLASS_PRIVATE, "private");
    }
    return NULL;
}

static const char *policy_name(unsigned value)
{
    switch ((enum spf_policy)value) {
        SPF_NAME(SPF_POLICY_ACCEPT, "accept");
        SPF_NAME(SPF_POLICY_DROP, "drop");
    }
    return NULL;
}

static const struct spf_field address_fields[] = {
    SPF_SHAPE_ENUM(struct spf_address, class, class_name),
    SPF_SHAPE_IP(struct spf_address, ip),
    SPF_SHAPE_NUMBER(struct spf_address, bandwidth),
    SPF_SHAPE_TEXT(struct spf_address, interface_id),
    SPF_SHAPE_IP(struct spf_address, private_ip),
};
const struct spf_shape spf_address_shape = SPF_SHAPE(struct spf_address, address_fields);

static const struct spf_field lock_fields[] = {
    SPF_SHAPE_TEXT(struct spf_lock, reason),
    SPF_SHAPE_TEXT(struct spf_lock, message),
};
static const struct spf_shape lock_shape = SPF_SHAPE(struct spf_lock, lock_fields);

static const struct spf_field interface_fields[] = {
    SPF_SHAPE_TEXT(struct spf_interface, id),
    SPF_SHAPE_TEXT(struct spf_interface, vswitch),
    SPF_SHAPE_BOOL(struct spf_interface, primary),
    SPF_SHAPE_LIST(struct spf_interface, security_groups, &spf_id_shape),
    SPF_SHAPE_BOOL(struct spf_interface, groups_in_doubt),
};
static const struct spf_shape interface_shape = SPF_SHAPE(struct spf_interface, interface_fields);

static const struct spf_field instance_fields[] = {
    SPF_SHAPE_ENUM(struct spf_instance_facts, search, search_name),
    SPF_SHAPE_NUMBER(struct spf_instance_facts, seen),
    SPF_SHAPE_NUMBER(struct spf_instance_facts, clock_off),
    SPF_SHAPE_TEXT(struct spf_instance_facts, request_id),
    SPF_SHAPE_TEXT(struct spf_instance_facts, id),
    SPF_SHAPE_TEXT(struct spf_instance_facts, name),
    SPF_SHAPE_TEXT(struct spf_instance_facts, region),
    SPF_SHAPE_TEXT(struct spf_instance_facts, zone),
    SPF_SHAPE_LIST(struct spf_instance_facts, regions_asked, &spf_id_shape),
    SPF_SHAPE_LIST(struct spf_instance_facts, regions_failed, &spf_id_shape),
    SPF_SHAPE_BOOL(struct spf_instance_facts, every_region_asked),
    SPF_SHAPE_BOOL(struct spf_instance_facts, region_was_given),
    SPF_SHAPE_TEXT(struct spf_instance_facts, region_hint),
    SPF_SHAPE_ENUM(struct spf_instance_facts, state, state_name),
    SPF_SHAPE_TEXT(struct spf_instance_facts, state_name),
    SPF_SHAPE_BOOL(struct spf_instance_facts, stopped_releases_address),
    SPF_SHAPE_BOOL(struct spf_instance_facts, windows),
    SPF_SHAPE_BOOL(struct spf_instance_facts, prepaid),
    SPF_SHAPE_BOOL(struct spf_instance_facts, spot),
    SPF_SHAPE_BOOL(struct spf_instance_facts, classic),
    SPF_SHAPE_BOOL(struct spf_instance_facts, metadata_disabled),
    SPF_SHAPE_NUMBER(struct spf_instance_facts, expires),
    SPF_SHAPE_NUMBER(struct spf_instance_facts, started),
    SPF_SHAPE_NUMBER(struct spf_instance_facts, created),
    SPF_SHAPE_NUMBER(struct spf_instance_facts, auto_release),
    SPF_SHAPE_TEXT(struct spf_instance_facts, os),
    SPF_SHAPE_BOOL(struct spf_instance_facts, login_as_non_root),
    SPF_SHAPE_TEXT(struct spf_instance_facts, image),
    SPF_SHAPE_LIST(struct spf_instance_facts, locks, &lock_shape),
    SPF_SHAPE_LIST(struct spf_instance_facts, addresses, &spf_address_shape),
    SPF_SHAPE_LIST(struct spf_instance_facts, security_groups, &spf_id_shape),
    SPF_SHAPE_LIST(struct spf_instance_facts, several, &spf_id_shape),
    SPF_SHAPE_BOOL(struct spf_instance_facts, groups_in_doubt),
    SPF_SHAPE_BOOL(struct spf_instance_facts, addresses_in_doubt),
    SPF_SHAPE_TEXT(struct spf_instance_facts, state_doubt),
    SPF_SHAPE_LIST(struct spf_instance_facts, interfaces, &interface_shape),
    SPF_SHAPE_TEXT(struct spf_instance_facts, interface_id),
    SPF_SHAPE_TEXT(struct spf_instance_facts, vpc),
    SPF_SHAPE_TEXT(struct spf_instance_facts, vswitch),
    SPF_SHAPE_TEXT(struct spf_instance_facts, key_pair),
    SPF_SHAPE_BOOL(struct spf_instance_facts, key_pair_in_doubt),
};
const struct spf_shape spf_instance_shape = SPF_SHAPE(struct spf_instance_facts, instance_fields);

static const struct spf_field lookup_fields[] = {
    SPF_SHAPE_TEXT(struct spf_lookup_facts, service),
    SPF_SHAPE_IP(struct spf_lookup_facts, address),
};
const struct spf_shape spf_lookup_shape = SPF_SHAPE(struct spf_lookup_facts, lookup_fields);

static void read_block(void *block, const char *text)
{
    spf_block_set(block, text);
}

static void read_ports(void *ports, const char *text)
{
    spf_ports_set(ports, text);
}

static const struct spf_field rule_fields[] = {
    SPF_SHAPE_TEXT(struct spf_rule, id),
    SPF_SHAPE_TEXT(struct spf_rule, group),
    SPF_SHAPE_ENUM(struct spf_rule, policy, policy_name),
    SPF_SHAPE_NUMBER(struct spf_rule, priority),
    SPF_SHAPE_TEXT(struct spf_rule, protocol),
    SPF_SHAPE_READ(struct spf_rule, ports, read_ports),
    SPF_SHAPE_TEXT(struct spf_rule, port_list),
    SPF_SHAPE_READ(struct spf_rule, source_ports, read_ports),
    SPF_SHAPE_READ(struct spf_rule, source, read_block),
    SPF_SHAPE_TEXT(struct spf_rule, source_group),
    SPF_SHAPE_TEXT(struct spf_rule, source_prefix_list),
    SPF_SHAPE_READ(struct spf_rule, destination, read_block),
    SPF_SHAPE_TEXT(struct spf_rule, network),
    SPF_SHAPE_TEXT(struct spf_rule, description),
    SPF_SHAPE_TEXT(struct spf_rule, source_owner),
    SPF_SHAPE_BOOL(struct spf_rule, policy_in_doubt),
    SPF_SHAPE_BOOL(struct spf_rule, priority_in_doubt),
    SPF_SHAPE_BOOL(struct spf_rule, match_in_doubt),
    SPF_SHAPE_TEXT(struct spf_rule, doubt),
};
const struct spf_shape spf_rule_shape = SPF_SHAPE(struct spf_rule, rule_fields);

static const struct spf_field group_fields[] = {
    SPF_SHAPE_TEXT(struct spf_group_of_rules, id),
    SPF_SHAPE_TEXT(struct spf_group_of_rules, name),
    SPF_SHAPE_BOOL(struct spf_group_of_rules, inner_accept),
    SPF_SHAPE_BOOL(struct spf_group_of_rules, inner_in_doubt),
};
static const struct spf_shape group_shape = SPF_SHAPE(struct spf_group_of_rules, group_fields);

/* In a record an entry of either kind of list is {"id": "10.0.0.0/8"}, {"id": "22/22"}. */
static const struct spf_field block_entry_fields[] = {
    {"id", SPF_FIELD_READ, 0, sizeof(((struct spf_block *)0)->text), NULL, NULL, read_block},
};
static const struct spf_shape block_entry_shape = SPF_SHAPE(struct spf_block, block_entry_fields);

static const struct spf_field ports_entry_fields[] = {
    {"id", SPF_FIELD_READ, 0, sizeof(((struct spf_ports *)0)->text), NULL, NULL, read_ports},
};
static const struct spf_shape ports_entry_shape = SPF_SHAPE(struct spf_ports, ports_entry_fields);

#define LIST_OF(member, shape)                                                                  \
    SPF_SHAPE_TEXT(struct spf_named_list, id), SPF_SHAPE_BOOL(struct spf_named_list, resolved), \
        SPF_SHAPE_TEXT(struct spf_named_list, error),                                           \
        SPF_SHAPE_TEXT(struct spf_named_list, doubt),                                           \
    {                                                                                           \
        "entries", SPF_FIELD_LIST, offsetof(struct spf_named_list, member),                     \
            sizeof(((struct spf_named_list *)0)->member), shape, NULL, NULL                     \
    }
static const struct spf_field prefix_list_fields[] = {LIST_OF(blocks, &block_entry_shape)};
static const struct spf_shape prefix_list_shape =
    SPF_SHAPE(struct spf_named_list, prefix_list_fields);

static const struct spf_field port_list_fields[] = {LIST_OF(ports, &ports_entry_shape)};
static const struct spf_shape port_list_shape = SPF_SHAPE(struct spf_named_list, port_list_fields);

static const struct spf_field rules_fields[] = {
    SPF_SHAPE_TEXT(struct spf_rules_facts, interface_id),
    SPF_SHAPE_LIST(struct spf_rules_facts, groups, &group_shape),
    SPF_SHAPE_LIST(struct spf_rules_facts, rules, &spf_rule_shape),
    SPF_SHAPE_LIST(struct spf_rules_facts, prefix_lists, &prefix_list_shape),
    SPF_SHAPE_LIST(struct spf_rules_facts, port_lists, &port_list_shape),
};
const struct spf_shape spf_rules_shape = SPF_SHAPE(struct spf_rules_facts, rules_fields);

static const struct spf_field kind_fields[] = {
    SPF_SHAPE_TEXT(struct spf_kind_of_group, id),
    SPF_SHAPE_TEXT(struct spf_kind_of_group, type),
    SPF_SHAPE_BOOL(struct spf_kind_of_group, managed),
};
static const struct spf_shape kind_shape = SPF_SHAPE(struct spf_kind_of_group, kind_fields);

static const struct spf_field membership_fields[] = {
    SPF_SHAPE_LIST(struct spf_membership_facts, groups, &kind_shape),
    SPF_SHAPE_BOOL(struct spf_membership_facts, peer_known),
    SPF_SHAPE_TEXT(struct spf_membership_facts, peer_owner),
    SPF_SHAPE_LIST(struct spf_membership_facts, peer_groups, &spf_id_shape),
};
const struct spf_shape spf_membership_shape =
    SPF_SHAPE(struct spf_membership_facts, membership_fields);

static const struct spf_field jump_instance_fields[] = {
    SPF_SHAPE_TEXT(struct spf_jump_instance_facts, id),
    SPF_SHAPE_TEXT(struct spf_jump_instance_facts, vpc),
    SPF_SHAPE_IP(struct spf_jump_instance_facts, private_ip),
};
const struct spf_shape spf_jump_instance_shape =
    SPF_SHAPE(struct spf_jump_instance_facts, jump_instance_fields);

static const struct spf_field acl_entry_fields[] = {
    SPF_SHAPE_TEXT(struct spf_acl_entry, id),
    SPF_SHAPE_TEXT(struct spf_acl_entry, name),
    SPF_SHAPE_ENUM(struct spf_acl_entry, policy, policy_name),
    SPF_SHAPE_TEXT(struct spf_acl_entry, protocol),
    SPF_SHAPE_READ(struct spf_acl_entry, ports, read_ports),
    SPF_SHAPE_READ(struct spf_acl_entry, cidr, read_block),
    SPF_SHAPE_BOOL(struct spf_acl_entry, ipv6),
    SPF_SHAPE_BOOL(struct spf_acl_entry, policy_in_doubt),
    SPF_SHAPE_BOOL(struct spf_acl_entry, match_in_doubt),
    SPF_SHAPE_TEXT(struct spf_acl_entry, doubt),
};
const struct spf_shape spf_acl_entry_shape = SPF_SHAPE(struct spf_acl_entry, acl_entry_fields);

static const struct spf_field acl_fields[] = {
    SPF_SHAPE_BOOL(struct spf_acl_facts, bound),
    SPF_SHAPE_TEXT(struct spf_acl_facts, id),
    SPF_SHAPE_TEXT(struct spf_acl_facts, name),
    SPF_SHAPE_TEXT(struct spf_acl_facts, vswitch),
    SPF_SHAPE_TEXT(struct spf_acl_facts, route_table),
    SPF_SHAPE_READ(struct spf_acl_facts, vswitch_cidr, read_block),
    SPF_SHAPE_LIST(struct spf_acl_facts, ingress, &spf_acl_entry_shape),
    SPF_SHAPE_LIST(struct spf_acl_facts, egress, &spf_acl_entry_shape),
};
const struct spf_shape spf_acl_shape = SPF_SHAPE(struct spf_acl_facts, acl_fields);

static const struct spf_field event_fields[] = {
    SPF_SHAPE_TEXT(struct spf_event, id),           SPF_SHAPE_TEXT(struct spf_event, type),
    SPF_SHAPE_TEXT(struct spf_event, state),        SPF_SHAPE_TEXT(struct spf_event, reason),
    SPF_SHAPE_NUMBER(struct spf_event, not_before),
};
static const struct spf_shape event_shape = SPF_SHAPE(struct spf_event, event_fields);

static const struct spf_field events_fields[] = {
    SPF_SHAPE_TEXT(struct spf_events_facts, health),
    SPF_SHAPE_LIST(struct spf_events_facts, events, &event_shape),
};
const struct spf_shape spf_events_shape = SPF_SHAPE(struct spf_events_facts, events_fields);

static const struct spf_field image_fields[] = {
    SPF_SHAPE_BOOL(struct spf_image_facts, known),
    SPF_SHAPE_BOOL(struct spf_image_facts, without_cloud_init),
    SPF_SHAPE_BOOL(struct spf_image_facts, login_as_non_root),
};
const struct spf_shape spf_image_shape = SPF_SHAPE(struct spf_image_facts, image_fields);

static const struct spf_field assistant_fields[] = {
    SPF_SHAPE_BOOL(struct spf_assistant_facts, connected),
    SPF_SHAPE_BOOL(struct spf_assistant_facts, session_manager),
};
const struct spf_shape spf_assistant_shape =
    SPF_SHAPE(struct spf_assistant_facts, assistant_fields);

static const struct spf_field forward_fields[] = {
    SPF_SHAPE_TEXT(struct spf_forward, id),       SPF_SHAPE_TEXT(struct spf_forward, gateway),
    SPF_SHAPE_TEXT(struct spf_forward, ports),    SPF_SHAPE_TEXT(struct spf_forward, inside_ports),
    SPF_SHAPE_TEXT(struct spf_forward, protocol), SPF_SHAPE_IP(struct spf_forward, inside),
};
static const struct spf_shape forward_shape = SPF_SHAPE(struct spf_forward, forward_fields);

static const struct spf_field gateway_fields[] = {
    SPF_SHAPE_IP(struct spf_gateway_facts, address),
    SPF_SHAPE_BOOL(struct spf_gateway_facts, elastic_known),
    SPF_SHAPE_TEXT(struct spf_gateway_facts, elastic_id),
    SPF_SHAPE_TEXT(struct spf_gateway_facts, bound_to),
    SPF_SHAPE_TEXT(struct spf_gateway_facts, bound_type),
    SPF_SHAPE_TEXT(struct spf_gateway_facts, lock),
    SPF_SHAPE_NUMBER(struct spf_gateway_facts, bandwidth),
    SPF_SHAPE_BOOL(struct spf_gateway_facts, cut_through),
    SPF_SHAPE_BOOL(struct spf_gateway_facts, vpc_known),
    SPF_SHAPE_BOOL(struct spf_gateway_facts, gateway_mode),
    SPF_SHAPE_TEXT(struct spf_gateway_facts, gateway),
    SPF_SHAPE_BOOL(struct spf_gateway_facts, routes_known),
    SPF_SHAPE_BOOL(struct spf_gateway_facts, ipv6_known),
    SPF_SHAPE_TEXT(struct spf_gateway_facts, ipv6_id),
    SPF_SHAPE_TEXT(struct spf_gateway_facts, ipv6_gateway),
    SPF_SHAPE_NUMBER(struct spf_gateway_facts, ipv6_bandwidth),
    SPF_SHAPE_BOOL(struct spf_gateway_facts, in_doubt),
    SPF_SHAPE_BOOL(struct spf_gateway_facts, egress_only_known),
    SPF_SHAPE_TEXT(struct spf_gateway_facts, egress_only),
    SPF_SHAPE_TEXT(struct spf_gateway_facts, default_hop),
    SPF_SHAPE_TEXT(struct spf_gateway_facts, route_table),
    SPF_SHAPE_LIST(struct spf_gateway_facts, forwards, &forward_shape),
};
const struct spf_shape spf_gateway_shape = SPF_SHAPE(struct spf_gateway_facts, gateway_fields);

static const struct spf_field key_pair_fields[] = {
    SPF_SHAPE_BOOL(struct spf_key_pair_facts, bound),
    SPF_SHAPE_TEXT(struct spf_key_pair_facts, name),
    SPF_SHAPE_BOOL(struct spf_key_pair_facts, found),
    SPF_SHAPE_STRING(struct spf_key_pair_facts, public_key),
    SPF_SHAPE_TEXT(struct spf_key_pair_facts, fingerprint),
    SPF_SHAPE_NUMBER(struct spf_key_pair_facts, created),
};
const struct spf_shape spf_key_pair_shape = SPF_SHAPE(struct spf_key_pair_facts, key_pair_fields);

static const struct spf_field host_key_fields[] = {
    SPF_SHAPE_TEXT(struct spf_console_host_key, algorithm),
    SPF_SHAPE_TEXT(struct spf_console_host_key, sha256),
};
static const struct spf_shape host_key_shape =
    SPF_SHAPE(struct spf_console_host_key, host_key_fields);

static const struct spf_field authorized_fields[] = {
    SPF_SHAPE_TEXT(struct spf_console_authorized, user),
    SPF_SHAPE_TEXT(struct spf_console_authorized, algorithm),
    SPF_SHAPE_TEXT(struct spf_console_authorized, fingerprint),
};
static const struct spf_shape authorized_shape =
    SPF_SHAPE(struct spf_console_authorized, authorized_fields);

static const struct spf_field trouble_fields[] = {
    SPF_SHAPE_TEXT(struct spf_console_trouble, kind),
    SPF_SHAPE_TEXT(struct spf_console_trouble, line),
};
static const struct spf_shape trouble_shape = SPF_SHAPE(struct spf_console_trouble, trouble_fields);

static const struct spf_field console_fields[] = {
    SPF_SHAPE_NUMBER(struct spf_console_facts, updated),
    SPF_SHAPE_BOOL(struct spf_console_facts, boot_seen),
    SPF_SHAPE_LIST(struct spf_console_facts, host_keys, &host_key_shape),
    SPF_SHAPE_LIST(struct spf_console_facts, authorized, &authorized_shape),
    SPF_SHAPE_LIST(struct spf_console_facts, trouble, &trouble_shape),
};
const struct spf_shape spf_console_shape = SPF_SHAPE(struct spf_console_facts, console_fields);

const struct spf_event *spf_event_now(const struct spf_events_facts *facts, int64_t now)
{
    for (size_t i = 0; i < facts->events.count; i++) {
        const struct spf_event *event = &facts->events.items[i];

        if (strcmp(event->state, "Executing") == 0 ||
            ((strcmp(event->state, "Scheduled") == 0 || strcmp(event->state, "Inquiring") == 0) &&
             event->not_before > 0 && event->not_before <= now)) {
            return event;
        }
    }
    return NULL;
}

bool spf_console_authorizes(const struct spf_console_facts *console, const char *sha256,
                            const char *md5, const char *user)
{
    for (size_t i = 0; i < console->authorized.count; i++) {
        const struct spf_console_authorized *line = &console->authorized.items[i];

        if ((user == NULL || strcmp(line->user, user) == 0) && line->fingerprint[0] != '\0' &&
            (strcmp(line->fingerprint, sha256) == 0 || strcmp(line->fingerprint, md5) == 0)) {
            return true;
        }
    }
    return false;
}

const char *spf_console_user(const struct spf_console_facts *console, const char *sha256,
                             const char *md5, const char *asked)
{
    if (spf_console_authorizes(console, sha256, md5, asked)) {
        return NULL;
    }
    for (size_t i = 0; i < console->authorized.count; i++) {
        if (spf_console_authorizes(console, sha256, md5, console->authorized.items[i].user)) {
            return console->authorized.items[i].user;
        }
    }
    return NULL;
}
