#include "cloud/aliyun/identity/exchange.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/json_build.h"
#include "base/text.h"
#include "cloud/aliyun/http/fetch.h"
#include "cloud/aliyun/identity/metadata.h"
#include "cloud/aliyun/identity/profile.h"
#include "cloud/aliyun/identity/program.h"
#include "platform/files.h"

#define PROGRAM_MS 60000 /* as the SDKs; the CLI waits for ever */

struct spf_exchange {
    struct spf_loop *loop;
    struct spf_api *api;
    const struct spf_exchange_options *options;
    struct spf_credentials *credentials;
    spf_exchange_done *done;
    void *owner;
    size_t at; /* the step under way */
    struct spf_api_call *call;
    struct spf_fetch *fetch;
    struct spf_program *program;
    struct spf_watch start; /* so that done is never called before start returns */
    struct spf_metadata *metadata;
};

static void next_step(struct spf_exchange *exchange);

void spf_exchange_cancel(struct spf_exchange *exchange)
{
    if (exchange->call != NULL) {
        spf_api_cancel(exchange->call);
    }
    if (exchange->fetch != NULL) {
        spf_fetch_cancel(exchange->fetch);
    }
    if (exchange->program != NULL) {
        spf_program_cancel(exchange->program);
    }
    spf_loop_remove(exchange->loop, &exchange->start);
    spf_metadata_free(exchange->metadata);
    free(exchange);
}

static void conclude(struct spf_exchange *exchange, const struct spf_failure *failure)
{
    spf_exchange_done *done = exchange->done;
    void *owner = exchange->owner;

    spf_exchange_cancel(exchange);
    done(owner, failure);
}

static const struct spf_credential_step *step_of(const struct spf_exchange *exchange)
{
    return &exchange->credentials->steps[exchange->at];
}

static void fail(struct spf_exchange *exchange, enum spf_finding cause, const char *what,
                 const char *why)
{
    struct spf_failure failure =
        spf_failure(cause, "%s: %s: %s", exchange->credentials->source, what, why);

    conclude(exchange, &failure);
}

static void fail_for_key(struct spf_exchange *exchange, struct spf_error error, const char *what)
{
    char why[300];

    spf_format(why, sizeof why, "its reply holds no usable access key: %s", error.text);
    fail(exchange, error.code == SPF_ERR_NOMEM ? SPF_SYSTEM_ERROR : SPF_CREDENTIALS_INCOMPLETE,
         what, why);
}

/* How a reply calls the parts of a key. */
static const struct spf_key_texts upper_case = {
    .id_name = "AccessKeyId", .secret_name = "AccessKeySecret", .token_name = "SecurityToken"};
static const struct spf_key_texts lower_case = {
    .id_name = "accesskeyid", .secret_name = "accesskeysecret", .token_name = "securitytoken"};

/* A number would be given as its digits, which are nobody's key. */
static const char *text_of(struct json_object *json, const char *name)
{
    struct json_object *value = spf_json_get(json, name);

    return json_object_is_type(value, json_type_string) ? json_object_get_string(value) : "";
}

/* A role is of an instance, and that is in a region: the likeliest one. Without an answer the
 * instance's id must do. */
static void metadata_told_region(void *owner, const char *region, bool no_memory)
{
    struct spf_exchange *exchange = owner;
    struct spf_credentials *credentials = exchange->credentials;

    if (no_memory) {
        fail(exchange, SPF_SYSTEM_ERROR, "the metadata service", "out of memory");
        return;
    }
    if (region != NULL && strlen(region) < sizeof credentials->region) {
        spf_copy(credentials->region, sizeof credentials->region, region);
        spf_copy(credentials->region_source, sizeof credentials->region_source,
                 "this machine's own");
        credentials->region_guessed = true;
    }
    exchange->at++;
    next_step(exchange);
}

/*
 * A key out of a reply. A temporary one signs nothing without its token; only a URI may give
 * another kind, and has then no token at all.
 */
static void take_key(struct spf_exchange *exchange, struct json_object *json,
                     const struct spf_key_texts *names, const char *what)
{
    const struct spf_credential_step *step = step_of(exchange);
    struct spf_key_texts texts = *names;
    struct spf_error error;
    bool without_token =
        step->kind == SPF_STEP_URI && spf_json_get(json, names->token_name) == NULL;

    texts.id = text_of(json, names->id_name);
    texts.secret = text_of(json, names->secret_name);
    texts.token = text_of(json, names->token_name);
    error = texts.token[0] != '\0' || without_token
                ? spf_api_key_set(&exchange->credentials->key, &texts)
                : spf_error(SPF_ERR_INVALID, "%s is missing or empty", names->token_name);
    if (error.code != SPF_OK) {
        fail_for_key(exchange, error, what);
        return;
    }
    if (step->kind == SPF_STEP_METADATA && exchange->options->wants_region &&
        exchange->credentials->region[0] == '\0') {
        spf_metadata_ask_region(exchange->metadata, metadata_told_region);
        return;
    }
    exchange->at++;
    next_step(exchange);
}

/* The reply of the metadata service and of a credentials URI. */
static void take_reply(struct spf_exchange *exchange, const struct spf_secret *reply,
                       const char *what)
{
    struct json_object *json = spf_json_parse(spf_secret_text(reply), spf_secret_len(reply));
    struct json_object *code = spf_json_get(json, "Code");
    const char *says = spf_json_text(json, "Code");

    if (json == NULL) {
        fail(exchange, SPF_CREDENTIALS_INCOMPLETE, what, "its reply is not JSON");
    } else if (code != NULL && strcmp(says, "Success") != 0) {
        fail(exchange, SPF_CREDENTIALS_INCOMPLETE, what, "its reply does not say Success");
    } else {
        take_key(exchange, json, &upper_case, what);
    }
    spf_json_wipe(json);
}

static bool start_fetch(struct spf_exchange *exchange, const struct spf_fetch_request *request,
                        spf_fetch_done *done)
{
    struct spf_fetch *fetch =
        spf_fetch_start(spf_api_transfers(exchange->api), request, done, exchange);

    exchange->fetch = fetch;
    if (fetch == NULL) {
        fail(exchange, SPF_SYSTEM_ERROR, request->url, "out of memory"); /* the exchange is gone */
    }
    return fetch != NULL;
}

/* --- AssumeRole, AssumeRoleWithOIDC --- */

static void role_assumed(void *owner, const struct spf_api_reply *reply)
{
    struct spf_exchange *exchange = owner;
    struct spf_failure failure;

    exchange->call = NULL;
    if (reply->failure != NULL) {
        failure = *reply->failure;
        /* Refused: the role does not trust us, or we may not ask for it. */
        if (failure.cause == SPF_PERMISSION_DENIED) {
            failure.cause = SPF_ROLE_REFUSED;
        }
        conclude(exchange, &failure);
        return;
    }
    take_key(exchange, spf_json_get(reply->body, "Credentials"), &upper_case,
             step_of(exchange)->kind == SPF_STEP_ASSUME_ROLE ? "AssumeRole" : "AssumeRoleWithOIDC");
    spf_json_wipe(json_object_get(reply->body));
}

static void assume_role(struct spf_exchange *exchange, const struct spf_secret *oidc_token)
{
    static const struct spf_api_key nobody = {.id = ""};
    const struct spf_credential_step *step = step_of(exchange);
    struct spf_sign_pair params[8];
    struct spf_api_request request = {.product = "sts",
                                      .action =
                                          oidc_token != NULL ? "AssumeRoleWithOIDC" : "AssumeRole",
                                      .region = step->sts_region,
                                      .endpoint = &step->sts_endpoint,
                                      .params = params,
                                      .form = true,
                                      .timeout_ms = exchange->options->timeout_ms};
    char seconds[24];

    spf_format(seconds, sizeof seconds, "%lld",
               (long long)(step->seconds >= 900 ? step->seconds : 3600));
    params[request.param_count++] = (struct spf_sign_pair){"RoleArn", step->role_arn};
    params[request.param_count++] = (struct spf_sign_pair){
        "RoleSessionName", step->session[0] != '\0' ? step->session : "sshpreflight"};
    params[request.param_count++] = (struct spf_sign_pair){"DurationSeconds", seconds};
    if (step->external_id[0] != '\0' && oidc_token == NULL) {
        params[request.param_count++] = (struct spf_sign_pair){"ExternalId", step->external_id};
    }
    if (step->policy[0] != '\0') {
        params[request.param_count++] = (struct spf_sign_pair){"Policy", step->policy};
    }
    if (oidc_token != NULL) {
        params[request.param_count++] =
            (struct spf_sign_pair){"OIDCProviderArn", step->provider_arn};
        params[request.param_count++] =
            (struct spf_sign_pair){"OIDCToken", spf_secret_text(oidc_token)};
        params[request.param_count++] = (struct spf_sign_pair){"Format", "json"};
    }
    exchange->call = spf_api_start(exchange->api, &request,
                                   oidc_token != NULL ? &nobody : &exchange->credentials->key,
                                   role_assumed, exchange);
    if (exchange->call == NULL) {
        fail(exchange, SPF_SYSTEM_ERROR, request.action, "out of memory");
    }
}

static void assume_with_oidc(struct spf_exchange *exchange)
{
    struct spf_secret *token = NULL;
    struct spf_error error = spf_read_small_file(step_of(exchange)->place, &token);

    if (error.code != SPF_OK) {
        fail(exchange, SPF_CREDENTIALS_INCOMPLETE, "the OIDC token's file", error.text);
    } else {
        assume_role(exchange, token);
    }
    spf_secret_free(token);
}

/* --- a URI, a program, a sign-in host --- */

static void refused(struct spf_exchange *exchange, const char *what, long status, const char *error)
{
    char said[40];

    spf_format(said, sizeof said, "it answers with status %ld", status);
    fail(exchange, SPF_CREDENTIALS_INCOMPLETE, what, status == 0 ? error : said);
}

static void uri_answered(void *owner, long status, const struct spf_secret *reply,
                         const char *error)
{
    struct spf_exchange *exchange = owner;

    exchange->fetch = NULL;
    if (status != 200) {
        refused(exchange, "the credentials URI", status, error);
    } else {
        take_reply(exchange, reply, "the credentials URI");
    }
}

static void program_ended(void *owner, const struct spf_secret *output, const char *error)
{
    struct spf_exchange *exchange = owner;
    struct spf_failure failure = {0};
    struct json_object *json;

    exchange->program = NULL;
    if (output == NULL) {
        fail(exchange, SPF_CREDENTIALS_INCOMPLETE, "its program", error);
        return;
    }
    json = spf_json_parse_as_go(spf_secret_text(output), spf_secret_len(output));
    if (!json_object_is_type(json, json_type_object)) {
        fail(exchange, SPF_CREDENTIALS_INCOMPLETE, "its program",
             "the output is not a JSON object");
    } else if (!spf_profile_go_on(exchange->credentials, exchange->at, json, &failure)) {
        conclude(exchange, &failure);
    } else {
        exchange->at++;
        next_step(exchange);
    }
    spf_json_wipe(json);
}

/* The CLI's switch, of two modes. */
static bool is_forbidden(struct spf_exchange *exchange, const char *what)
{
    const char *forbidden = getenv("ALIBABA_CLOUD_DISABLE_EXTERNAL_PROCESS");

    if (forbidden == NULL || (strcmp(forbidden, "1") != 0 && !spf_same_word(forbidden, "true"))) {
        return false;
    }
    fail(exchange, SPF_CREDENTIALS_INCOMPLETE, what,
         "ALIBABA_CLOUD_DISABLE_EXTERNAL_PROCESS forbids it");
    return true;
}

static void ask_uri(struct spf_exchange *exchange)
{
    struct spf_fetch_request request = {.method = "GET",
                                        .url = step_of(exchange)->place,
                                        .ca_file = exchange->options->ca_file,
                                        .timeout_ms = exchange->options->timeout_ms};

    if (exchange->credentials->identity == SPF_IDENTITY_PROFILE &&
        is_forbidden(exchange, "the credentials URI")) {
        return;
    }
    (void)start_fetch(exchange, &request, uri_answered);
}

static void run_program(struct spf_exchange *exchange)
{
    if (is_forbidden(exchange, "its program")) {
        return;
    }
    exchange->program = spf_program_start(exchange->loop, step_of(exchange)->place, PROGRAM_MS,
                                          program_ended, exchange);
    if (exchange->program == NULL) {
        fail(exchange, SPF_SYSTEM_ERROR, "its program", "out of memory");
    }
}

static void signed_in(void *owner, long status, const struct spf_secret *reply, const char *error)
{
    struct spf_exchange *exchange = owner;
    struct json_object *json = spf_json_parse(spf_secret_text(reply), spf_secret_len(reply));

    exchange->fetch = NULL;
    if (status == 401 || status == 403) {
        fail(exchange, SPF_TOKEN_EXPIRED, "CloudSSO", "sign in again with `aliyun configure`");
    } else if (status != 200) {
        refused(exchange, "CloudSSO", status, error);
    } else {
        take_key(exchange, spf_json_get(json, "CloudCredential"), &upper_case, "CloudSSO");
    }
    spf_json_wipe(json);
}

static void sign_in(struct spf_exchange *exchange)
{
    const struct spf_credential_step *step = step_of(exchange);
    const char *host = spf_starts_with(step->place, "https://") ? step->place + 8 : step->place;
    struct json_object *body = spf_json_object();
    char url[400];
    struct spf_fetch_request request = {.method = "POST",
                                        .url = url,
                                        .header = "Authorization: Bearer ",
                                        .secret = step->bearer,
                                        .ca_file = exchange->options->ca_file,
                                        .timeout_ms = exchange->options->timeout_ms};

    spf_format(url, sizeof url, "https://%.*s/cloud-credentials", (int)strcspn(host, "/?#"), host);
    spf_json_add(body, "AccountId", spf_json_string(step->account));
    spf_json_add(body, "AccessConfigurationId", spf_json_string(step->access_config));
    request.body = json_object_to_json_string(body);
    (void)start_fetch(exchange, &request, signed_in);
    json_object_put(body);
}

static void exchanged(void *owner, long status, const struct spf_secret *reply, const char *error)
{
    struct spf_exchange *exchange = owner;
    struct json_object *json = spf_json_parse_as_go(spf_secret_text(reply), spf_secret_len(reply));

    exchange->fetch = NULL;
    if (status == 400 || status == 401 || status == 403) {
        fail(exchange, SPF_TOKEN_EXPIRED, "OAuth",
             "its access token is refused; sign in again with `aliyun configure --mode OAuth`");
    } else if (status != 200) {
        refused(exchange, "OAuth", status, error);
    } else {
        take_key(exchange, json, &lower_case, "OAuth");
    }
    spf_json_wipe(json);
}

static void exchange_oauth(struct spf_exchange *exchange)
{
    const struct spf_credential_step *step = step_of(exchange);
    struct spf_fetch_request request = {.method = "POST",
                                        .url = step->place,
                                        .header = "Authorization: Bearer ",
                                        .secret = step->bearer,
                                        .body = "",
                                        .ca_file = exchange->options->ca_file,
                                        .timeout_ms = exchange->options->timeout_ms};

    (void)start_fetch(exchange, &request, exchanged);
}

static void no_metadata(struct spf_exchange *exchange, const char *why)
{
    if (why == NULL) {
        fail(exchange, SPF_SYSTEM_ERROR, "the metadata service", "out of memory");
    } else if (step_of(exchange)->by_chance) {
        struct spf_failure failure = spf_failure(SPF_CREDENTIALS_MISSING, "%s", why);

        conclude(exchange, &failure);
    } else {
        fail(exchange, SPF_CREDENTIALS_INCOMPLETE, "the metadata service", why);
    }
}

static void metadata_told_key(void *owner, const struct spf_secret *reply, const char *why)
{
    struct spf_exchange *exchange = owner;

    if (reply == NULL) {
        no_metadata(exchange, why);
    } else {
        take_reply(exchange, reply, "the metadata service");
    }
}

/* The SDKs' switch counts for a profile that names the metadata service as well. */
static void ask_machine(struct spf_exchange *exchange)
{
    const char *off = getenv("ALIBABA_CLOUD_ECS_METADATA_DISABLED");

    if (off != NULL && spf_same_word(off, "true")) {
        fail(exchange, SPF_CREDENTIALS_INCOMPLETE, "the metadata service",
             "ALIBABA_CLOUD_ECS_METADATA_DISABLED switches it off");
        return;
    }
    spf_metadata_free(exchange->metadata);
    exchange->metadata = spf_metadata_start(
        spf_api_transfers(exchange->api), exchange->options->metadata_url,
        exchange->options->timeout_ms, step_of(exchange)->place, metadata_told_key, exchange);
    if (exchange->metadata == NULL) {
        no_metadata(exchange, NULL);
    }
}

static void next_step(struct spf_exchange *exchange)
{
    if (exchange->at == exchange->credentials->step_count) {
        conclude(exchange, NULL);
        return;
    }
    switch (step_of(exchange)->kind) {
    case SPF_STEP_ASSUME_ROLE:
        assume_role(exchange, NULL);
        break;
    case SPF_STEP_ASSUME_WITH_OIDC:
        assume_with_oidc(exchange);
        break;
    case SPF_STEP_METADATA:
        ask_machine(exchange);
        break;
    case SPF_STEP_URI:
        ask_uri(exchange);
        break;
    case SPF_STEP_PROGRAM:
        run_program(exchange);
        break;
    case SPF_STEP_SIGN_IN:
        sign_in(exchange);
        break;
    case SPF_STEP_OAUTH:
        exchange_oauth(exchange);
        break;
    }
}

static void started(struct spf_watch *watch, short revents)
{
    struct spf_exchange *exchange = watch->owner;

    (void)revents;
    watch->due_ms = 0;
    next_step(exchange);
}

struct spf_exchange *spf_exchange_start(struct spf_loop *loop, struct spf_api *api,
                                        const struct spf_exchange_options *options,
                                        struct spf_credentials *credentials,
                                        spf_exchange_done *done, void *owner)
{
    struct spf_exchange *exchange = calloc(1, sizeof *exchange);

    if (exchange == NULL) {
        return NULL;
    }
    exchange->loop = loop;
    exchange->api = api;
    exchange->options = options;
    exchange->credentials = credentials;
    exchange->done = done;
    exchange->owner = owner;
    exchange->start =
        (struct spf_watch){.fd = -1, .due_ms = spf_now_ms(), .ready = started, .owner = exchange};
    if (!spf_loop_add(loop, &exchange->start)) {
        free(exchange);
        return NULL;
    }
    return exchange;
}
