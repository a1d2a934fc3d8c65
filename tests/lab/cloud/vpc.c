/* Actions of vpc, version 2016-04-28. */
#include "list.h"

/* The item of a section by its id: in the region asked for, or in any where none was. */
static struct json_object *find_item(const struct lab_call *call, const char *section,
                                     const char *id)
{
    const char *asked = lab_request_param(call->request, "RegionId");
    struct json_object *regions = lab_member(call->world->root, "regions");
    struct json_object_iter at;

    if (asked && asked[0] != '\0')
        return lab_member(lab_member(lab_world_region(call->world, asked), section), id);
    json_object_object_foreachC(regions, at)
    {
        struct json_object *item = lab_member(lab_member(at.val, section), id);
        if (item)
            return item;
    }
    return NULL;
}

static void describe_vswitch_attributes(const struct lab_call *call, struct lab_reply *reply)
{
    const char *id = lab_action_need(call, "VSwitchId", reply);
    struct json_object_iter at;

    if (!id)
        return;
    struct json_object *item = find_item(call, "VSwitches", id);
    if (!item) {
        lab_reply_error(reply, call->request, 404, "InvalidVSwitchId.NotFound",
                        "Specified virtual switch does not exist.");
        return;
    }
    json_object_object_foreachC(item, at)
        json_object_object_add(reply->body, at.key, json_object_get(at.val));
}

static void describe_network_acl_attributes(const struct lab_call *call, struct lab_reply *reply)
{
    const char *id = lab_action_need(call, "NetworkAclId", reply);

    if (!id)
        return;
    struct json_object *item = find_item(call, "NetworkAcls", id);
    if (!item) {
        lab_reply_error(reply, call->request, 404, "InvalidNetworkAcl.NotFound",
                        "The specified network ACL does not exist.");
        return;
    }
    json_object_object_add(reply->body, "NetworkAclAttribute", json_object_get(item));
}

const struct lab_action lab_vpc_actions[] = {
    {"DescribeVSwitchAttributes", false, "VSwitchId", describe_vswitch_attributes},
    {"DescribeNetworkAclAttributes", true, "NetworkAclId", describe_network_acl_attributes},
    {0},
};
