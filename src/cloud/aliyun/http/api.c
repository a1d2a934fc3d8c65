#include "cloud/aliyun/http/api.h"

#include <inttypes.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"
#include "cloud/aliyun/http/errors.h"
#include "cloud/aliyun/http/signed_request.h"
#include "cloud/aliyun/http/transfer.h"

#define RETRIES_MAX 3
/* An endpoint that is called too often, and until when it wants to be left alone. */
struct spf_throttled {
    char host[sizeof((struct spf_endpoint *)0)->host];
    int64_t until_ms; /* monotonic */
};

struct spf_api {
    struct spf_loop *loop;
    const struct spf_api_options *options;
    struct spf_transfers *transfers;
    struct spf_api_call *calls;
    struct spf_endpoint_cache places;
    SPF_LIST(struct spf_throttled) throttled;
};

struct spf_api_call {
    struct spf_api *api;
    struct spf_api_call *next;
    const struct spf_api_key *key;
    spf_api_done *done;
    void *owner;
    char product[16], action[64], full_action[80];
    struct spf_endpoint endpoint;
    struct spf_sign_pair *params; /* owned, with their texts */
    size_t param_count;
    int64_t started_ms, until_ms;
    int retries;
    struct spf_watch pause; /* before a retry, or before an early failure is reported */
    struct spf_failure early;

    bool form, misplaced;

    /* of the attempt under way: */
    struct spf_transfer transfer;
    struct spf_signed_request request;
    char curl_error[CURL_ERROR_SIZE];
    struct spf_buf body;
    char request_id[64];
    int64_t date;
    long retry_after_ms;
    int64_t attempt_ms;
};

static void finished(struct spf_transfer *transfer, CURLcode result);

struct spf_api *spf_api_new(struct spf_loop *loop, const struct spf_api_options *options)
{
    struct spf_api *api = calloc(1, sizeof *api);

    if (api == NULL) {
        return NULL;
    }
    api->loop = loop;
    api->options = options;
    api->places.given = options->endpoints;
    api->places.given_count = options->endpoint_count;
    api->transfers = spf_transfers_new(loop);
    if (api->transfers == NULL) {
        free(api);
        return NULL;
    }
    return api;
}

struct spf_transfers *spf_api_transfers(struct spf_api *api)
{
    return api->transfers;
}

void spf_api_free(struct spf_api *api)
{
    if (api == NULL) {
        return;
    }
    while (api->calls != NULL) {
        spf_api_cancel(api->calls);
    }
    spf_transfers_free(api->transfers);
    spf_endpoint_cache_clear(&api->places);
    free(api->throttled.items);
    free(api);
}

static void end_attempt(struct spf_api_call *call)
{
    spf_transfers_drop(call->api->transfers, &call->transfer);
    spf_signed_request_clear(&call->request);
    spf_buf_clear(&call->body);
    call->body.failed = false;
}

static void free_params(struct spf_sign_pair *params, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        explicit_bzero((void *)(uintptr_t)params[i].value, strlen(params[i].value));
        free((void *)(uintptr_t)params[i].name); /* the value follows it */
    }
    free(params);
}

void spf_api_cancel(struct spf_api_call *call)
{
    struct spf_api_call **link = &call->api->calls;

    while (*link != call) {
        link = &(*link)->next;
    }
    *link = call->next;
    end_attempt(call);
    spf_loop_remove(call->api->loop, &call->pause);
    free_params(call->params, call->param_count);
    free(call);
}

/* Tells the owner and ends the call. */
static void conclude(struct spf_api_call *call, struct json_object *body,
                     const struct spf_failure *failure)
{
    char request_id[sizeof call->request_id];
    struct spf_api_reply reply = {.body = failure == NULL ? body : NULL,
                                  .failure = failure,
                                  .request_id = request_id,
                                  .date = call->date,
                                  .misplaced = call->misplaced};
    spf_api_done *done = call->done;
    void *owner = call->owner;

    memcpy(request_id, call->request_id, sizeof request_id);
    spf_api_cancel(call);
    done(owner, &reply);
}

static void trace(const struct spf_api_call *call, const char *status)
{
    const struct spf_api_options *options = call->api->options;
    char line[512];

    if (options->trace == NULL) {
        return;
    }
    spf_format(line, sizeof line, "POST %s %s %s %s %" PRId64 " ms", call->endpoint.host,
               call->action, status, call->request_id[0] != '\0' ? call->request_id : "-",
               spf_now_ms() - call->attempt_ms);
    options->trace(options->trace_owner, line);
}

static size_t on_body(char *bytes, size_t size, size_t count, void *owner)
{
    struct spf_api_call *call = owner;

    spf_buf_add(&call->body, bytes, size * count);
    return spf_buf_failed(&call->body) ? 0 : size * count;
}

/* The value of a header line if it is that header; NULL else. */
static bool header_value(const char *line, size_t len, const char *name, char *value, size_t size)
{
    size_t name_len = strlen(name);

    if (len <= name_len + 1 || strncasecmp(line, name, name_len) != 0 || line[name_len] != ':') {
        return false;
    }
    line += name_len + 1;
    len -= name_len + 1;
    while (len > 0 && (*line == ' ' || *line == '\t')) {
        line++;
        len--;
    }
    while (len > 0 && strchr("\r\n \t", line[len - 1]) != NULL) {
        len--;
    }
    spf_clean(value, size, line, len);
    return true;
}

/* Milliseconds; more than any deadline. */
#define RETRY_AFTER_MAX 1000000000

static size_t on_header(char *bytes, size_t size, size_t count, void *owner)
{
    struct spf_api_call *call = owner;
    size_t len = size * count;
    char value[64];

    if (header_value(bytes, len, "x-acs-request-id", call->request_id, sizeof call->request_id)) {
        return len;
    }
    if (header_value(bytes, len, "date", value, sizeof value)) {
        call->date = curl_getdate(value, NULL);
    } else if (header_value(bytes, len, "x-acs-retry-after", value, sizeof value)) {
        call->retry_after_ms = (long)spf_decimal(value, RETRY_AFTER_MAX, -1);
    }
    return len;
}

static bool sign_call(struct spf_api_call *call)
{
    const struct spf_request_to_sign request = {.host = call->endpoint.host,
                                                .action = call->action,
                                                .version = spf_api_version(call->product),
                                                .params = call->params,
                                                .param_count = call->param_count,
                                                .form = call->form,
                                                .key = call->key};

    return spf_signed_request_make(&request, &call->request);
}

static bool prepare(struct spf_api_call *call)
{
    const char *ca_file = call->api->options->ca_file;
    bool plain = spf_starts_with(call->endpoint.url, "http://");
    long left = (long)(call->until_ms - spf_now_ms());
    CURLcode bad = CURLE_OK;
    struct spf_buf url;
    CURL *easy = call->transfer.easy;

    spf_buf_init(&url, (size_t)1 << 20);
    spf_buf_addf(&url, "%s/", call->endpoint.url);
    if (!call->form && call->param_count > 0) {
        spf_buf_addch(&url, '?');
        spf_sign_add_query(&url, call->params, call->param_count);
    }
    if (spf_buf_failed(&url) || !spf_transfer_setup(easy, ca_file, plain) || !sign_call(call)) {
        spf_buf_clear(&url);
        return false;
    }
    bad |= curl_easy_setopt(easy, CURLOPT_URL, url.data);
    bad |= curl_easy_setopt(easy, CURLOPT_POST, 1L);
    bad |= curl_easy_setopt(easy, CURLOPT_POSTFIELDS,
                            call->form ? spf_secret_text(call->request.form_body) : "");
    bad |= curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE,
                            call->form ? (long)spf_secret_len(call->request.form_body) : 0L);
    bad |= curl_easy_setopt(easy, CURLOPT_HTTPHEADER, call->request.headers);
    bad |= curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, left > 1 ? left : 1L);
    bad |= curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    bad |= curl_easy_setopt(easy, CURLOPT_WRITEDATA, call);
    bad |= curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    bad |= curl_easy_setopt(easy, CURLOPT_HEADERDATA, call);
    bad |= curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, call->curl_error);
    spf_buf_clear(&url);
    return bad == CURLE_OK;
}

static void pause_until(struct spf_api_call *call, int64_t due_ms)
{
    call->pause.due_ms = due_ms;
    spf_loop_update(call->api->loop, &call->pause);
}

/* Up to a quarter more, so that those who wait do not all come back at once. */
static int64_t jittered(int64_t ms)
{
    unsigned char jitter = 0;

    return RAND_bytes(&jitter, 1) == 1 ? ms + ms * jitter / 1024 : ms;
}

/* The account calls this endpoint too often: no call of ours is sent there before. */
static void hold_back(struct spf_api_call *call, int64_t wait_ms)
{
    struct spf_api *api = call->api;
    struct spf_throttled *of_host = NULL;

    for (size_t i = 0; i < api->throttled.count && of_host == NULL; i++) {
        if (strcmp(api->throttled.items[i].host, call->endpoint.host) == 0) {
            of_host = &api->throttled.items[i];
        }
    }
    if (of_host == NULL && (of_host = SPF_APPEND(&api->throttled)) != NULL) {
        spf_copy(of_host->host, sizeof of_host->host, call->endpoint.host);
    }
    if (of_host != NULL) {
        of_host->until_ms = spf_now_ms() + wait_ms;
    }
}

/* True: the call waits for its turn, which must come within its time. */
static bool is_held_back(struct spf_api_call *call)
{
    const struct spf_api *api = call->api;
    const int64_t now = spf_now_ms();

    for (size_t i = 0; i < api->throttled.count; i++) {
        const struct spf_throttled *of_host = &api->throttled.items[i];

        if (strcmp(of_host->host, call->endpoint.host) != 0 || of_host->until_ms <= now ||
            of_host->until_ms >= call->until_ms) {
            continue;
        }
        pause_until(call, now + jittered(of_host->until_ms - now));
        return true;
    }
    return false;
}

static void attempt(struct spf_api_call *call)
{
    if (is_held_back(call)) {
        return;
    }
    call->date = 0;
    call->retry_after_ms = -1;
    call->request_id[0] = '\0';
    call->curl_error[0] = '\0';
    call->attempt_ms = spf_now_ms();
    call->transfer.easy = curl_easy_init();
    if (call->transfer.easy != NULL && prepare(call) &&
        spf_transfers_add(call->api->transfers, &call->transfer)) {
        return;
    }
    call->early = spf_failure(SPF_SYSTEM_ERROR, "no memory for a request to the API");
    end_attempt(call);
    pause_until(call, spf_now_ms());
}

static void pause_over(struct spf_watch *watch, short revents)
{
    struct spf_api_call *call = watch->owner;

    (void)revents;
    watch->due_ms = 0;
    if (call->early.cause != SPF_NO_FINDING) {
        struct spf_failure failure = call->early;

        conclude(call, NULL, &failure);
        return;
    }
    attempt(call);
}

/* Waits as long as the API says, else 0.5, 1, 2 s with jitter; false if the call's time ends
 * before. */
static bool retry(struct spf_api_call *call, bool throttled)
{
    int64_t wait_ms = (int64_t)500 << call->retries;
    int64_t now = spf_now_ms();

    if (call->retries == RETRIES_MAX) {
        return false;
    }
    if (call->retry_after_ms >= 0) {
        wait_ms = call->retry_after_ms;
    } else {
        wait_ms = jittered(wait_ms);
    }
    if (throttled) {
        hold_back(call, wait_ms);
    }
    if (now + wait_ms >= call->until_ms) {
        return false;
    }
    call->retries++;
    end_attempt(call);
    pause_until(call, now + wait_ms);
    return true;
}

static void judge_transport(struct spf_api_call *call, CURLcode result)
{
    struct spf_failure failure;

    call->misplaced = result == CURLE_COULDNT_RESOLVE_HOST;
    trace(call, curl_easy_strerror(result));
    if (spf_buf_failed(&call->body)) {
        failure = spf_failure(SPF_API_REPLY_INVALID, "the reply to %s is larger than %zu MiB",
                              call->full_action, SPF_API_REPLY_MAX >> 20);
    } else if (spf_api_transport_worth_retrying((int)result) && retry(call, false)) {
        return;
    } else {
        failure = spf_api_transport_failure((int)result, call->curl_error, call->full_action,
                                            call->endpoint.host);
    }
    conclude(call, NULL, &failure);
}

static void judge_reply(struct spf_api_call *call)
{
    struct spf_api_outcome outcome = {.action = call->full_action,
                                      .params = call->params,
                                      .param_count = call->param_count,
                                      .string_to_sign = call->request.string_to_sign,
                                      .request_id = call->request_id,
                                      .date = call->date,
                                      .now = spf_utc_now()};
    struct json_object *body = spf_json_parse(call->body.data, call->body.len);
    struct spf_failure failure;
    char status[24];

    (void)curl_easy_getinfo(call->transfer.easy, CURLINFO_RESPONSE_CODE, &outcome.status);
    spf_format(status, sizeof status, "%ld", outcome.status);
    outcome.body = body;
    if (call->request_id[0] == '\0') {
        const char *id = spf_json_text(body, "RequestId");

        spf_clean(call->request_id, sizeof call->request_id, id, strlen(id));
    }
    trace(call, status);
    call->misplaced =
        strcmp(spf_json_text(body, "Code"), "InvalidOperation.NotSupportedEndpoint") == 0;
    if (spf_api_judge(&outcome, &failure)) {
        conclude(call, body, NULL);
    } else if (!spf_api_worth_retrying(&outcome) ||
               !retry(call, failure.cause == SPF_API_THROTTLED)) {
        conclude(call, NULL, &failure);
    }
    json_object_put(body);
}

static void finished(struct spf_transfer *transfer, CURLcode result)
{
    struct spf_api_call *call = transfer->owner;

    if (result != CURLE_OK) {
        judge_transport(call, result);
    } else {
        judge_reply(call);
    }
}

struct spf_endpoint_cache *spf_api_endpoints(struct spf_api *api)
{
    return &api->places;
}

static bool copy_params(struct spf_api_call *call, const struct spf_api_request *request)
{
    call->params = calloc(request->param_count + 1, sizeof *call->params);
    if (call->params == NULL) {
        return false;
    }
    for (size_t i = 0; i < request->param_count; i++) {
        size_t name = strlen(request->params[i].name) + 1;
        size_t value = strlen(request->params[i].value) + 1;
        char *both = malloc(name + value);

        if (both == NULL) {
            return false;
        }
        memcpy(both, request->params[i].name, name);
        memcpy(both + name, request->params[i].value, value);
        call->params[call->param_count++] = (struct spf_sign_pair){both, both + name};
    }
    return true;
}

struct spf_api_call *spf_api_start(struct spf_api *api, const struct spf_api_request *request,
                                   const struct spf_api_key *key, spf_api_done *done, void *owner)
{
    struct spf_api_call *call = calloc(1, sizeof *call);

    if (call == NULL) {
        return NULL;
    }
    call->api = api;
    call->next = api->calls;
    api->calls = call;
    call->key = key;
    call->done = done;
    call->owner = owner;
    call->started_ms = spf_now_ms();
    call->until_ms = call->started_ms + request->timeout_ms;
    call->form = request->form;
    call->transfer = (struct spf_transfer){.finished = finished, .owner = call};
    call->pause = (struct spf_watch){.fd = -1, .ready = pause_over, .owner = call};
    spf_buf_init(&call->body, SPF_API_REPLY_MAX);
    spf_copy(call->product, sizeof call->product, request->product);
    spf_copy(call->action, sizeof call->action, request->action);
    spf_format(call->full_action, sizeof call->full_action, "%s:%s", request->product,
               request->action);
    if (!copy_params(call, request) || !spf_loop_add(api->loop, &call->pause)) {
        spf_api_cancel(call);
        return NULL;
    }
    if (!spf_endpoint_cache_find(&api->places, request->product, request->region, request->endpoint,
                                 &call->endpoint)) {
        call->early =
            spf_failure(SPF_REGION_UNKNOWN, "\"%s\" is not a region's name", request->region);
        pause_until(call, spf_now_ms());
    } else {
        attempt(call);
    }
    return call;
}
