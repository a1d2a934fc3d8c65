#include "faults.h"

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    enum lab_fault fault;
} names[] = {
    {"throttle", LAB_FAULT_THROTTLE},
    {"500", LAB_FAULT_500},
    {"503", LAB_FAULT_503},
    {"forbidden", LAB_FAULT_FORBIDDEN},
    {"error", LAB_FAULT_ERROR},
    {"delay", LAB_FAULT_DELAY},
    {"hang", LAB_FAULT_HANG},
    {"reset", LAB_FAULT_RESET},
    {"502-html", LAB_FAULT_HTML},
    {"truncated", LAB_FAULT_TRUNCATED},
    {"cut", LAB_FAULT_CUT},
    {"invalid", LAB_FAULT_INVALID},
    {"wrong-shape", LAB_FAULT_WRONG_SHAPE},
    {"deep", LAB_FAULT_DEEP},
    {"huge", LAB_FAULT_HUGE},
    {"empty", LAB_FAULT_EMPTY},
};

static enum lab_fault fault_of(const char *name)
{
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(names[i].name, name) == 0) {
            return names[i].fault;
        }
    }
    errx(64, "no such fault: %s", name);
}

/* How often the action was called, this call included. */
static long count_call(const char *action)
{
    static struct {
        char *name;
        long count;
    } counts[128];
    static size_t used;

    for (size_t i = 0; i < used; i++) {
        if (strcmp(counts[i].name, action) == 0) {
            return ++counts[i].count;
        }
    }
    if (used == sizeof(counts) / sizeof(counts[0])) {
        return 0;
    }
    counts[used].name = lab_need(strdup(action));
    return counts[used++].count = 1;
}

static bool strikes(struct json_object *fault, const char *action, long nth)
{
    const char *wanted = lab_text(fault, "action");
    long first = json_object_get_int64(lab_member(fault, "nth"));
    long last = json_object_get_int64(lab_member(fault, "until"));

    if (strcmp(wanted, "*") != 0 && strcmp(wanted, action) != 0) {
        return false;
    }
    if (first == 0) {
        return true;
    }
    return nth >= first && nth <= (last ? last : first);
}

static void forbid(const struct lab_world *world, const struct lab_request *request,
                   const char *action, const char *type, struct lab_reply *reply)
{
    struct json_object *detail = lab_need(json_object_new_object());
    char auth_action[160];

    (void)world;
    snprintf(auth_action, sizeof(auth_action), "%s:%s", lab_product(request), action);
    lab_reply_error(reply, request, 403, "Forbidden.RAM",
                    "User not authorized to operate on the specified resource, or this API "
                    "doesn't support RAM.");
    const char *const members[][2] = {
        {"PolicyType", "AccountLevelIdentityBasedPolicy"},
        {"AuthPrincipalOwnerId", "1000000000000001"},
        {"AuthPrincipalType", "SubUser"},
        {"AuthPrincipalDisplayName", "200000000000000002"},
        {"NoPermissionType", type[0] ? type : "ImplicitDeny"},
        {"AuthAction", auth_action},
        {"EncodedDiagnosticMessage", "AQEAAAAAexample"},
    };
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        json_object_object_add(detail, members[i][0], json_object_new_string(members[i][1]));
    }
    json_object_object_add(reply->body, "AccessDeniedDetail", detail);
}

struct lab_struck lab_faults_apply(const struct lab_world *world, const struct lab_request *request,
                                   struct lab_reply *reply)
{
    const char *action = lab_pairs_get(&request->headers, "x-acs-action");
    struct json_object *list = lab_member(world->root, "faults");
    struct json_object *found = NULL;
    struct lab_struck struck = {0};

    action = action != NULL ? action : "";
    long nth = count_call(action);
    if (!json_object_is_type(list, json_type_array)) {
        return struck;
    }
    for (size_t i = 0; i < json_object_array_length(list) && found == NULL; i++) {
        if (strikes(json_object_array_get_idx(list, i), action, nth)) {
            found = json_object_array_get_idx(list, i);
        }
    }
    if (found == NULL) {
        return struck;
    }

    struck.name = lab_text(found, "do");
    struck.fault = fault_of(struck.name);
    struck.ms = (unsigned)json_object_get_int(lab_member(found, "ms"));
    switch (struck.fault) {
    case LAB_FAULT_THROTTLE:
        lab_reply_error(reply, request, 400, "Throttling.User",
                        "Request was denied due to user flow control.");
        reply->retry_after_ms = struck.ms;
        break;
    case LAB_FAULT_500:
        lab_reply_error(reply, request, 500, "InternalError",
                        "The request processing has failed due to some unknown error, exception "
                        "or failure.");
        break;
    case LAB_FAULT_503:
        lab_reply_error(reply, request, 503, "ServiceUnavailable",
                        "The request has failed due to a temporary failure of the server.");
        break;
    case LAB_FAULT_FORBIDDEN:
        forbid(world, request, action, lab_text(found, "type"), reply);
        break;
    case LAB_FAULT_ERROR:
        lab_reply_error(reply, request, (unsigned)json_object_get_int(lab_member(found, "status")),
                        lab_text(found, "code"), "%s", lab_text(found, "message"));
        break;
    default:
        break;
    }
    return struck;
}
