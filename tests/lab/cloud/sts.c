/* Actions of sts, version 2015-04-01. */
#include "action.h"

#include <stdio.h>
#include <string.h>

static void get_caller_identity(const struct lab_call *call, struct lab_reply *reply)
{
    struct json_object *identity = lab_member(call->access_key, "identity");
    struct json_object_iter at;

    if (identity == NULL) {
        return;
    }
    json_object_object_foreachC(identity, at)
        json_object_object_add(reply->body, at.key, json_object_get(at.val));
}

/* Does the member have this value, or a list of it? */
static bool names(struct json_object *role, const char *member, const char *value)
{
    struct json_object *list = lab_member(role, member);

    if (!json_object_is_type(list, json_type_array)) {
        return value != NULL && strcmp(lab_text(role, member), value) == 0;
    }
    for (size_t i = 0; value != NULL && i < json_object_array_length(list); i++) {
        if (strcmp(json_object_get_string(json_object_array_get_idx(list, i)), value) == 0) {
            return true;
        }
    }
    return false;
}

/* The role's key, and who holds it: "acs:ram::1:role/r" becomes
 * "acs:ram::1:assumed-role/r/SESSION". */
static void give(struct json_object *role, const char *arn, const char *session,
                 struct lab_reply *reply)
{
    struct json_object *user = lab_need(json_object_new_object());
    const char *name = strstr(arn, ":role/");
    char text[512];

    snprintf(text, sizeof(text), "%.*s:assumed-role/%s/%s", name != NULL ? (int)(name - arn) : 0,
             arn, name != NULL ? name + 6 : arn, session);
    json_object_object_add(user, "Arn", json_object_new_string(text));
    snprintf(text, sizeof(text), "300000000000000003:%s", session);
    json_object_object_add(user, "AssumedRoleId", json_object_new_string(text));
    json_object_object_add(reply->body, "AssumedRoleUser", user);
    json_object_object_add(reply->body, "Credentials",
                           json_object_get(lab_member(role, "Credentials")));
}

/*
 * The world's roles: arn -> {Credentials, and what lets in: "trusts" (a key id, or several) or
 * "oidc_token"; "external_id", where that is asked for}.
 */
static void hand_out(const struct lab_call *call, const char *member, const char *presented,
                     struct lab_reply *reply)
{
    const char *arn = lab_action_need(call, "RoleArn", reply);
    struct json_object *role =
        lab_member(lab_member(call->world->root, "roles"), arn != NULL ? arn : "");

    if (arn == NULL || lab_action_need(call, "RoleSessionName", reply) == NULL) {
        return;
    }
    if (role == NULL) {
        lab_reply_error(reply, call->request, 404, "EntityNotExist.Role",
                        "The role not exists: %s.", arn);
    } else if (!names(role, member, presented) ||
               (lab_member(role, "external_id") != NULL &&
                !names(role, "external_id", lab_request_param(call->request, "ExternalId")))) {
        lab_reply_error(reply, call->request, 403, "NoPermission",
                        "You are not authorized to do this action.");
    } else {
        give(role, arn, lab_request_param(call->request, "RoleSessionName"), reply);
    }
}

static void assume_role(const struct lab_call *call, struct lab_reply *reply)
{
    hand_out(call, "trusts", lab_text(call->access_key, "AccessKeyId"), reply);
}

static void assume_role_with_oidc(const struct lab_call *call, struct lab_reply *reply)
{
    hand_out(call, "oidc_token", lab_request_param(call->request, "OIDCToken"), reply);
}

const struct lab_action lab_sts_actions[] = {
    {"GetCallerIdentity", false, "", get_caller_identity},
    {"AssumeRole", false, "RoleArn RoleSessionName DurationSeconds Policy ExternalId", assume_role},
    {"AssumeRoleWithOIDC", false,
     "RoleArn RoleSessionName DurationSeconds Policy OIDCProviderArn OIDCToken",
     assume_role_with_oidc},
    {0},
};
