#ifndef SPF_TESTS_REPLIES_CLIENT_H
#define SPF_TESTS_REPLIES_CLIENT_H

#include <stdio.h>

#include "base/clock.h"
#include "base/json.h"
#include "cloud/aliyun/http/api.h"
#include "cloud/aliyun/http/errors.h"
#include "unit.h"

/*
 * In place of the client of the API (http/api.c, which the linker then leaves out): each call is
 * answered with the reply of that action in the world at hand.
 */
struct spf_api_call {
    struct spf_api_call *next;
    struct spf_api *api;
    struct json_object *body;
    struct spf_failure failure;
    spf_api_done *done;
    void *owner;
};

struct spf_api {
    struct spf_endpoint_cache endpoints;
    struct spf_api_call *calls;
};

static struct json_object *replies;     /* of the world at hand, by action */
static const char *spoilt_reply;        /* its name; NULL: none */
static struct json_object *spoilt_body; /* what comes in its place; NULL: no JSON */
static struct spf_api *client;
static struct json_object *asked; /* names of the replies that were given */

struct spf_api *spf_api_new(struct spf_loop *loop, const struct spf_api_options *options)
{
    (void)loop;
    (void)options;
    return client = (calloc)(1, sizeof *client); /* the program's: it may fail */
}

struct spf_endpoint_cache *spf_api_endpoints(struct spf_api *api)
{
    return &api->endpoints;
}

struct spf_transfers *spf_api_transfers(struct spf_api *api)
{
    (void)api;
    return NULL;
}

void spf_api_cancel(struct spf_api_call *call)
{
    struct spf_api_call **link = &call->api->calls;

    while (*link != call) {
        link = &(*link)->next;
    }
    *link = call->next;
    json_object_put(call->body);
    free(call);
}

void spf_api_free(struct spf_api *api)
{
    if (api == NULL) {
        return;
    }
    while (api->calls != NULL) {
        spf_api_cancel(api->calls);
    }
    spf_endpoint_cache_clear(&api->endpoints);
    free(api);
    client = NULL;
}

/* "Action.value" of one of the parameters, else "Action"; NULL: this world has none. */
static const char *reply_to(const struct spf_api_request *request)
{
    static char name[400];

    for (size_t i = 0; i < request->param_count; i++) {
        (void)snprintf(name, sizeof name, "%s.%s", request->action, request->params[i].value);
        if (spf_json_get(replies, name) != NULL) {
            return name;
        }
    }
    (void)snprintf(name, sizeof name, "%s", request->action);
    return spf_json_get(replies, name) != NULL ? name : NULL;
}

/* Ids in JSON travel whole, or not at all: the API may answer to less, and with less. */
static void check_ids(const struct spf_api_request *request)
{
    for (size_t i = 0; i < request->param_count; i++) {
        const char *value = request->params[i].value;

        ck_assert(value != NULL);
        if (strcmp(request->params[i].name, "InstanceIds") == 0) {
            ck_assert(strncmp(value, "[\"i-", 4) == 0 && strstr(value, "null") == NULL &&
                      strcmp(value + strlen(value) - 2, "\"]") == 0);
        }
    }
}

struct spf_api_call *spf_api_start(struct spf_api *api, const struct spf_api_request *request,
                                   const struct spf_api_key *key, spf_api_done *done, void *owner)
{
    struct spf_api_call *call = calloc(1, sizeof *call);
    struct spf_api_call **link = &api->calls;
    const char *name = reply_to(request);
    char action[100];
    struct spf_api_outcome outcome = {.action = action,
                                      .params = request->params,
                                      .param_count = request->param_count,
                                      .string_to_sign = "",
                                      .status = 200,
                                      .request_id = ""};

    (void)key;
    check_ids(request);
    (void)snprintf(action, sizeof action, "%s:%s", request->product, request->action);
    call->api = api;
    call->done = done;
    call->owner = owner;
    if (name == NULL) {
        call->failure = spf_failure(SPF_PERMISSION_DENIED, "not in this world: %s", action);
    } else {
        json_object_object_add(asked, name, NULL);
        call->body = spoilt_reply != NULL && strcmp(name, spoilt_reply) == 0
                         ? json_object_get(spoilt_body)
                         : json_object_get(spf_json_get(replies, name));
        outcome.body = call->body;
        if (!spf_api_judge(&outcome, &call->failure)) {
            json_object_put(call->body);
            call->body = NULL;
        }
    }
    while (*link != NULL) {
        link = &(*link)->next;
    }
    return *link = call;
}

static bool deliver(void)
{
    struct spf_api_call *call = client != NULL ? client->calls : NULL;
    struct spf_api_reply reply;

    if (call == NULL) {
        return false;
    }
    client->calls = call->next;
    reply = (struct spf_api_reply){.body = call->body,
                                   .failure = call->body == NULL ? &call->failure : NULL,
                                   .request_id = "",
                                   .date = spf_utc_now()};
    call->done(call->owner, &reply);
    json_object_put(call->body);
    free(call);
    return true;
}

/* In json-c's place, for the program's own code: which members are read at all. */
static struct json_object *read_names;

json_bool json_object_object_get_ex(const struct json_object *json, const char *name,
                                    struct json_object **value)
{
    if (read_names != NULL) {
        json_object_object_add(read_names, name, NULL);
    }
    return lh_table_lookup_ex(json_object_get_object(json), name, (void **)value);
}

static inline bool is_read(const char *name)
{
    return lh_table_lookup_entry(json_object_get_object(read_names), name) != NULL;
}

#endif
