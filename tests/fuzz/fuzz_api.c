#include <stdlib.h>

#include "base/json.h"
#include "cloud/aliyun/errors.h"
#include "cloud/aliyun/parse.h"

/* Replies of the API: the first byte picks the action, the rest is the body. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void parse(uint8_t action, struct json_object *reply)
{
    struct spf_instance_facts instance = {0};
    struct spf_rules_facts rules = {0};
    struct spf_key_pair_facts pair = {.name = "lab-key"};
    struct spf_acl_facts acl = {0};
    struct spf_identity_facts identity = {0};
    struct spf_region *regions = NULL;
    struct spf_error error = {0};
    char next[SPF_NEXT_SIZE];
    size_t count;

    switch (action % 7) {
    case 0:
        error = spf_parse_instance(reply, "i-bp1lab0000000000web1", &instance);
        break;
    case 1:
        error = spf_parse_group(reply, &rules, next);
        break;
    case 2:
        error = spf_parse_key_pair(reply, &pair);
        break;
    case 3:
        error = spf_parse_vswitch(reply, &acl);
        break;
    case 4:
        error = spf_parse_acl(reply, &acl);
        break;
    case 5:
        error = spf_parse_identity(reply, &identity);
        break;
    default:
        error = spf_parse_regions(reply, &regions, &count);
        break;
    }
    (void)error;
    free(regions);
    spf_shape_clear(&spf_instance_shape, &instance);
    spf_shape_clear(&spf_rules_shape, &rules);
    spf_shape_clear(&spf_key_pair_shape, &pair);
    spf_shape_clear(&spf_acl_shape, &acl);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct spf_api_outcome outcome = {.action = "ecs:DescribeInstances",
                                      .string_to_sign = "ACS3-HMAC-SHA256\n00",
                                      .request_id = "",
                                      .date = 1,
                                      .now = 2};
    struct spf_failure failure;
    struct json_object *reply;

    if (size < 2)
        return 0;
    reply = spf_json_parse((const char *)data + 1, size - 1);
    outcome.body = reply;
    outcome.status = data[0] & 0x80 ? 403 : 200;
    (void)spf_api_worth_retrying(&outcome);
    if (spf_api_judge(&outcome, &failure))
        parse(data[0], reply);
    json_object_put(reply);
    return 0;
}
