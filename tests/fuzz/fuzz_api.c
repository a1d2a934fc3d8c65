#include <stdlib.h>

#include "../unit/all_facts.h"
#include "base/json.h"
#include "base/text.h"
#include "cloud/aliyun/http/errors.h"
#include "cloud/aliyun/parse.h"
#include "pipeline/facts.h"

/* Replies of the API: the first byte picks the action, the rest is the body. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define INSTANCE "i-bp1lab0000000000web1"

static struct spf_error parse_path(int action, struct json_object *reply,
                                   struct spf_gateway_facts *gateway)
{
    bool more;

    switch (action) {
    case 7:
        return spf_parse_ipv6(reply, gateway);
    case 8:
        return spf_parse_egress_only(reply, INSTANCE, gateway);
    case 9:
        return spf_parse_elastic(reply, gateway);
    case 10:
        return spf_parse_vpc(reply, gateway);
    case 11:
        return spf_parse_routes(reply, gateway);
    default:
        return spf_parse_forwards(reply, &more, gateway);
    }
}

static struct spf_error parse_rest(int action, struct json_object *reply, struct spf_facts *facts)
{
    struct spf_named_list *list;

    switch (action) {
    case 13:
        list = SPF_APPEND(&facts->rules->prefix_lists);
        return list == NULL ? spf_ok() : spf_parse_prefix_list(reply, list);
    case 14:
        list = SPF_APPEND(&facts->rules->port_lists);
        return list == NULL ? spf_ok() : spf_parse_port_list(reply, list);
    case 15:
        return spf_parse_interfaces(reply, facts->instance);
    case 16:
        return spf_parse_peer(reply, facts->membership);
    case 17:
        return spf_parse_kinds(reply, facts->membership);
    case 18:
        return spf_parse_events(reply, facts->events);
    case 19:
        return spf_parse_image(reply, "m-bp1lab", facts->image);
    default:
        return spf_parse_assistant(reply, INSTANCE, facts->assistant);
    }
}

/* '1' is the first action, which keeps the seeds readable. */
static void parse(uint8_t first, struct json_object *reply)
{
    int action = (uint8_t)((first & 0x7f) - '1') % 21;
    struct spf_facts facts = {0};
    struct spf_region *regions = NULL;
    struct spf_error error;
    char next[SPF_NEXT_SIZE];
    size_t count;

    open_all(&facts);
    spf_copy(facts.key_pair->name, sizeof facts.key_pair->name, "lab-key");
    (void)spf_ip_parse(action <= 8 ? "2001:db8:1::5" : "203.0.113.9", &facts.gateway->address);
    switch (action) {
    case 0:
        error = spf_parse_instance(reply, INSTANCE, facts.instance);
        break;
    case 1:
        error = spf_parse_group(reply, true, facts.rules, next);
        break;
    case 2:
        error = spf_parse_key_pair(reply, facts.key_pair);
        break;
    case 3:
        error = spf_parse_vswitch(reply, facts.network_acl);
        break;
    case 4:
        error = spf_parse_acl(reply, facts.network_acl);
        break;
    case 5:
        error = spf_parse_identity(reply, facts.identity);
        break;
    case 6:
        error = spf_parse_regions(reply, &regions, &count);
        break;
    default:
        error = action <= 12 ? parse_path(action, reply, facts.gateway)
                             : parse_rest(action, reply, &facts);
        break;
    }
    (void)error;
    free(regions);
    spf_facts_clear(&facts);
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

    if (size < 2) {
        return 0;
    }
    reply = spf_json_parse((const char *)data + 1, size - 1);
    outcome.body = reply;
    outcome.status = data[0] & 0x80 ? 403 : 200;
    (void)spf_api_worth_retrying(&outcome);
    if (spf_api_judge(&outcome, &failure)) {
        parse(data[0], reply);
    }
    json_object_put(reply);
    return 0;
}
