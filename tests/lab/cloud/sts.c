/* Actions of sts, version 2015-04-01. */
#include "action.h"

static void get_caller_identity(const struct lab_call *call, struct lab_reply *reply)
{
    struct json_object *identity = lab_member(call->access_key, "identity");
    struct json_object_iter at;

    if (!identity)
        return;
    json_object_object_foreachC(identity, at)
        json_object_object_add(reply->body, at.key, json_object_get(at.val));
}

const struct lab_action lab_sts_actions[] = {
    {"GetCallerIdentity", false, "", get_caller_identity},
    {0},
};
