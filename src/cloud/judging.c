#include "cloud/judging.h"

#include "base/language.h"
#include "base/text.h"

bool spf_path_lacks(const struct spf_view *view, struct spf_path *path, struct spf_opinion *opinion)
{
    const struct spf_target *target = view->target;
    struct spf_ip ip;

    if (spf_lacks(view, SPF_GROUP_INSTANCE, opinion) ||
        spf_lacks(view, SPF_GROUP_LOCAL_ENVIRONMENT, opinion)) {
        return true;
    }
    /* Which interface a host's name leads to is known once it is resolved. */
    if (view->facts->instance->interfaces.count > 1 && target->host != NULL &&
        !spf_ip_parse(target->host, &ip) && spf_lacks(view, SPF_GROUP_TCP, opinion) &&
        opinion->kind == SPF_OPINION_WANTS) {
        return true;
    }

    path->port = target->port;
    if (target->host != NULL && spf_cloud_tried_address(target, view->facts, &ip) &&
        spf_cloud_owns(view->facts->instance, &ip) == NULL) {
        if (spf_lacks(view, SPF_GROUP_GATEWAY, opinion) && opinion->kind == SPF_OPINION_WANTS) {
            return true;
        }
        (void)spf_cloud_forward(target, view->facts, &path->port);
    }
    path->dialled = spf_cloud_judged_address(target, view->facts);
    path->internet = path->dialled.class != SPF_CLASS_PRIVATE;
    path->source_kind = spf_cloud_source(target, view->facts, &path->dialled, &path->source);
    if (path->source_kind == SPF_SOURCE_NOT_YET) {
        return spf_lacks(view, SPF_GROUP_TCP, opinion);
    }
    if (path->source_kind == SPF_SOURCE_OF_JUMP_INSTANCE) {
        return spf_lacks(view, SPF_GROUP_JUMP_INSTANCE, opinion);
    }
    if (path->source_kind == SPF_SOURCE_NOT_ASKED) {
        return spf_lacks(view, SPF_GROUP_LOOKUP, opinion);
    }
    return false;
}

bool spf_path_or_lacks(const struct spf_view *view, enum spf_group group, struct spf_path *path,
                       struct spf_opinion *opinion)
{
    struct spf_opinion of_group = {0};
    bool lacks = spf_lacks(view, group, &of_group);

    *opinion = of_group;
    if (lacks && of_group.kind == SPF_OPINION_CANNOT_TELL) {
        return true;
    }
    if (!spf_path_lacks(view, path, opinion)) {
        *opinion = of_group;
        return lacks;
    }
    /* Before an interface is certain its rules must not be asked for; then they need not wait. */
    if (opinion->kind == SPF_OPINION_WANTS && opinion->wants & SPF_GROUP_BIT(LOOKUP)) {
        opinion->wants |= of_group.wants;
    }
    return true;
}

void spf_note_source(struct spf_result *result, const struct spf_view *view,
                     const struct spf_path *path)
{
    const char *from = "this machine's own address";
    char text[SPF_IP_TEXT_SIZE];
    char cidr[SPF_IP_TEXT_SIZE + 4];

    spf_note_null(result, "source_ip");
    if (path->source.family == 0) {
        return;
    }
    if (path->source_kind == SPF_SOURCE_GIVEN) {
        from = "--source-ip";
    } else if (path->source_kind == SPF_SOURCE_LOOKED_UP) {
        from = view->facts->lookup->service;
    } else if (path->source_kind == SPF_SOURCE_SEEN) {
        from = "the server, which saw it";
    } else if (view->target->jump != NULL && spf_cloud_jump_is_public(view->facts)) {
        from = "the jump host's private address, by the cloud";
    } else if (view->target->jump != NULL) {
        from = "the jump host's address";
    }
    spf_ip_format(&path->source, text);
    spf_format(cidr, sizeof cidr, "%s/%s", text, path->source.family == 4 ? "32" : "128");
    spf_copy(result->source_ip, sizeof result->source_ip, text);
    spf_note_text(result, "source_ip", text);
    spf_note_text(result, "source_from", from);
    spf_note_text(result, "source_cidr", cidr);
    spf_note_text(result, "source_option",
                  path->source.family == 4 ? "SourceCidrIp" : "Ipv6SourceCidrIp");
}

void spf_source_words(char *out, size_t size, const struct spf_view *view,
                      const struct spf_path *path)
{
    char text[SPF_IP_TEXT_SIZE];

    spf_ip_format(&path->source, text);
    if (path->source.family == 0) {
        spf_copy(out, size, _("everybody"));
    } else if (path->source_kind == SPF_SOURCE_LOOKED_UP) {
        spf_format(out, size, _("%s (says %s)"), text, view->facts->lookup->service);
    } else if (path->source_kind == SPF_SOURCE_SEEN) {
        spf_format(out, size, _("%s (as the server sees it)"), text);
    } else {
        spf_copy(out, size, text);
    }
}

struct spf_opinion spf_source_unknown(enum spf_finding finding, const struct spf_view *view,
                                      struct spf_result *result)
{
    const struct spf_group_state *lookup = &view->facts->group[SPF_GROUP_LOOKUP];

    if (lookup->phase == SPF_FAILED) {
        spf_note_text(result, "lookup_failed", lookup->failure->text);
        spf_say(result, "it depends on your public address, and %s", lookup->failure->text);
    } else if (view->target->jump != NULL && spf_cloud_jump_is_public(view->facts)) {
        spf_note_text(result, "jump_address", view->facts->tcp->jump_address);
        spf_say(
            result,
            "the rules see the private address of the jump host within the VPC; only its public "
            "one, %s, is known, and no instance that can be read here has it",
            view->facts->tcp->jump_address);
    }
    return spf_concludes(finding);
}
