#include "ecs_more.h"

#include "list.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

static const struct lab_filter interface_filters[] = {
    {"InstanceId", "InstanceId", LAB_MATCH_EXACT},
    {"NetworkInterfaceId", "NetworkInterfaceId", LAB_MATCH_NUMBERED},
    {"PrivateIpAddress", "PrivateIpSets.PrivateIpSet.PrivateIpAddress", LAB_MATCH_NUMBERED},
    {"VpcId", "VpcId", LAB_MATCH_EXACT},
    {"Type", "Type", LAB_MATCH_EXACT},
    {0},
};

static const struct lab_list interface_list = {
    .section = "NetworkInterfaces",
    .outer = "NetworkInterfaceSets",
    .inner = "NetworkInterfaceSet",
    .filters = interface_filters,
    .page_size_max = 100,
    .token_min = 10,
    .token_max = 500,
    .default_size = 10,
};

void lab_describe_network_interfaces(const struct lab_call *call, struct lab_reply *reply)
{
    (void)lab_list_serve(&interface_list, call, reply);
}

/* The item of that id becomes the reply, beside the RequestId. */
static void serve_item(const struct lab_call *call, const char *section, const char *param,
                       const char *code, struct lab_reply *reply)
{
    const char *id = lab_action_need(call, param, reply);
    struct json_object *item = lab_member(lab_member(call->region, section), id != NULL ? id : "");
    struct json_object_iter at;

    if (id == NULL) {
        return;
    }
    if (item == NULL) {
        lab_reply_error(reply, call->request, 404, code, "The specified %s does not exist.", param);
        return;
    }
    json_object_object_foreachC(item, at)
    {
        json_object_object_add(reply->body, at.key, lab_copy(at.val));
    }
}

void lab_describe_prefix_list_attributes(const struct lab_call *call, struct lab_reply *reply)
{
    serve_item(call, "PrefixLists", "PrefixListId", "InvalidPrefixListId.NotFound", reply);
}

void lab_describe_port_range_list_entries(const struct lab_call *call, struct lab_reply *reply)
{
    serve_item(call, "PortRangeLists", "PortRangeListId", "InvalidPortRangeListId.NotFound", reply);
}

void lab_get_instance_console_output(const struct lab_call *call, struct lab_reply *reply)
{
    const char *id = lab_action_need(call, "InstanceId", reply);
    struct json_object *console =
        lab_member(lab_member(call->region, "Consoles"), id != NULL ? id : "");
    const char *text = lab_text(console, "text");
    size_t len = strlen(text);
    unsigned char *base64;

    if (id == NULL) {
        return;
    }
    if (lab_member(lab_member(call->region, "Instances"), id) == NULL) {
        lab_reply_error(reply, call->request, 404, "InvalidInstanceId.NotFound",
                        "The specified InstanceId does not exist.");
        return;
    }
    base64 = malloc(len / 3 * 4 + 8);
    if (base64 == NULL) {
        abort();
    }
    EVP_EncodeBlock(base64, (const unsigned char *)text, (int)len);
    json_object_object_add(reply->body, "InstanceId", json_object_new_string(id));
    json_object_object_add(reply->body, "ConsoleOutput",
                           json_object_new_string((const char *)base64));
    json_object_object_add(reply->body, "LastUpdateTime",
                           json_object_new_string("2026-11-20 10:12:57"));
    free(base64);
}

static const struct lab_filter status_filters[] = {
    {"InstanceId", "InstanceId", LAB_MATCH_NUMBERED},
    {0},
};
static const struct lab_list status_list = {
    .section = "FullStatuses",
    .outer = "InstanceFullStatusSet",
    .inner = "InstanceFullStatusType",
    .filters = status_filters,
    .page_size_max = 100,
    .default_size = 10,
};

void lab_describe_instances_full_status(const struct lab_call *call, struct lab_reply *reply)
{
    (void)lab_list_serve(&status_list, call, reply);
}

static const struct lab_filter image_filters[] = {
    {"ImageId", "ImageId", LAB_MATCH_EXACT},
    {0},
};
static const struct lab_list image_list = {
    .section = "Images",
    .outer = "Images",
    .inner = "Image",
    .filters = image_filters,
    .page_size_max = 100,
    .default_size = 10,
};

void lab_describe_images(const struct lab_call *call, struct lab_reply *reply)
{
    if (lab_list_serve(&image_list, call, reply)) {
        json_object_object_add(
            reply->body, "RegionId",
            json_object_new_string(lab_request_param(call->request, "RegionId")));
    }
}

static const struct lab_filter assistant_filters[] = {
    {"InstanceId", "InstanceId", LAB_MATCH_NUMBERED},
    {0},
};
static const struct lab_list assistant_list = {
    .section = "CloudAssistantStatuses",
    .outer = "InstanceCloudAssistantStatusSet",
    .inner = "InstanceCloudAssistantStatus",
    .filters = assistant_filters,
    .page_size_max = 50,
    .token_min = 1,
    .token_max = 50,
    .default_size = 10,
};

void lab_describe_cloud_assistant_status(const struct lab_call *call, struct lab_reply *reply)
{
    (void)lab_list_serve(&assistant_list, call, reply);
}
