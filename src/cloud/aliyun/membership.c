#include "base/text.h"
#include "cloud/address.h"
#include "cloud/aliyun/operation.h"
#include "cloud/aliyun/parse.h"

/*
 * Of what kind the groups are, and which ones our own private address is in: two calls at once. One
 * that is refused leaves its half unknown; the answer does without.
 */

static void end_if_last(struct spf_operation *operation)
{
    if (operation->calls == NULL) {
        spf_operation_finish(operation, NULL);
    }
}

static void kinds_done(struct spf_operation *operation, struct spf_call *call,
                       const struct spf_api_reply *reply)
{
    (void)call;
    if (reply->failure == NULL) {
        (void)!spf_parse_kinds(reply->body, operation->inquiry->facts->membership).code;
    }
    end_if_last(operation);
}

static void peer_done(struct spf_operation *operation, struct spf_call *call,
                      const struct spf_api_reply *reply)
{
    (void)call;
    if (reply->failure == NULL) {
        (void)!spf_parse_peer(reply->body, operation->inquiry->facts->membership).code;
    }
    end_if_last(operation);
}

/* Our own address as the rules see it, if we come by the private network. */
static bool own_private(const struct spf_operation *operation, char out[SPF_IP_TEXT_SIZE])
{
    const struct spf_target *target = operation->inquiry->target;
    struct spf_address dialled;
    struct spf_ip source;

    if (!spf_cloud_dial_address(target, operation->inquiry->facts, &dialled) ||
        dialled.class != SPF_CLASS_PRIVATE) {
        return false;
    }
    (void)spf_cloud_source(target, operation->inquiry->facts, &dialled, &source);
    spf_ip_format(&source, out);
    return source.family != 0;
}

void spf_operation_membership(struct spf_operation *operation)
{
    const struct spf_instance_facts *instance = operation->inquiry->facts->instance;
    const struct spf_rules_facts *rules = operation->inquiry->facts->rules;
    char own[SPF_IP_TEXT_SIZE];
    struct spf_buf ids;
    bool going = true;

    spf_buf_init(&ids, 16384);
    spf_buf_addch(&ids, '[');
    for (size_t i = 0; i < rules->groups.count; i++) {
        spf_buf_addf(&ids, "%s\"%s\"", i > 0 ? "," : "", rules->groups.items[i].id);
    }
    spf_buf_addch(&ids, ']');
    if (rules->groups.count > 0 && !spf_buf_failed(&ids)) {
        const struct spf_sign_pair params[] = {
            {"RegionId", instance->region}, {"SecurityGroupIds", ids.data}, {"MaxResults", "100"}};

        going = spf_operation_call(operation, "ecs", "DescribeSecurityGroups", instance->region,
                                   params, SPF_COUNT(params), "", kinds_done);
    }
    spf_buf_clear(&ids);
    if (going && own_private(operation, own)) {
        const struct spf_sign_pair params[] = {{"RegionId", instance->region},
                                               {"VpcId", instance->vpc},
                                               {"PrivateIpAddress.1", own},
                                               {"MaxResults", "10"}};

        going = spf_operation_call(operation, "ecs", "DescribeNetworkInterfaces", instance->region,
                                   params, SPF_COUNT(params), "", peer_done);
    }
    if (going) {
        end_if_last(operation);
    }
}
