#include "cloud/address.h"

#include <stdlib.h>
#include <string.h>

#include "base/names.h"

const char *spf_address_class_name(enum spf_address_class class)
{
    switch (class) {
        SPF_NAME(SPF_CLASS_PUBLIC, "public");
        SPF_NAME(SPF_CLASS_ELASTIC, "elastic");
        SPF_NAME(SPF_CLASS_IPV6, "ipv6");
        SPF_NAME(SPF_CLASS_PRIVATE, "private");
    }
    return "";
}

const struct spf_address *spf_cloud_owns(const struct spf_instance_facts *instance,
                                         const struct spf_ip *ip)
{
    for (size_t i = 0; i < instance->addresses.count; i++) {
        if (spf_ip_equal(&instance->addresses.items[i].ip, ip)) {
            return &instance->addresses.items[i];
        }
    }
    return NULL;
}

bool spf_cloud_tried_address(const struct spf_target *target, const struct spf_facts *facts,
                             struct spf_ip *out)
{
    if (target->host != NULL && spf_ip_parse(target->host, out)) {
        return true;
    }
    return spf_facts_have(facts, SPF_GROUP_TCP) && spf_ip_parse(facts->tcp->address, out);
}

static bool family_fits(const struct spf_target *target, const struct spf_ip *ip)
{
    return target->family == 0 || target->family == ip->family;
}

/* Our own address in the network that the private address is in. */
static bool own_beside(const struct spf_facts *facts, const struct spf_ip *private_ip,
                       struct spf_ip *out)
{
    const struct spf_local_environment_facts *here = facts->local_environment;

    for (size_t i = 0; i < here->own.count; i++) {
        struct spf_cidr network = {.ip = here->own.items[i].ip,
                                   .bits = (uint8_t)here->own.items[i].bits};

        *out = network.ip;
        if (network.bits > 0 && spf_cidr_holds(&network, private_ip)) {
            return true;
        }
    }
    return false;
}

static const struct spf_address *first_of(const struct spf_target *target,
                                          const struct spf_instance_facts *instance,
                                          enum spf_address_class class)
{
    for (size_t i = 0; i < instance->addresses.count; i++) {
        const struct spf_address *address = &instance->addresses.items[i];

        if (address->class == class && family_fits(target, &address->ip)) {
            return address;
        }
    }
    return NULL;
}

/* "22", "20/30" or "any". Writes where the port goes among the inside ports. */
static bool port_is_among(const char *ports, const char *inside_ports, uint16_t port,
                          uint16_t *inside)
{
    struct spf_ports outside_range;
    struct spf_ports inside_range;
    int at;

    *inside = port;
    if (strcasecmp(ports, "any") == 0) {
        return true;
    }
    spf_ports_set(&outside_range, ports);
    spf_ports_set(&inside_range, inside_ports);
    if (!outside_range.understood || !inside_range.understood || port < outside_range.first ||
        port > outside_range.last) {
        return false;
    }
    /* A range keeps the order; one port keeps to itself. */
    at = inside_range.first;
    if (inside_range.last > inside_range.first) {
        at += port - outside_range.first;
    }
    *inside = (uint16_t)at;
    return at >= 1 && at <= 65535;
}

const struct spf_forward *spf_cloud_forward(const struct spf_target *target,
                                            const struct spf_facts *facts, uint16_t *inside)
{
    const struct spf_gateway_facts *gateway = facts->gateway;

    for (size_t i = 0; i < gateway->forwards.count; i++) {
        const struct spf_forward *forward = &gateway->forwards.items[i];
        uint16_t port;

        if ((strcasecmp(forward->protocol, "tcp") == 0 ||
             strcasecmp(forward->protocol, "any") == 0) &&
            port_is_among(forward->ports, forward->inside_ports, target->port, &port) &&
            spf_cloud_owns(facts->instance, &forward->inside) != NULL) {
            *inside = port;
            return forward;
        }
    }
    return NULL;
}

bool spf_cloud_has_class(const struct spf_instance_facts *instance, enum spf_address_class class)
{
    for (size_t i = 0; i < instance->addresses.count; i++) {
        if (instance->addresses.items[i].class == class) {
            return true;
        }
    }
    return false;
}

static const struct spf_address *public_one(const struct spf_target *target,
                                            const struct spf_instance_facts *instance)
{
    const struct spf_address *address = first_of(target, instance, SPF_CLASS_ELASTIC);

    return address != NULL ? address : first_of(target, instance, SPF_CLASS_PUBLIC);
}

static const struct spf_address *choose(const struct spf_target *target,
                                        const struct spf_facts *facts)
{
    const struct spf_instance_facts *instance = facts->instance;
    const struct spf_address *address;
    struct spf_ip ours;

    switch (target->address) {
    case SPF_ADDRESS_PUBLIC:
        return public_one(target, instance);
    case SPF_ADDRESS_IPV6:
        return first_of(target, instance, SPF_CLASS_IPV6);
    case SPF_ADDRESS_PRIVATE:
        return first_of(target, instance, SPF_CLASS_PRIVATE);
    case SPF_ADDRESS_AUTO:
        break;
    }
    /* who jumps does so because the machine behind cannot be reached from outside */
    address = spf_target_is_proxied(target) ? first_of(target, instance, SPF_CLASS_PRIVATE) : NULL;
    if (address == NULL) {
        address = public_one(target, instance);
    }
    if (address == NULL && (facts->local_environment->ipv6_global || target->family == 6)) {
        address = first_of(target, instance, SPF_CLASS_IPV6);
    }
    if (address != NULL) {
        return address;
    }
    for (size_t i = 0; i < instance->addresses.count; i++) {
        address = &instance->addresses.items[i];
        if (address->class == SPF_CLASS_PRIVATE && family_fits(target, &address->ip) &&
            own_beside(facts, &address->ip, &ours)) {
            return address;
        }
    }
    return NULL;
}

bool spf_cloud_dial_address(const struct spf_target *target, const struct spf_facts *facts,
                            struct spf_address *out)
{
    const struct spf_address *address = NULL;
    struct spf_ip ip;

    if (!spf_facts_have(facts, SPF_GROUP_INSTANCE) ||
        facts->instance->search != SPF_INSTANCE_FOUND) {
        return false;
    }
    if (target->host == NULL) {
        address = choose(target, facts);
    } else if (spf_cloud_tried_address(target, facts, &ip)) {
        address = spf_cloud_owns(facts->instance, &ip);
    }
    if (address == NULL) {
        return false;
    }
    *out = *address;
    return true;
}

/* The private address of the primary interface: what rules see as the destination. */
static struct spf_ip primary_private(const struct spf_instance_facts *instance)
{
    for (size_t i = 0; i < instance->addresses.count; i++) {
        if (instance->addresses.items[i].class == SPF_CLASS_PRIVATE) {
            return instance->addresses.items[i].ip;
        }
    }
    return (struct spf_ip){0};
}

struct spf_address spf_cloud_judged_address(const struct spf_target *target,
                                            const struct spf_facts *facts)
{
    struct spf_target without_host = *target;
    const struct spf_forward *forward = NULL;
    struct spf_address address;
    struct spf_ip tried;
    uint16_t port;

    if (spf_cloud_dial_address(target, facts, &address)) {
        return address;
    }
    if (target->host != NULL && spf_cloud_tried_address(target, facts, &tried)) {
        forward = spf_cloud_forward(target, facts, &port);
    }
    if (forward != NULL) {
        /* DNAT keeps the client's address; behind it stands a private one. */
        address = *spf_cloud_owns(facts->instance, &forward->inside);
        address.class = SPF_CLASS_PUBLIC;
        return address;
    }
    without_host.host = NULL;
    if (spf_cloud_dial_address(&without_host, facts, &address)) {
        return address;
    }
    address = (struct spf_address){.class = SPF_CLASS_PUBLIC};
    address.ip.family = target->source_ip.family == 6 ? 6 : 4;
    address.private_ip = primary_private(facts->instance);
    return address;
}

const struct spf_interface *spf_cloud_interface(const struct spf_instance_facts *instance,
                                                const struct spf_address *address)
{
    for (size_t i = 0; i < instance->interfaces.count; i++) {
        if (strcmp(instance->interfaces.items[i].id, address->interface_id) == 0) {
            return &instance->interfaces.items[i];
        }
    }
    return NULL;
}

const char *spf_cloud_vswitch(const struct spf_instance_facts *instance,
                              const struct spf_address *address)
{
    const struct spf_interface *interface = spf_cloud_interface(instance, address);

    return interface != NULL && interface->vswitch[0] != '\0' ? interface->vswitch
                                                              : instance->vswitch;
}

/* Our end of the connection that was made or tried. */
static bool own_end(const struct spf_facts *facts, struct spf_ip *out)
{
    return spf_facts_have(facts, SPF_GROUP_TCP) && spf_ip_parse(facts->tcp->own_address, out);
}

/* Our own public address, if packets to the internet leave with it as it is. */
static bool own_public(const struct spf_facts *facts, int family, struct spf_ip *out)
{
    const struct spf_local_environment_facts *here = facts->local_environment;

    for (size_t i = 0; i < here->own.count; i++) {
        *out = here->own.items[i].ip;
        if (out->family == family && spf_ip_is_public(out)) {
            return true;
        }
    }
    return false;
}

/*
 * What the server saw: its session says so. That is what the rules saw, unless the connection came
 * from the server itself, by some other program's help.
 */
static bool seen_by_server(const struct spf_facts *facts, int family, struct spf_ip *out)
{
    static const char *const itself[] = {"127.0.0.0/8", "::1/128"};
    struct spf_cidr block;

    if (!spf_facts_have(facts, SPF_GROUP_SESSION) || !spf_ip_parse(facts->session->peer, out) ||
        out->family != family) {
        return false;
    }
    for (size_t i = 0; i < sizeof itself / sizeof *itself; i++) {
        if (spf_cidr_parse(itself[i], &block) && spf_cidr_holds(&block, out)) {
            return false;
        }
    }
    return true;
}

bool spf_cloud_jump_is_public(const struct spf_facts *facts)
{
    struct spf_ip ip;

    return spf_facts_have(facts, SPF_GROUP_TCP) && spf_ip_parse(facts->tcp->jump_address, &ip) &&
           ip.family == 4 && spf_ip_is_public(&ip);
}

/*
 * Behind a jump host the rules see the jump host. Its address as we dial it is what they see, if it
 * is of the same world as the one behind: a public address says nothing of the private one that a
 * machine has within the VPC; the cloud knows that one, if the jump host is an instance of the same
 * account.
 */
static enum spf_source_kind jump_end(const struct spf_target *target, const struct spf_facts *facts,
                                     const struct spf_address *dialled, struct spf_ip *out)
{
    bool inside = dialled->class == SPF_CLASS_PRIVATE;

    if (spf_facts_have(facts, SPF_GROUP_TCP) && spf_ip_parse(facts->tcp->jump_address, out) &&
        out->family == dialled->ip.family && spf_ip_is_public(out) != inside) {
        return SPF_SOURCE_OWN;
    }
    if (seen_by_server(facts, dialled->ip.family, out)) {
        return SPF_SOURCE_SEEN;
    }
    if (inside && spf_cloud_jump_is_public(facts)) {
        const enum spf_group_phase phase = facts->group[SPF_GROUP_JUMP_INSTANCE].phase;

        *out = facts->jump_instance->private_ip;
        if (phase == SPF_PRESENT && out->family == dialled->ip.family &&
            strcmp(facts->jump_instance->vpc, facts->instance->vpc) == 0) {
            return SPF_SOURCE_OWN;
        }
        if (phase == SPF_ABSENT || phase == SPF_ASKED) {
            memset(out, 0, sizeof *out);
            return SPF_SOURCE_OF_JUMP_INSTANCE;
        }
    }
    memset(out, 0, sizeof *out);
    return (target->selected & SPF_CHECK_BIT(NET_PORT)) && !spf_facts_have(facts, SPF_GROUP_TCP) &&
                   facts->group[SPF_GROUP_TCP].phase != SPF_FAILED
               ? SPF_SOURCE_NOT_YET
               : SPF_SOURCE_UNKNOWN;
}

enum spf_source_kind spf_cloud_source(const struct spf_target *target,
                                      const struct spf_facts *facts,
                                      const struct spf_address *dialled, struct spf_ip *out)
{
    bool inside = dialled->class == SPF_CLASS_PRIVATE;

    *out = target->source_ip;
    if (out->family == dialled->ip.family) {
        return SPF_SOURCE_GIVEN;
    }
    if (spf_target_is_proxied(target)) {
        return jump_end(target, facts, dialled, out);
    }
    if (target->source_lookup != NULL && !inside) {
        enum spf_group_phase phase = facts->group[SPF_GROUP_LOOKUP].phase;

        *out = facts->lookup->address;
        if (phase == SPF_PRESENT && out->family == dialled->ip.family) {
            return SPF_SOURCE_LOOKED_UP;
        }
        memset(out, 0, sizeof *out);
        return phase == SPF_ABSENT || phase == SPF_ASKED ? SPF_SOURCE_NOT_ASKED
                                                         : SPF_SOURCE_UNKNOWN;
    }
    if (own_end(facts, out) && out->family == dialled->ip.family &&
        (inside || spf_ip_is_public(out))) {
        return SPF_SOURCE_OWN;
    }
    if (inside ? own_beside(facts, &dialled->ip, out)
               : own_public(facts, dialled->ip.family, out)) {
        return SPF_SOURCE_OWN;
    }
    if (seen_by_server(facts, dialled->ip.family, out)) {
        return SPF_SOURCE_SEEN;
    }
    memset(out, 0, sizeof *out);
    if (inside && (target->selected & SPF_CHECK_BIT(NET_PORT)) &&
        !spf_facts_have(facts, SPF_GROUP_TCP) && facts->group[SPF_GROUP_TCP].phase != SPF_FAILED) {
        return SPF_SOURCE_NOT_YET;
    }
    return SPF_SOURCE_UNKNOWN;
}

bool spf_cloud_judged_in_doubt(const struct spf_target *target, const struct spf_facts *facts)
{
    struct spf_ip ip;

    return target->host != NULL && facts->instance->addresses_in_doubt &&
           spf_cloud_tried_address(target, facts, &ip) &&
           spf_cloud_owns(facts->instance, &ip) == NULL;
}
