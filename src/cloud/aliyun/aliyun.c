#include "cloud/aliyun/aliyun.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cloud/address.h"
#include "cloud/aliyun/operation.h"
#include "cloud/aliyun/share.h"

/* The operations of one or two calls; credentials are keys.c's, the instance is find.c's, the rules
 * are groups.c's. */

static struct spf_error take_identity(struct json_object *reply, struct spf_facts *facts)
{
    return spf_parse_identity(reply, facts->identity);
}

static struct spf_error take_key_pair(struct json_object *reply, struct spf_facts *facts)
{
    return spf_parse_key_pair(reply, facts->key_pair);
}

static struct spf_error take_acl(struct json_object *reply, struct spf_facts *facts)
{
    return spf_parse_acl(reply, facts->network_acl);
}

static struct spf_error take_console(struct json_object *reply, struct spf_facts *facts)
{
    return spf_parse_console(reply, facts->console);
}

static struct spf_error take_events(struct json_object *reply, struct spf_facts *facts)
{
    return spf_parse_events(reply, facts->events);
}

static struct spf_error take_image(struct json_object *reply, struct spf_facts *facts)
{
    return spf_parse_image(reply, facts->instance->image, facts->image);
}

static struct spf_error take_assistant(struct json_object *reply, struct spf_facts *facts)
{
    return spf_parse_assistant(reply, facts->instance->id, facts->assistant);
}

/* A group's last call: its reply holds the facts. */
static const struct last_call {
    const char *action;
    struct spf_error (*take)(struct json_object *reply, struct spf_facts *facts);
} last_calls[SPF_GROUP_COUNT] = {
    [SPF_GROUP_IDENTITY] = {"sts:GetCallerIdentity", take_identity},
    [SPF_GROUP_KEY_PAIR] = {"ecs:DescribeKeyPairs", take_key_pair},
    [SPF_GROUP_NETWORK_ACL] = {"vpc:DescribeNetworkAclAttributes", take_acl},
    [SPF_GROUP_CONSOLE] = {"ecs:GetInstanceConsoleOutput", take_console},
    [SPF_GROUP_EVENTS] = {"ecs:DescribeInstancesFullStatus", take_events},
    [SPF_GROUP_IMAGE] = {"ecs:DescribeImages", take_image},
    [SPF_GROUP_ASSISTANT] = {"ecs:DescribeCloudAssistantStatus", take_assistant},
};

static void last_call_done(struct spf_operation *operation, struct spf_call *call,
                           const struct spf_api_reply *reply)
{
    const struct last_call *last = &last_calls[operation->group];

    (void)call;
    if (reply->failure != NULL) {
        spf_operation_finish(operation, reply->failure);
    } else {
        spf_operation_finish_parsed(operation, last->take(reply->body, operation->inquiry->facts),
                                    last->action, reply->request_id);
    }
}

/* The group's last call, with one parameter beside the region. */
static void ask_ecs(struct spf_operation *operation, const char *name, const char *value)
{
    const char *region = operation->inquiry->facts->instance->region;
    const struct spf_sign_pair params[] = {{"RegionId", region}, {name, value}};

    spf_operation_call(operation, "ecs", strchr(last_calls[operation->group].action, ':') + 1,
                       region, params, SPF_COUNT(params), "", last_call_done);
}

static void ask_identity(struct spf_operation *operation)
{
    const struct spf_credentials *credentials = &operation->aliyun->credentials;

    /* Any will do; inside a VPC the central one may be out of reach. */
    spf_operation_call(operation, "sts", "GetCallerIdentity",
                       credentials->places.vpc_for_sts ? credentials->region : "", NULL, 0, "",
                       last_call_done);
}

static void ask_key_pair(struct spf_operation *operation)
{
    const struct spf_instance_facts *instance = operation->inquiry->facts->instance;
    struct spf_key_pair_facts *pair = operation->inquiry->facts->key_pair;
    const struct spf_sign_pair params[] = {{"RegionId", instance->region},
                                           {"KeyPairName", instance->key_pair},
                                           {"IncludePublicKey", "true"}};

    if (instance->key_pair_in_doubt) {
        spf_operation_finish_parsed(
            operation,
            spf_error(SPF_ERR_INVALID, "the API's reply has a KeyPairName that is no text"),
            "ecs:DescribeInstances", instance->request_id);
        return;
    }
    if (instance->key_pair[0] == '\0') {
        spf_operation_finish(operation, NULL);
        return;
    }
    pair->bound = true;
    memcpy(pair->name, instance->key_pair, sizeof pair->name);
    spf_operation_call(operation, "ecs", "DescribeKeyPairs", instance->region, params,
                       SPF_COUNT(params), "", last_call_done);
}

static void vswitch_done(struct spf_operation *operation, struct spf_call *call,
                         const struct spf_api_reply *reply)
{
    struct spf_acl_facts *acl = operation->inquiry->facts->network_acl;
    const char *region = operation->inquiry->facts->instance->region;
    struct spf_error error;

    (void)call;
    if (reply->failure != NULL) {
        spf_operation_finish(operation, reply->failure);
        return;
    }
    error = spf_parse_vswitch(reply->body, acl);
    if (error.code != SPF_OK || !acl->bound) {
        spf_operation_finish_parsed(operation, error, "vpc:DescribeVSwitchAttributes",
                                    reply->request_id);
    } else {
        const struct spf_sign_pair params[] = {{"RegionId", region}, {"NetworkAclId", acl->id}};

        spf_operation_call(operation, "vpc", "DescribeNetworkAclAttributes", region, params,
                           SPF_COUNT(params), "", last_call_done);
    }
}

static void ask_acl(struct spf_operation *operation)
{
    const struct spf_instance_facts *instance = operation->inquiry->facts->instance;
    struct spf_acl_facts *acl = operation->inquiry->facts->network_acl;
    const struct spf_address dialled =
        spf_cloud_judged_address(operation->inquiry->target, operation->inquiry->facts);
    const char *vswitch = spf_cloud_vswitch(instance, &dialled);
    const struct spf_sign_pair params[] = {{"RegionId", instance->region}, {"VSwitchId", vswitch}};

    spf_copy(acl->vswitch, sizeof acl->vswitch, vswitch);
    if (spf_cloud_judged_in_doubt(operation->inquiry->target, operation->inquiry->facts) ||
        (vswitch[0] == '\0' && !instance->classic)) {
        spf_operation_finish_parsed(
            operation,
            spf_error(SPF_ERR_INVALID,
                      "the API's reply does not name the vSwitch of the interface"),
            "ecs:DescribeInstances", instance->request_id);
    } else if (vswitch[0] == '\0') {
        spf_operation_finish(operation, NULL);
    } else {
        spf_operation_call(operation, "vpc", "DescribeVSwitchAttributes", instance->region, params,
                           SPF_COUNT(params), "", vswitch_done);
    }
}

static void ask_console(struct spf_operation *operation)
{
    ask_ecs(operation, "InstanceId", operation->inquiry->facts->instance->id);
}

static void ask_image(struct spf_operation *operation)
{
    ask_ecs(operation, "ImageId", operation->inquiry->facts->instance->image);
}

/* What can be asked for many instances in one call. */
static void ask_for_many(struct spf_operation *operation, enum spf_about_what what)
{
    const struct spf_instance_facts *instance = operation->inquiry->facts->instance;

    if (operation->aliyun->share != NULL) {
        spf_operation_call_instance(operation, what, instance->region, instance->id,
                                    last_call_done);
    } else {
        ask_ecs(operation, "InstanceId.1", instance->id);
    }
}

static void ask_events(struct spf_operation *operation)
{
    ask_for_many(operation, SPF_ABOUT_STATUS);
}

static void ask_assistant(struct spf_operation *operation)
{
    ask_for_many(operation, SPF_ABOUT_ASSISTANT);
}

/* How each group is asked for. */
static void (*const asks[SPF_GROUP_COUNT])(struct spf_operation *) = {
    [SPF_GROUP_CREDENTIALS] = spf_operation_credentials,
    [SPF_GROUP_IDENTITY] = ask_identity,
    [SPF_GROUP_INSTANCE] = spf_operation_instance,
    [SPF_GROUP_LOOKUP] = spf_operation_lookup,
    [SPF_GROUP_RULES] = spf_operation_rules,
    [SPF_GROUP_MEMBERSHIP] = spf_operation_membership,
    [SPF_GROUP_JUMP_INSTANCE] = spf_operation_jump_instance,
    [SPF_GROUP_NETWORK_ACL] = ask_acl,
    [SPF_GROUP_GATEWAY] = spf_operation_gateway,
    [SPF_GROUP_EVENTS] = ask_events,
    [SPF_GROUP_IMAGE] = ask_image,
    [SPF_GROUP_ASSISTANT] = ask_assistant,
    [SPF_GROUP_KEY_PAIR] = ask_key_pair,
    [SPF_GROUP_CONSOLE] = ask_console,
};

void spf_aliyun_serve(struct spf_aliyun *aliyun, struct spf_inquiry *inquiry, enum spf_group group)
{
    const struct spf_failure no_memory = {.cause = SPF_SYSTEM_ERROR};
    struct spf_operation *operation = calloc(1, sizeof *operation);

    if (operation == NULL) {
        inquiry->arrived(inquiry, group, &no_memory);
        return;
    }
    operation->aliyun = aliyun;
    operation->inquiry = inquiry;
    operation->group = group;
    operation->next = aliyun->operations;
    aliyun->operations = operation;

    if (asks[group] != NULL) {
        asks[group](operation);
    } else {
        spf_operation_finish(operation, &no_memory);
    }
}

struct spf_aliyun *spf_aliyun_new(struct spf_loop *loop, const struct spf_aliyun_options *options)
{
    struct spf_aliyun *aliyun = calloc(1, sizeof *aliyun);

    if (aliyun == NULL) {
        return NULL;
    }
    aliyun->loop = loop;
    aliyun->options = options;
    return aliyun;
}

bool spf_aliyun_share(struct spf_aliyun *aliyun, const char *const *ids, size_t count)
{
    spf_share_free(aliyun->share);
    spf_lookups_forget(aliyun, true);
    aliyun->share = spf_share_new(aliyun, ids, count, spf_operation_answer);
    if (aliyun->share != NULL && aliyun->options->listing != NULL) {
        spf_share_know(aliyun->share, aliyun->options->listing);
    }
    return aliyun->share != NULL;
}

void spf_aliyun_free(struct spf_aliyun *aliyun)
{
    if (aliyun == NULL) {
        return;
    }
    while (aliyun->operations != NULL) {
        spf_operation_drop(aliyun->operations);
    }
    spf_share_free(aliyun->share);
    spf_lookups_forget(aliyun, true);
    if (aliyun->exchange != NULL) {
        spf_exchange_cancel(aliyun->exchange);
    }
    spf_api_free(aliyun->api);
    spf_credentials_clear(&aliyun->credentials);
    free(aliyun);
}

void spf_aliyun_cancel(struct spf_aliyun *aliyun, struct spf_inquiry *inquiry)
{
    struct spf_operation *operation = aliyun->operations;
    struct spf_operation *next;

    for (; operation != NULL; operation = next) {
        next = operation->next;
        if (operation->inquiry == inquiry) {
            spf_operation_drop(operation);
        }
    }
}
