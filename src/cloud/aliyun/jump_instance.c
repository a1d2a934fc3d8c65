#include <string.h>

#include "base/text.h"
#include "cloud/aliyun/operation.h"
#include "cloud/aliyun/parse.h"

/*
 * Which instance has the jump host's public address? Its private one is what the rules see. One
 * call for an elastic IP (EIP), and where there is none, one for an instance's own public address.
 */

static bool ask_by(struct spf_operation *operation, const char *filter, spf_call_done *done)
{
    const struct spf_facts *facts = operation->inquiry->facts;
    char list[80];
    const struct spf_sign_pair params[] = {{"RegionId", facts->instance->region}, {filter, list}};

    spf_format(list, sizeof list, "[\"%s\"]", facts->tcp->jump_address);
    return spf_operation_call(operation, "ecs", "DescribeInstances", facts->instance->region,
                              params, SPF_COUNT(params), filter, done);
}

static void keep(const struct spf_instance_facts *found, const struct spf_ip *jump,
                 struct spf_jump_instance_facts *facts)
{
    for (size_t i = 0; i < found->addresses.count; i++) {
        const struct spf_address *address = &found->addresses.items[i];

        if (!spf_ip_equal(&address->ip, jump) || spf_ip_equal(&address->private_ip, jump)) {
            continue;
        }
        spf_copy(facts->id, sizeof facts->id, found->id);
        spf_copy(facts->vpc, sizeof facts->vpc, found->vpc);
        facts->private_ip = address->private_ip;
        return;
    }
}

static void answered(struct spf_operation *operation, struct spf_call *call,
                     const struct spf_api_reply *reply)
{
    struct spf_facts *facts = operation->inquiry->facts;
    struct spf_instance_facts found = {0};
    struct spf_error error;
    struct spf_ip jump;

    if (reply->failure != NULL) {
        spf_operation_finish(operation, reply->failure);
        return;
    }
    error = spf_parse_instance(reply->body, facts->tcp->jump_address, &found);
    if (error.code != SPF_OK) {
        spf_operation_finish_parsed(operation, error, "ecs:DescribeInstances", reply->request_id);
    } else if (found.search == SPF_INSTANCE_FOUND || strcmp(call->word, "EipAddresses") != 0) {
        if (found.search == SPF_INSTANCE_FOUND && spf_ip_parse(facts->tcp->jump_address, &jump)) {
            keep(&found, &jump, facts->jump_instance);
        }
        spf_operation_finish(operation, NULL);
    } else {
        (void)ask_by(operation, "PublicIpAddresses", answered);
    }
    spf_shape_clear(&spf_instance_shape, &found);
}

void spf_operation_jump_instance(struct spf_operation *operation)
{
    (void)ask_by(operation, "EipAddresses", answered);
}
