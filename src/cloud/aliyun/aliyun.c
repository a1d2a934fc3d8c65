#include "cloud/aliyun/aliyun.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cloud/address.h"
#include "cloud/aliyun/ask.h"
#include "cloud/aliyun/parse.h"

/* The asks of one or two calls; credentials are keys.c's, the instance is find.c's, the rules are
 * groups.c's. */

static void identity_done(struct spf_ask *ask, struct spf_errand *errand,
                          const struct spf_api_reply *reply)
{
    (void)errand;
    if (reply->failure != NULL)
        spf_ask_finish(ask, reply->failure);
    else
        spf_ask_finish_parsed(ask, spf_parse_identity(reply->body, &ask->inquiry->facts->identity),
                              "sts:GetCallerIdentity", reply->request_id);
}

static void ask_identity(struct spf_ask *ask)
{
    const struct spf_credentials *credentials = &ask->aliyun->credentials;

    /* Any will do; inside a VPC the central one may be out of reach. */
    spf_ask_call(ask, "sts", "GetCallerIdentity",
                 credentials->places.vpc_for_sts ? credentials->region : "", NULL, 0, "",
                 identity_done);
}

static void key_pair_done(struct spf_ask *ask, struct spf_errand *errand,
                          const struct spf_api_reply *reply)
{
    (void)errand;
    if (reply->failure != NULL)
        spf_ask_finish(ask, reply->failure);
    else
        spf_ask_finish_parsed(ask, spf_parse_key_pair(reply->body, &ask->inquiry->facts->key_pair),
                              "ecs:DescribeKeyPairs", reply->request_id);
}

static void ask_key_pair(struct spf_ask *ask)
{
    const struct spf_instance_facts *instance = &ask->inquiry->facts->instance;
    struct spf_key_pair_facts *pair = &ask->inquiry->facts->key_pair;
    const struct spf_sign_pair params[] = {{"RegionId", instance->region},
                                           {"KeyPairName", instance->key_pair},
                                           {"IncludePublicKey", "true"}};

    if (instance->key_pair[0] == '\0') {
        spf_ask_finish(ask, NULL);
        return;
    }
    pair->bound = true;
    memcpy(pair->name, instance->key_pair, sizeof pair->name);
    spf_ask_call(ask, "ecs", "DescribeKeyPairs", instance->region, params, SPF_COUNT(params), "",
                 key_pair_done);
}

static void acl_done(struct spf_ask *ask, struct spf_errand *errand,
                     const struct spf_api_reply *reply)
{
    (void)errand;
    if (reply->failure != NULL)
        spf_ask_finish(ask, reply->failure);
    else
        spf_ask_finish_parsed(ask, spf_parse_acl(reply->body, &ask->inquiry->facts->network_acl),
                              "vpc:DescribeNetworkAclAttributes", reply->request_id);
}

static void vswitch_done(struct spf_ask *ask, struct spf_errand *errand,
                         const struct spf_api_reply *reply)
{
    struct spf_acl_facts *acl = &ask->inquiry->facts->network_acl;
    const char *region = ask->inquiry->facts->instance.region;
    struct spf_error error;

    (void)errand;
    if (reply->failure != NULL) {
        spf_ask_finish(ask, reply->failure);
        return;
    }
    error = spf_parse_vswitch(reply->body, acl);
    if (error.code != SPF_OK || !acl->bound) {
        spf_ask_finish_parsed(ask, error, "vpc:DescribeVSwitchAttributes", reply->request_id);
    } else {
        const struct spf_sign_pair params[] = {{"RegionId", region}, {"NetworkAclId", acl->id}};

        spf_ask_call(ask, "vpc", "DescribeNetworkAclAttributes", region, params, SPF_COUNT(params),
                     "", acl_done);
    }
}

static void ask_acl(struct spf_ask *ask)
{
    const struct spf_instance_facts *instance = &ask->inquiry->facts->instance;
    struct spf_acl_facts *acl = &ask->inquiry->facts->network_acl;
    const struct spf_address dialled =
        spf_cloud_judged_address(ask->inquiry->target, ask->inquiry->facts);
    const char *vswitch = spf_cloud_vswitch(instance, &dialled);
    const struct spf_sign_pair params[] = {{"RegionId", instance->region}, {"VSwitchId", vswitch}};

    (void)spf_copy(acl->vswitch, sizeof acl->vswitch, vswitch);
    if (vswitch[0] == '\0')
        spf_ask_finish(ask, NULL);
    else
        spf_ask_call(ask, "vpc", "DescribeVSwitchAttributes", instance->region, params,
                     SPF_COUNT(params), "", vswitch_done);
}

static void console_done(struct spf_ask *ask, struct spf_errand *errand,
                         const struct spf_api_reply *reply)
{
    (void)errand;
    if (reply->failure != NULL)
        spf_ask_finish(ask, reply->failure);
    else
        spf_ask_finish_parsed(ask, spf_parse_console(reply->body, &ask->inquiry->facts->console),
                              "ecs:GetInstanceConsoleOutput", reply->request_id);
}

static void ask_console(struct spf_ask *ask)
{
    const struct spf_instance_facts *instance = &ask->inquiry->facts->instance;
    const struct spf_sign_pair params[] = {{"RegionId", instance->region},
                                           {"InstanceId", instance->id}};

    spf_ask_call(ask, "ecs", "GetInstanceConsoleOutput", instance->region, params,
                 SPF_COUNT(params), "", console_done);
}

static void events_done(struct spf_ask *ask, struct spf_errand *errand,
                        const struct spf_api_reply *reply)
{
    (void)errand;
    if (reply->failure != NULL)
        spf_ask_finish(ask, reply->failure);
    else
        spf_ask_finish_parsed(ask, spf_parse_events(reply->body, &ask->inquiry->facts->events),
                              "ecs:DescribeInstancesFullStatus", reply->request_id);
}

static void ask_events(struct spf_ask *ask)
{
    const struct spf_instance_facts *instance = &ask->inquiry->facts->instance;
    const struct spf_sign_pair params[] = {{"RegionId", instance->region},
                                           {"InstanceId.1", instance->id}};

    spf_ask_call(ask, "ecs", "DescribeInstancesFullStatus", instance->region, params,
                 SPF_COUNT(params), "", events_done);
}

static void image_done(struct spf_ask *ask, struct spf_errand *errand,
                       const struct spf_api_reply *reply)
{
    struct spf_facts *facts = ask->inquiry->facts;

    (void)errand;
    if (reply->failure != NULL)
        spf_ask_finish(ask, reply->failure);
    else
        spf_ask_finish_parsed(ask,
                              spf_parse_image(reply->body, facts->instance.image, &facts->image),
                              "ecs:DescribeImages", reply->request_id);
}

static void ask_image(struct spf_ask *ask)
{
    const struct spf_instance_facts *instance = &ask->inquiry->facts->instance;
    const struct spf_sign_pair params[] = {{"RegionId", instance->region},
                                           {"ImageId", instance->image}};

    spf_ask_call(ask, "ecs", "DescribeImages", instance->region, params, SPF_COUNT(params), "",
                 image_done);
}

static void assistant_done(struct spf_ask *ask, struct spf_errand *errand,
                           const struct spf_api_reply *reply)
{
    struct spf_facts *facts = ask->inquiry->facts;

    (void)errand;
    if (reply->failure != NULL)
        spf_ask_finish(ask, reply->failure);
    else
        spf_ask_finish_parsed(
            ask, spf_parse_assistant(reply->body, facts->instance.id, &facts->assistant),
            "ecs:DescribeCloudAssistantStatus", reply->request_id);
}

static void ask_assistant(struct spf_ask *ask)
{
    const struct spf_instance_facts *instance = &ask->inquiry->facts->instance;
    const struct spf_sign_pair params[] = {{"RegionId", instance->region},
                                           {"InstanceId.1", instance->id}};

    spf_ask_call(ask, "ecs", "DescribeCloudAssistantStatus", instance->region, params,
                 SPF_COUNT(params), "", assistant_done);
}

void spf_aliyun_serve(struct spf_aliyun *aliyun, struct spf_inquiry *inquiry, enum spf_group group)
{
    const struct spf_failure no_memory = {.cause = SPF_SYSTEM_ERROR};
    struct spf_ask *ask = calloc(1, sizeof *ask);

    if (ask == NULL) {
        inquiry->arrived(inquiry, group, &no_memory);
        return;
    }
    ask->aliyun = aliyun;
    ask->inquiry = inquiry;
    ask->group = group;
    ask->next = aliyun->asks;
    aliyun->asks = ask;

    switch (group) {
    case SPF_GROUP_CREDENTIALS:
        spf_ask_credentials(ask);
        break;
    case SPF_GROUP_IDENTITY:
        ask_identity(ask);
        break;
    case SPF_GROUP_INSTANCE:
        spf_ask_instance(ask);
        break;
    case SPF_GROUP_LOOKUP:
        spf_ask_lookup(ask);
        break;
    case SPF_GROUP_RULES:
        spf_ask_rules(ask);
        break;
    case SPF_GROUP_MEMBERSHIP:
        spf_ask_membership(ask);
        break;
    case SPF_GROUP_NETWORK_ACL:
        ask_acl(ask);
        break;
    case SPF_GROUP_GATEWAY:
        spf_ask_gateway(ask);
        break;
    case SPF_GROUP_EVENTS:
        ask_events(ask);
        break;
    case SPF_GROUP_IMAGE:
        ask_image(ask);
        break;
    case SPF_GROUP_ASSISTANT:
        ask_assistant(ask);
        break;
    case SPF_GROUP_KEY_PAIR:
        ask_key_pair(ask);
        break;
    case SPF_GROUP_CONSOLE:
        ask_console(ask);
        break;
    default:
        spf_ask_finish(ask, &no_memory);
        break;
    }
}
