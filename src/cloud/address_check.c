#include "base/json_build.h"
#include "base/language.h"
#include "base/text.h"
#include "cloud/address.h"
#include "pipeline/check.h"

/* Does the instance have an address that can be reached from here, and is it the one being tried?
 */

static void note_addresses(struct spf_result *result, const struct spf_instance_facts *instance)
{
    struct json_object *list = spf_json_array();
    char text[SPF_IP_TEXT_SIZE];

    for (size_t i = 0; i < instance->addresses.count; i++) {
        spf_ip_format(&instance->addresses.items[i].ip, text);
        spf_json_append(list, spf_clean_json(text));
    }
    spf_note_json(result, "addresses", list);
}

static void note_chosen(struct spf_result *result, const char *text)
{
    spf_copy(result->address, sizeof result->address, text);
    spf_note_text(result, "address", text);
}

static const char *described(enum spf_address_class class)
{
    switch (class) {
    case SPF_CLASS_PUBLIC:
        return _("public address");
    case SPF_CLASS_ELASTIC:
        return _("elastic IP (EIP)");
    case SPF_CLASS_IPV6:
        return _("IPv6 address");
    case SPF_CLASS_PRIVATE:
        break;
    }
    return _("private address");
}

/* Is the way from the internet to the address open, as far as that was asked? */
static struct spf_opinion judge_way(const struct spf_gateway_facts *gateway,
                                    struct spf_result *result)
{
    if (gateway->lock[0] != '\0') {
        spf_note_text(result, "address_lock", gateway->lock);
        return spf_but_holds(spf_concludes(SPF_ADDRESS_LOCKED));
    }
    if (gateway->in_doubt) {
        spf_say(result,
                "a part of the API's reply about the way from the internet is not understood");
        return spf_but_holds(spf_concludes(SPF_API_REPLY_INVALID));
    }
    if (!gateway->gateway_mode || spf_same_word(gateway->default_hop, "Ipv4Gateway") ||
        (gateway->gateway[0] != '\0' && !gateway->routes_known)) {
        return spf_passes();
    }
    if (gateway->gateway[0] == '\0') {
        spf_note_bool(result, "gateway_missing", true);
        spf_say(result, "the VPC lets internet traffic through an IPv4 gateway only, and has none");
    } else {
        spf_note_thing(result, SPF_THING_GATEWAY, "gateway", gateway->gateway);
        spf_note_thing(result, SPF_THING_ROUTE_TABLE, "route_table", gateway->route_table);
        spf_say(result,
                "the VPC lets internet traffic through its IPv4 gateway %s only, to which route "
                "table %s has no default route",
                gateway->gateway, gateway->route_table);
    }
    return spf_but_holds(spf_concludes(SPF_ADDRESS_NO_ROUTE));
}

/* Asked only where it matters, and done without where the permission lacks; but what could not be
 * asked, or is not understood, is no pass. */
static struct spf_opinion way_to(const struct spf_view *view, struct spf_result *result)
{
    const struct spf_group_state *state = &view->facts->group[SPF_GROUP_GATEWAY];

    if (state->phase == SPF_FAILED && state->failure->cause != SPF_PERMISSION_DENIED &&
        state->failure->cause != SPF_NOT_RECORDED) {
        struct spf_opinion opinion = spf_cannot_tell(state->failure);

        opinion.finding = state->failure->cause;
        return spf_but_holds(opinion);
    }
    return state->phase == SPF_PRESENT ? judge_way(view->facts->gateway, result) : spf_passes();
}

/* By default an IPv6 address is for the VPC alone; the internet reaches it once it has bandwidth.
 */
static struct spf_opinion judge_ipv6(const struct spf_view *view, const char *text,
                                     struct spf_result *result)
{
    const struct spf_gateway_facts *gateway = view->facts->gateway;
    struct spf_opinion opinion;

    /* A refused call must not keep the login from being tried. */
    if (spf_lacks(view, SPF_GROUP_GATEWAY, &opinion)) {
        return opinion.kind == SPF_OPINION_WANTS ? opinion : spf_but_holds(opinion);
    }
    if (!gateway->ipv6_known || gateway->ipv6_bandwidth < 0) {
        spf_say(result, "whether the internet reaches %s is not known: the VPC does not say", text);
        return spf_but_holds(spf_concludes(SPF_ADDRESS_IPV6_UNKNOWN));
    }
    spf_note_text(result, "ipv6_address_id", gateway->ipv6_id);
    if (gateway->ipv6_gateway[0] != '\0') {
        spf_note_text(result, "ipv6_gateway", gateway->ipv6_gateway);
    }
    if (gateway->ipv6_bandwidth == 0) {
        return spf_but_holds(spf_concludes(SPF_ADDRESS_IPV6_NO_INTERNET));
    }
    if (gateway->lock[0] != '\0') {
        spf_note_text(result, "address_lock", gateway->lock);
        return spf_but_holds(spf_concludes(SPF_ADDRESS_LOCKED));
    }
    if (gateway->egress_only[0] != '\0') {
        spf_note_text(result, "egress_only_rule", gateway->egress_only);
        return spf_but_holds(spf_concludes(SPF_ADDRESS_IPV6_EGRESS_ONLY));
    }
    if (!gateway->egress_only_known) {
        spf_say(result, "not all egress-only rules of %s were listed", text);
        return spf_but_holds(spf_concludes(SPF_ADDRESS_IPV6_UNKNOWN));
    }
    spf_say(result, "%s is its ipv6 address, with %lld Mbit/s to the internet", text,
            (long long)gateway->ipv6_bandwidth);
    return spf_passes();
}

static struct spf_opinion judge_one(const struct spf_view *view, const struct spf_address *address,
                                    struct spf_result *result)
{
    char text[SPF_IP_TEXT_SIZE];

    spf_ip_format(&address->ip, text);
    note_chosen(result, text);
    spf_note_text(result, "class", spf_address_class_name(address->class));
    if (address->interface_id[0] != '\0') {
        spf_note_text(result, "interface", address->interface_id);
    }
    if (address->class == SPF_CLASS_IPV6 && !view->facts->instance->classic) {
        return judge_ipv6(view, text, result);
    }
    if (address->class != SPF_CLASS_PRIVATE && address->bandwidth == 0) {
        return spf_but_holds(spf_concludes(SPF_ADDRESS_NO_BANDWIDTH));
    }
    if (address->class == SPF_CLASS_PUBLIC && address->bandwidth < 0) {
        spf_say(result, "the bandwidth of %s in the API's reply is not understood", text);
        return spf_but_holds(spf_concludes(SPF_API_REPLY_INVALID));
    }
    if (address->class != SPF_CLASS_PRIVATE && address->class != SPF_CLASS_IPV6) {
        struct spf_opinion opinion = way_to(view, result);

        if (opinion.finding != SPF_NO_FINDING) {
            return opinion;
        }
    }
    spf_say(result, "%s is its %s", text, described(address->class));
    return spf_passes();
}

/* Not one of its own: a NAT gateway may forward it, or it is bound to something else by now. */
static struct spf_opinion judge_other(const struct spf_view *view, const struct spf_ip *ip,
                                      struct spf_result *result)
{
    const struct spf_gateway_facts *gateway = view->facts->gateway;
    const struct spf_forward *forward;
    struct spf_opinion opinion;
    char text[SPF_IP_TEXT_SIZE];
    char inside[SPF_IP_TEXT_SIZE];
    uint16_t port;

    /* What is unavailable is done without: the address is not the instance's own, that is certain.
     */
    if (spf_lacks(view, SPF_GROUP_GATEWAY, &opinion) && opinion.kind == SPF_OPINION_WANTS) {
        return opinion;
    }
    spf_ip_format(ip, text);
    forward = spf_cloud_forward(view->target, view->facts, &port);
    if (forward != NULL) {
        spf_ip_format(&forward->inside, inside);
        note_chosen(result, text);
        spf_note_text(result, "class", "nat");
        spf_note_thing(result, SPF_THING_NAT_GATEWAY, "nat_gateway", forward->gateway);
        spf_note_text(result, "inside_address", inside);
        spf_note_number(result, "inside_port", port);
        spf_say(result, "%s is a NAT gateway's, which forwards port %u to %s port %u of it", text,
                (unsigned)view->target->port, inside, (unsigned)port);
        return spf_passes();
    }
    spf_note_text(result, "tried", text);
    if (gateway->elastic_known && gateway->bound_to[0] != '\0') {
        spf_note_text(result, "bound_to", gateway->bound_to);
        spf_note_text(result, "bound_type", gateway->bound_type);
        if (spf_same_word(gateway->bound_type, "Nat")) {
            spf_say(
                result, "%s belongs to the NAT gateway %s, which forwards port %u to nothing of %s",
                text, gateway->bound_to, (unsigned)view->target->port, view->target->instance_id);
        } else {
            spf_say(result, "%s is not an address of %s: it is bound to %s", text,
                    view->target->instance_id, gateway->bound_to);
        }
    }
    return spf_concludes(SPF_ADDRESS_NOT_OF_INSTANCE);
}

/* A host is given: is it the instance's? */
static struct spf_opinion judge_host(const struct spf_view *view, struct spf_result *result)
{
    const struct spf_address *address;
    struct spf_opinion opinion;
    struct spf_ip ip;

    if (!spf_ip_parse(view->target->host, &ip)) {
        if (spf_lacks(view, SPF_GROUP_TCP, &opinion)) {
            return opinion;
        }
        /* A name without an address is net.port's finding; here is nothing to compare then. */
        if (!spf_cloud_tried_address(view->target, view->facts, &ip)) {
            struct spf_target without_host = *view->target;
            struct spf_address usual;

            without_host.host = NULL;
            if (spf_cloud_dial_address(&without_host, view->facts, &usual)) {
                return judge_one(view, &usual, result);
            }
            return spf_concludes(SPF_ADDRESS_NONE);
        }
    }
    address = spf_cloud_owns(view->facts->instance, &ip);
    if (address != NULL) {
        return judge_one(view, address, result);
    }
    return judge_other(view, &ip, result);
}

static struct spf_opinion judge_address(const struct spf_view *view, struct spf_result *result)
{
    const struct spf_target *target = view->target;
    const struct spf_instance_facts *instance = view->facts->instance;
    struct spf_opinion opinion;
    struct spf_address address;

    if (spf_lacks(view, SPF_GROUP_INSTANCE, &opinion)) {
        return opinion;
    }
    note_addresses(result, instance);
    if (target->host != NULL) {
        return judge_host(view, result);
    }
    if (target->address == SPF_ADDRESS_AUTO &&
        spf_lacks(view, SPF_GROUP_LOCAL_ENVIRONMENT, &opinion)) {
        return opinion;
    }
    if (spf_cloud_dial_address(target, view->facts, &address)) {
        return judge_one(view, &address, result);
    }
    if (target->address == SPF_ADDRESS_AUTO && target->family == 0 &&
        spf_cloud_has_class(instance, SPF_CLASS_PRIVATE) &&
        !spf_cloud_has_class(instance, SPF_CLASS_IPV6)) {
        return spf_concludes(SPF_ADDRESS_PRIVATE_ONLY);
    }
    return spf_concludes(SPF_ADDRESS_NONE);
}

/* What is not listed may be in the member that could not be understood. */
struct spf_opinion spf_judge_cloud_address(const struct spf_view *view, struct spf_result *result)
{
    struct spf_opinion opinion = judge_address(view, result);

    if (opinion.kind != SPF_OPINION_CONCLUDES || !view->facts->instance->addresses_in_doubt) {
        return opinion;
    }
    switch (opinion.finding) {
    case SPF_ADDRESS_NONE:
    case SPF_ADDRESS_PRIVATE_ONLY:
    case SPF_ADDRESS_NOT_OF_INSTANCE:
        spf_say(result, "not all addresses of %s could be read from the API's replies",
                view->facts->instance->id);
        return spf_concludes(SPF_API_REPLY_INVALID);
    default:
        return opinion;
    }
}
