#pragma once

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/loop.h"
#include "base/secret.h"
#include "cloud/aliyun/http/endpoint_cache.h"
#include "cloud/aliyun/http/sign.h"
#include "pipeline/facts.h"

/*
 * A client of Alibaba Cloud's RPC-style APIs: signed POSTs on one curl_multi in the loop, any
 * number at once, connections shared and kept. Retries what a retry may heal, within the time of
 * the call.
 */
struct spf_api;

struct spf_api_options {
    const char *ca_file;                  /* NULL: the system's */
    const struct spf_endpoint *endpoints; /* overrides */
    size_t endpoint_count;
    /* A line for each attempt: method host action status request-id ms. NULL: none. */
    void (*trace)(void *owner, const char *line);
    void *trace_owner;
};

/* options are borrowed for the client's life. NULL: no memory. */
struct spf_api *spf_api_new(struct spf_loop *loop, const struct spf_api_options *options);
/* Where it calls: to be told what is configured, and what the API says. */
struct spf_endpoint_cache *spf_api_endpoints(struct spf_api *api);
/* Calls that are under way are dropped; their done is not called. */
void spf_api_free(struct spf_api *api);

struct spf_transfers;
/* The client's transfers, for what is no API call. Borrowed. */
struct spf_transfers *spf_api_transfers(struct spf_api *api);

struct spf_api_request {
    const char *product;
    const char *action;
    const char *region; /* of the endpoint; "" the central one */
    const struct spf_endpoint
        *endpoint; /* a profile's own, before what is configured; NULL: none */
    const struct spf_sign_pair *params;
    size_t param_count;
    bool form;           /* parameters in a form body, because one of them is a secret */
    unsigned timeout_ms; /* of the whole call, retries included */
};

/* How a call ended. body is borrowed and only there on success; date is the reply's, 0 if none. */
struct spf_api_reply {
    struct json_object *body;
    const struct spf_failure *failure; /* NULL: success */
    const char *request_id;
    int64_t date;
    bool misplaced; /* the endpoint has no address, or is not the one of that region */
};

/*
 * Starts a call. done is called once, later, in the loop's thread, unless it is cancelled before;
 * the call is gone after it. NULL: no memory.
 */
struct spf_api_call;
typedef void spf_api_done(void *owner, const struct spf_api_reply *reply);
struct spf_api_call *spf_api_start(struct spf_api *api, const struct spf_api_request *request,
                                   const struct spf_api_key *key, spf_api_done *done, void *owner);
void spf_api_cancel(struct spf_api_call *call);

/* A reply larger than this is not the API's. */
#define SPF_API_REPLY_MAX ((size_t)8 << 20)
