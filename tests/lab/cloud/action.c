#include "action.h"

#include <ctype.h>
#include <string.h>

/* Taken by every action, and ignored. */
static const char common_params[] =
    "Action Version Timestamp Signature SignatureMethod "
    "SignatureVersion SignatureNonce SignatureType AccessKeyId "
    "SecurityToken OwnerId OwnerAccount ResourceOwnerId ResourceOwnerAccount "
    "RegionId Format AcceptLanguage DryRun";

/* Does the name fit the word, where ".N" in the word stands for a number from 1? */
static bool word_fits(const char *word, size_t size, const char *name)
{
    size_t i = 0;

    while (i < size) {
        if (word[i] == 'N' && i > 0 && word[i - 1] == '.' &&
            (i + 1 == size || word[i + 1] == '.')) {
            if (*name < '1' || *name > '9') {
                return false;
            }
            name += strspn(name, "0123456789");
            i++;
        } else if (word[i++] != *name++) {
            return false;
        }
    }
    return *name == '\0';
}

static bool param_known(const char *params, const char *name)
{
    while (*params) {
        size_t size = strcspn(params, " ");
        if (word_fits(params, size, name)) {
            return true;
        }
        params += size + strspn(params + size, " ");
    }
    return false;
}

static const char *unknown_param(const struct lab_action *action, const struct lab_pairs *pairs)
{
    for (size_t i = 0; i < pairs->count; i++) {
        if (!param_known(common_params, pairs->item[i].name) &&
            !param_known(action->params, pairs->item[i].name)) {
            return pairs->item[i].name;
        }
    }
    return NULL;
}

static const struct lab_action *find_action(const struct lab_request *request, bool *version_known)
{
    static const struct {
        const char *version;
        const struct lab_action *actions;
    } services[] = {{"2014-05-26", lab_ecs_actions},
                    {"2016-04-28", lab_vpc_actions},
                    {"2015-04-01", lab_sts_actions}};
    const char *version = lab_pairs_get(&request->headers, "x-acs-version");
    const char *name = lab_pairs_get(&request->headers, "x-acs-action");

    *version_known = false;
    for (size_t i = 0; version != NULL && i < sizeof(services) / sizeof(services[0]); i++) {
        if (strcmp(services[i].version, version) != 0) {
            continue;
        }
        *version_known = true;
        for (const struct lab_action *action = services[i].actions; action->name != NULL;
             action++) {
            if (name != NULL && strcmp(action->name, name) == 0) {
                return action;
            }
        }
    }
    return NULL;
}

const char *lab_action_need(const struct lab_call *call, const char *name, struct lab_reply *reply)
{
    const char *value = lab_request_param(call->request, name);

    if (value != NULL && value[0] != '\0') {
        return value;
    }
    lab_reply_error(reply, call->request, 400, "MissingParameter",
                    "The input parameter \"%s\" that is mandatory for processing this request is "
                    "not supplied.",
                    name);
    return NULL;
}

void lab_action_serve(struct lab_call *call, struct lab_reply *reply)
{
    const struct lab_request *request = call->request;
    bool version_known;
    const struct lab_action *action = find_action(request, &version_known);
    const char *unknown;
    const char *region;

    if (action == NULL) {
        if (version_known) {
            lab_reply_error(reply, request, 404, "InvalidAction.NotFound",
                            "Specified api is not found, please check your url and method.");
        } else {
            lab_reply_error(reply, request, 404, "InvalidVersion",
                            "Specified parameter Version is not valid.");
        }
        return;
    }
    unknown = unknown_param(action, &request->query);
    if (unknown == NULL) {
        unknown = unknown_param(action, &request->form);
    }
    if (unknown != NULL) {
        lab_reply_error(reply, request, 400, "InvalidParameter",
                        "The specified parameter \"%s\" is not valid.", unknown);
        return;
    }
    if (action->needs_region) {
        region = lab_action_need(call, "RegionId", reply);
        if (region == NULL) {
            return;
        }
        if (region[strspn(region, "abcdefghijklmnopqrstuvwxyz0123456789-")] != '\0') {
            lab_reply_error(reply, request, 400, "InvalidRegionId.Malformed",
                            "The specified parameter RegionId is not valid.");
            return;
        }
        call->region = lab_world_region(call->world, call->access_key, region);
        if (call->region == NULL) {
            lab_reply_error(reply, request, 404, "InvalidRegionId.NotFound",
                            "The specified RegionId does not exist.");
            return;
        }
    }
    action->serve(call, reply);
}
