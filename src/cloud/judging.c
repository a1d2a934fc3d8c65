#include "cloud/judging.h"

#include "base/text.h"

/* The private address of the primary interface: what rules see as the destination. */
static struct spf_ip primary_private(const struct spf_instance_facts *instance)
{
    for (size_t i = 0; i < instance->addresses.count; i++)
        if (instance->addresses.items[i].class == SPF_CLASS_PRIVATE)
            return instance->addresses.items[i].ip;
    return (struct spf_ip){0};
}

static struct spf_address address_for(const struct spf_view *view)
{
    struct spf_target without_host = *view->target;
    struct spf_address address;

    if (spf_cloud_dial_address(view->target, view->facts, &address))
        return address;
    without_host.host = NULL;
    if (spf_cloud_dial_address(&without_host, view->facts, &address))
        return address;
    address = (struct spf_address){.class = SPF_CLASS_PUBLIC};
    address.ip.family = view->target->source_ip.family == 6 ? 6 : 4;
    address.private_ip = primary_private(&view->facts->instance);
    return address;
}

bool spf_path_lacks(const struct spf_view *view, struct spf_path *path, struct spf_opinion *opinion)
{
    const struct spf_target *target = view->target;
    struct spf_ip ip;

    if (spf_lacks(view, SPF_GROUP_INSTANCE, opinion) ||
        spf_lacks(view, SPF_GROUP_SURROUNDINGS, opinion))
        return true;
    /* Which interface a host's name leads to is known once it is resolved. */
    if (view->facts->instance.interfaces.count > 1 && target->host != NULL &&
        !spf_ip_parse(target->host, &ip) && spf_lacks(view, SPF_GROUP_TCP, opinion) &&
        opinion->kind == SPF_OPINION_WANTS)
        return true;

    path->dialled = address_for(view);
    path->internet = path->dialled.class != SPF_CLASS_PRIVATE;
    path->port = target->port;
    if (target->host != NULL && spf_cloud_tried_address(target, view->facts, &ip) &&
        spf_cloud_owns(&view->facts->instance, &ip) == NULL) {
        const struct spf_forward *forward;

        if (spf_lacks(view, SPF_GROUP_GATEWAY, opinion) && opinion->kind == SPF_OPINION_WANTS)
            return true;
        forward = spf_cloud_forward(target, view->facts, &path->port);
        if (forward != NULL) {
            /* DNAT keeps the client's address; behind it stands a private one. */
            path->dialled = *spf_cloud_owns(&view->facts->instance, &forward->inside);
            path->dialled.class = SPF_CLASS_PUBLIC;
            path->internet = true;
        }
    }
    if (spf_cloud_source(target, view->facts, &path->dialled, &path->source) == SPF_SOURCE_NOT_YET)
        return spf_lacks(view, SPF_GROUP_TCP, opinion);
    return false;
}

void spf_note_source(struct spf_result *result, const struct spf_ip *source)
{
    char text[SPF_IP_TEXT_SIZE], cidr[SPF_IP_TEXT_SIZE + 4];

    spf_note_null(result, "source_ip");
    if (source->family == 0)
        return;
    spf_ip_format(source, text);
    (void)spf_format(cidr, sizeof cidr, "%s/%s", text, source->family == 4 ? "32" : "128");
    spf_note_text(result, "source_ip", text);
    spf_note_text(result, "source_cidr", cidr);
    spf_note_text(result, "source_option",
                  source->family == 4 ? "SourceCidrIp" : "Ipv6SourceCidrIp");
}
