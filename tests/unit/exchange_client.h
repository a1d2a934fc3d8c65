#ifndef SPF_TESTS_EXCHANGE_CLIENT_H
#define SPF_TESTS_EXCHANGE_CLIENT_H

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "cloud/aliyun/http/fetch.h"
#include "cloud/aliyun/identity/exchange.h"
#include "cloud/aliyun/identity/program.h"
#include "credentials_fixture.h"
#include "unit.h"

/* Sources of a key, each with the replies that give it one. */

/* ---- in place of the API, of HTTP and of programs ------------------------------------------- */

struct spf_fetch {
    char method[8], url[700], header[200];
    spf_fetch_done *done;
    void *owner;
};
struct spf_api_call {
    char action[40];
    spf_api_done *done;
    void *owner;
};
struct spf_program {
    spf_program_done *done;
    void *owner;
};

static struct spf_fetch *fetch;
static struct spf_api_call *call;
static struct spf_program *program;
static bool short_of_memory;

struct spf_transfers *spf_api_transfers(struct spf_api *api)
{
    (void)api;
    return NULL;
}

struct spf_fetch *spf_fetch_start(struct spf_transfers *transfers,
                                  const struct spf_fetch_request *request, spf_fetch_done *done,
                                  void *owner)
{
    (void)transfers;
    ck_assert_ptr_null(fetch);
    fetch = short_of_memory ? NULL : calloc(1, sizeof *fetch);
    if (fetch != NULL) {
        (void)snprintf(fetch->method, sizeof fetch->method, "%s", request->method);
        (void)snprintf(fetch->url, sizeof fetch->url, "%s", request->url);
        (void)snprintf(fetch->header, sizeof fetch->header, "%s%s",
                       request->header != NULL ? request->header : "",
                       request->secret != NULL ? spf_secret_text(request->secret) : "");
        fetch->done = done;
        fetch->owner = owner;
    }
    return fetch;
}

void spf_fetch_cancel(struct spf_fetch *cancelled)
{
    free(cancelled);
    fetch = NULL;
}

struct spf_api_call *spf_api_start(struct spf_api *api, const struct spf_api_request *request,
                                   const struct spf_api_key *key, spf_api_done *done, void *owner)
{
    (void)api;
    (void)key;
    ck_assert_ptr_null(call);
    call = short_of_memory ? NULL : calloc(1, sizeof *call);
    if (call != NULL) {
        (void)snprintf(call->action, sizeof call->action, "%s", request->action);
        call->done = done;
        call->owner = owner;
    }
    return call;
}

void spf_api_cancel(struct spf_api_call *cancelled)
{
    free(cancelled);
    call = NULL;
}

struct spf_program *spf_program_start(struct spf_loop *loop, const char *line, unsigned timeout_ms,
                                      spf_program_done *done, void *owner)
{
    (void)loop;
    (void)line;
    (void)timeout_ms;
    ck_assert_ptr_null(program);
    program = short_of_memory ? NULL : calloc(1, sizeof *program);
    if (program != NULL) {
        program->done = done;
        program->owner = owner;
    }
    return program;
}

void spf_program_cancel(struct spf_program *cancelled)
{
    free(cancelled);
    program = NULL;
}

/* ---- sources -------------------------------------------------------------------------------- */

#define KEY \
    "\"AccessKeyId\":\"STS.id1\",\"AccessKeySecret\":\"secret1\",\"SecurityToken\":\"token1\""

enum reply_of { CALL, FETCH, PROGRAM };

/* One reply after the other; the last holds the key. */
struct source {
    const char *name; /* what a failure says of the step */
    enum spf_step_kind kind;
    const char *place;
    enum reply_of of;
    const char *replies[4];
    const char *at;     /* where the key is in the last one; "": it is that */
    bool without_token; /* a key without a token may be meant */
};

static char token_file[64];

static const struct source sources[] = {
    {"AssumeRole", SPF_STEP_ASSUME_ROLE, "", CALL, {"{\"Credentials\":{" KEY "}}"}, "Credentials"},
    {"AssumeRoleWithOIDC",
     SPF_STEP_ASSUME_WITH_OIDC,
     token_file,
     CALL,
     {"{\"Credentials\":{" KEY "}}"},
     "Credentials"},
    {"the metadata service",
     SPF_STEP_METADATA,
     "",
     FETCH,
     {"metadata-token", "role1\n", "{\"Code\":\"Success\"," KEY "}"},
     ""},
    {"the metadata service",
     SPF_STEP_METADATA,
     "role1",
     FETCH,
     {"metadata-token", "{\"Code\":\"Success\"," KEY "}"},
     ""},
    {"the credentials URI",
     SPF_STEP_URI,
     "http://127.0.0.1/",
     FETCH,
     {"{\"Code\":\"Success\"," KEY "}"},
     "",
     true},
    {"CloudSSO",
     SPF_STEP_SIGN_IN,
     "https://signin.example/start",
     FETCH,
     {"{\"CloudCredential\":{" KEY "}}"},
     "CloudCredential"},
    {"OAuth",
     SPF_STEP_OAUTH,
     "https://oauth.aliyun.com/v1/exchange",
     FETCH,
     {"{\"AccessKeyId\":\"STS.id1\",\"AccessKeySecret\":\"secret1\",\"SecurityToken\":\"token1\"}"},
     ""},
    {"program1",
     SPF_STEP_PROGRAM,
     "program1",
     PROGRAM,
     {"{\"mode\":\"StsToken\",\"access_key_id\":\"STS.id1\",\"access_key_secret\":\"secret1\","
      "\"sts_token\":\"token1\"}"},
     ""},
};
#define SOURCES (sizeof sources / sizeof *sources)

struct outcome {
    int told;
    bool good;
    struct spf_failure failure;
};

static void exchanged(void *owner, const struct spf_failure *failure)
{
    struct outcome *outcome = owner;

    outcome->told++;
    outcome->good = failure == NULL;
    if (failure != NULL) {
        outcome->failure = *failure;
    }
}

static void set_up(const struct source *source, struct spf_credentials *credentials)
{
    struct spf_credential_step *step;

    *credentials = (struct spf_credentials){.source = "SOURCE1"};
    step = spf_credentials_first_step(credentials, source->kind);
    (void)snprintf(step->place, sizeof step->place, "%s", source->place);
    (void)snprintf(step->role_arn, sizeof step->role_arn, "arn1");
    if (source->kind == SPF_STEP_PROGRAM) {
        credentials->profiles = json_object_new_array();
        credentials->profile = json_tokener_parse("{\"name\":\"program1\",\"mode\":\"External\"}");
        (void)snprintf(credentials->profile_path, sizeof credentials->profile_path, "config.json");
    } else if (source->kind == SPF_STEP_SIGN_IN || source->kind == SPF_STEP_OAUTH) {
        step->bearer = spf_secret_new("bearer1", 7);
    }
}

/* What comes in place of a reply. */
struct instead {
    size_t reply; /* which of the source's */
    long status;  /* 0: no reply */
    const char *body;
    size_t len;
};

static void answer(const struct source *source, long status, const char *body, size_t len)
{
    struct spf_secret *secret = spf_secret_new(body, len);

    if (fetch != NULL) {
        struct spf_fetch done = *fetch;

        spf_fetch_cancel(fetch);
        done.done(done.owner, status, secret, status == 0 ? "no route" : "");
    } else if (call != NULL) {
        struct spf_api_call done = *call;
        struct json_object *json = spf_json_parse(body, len);
        const struct spf_failure failure =
            spf_failure(status == 403 ? SPF_PERMISSION_DENIED : SPF_API_REPLY_INVALID, "no reply");
        const struct spf_api_reply reply = {
            .body = json, .failure = status != 200 || json == NULL ? &failure : NULL};

        spf_api_cancel(call);
        done.done(done.owner, &reply);
        json_object_put(json);
    } else {
        struct spf_program done = *program;

        ck_assert_int_eq(source->of, PROGRAM);
        spf_program_cancel(program);
        done.done(done.owner, status == 200 ? secret : NULL, "program1 failed");
    }
    spf_secret_free(secret);
}

static struct outcome exchange(const struct source *source, struct spf_credentials *credentials,
                               const struct instead *instead)
{
    static const struct spf_exchange_options options = {.timeout_ms = 1000};
    struct spf_loop *loop = spf_loop_new();
    struct outcome outcome = {0};

    ck_assert_ptr_nonnull(
        spf_exchange_start(loop, NULL, &options, credentials, exchanged, &outcome));
    ck_assert_int_eq(spf_loop_turn(loop, spf_now_ms() + UNIT_HANGS_MS).code, SPF_OK);
    for (size_t i = 0; outcome.told == 0; i++) {
        const char *body = source->replies[i];

        ck_assert(fetch != NULL || call != NULL || program != NULL);
        if (instead != NULL && instead->reply == i) {
            answer(source, instead->status, instead->body, instead->len);
        } else {
            ck_assert_ptr_nonnull(body);
            answer(source, 200, body, strlen(body));
        }
    }
    ck_assert_int_eq(outcome.told, 1);
    ck_assert(fetch == NULL && call == NULL && program == NULL);
    spf_loop_free(loop);
    return outcome;
}

static size_t last_of(const struct source *source)
{
    size_t last = 0;

    while (last < 3 && source->replies[last + 1] != NULL) {
        last++;
    }
    return last;
}

static const char *text_or_none(const struct spf_secret *secret)
{
    return secret != NULL ? spf_secret_text(secret) : "";
}

#endif
