#ifndef SPF_TESTS_SHARED_CLIENT_H
#define SPF_TESTS_SHARED_CLIENT_H

#include <stdio.h>
#include <unistd.h>

#include "all_facts.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"
#include "cloud/aliyun/aliyun.h"
#include "cloud/aliyun/http/api.h"
#include "cloud/aliyun/http/errors.h"
#include "cloud/aliyun/http/fetch.h"
#include "cloud/aliyun/select.h"
#include "credentials_fixture.h"
#include "unit.h"

/* An API and a service that answer in the loop, and targets that ask them. */

/* ---- in place of http/api.c and http/fetch.c ------------------------------------------------- */

struct spf_api_call {
    struct spf_api_call *next;
    struct spf_api *api;
    struct json_object *body;
    struct spf_failure failure;
    spf_api_done *done;
    void *owner;
};

struct spf_api {
    struct spf_loop *loop;
    struct spf_endpoint_cache endpoints;
    struct spf_api_call *calls;
    struct spf_watch soon;
};

/* What the API answers; NULL: nothing ever. */
static const char *(*answer)(const struct spf_api_request *request, long *status);
static int calls;
static char words[4000]; /* the last request's */

static void deliver(struct spf_watch *watch, short revents)
{
    struct spf_api *api = watch->owner;
    struct spf_api_call *call = api->calls;

    (void)revents;
    watch->due_ms = 0;
    if (call != NULL) {
        const struct spf_api_reply reply = {.body = call->body,
                                            .failure = call->body == NULL ? &call->failure : NULL,
                                            .request_id = "REQUEST-1",
                                            .date = spf_utc_now()};

        api->calls = call->next;
        if (api->calls != NULL) {
            watch->due_ms = spf_now_ms();
            spf_loop_update(api->loop, watch);
        }
        call->done(call->owner, &reply);
        json_object_put(call->body);
        free(call);
    }
}

struct spf_api *spf_api_new(struct spf_loop *loop, const struct spf_api_options *options)
{
    struct spf_api *api = calloc(1, sizeof *api);

    (void)options;
    api->loop = loop;
    api->soon = (struct spf_watch){.fd = -1, .ready = deliver, .owner = api};
    ck_assert(spf_loop_add(loop, &api->soon));
    return api;
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
    if (api != NULL) {
        while (api->calls != NULL) {
            spf_api_cancel(api->calls);
        }
        spf_loop_remove(api->loop, &api->soon);
        spf_endpoint_cache_clear(&api->endpoints);
        free(api);
    }
}

struct spf_api_call *spf_api_start(struct spf_api *api, const struct spf_api_request *request,
                                   const struct spf_api_key *key, spf_api_done *done, void *owner)
{
    struct spf_api_call *call = calloc(1, sizeof *call);
    struct spf_api_call **link = &api->calls;
    struct spf_api_outcome outcome = {
        .action = request->action, .string_to_sign = "", .status = 200, .request_id = "REQUEST-1"};
    size_t len = 0;
    const char *body;

    (void)key;
    calls++;
    words[0] = '\0';
    for (size_t i = 0; i < request->param_count && len < sizeof words; i++) {
        len += (size_t)snprintf(words + len, sizeof words - len, "%s=%s\n", request->params[i].name,
                                request->params[i].value);
    }
    call->api = api;
    call->done = done;
    call->owner = owner;
    body = answer(request, &outcome.status);
    if (body != NULL) {
        call->body = outcome.body = spf_json_parse(body, strlen(body));
        if (!spf_api_judge(&outcome, &call->failure)) {
            json_object_put(call->body);
            call->body = NULL;
        }
        while (*link != NULL) {
            link = &(*link)->next;
        }
        api->soon.due_ms = spf_now_ms();
        spf_loop_update(api->loop, &api->soon);
    }
    *link = call; /* of several that never answer, the last is kept for whoever cancels it */
    return call;
}

struct spf_fetch {
    spf_fetch_done *done;
    void *owner;
};
static struct spf_fetch *fetch;
static int fetches;

struct spf_fetch *spf_fetch_start(struct spf_transfers *transfers,
                                  const struct spf_fetch_request *request, spf_fetch_done *done,
                                  void *owner)
{
    (void)transfers;
    ck_assert(request->direct);
    ck_assert_ptr_null(fetch);
    fetches++;
    fetch = calloc(1, sizeof *fetch);
    *fetch = (struct spf_fetch){done, owner};
    return fetch;
}

void spf_fetch_cancel(struct spf_fetch *cancelled)
{
    free(cancelled);
    fetch = NULL;
}

/* ---- targets --------------------------------------------------------------------------------- */

struct one {
    struct spf_inquiry inquiry; /* first */
    struct spf_target target;
    struct spf_facts facts;
    int arrived;
    bool good;
    struct spf_failure failure;
};

struct scene {
    struct spf_aliyun_options options;
    struct spf_loop *loop;
    struct spf_aliyun *aliyun;
    struct one ones[160];
    const char *ids[160];
    char names[160][32];
};

static void arrived(struct spf_inquiry *inquiry, enum spf_group group,
                    const struct spf_failure *failure)
{
    struct one *one = (struct one *)inquiry;

    one->arrived++;
    one->good = failure == NULL;
    if (failure != NULL) {
        one->failure = *failure;
    }
    spf_group_settle(&one->facts.group[group], failure);
}

static void set_up(struct scene *scene, size_t count, bool shared)
{
    memset(scene, 0, sizeof *scene);
    calls = fetches = 0;
    scene->options.credentials.region = "cn-hangzhou";
    scene->loop = spf_loop_new();
    scene->aliyun = spf_aliyun_new(scene->loop, &scene->options);
    for (size_t i = 0; i < count; i++) {
        struct one *one = &scene->ones[i];

        (void)snprintf(scene->names[i], sizeof scene->names[i], "i-bp1%03zu", i);
        scene->ids[i] = scene->names[i];
        open_all(&one->facts);
        one->target = (struct spf_target){.instance_id = scene->ids[i],
                                          .user = "root",
                                          .port = 22,
                                          .selected = SPF_CLOUD_CHECKS,
                                          .timeout_ms = 1000};
        one->inquiry = (struct spf_inquiry){
            .target = &one->target, .facts = &one->facts, .loop = scene->loop, .arrived = arrived};
    }
    ck_assert(!shared || spf_aliyun_share(scene->aliyun, scene->ids, count));
}

static void tear_down(struct scene *scene)
{
    for (size_t i = 0; i < sizeof scene->ones / sizeof *scene->ones; i++) {
        spf_facts_clear(&scene->ones[i].facts);
    }
    spf_aliyun_free(scene->aliyun);
    spf_loop_free(scene->loop);
}

/* Asks for a group of the targets from..to-1 at once, and waits. */
static void ask(struct scene *scene, size_t from, size_t to, enum spf_group group)
{
    int64_t until = spf_now_ms() + UNIT_HANGS_MS;
    bool open = true;

    for (size_t i = from; i < to; i++) {
        scene->ones[i].arrived = 0;
        spf_aliyun_serve(scene->aliyun, &scene->ones[i].inquiry, group);
    }
    while (open && spf_now_ms() < until) {
        open = false;
        for (size_t i = from; i < to; i++) {
            open |= scene->ones[i].arrived == 0;
        }
        if (open) {
            ck_assert_int_eq(spf_loop_turn(scene->loop, until).code, SPF_OK);
        }
    }
    ck_assert(!open);
}

#endif
