#include "cloud/aliyun/share_about.h"

#include <string.h>

#include "base/json.h"
#include "base/json_build.h"

const struct spf_about spf_abouts[] = {
    [SPF_ABOUT_INSTANCE] = {"DescribeInstances", "InstanceIds", 100, "MaxResults",
                            "AdditionalAttributes.1", "NETWORK_PRIMARY_ENI_IP", "Instances",
                            "Instance"},
    [SPF_ABOUT_STATUS] = {"DescribeInstancesFullStatus", NULL, 50, "PageSize", NULL, NULL,
                          "InstanceFullStatusSet", "InstanceFullStatusType"},
    [SPF_ABOUT_ASSISTANT] = {"DescribeCloudAssistantStatus", NULL, 50, "PageSize", NULL, NULL,
                             "InstanceCloudAssistantStatusSet", "InstanceCloudAssistantStatus"},
};

struct json_object *spf_about_list(const struct spf_about *about, struct json_object *body)
{
    return spf_json_get(spf_json_get(body, about->outer), about->inner);
}

struct json_object *spf_about_part(const struct spf_about *about, struct json_object *body,
                                   const char *id)
{
    struct json_object *list = spf_about_list(about, body);
    struct json_object *part = spf_json_object();
    struct json_object *outer = spf_json_object();
    struct json_object *inner = spf_json_array();
    size_t count = 0;

    if (part == NULL || outer == NULL || inner == NULL) {
        json_object_put(part);
        json_object_put(outer);
        json_object_put(inner);
        return NULL;
    }
    for (size_t i = 0; i < spf_json_count(list); i++) {
        struct json_object *item = spf_json_item(list, i);

        if (strcmp(spf_json_text(item, "InstanceId"), id) == 0) {
            spf_json_append(inner, json_object_get(item));
            count++;
        }
    }
    spf_json_add(outer, about->inner, inner);
    spf_json_add(part, about->outer, outer);
    /* Without memory for what was found it would say that there is none. */
    inner = spf_json_get(spf_json_get(part, about->outer), about->inner);
    if (!json_object_is_type(inner, json_type_array) || spf_json_count(inner) != count) {
        json_object_put(part);
        return NULL;
    }
    return part;
}
