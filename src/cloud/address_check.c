#include "base/text.h"
#include "cloud/address.h"
#include "pipeline/check.h"

/* Does the instance have an address that can be reached from here, and is it the one being tried?
 */

static void note_addresses(struct spf_result *result, const struct spf_instance_facts *instance)
{
    struct json_object *list = json_object_new_array();
    char text[SPF_IP_TEXT_SIZE];

    for (size_t i = 0; list != NULL && i < instance->addresses.count; i++) {
        spf_ip_format(&instance->addresses.items[i].ip, text);
        (void)json_object_array_add(list, spf_clean_json(text));
    }
    spf_note_json(result, "addresses", list);
}

static struct spf_opinion judge_one(const struct spf_address *address, struct spf_result *result)
{
    char text[SPF_IP_TEXT_SIZE];

    spf_ip_format(&address->ip, text);
    spf_note_text(result, "address", text);
    spf_note_text(result, "class", spf_address_class_name(address->class));
    if (address->interface_id[0] != '\0')
        spf_note_text(result, "interface", address->interface_id);
    if (address->class != SPF_CLASS_PRIVATE && address->bandwidth == 0)
        return spf_but_holds(spf_concludes(SPF_ADDRESS_NO_BANDWIDTH));
    spf_say(result, "%s is its %s address", text, spf_address_class_name(address->class));
    return spf_passes();
}

/* A host is given: is it the instance's? */
static struct spf_opinion judge_host(const struct spf_view *view, struct spf_result *result)
{
    const struct spf_address *address;
    struct spf_opinion opinion;
    struct spf_ip ip;
    char text[SPF_IP_TEXT_SIZE];

    if (!spf_ip_parse(view->target->host, &ip)) {
        if (spf_lacks(view, SPF_GROUP_TCP, &opinion))
            return opinion;
        /* A name without an address is net.port's finding; here is nothing to compare then. */
        if (!spf_cloud_tried_address(view->target, view->facts, &ip)) {
            struct spf_target without_host = *view->target;
            struct spf_address usual;

            without_host.host = NULL;
            if (spf_cloud_dial_address(&without_host, view->facts, &usual))
                return judge_one(&usual, result);
            return spf_concludes(SPF_ADDRESS_NONE);
        }
    }
    address = spf_cloud_owns(&view->facts->instance, &ip);
    if (address != NULL)
        return judge_one(address, result);
    spf_ip_format(&ip, text);
    spf_note_text(result, "tried", text);
    return spf_concludes(SPF_ADDRESS_NOT_OF_INSTANCE);
}

struct spf_opinion spf_judge_cloud_address(const struct spf_view *view, struct spf_result *result)
{
    const struct spf_target *target = view->target;
    const struct spf_instance_facts *instance = &view->facts->instance;
    struct spf_opinion opinion;
    struct spf_address address;

    if (spf_lacks(view, SPF_GROUP_INSTANCE, &opinion))
        return opinion;
    note_addresses(result, instance);
    if (target->host != NULL)
        return judge_host(view, result);
    if (target->address == SPF_ADDRESS_AUTO && spf_lacks(view, SPF_GROUP_SURROUNDINGS, &opinion))
        return opinion;
    if (spf_cloud_dial_address(target, view->facts, &address))
        return judge_one(&address, result);
    if (target->address == SPF_ADDRESS_AUTO && target->family == 0 &&
        spf_cloud_has_class(instance, SPF_CLASS_PRIVATE) &&
        !spf_cloud_has_class(instance, SPF_CLASS_IPV6))
        return spf_concludes(SPF_ADDRESS_PRIVATE_ONLY);
    return spf_concludes(SPF_ADDRESS_NONE);
}
