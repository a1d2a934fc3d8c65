#include "cloud/aliyun/parse.h"
#include "cloud/aliyun/parse_common.h"

/* Who is in a security group, and of which kind it is. */

struct spf_error spf_parse_kinds(struct json_object *reply, struct spf_membership_facts *facts)
{
    struct json_object *list = spf_json_path(reply, "SecurityGroups.SecurityGroup");

    if (!json_object_is_type(list, json_type_array)) {
        return lacks("SecurityGroups");
    }
    for (size_t i = 0; i < spf_json_count(list) && i < GROUPS_MAX; i++) {
        struct json_object *item = spf_json_item(list, i);
        struct spf_kind_of_group *kind = SPF_APPEND(&facts->groups);
        const char *type = spf_json_text(item, "SecurityGroupType");

        if (kind == NULL) {
            return spf_no_memory();
        }
        TAKE(item, "SecurityGroupId", kind->id);
        spf_copy(kind->type, sizeof kind->type,
                 spf_same_word(type, "normal")       ? "basic"
                 : spf_same_word(type, "enterprise") ? "enterprise"
                                                     : "");
        kind->managed = spf_json_bool(item, "ServiceManaged");
    }
    return spf_ok();
}

/*
 * An interface that is listed has exactly its groups. None listed proves nothing: it may be another
 * account's, hidden by a policy, or a pod's that has its address out of a prefix.
 */
struct spf_error spf_parse_peer(struct json_object *reply, struct spf_membership_facts *facts)
{
    struct json_object *list = spf_json_path(reply, "NetworkInterfaceSets.NetworkInterfaceSet");
    struct json_object *groups =
        spf_json_path(spf_json_item(list, 0), "SecurityGroupIds.SecurityGroupId");
    size_t count = spf_json_count(groups);
    bool known = spf_json_count(list) == 1 && count > 0 && count <= GROUPS_MAX;

    if (!json_object_is_type(list, json_type_array)) {
        return lacks("NetworkInterfaceSets");
    }
    TAKE(spf_json_item(list, 0), "OwnerId", facts->peer_owner);
    for (size_t i = 0; known && i < count; i++) {
        known = item_text(groups, i)[0] != '\0';
        if (!append_id(&facts->peer_groups, item_text(groups, i))) {
            return spf_no_memory(); /* and half of them are not known */
        }
    }
    facts->peer_known = known;
    return spf_ok();
}
