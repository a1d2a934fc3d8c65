#include "cloud/aliyun/http/errors.h"

#include <curl/curl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "cloud/aliyun/http/transfer.h"

/* Codes decide, never the HTTP status: services give different ones for the same code. */
static const struct {
    const char *code;
    bool whole; /* else the code begins with it */
    enum spf_finding cause;
} causes[] = {
    {"SignatureDoesNotMatch", true, SPF_ACCESS_KEY_SECRET_WRONG},
    {"InvalidAccessKeyId.Inactive", true, SPF_ACCESS_KEY_INACTIVE},
    {"InvalidAccessKeyId", false, SPF_ACCESS_KEY_UNKNOWN},
    {"InvalidAccessKeySecret", false, SPF_ACCESS_KEY_SECRET_WRONG},
    {"Forbidden.AccessKeyDisabled", true, SPF_ACCESS_KEY_INACTIVE},
    {"InvalidSecurityToken.Expired", true, SPF_TOKEN_EXPIRED},
    {"SecurityTokenExpired", true, SPF_TOKEN_EXPIRED},
    {"InvalidSecurityToken", false, SPF_TOKEN_INVALID},
    {"MissingSecurityToken", true, SPF_TOKEN_INVALID},
    {"InvalidTimeStamp.Expired", true, SPF_CLOCK_SKEW},
    {"IllegalTimestamp", true, SPF_CLOCK_SKEW},
    {"Throttling", false, SPF_API_THROTTLED},
    {"Rejected.Throttling", false, SPF_API_THROTTLED},
    {"Forbidden.RiskControl", true, SPF_RISK_CONTROL},
    {"RealNameAuthenticationError", false, SPF_ACCOUNT_NOT_READY},
    {"InsufficientBalance", false, SPF_ACCOUNT_NOT_READY},
    {"Account.Arrearage", true, SPF_ACCOUNT_NOT_READY},
    {"AccountArrears", true, SPF_ACCOUNT_NOT_READY},
    {"Forbidden", false, SPF_PERMISSION_DENIED},
    {"Forbedden.", false, SPF_PERMISSION_DENIED}, /* so spelt in the API's own tables */
    {"ActionUnauthorized", true, SPF_PERMISSION_DENIED},
    {"NoPermission", false, SPF_PERMISSION_DENIED},
    {"EntityNotExist.Role", true, SPF_ROLE_REFUSED},
    {"InvalidParameter.Role", false, SPF_ROLE_REFUSED},
    {"InvalidParameter.DurationSeconds", true, SPF_ROLE_REFUSED},
    {"InvalidRegionId", false, SPF_REGION_UNKNOWN},
};

/* Some services write their members with lower-case first letters. */
static const char *member(struct json_object *body, const char *upper, const char *lower)
{
    const char *text = spf_json_text(body, upper);

    return text[0] != '\0' ? text : spf_json_text(body, lower);
}

static enum spf_finding cause_of(const char *code)
{
    for (size_t i = 0; i < sizeof causes / sizeof *causes; i++) {
        if (causes[i].whole ? strcmp(code, causes[i].code) == 0
                            : spf_starts_with(code, causes[i].code)) {
            return causes[i].cause;
        }
    }
    return strstr(code, "Throttling") != NULL ? SPF_API_THROTTLED : SPF_API_ERROR;
}

/*
 * The server may say what it signed. If that is what we signed, the keys differ; if not, something
 * on the way changed the request; if it does not say, it may be either.
 */
static void explain_signature(const struct spf_api_outcome *outcome, const char *message,
                              struct spf_failure *failure)
{
    const char *ours = strchr(outcome->string_to_sign, '\n');

    if (strcasestr(message, "string to sign") == NULL &&
        strcasestr(message, "StringToSign") == NULL) {
        *failure = spf_failure(SPF_API_ERROR,
                               "the API computed another signature and does not say from what: the "
                               "access key's secret is wrong, or something on the way (a proxy?) "
                               "changes the request");
    } else if (ours != NULL && strstr(message, ours + 1) == NULL) {
        *failure = spf_failure(SPF_API_ERROR, "the API signed another request than we did: "
                                              "something on the way (a proxy?) changes it");
    }
}

static void explain_clock(const struct spf_api_outcome *outcome, struct spf_failure *failure)
{
    char theirs[SPF_UTC_SIZE];
    char ours[SPF_UTC_SIZE];
    int64_t skew = outcome->now - outcome->date;

    if (outcome->date <= 0) {
        return;
    }
    if (llabs(skew) < 60) {
        spf_copy(failure->text, sizeof failure->text,
                 "the API refuses the request's time, although its own clock and this "
                 "machine's agree: something on the way holds requests back, or changes them");
        return;
    }
    spf_utc_format(outcome->date, theirs);
    spf_utc_format(outcome->now, ours);
    spf_format(failure->text, sizeof failure->text,
               "this machine's clock is %" PRId64 " s %s: it says %s, the API %s",
               skew < 0 ? -skew : skew, skew < 0 ? "behind" : "ahead", ours, theirs);
}

static void explain_permission(struct json_object *body, struct spf_failure *failure)
{
    struct json_object *detail = spf_json_get(body, "AccessDeniedDetail");
    const char *action;
    const char *who;
    const char *type;
    const char *policy;

    if (detail == NULL) {
        detail = spf_json_get(body, "accessDeniedDetail");
    }
    action = spf_json_text(detail, "AuthAction");
    who = spf_json_text(detail, "AuthPrincipalDisplayName");
    type = spf_json_text(detail, "NoPermissionType");
    policy = spf_json_text(detail, "PolicyType");
    if (action[0] != '\0') {
        spf_clean(failure->action, sizeof failure->action, action, strlen(action));
    }
    spf_clean(failure->denial, sizeof failure->denial, type, strlen(type));
    spf_clean(failure->denied_by, sizeof failure->denied_by, policy, strlen(policy));
    failure->explicit_deny =
        spf_same_word(type, "ExplicitDeny") || spf_same_word(policy, "ControlPolicy");
    if (who[0] != '\0') {
        struct spf_failure text = spf_failure(
            failure->cause, "%s is not allowed to call %s%s%s%s%s%s", who, failure->action,
            type[0] != '\0' ? " (" : "", type, type[0] != '\0' && policy[0] != '\0' ? ", " : "",
            type[0] != '\0' ? policy : "", type[0] != '\0' ? ")" : "");

        memcpy(failure->text, text.text, sizeof failure->text);
    }
}

static void explain_code(const struct spf_api_outcome *outcome, const char *code,
                         const char *message, struct spf_failure *failure)
{
    *failure = (struct spf_failure){.cause = cause_of(code)};
    spf_copy(failure->action, sizeof failure->action, outcome->action);
    switch (failure->cause) {
    case SPF_ACCESS_KEY_SECRET_WRONG:
        if (strcmp(code, "SignatureDoesNotMatch") == 0) {
            explain_signature(outcome, message, failure);
        }
        break;
    case SPF_API_ERROR:
    case SPF_REGION_UNKNOWN:
        *failure = spf_failure(failure->cause, "%s: %s: %s", outcome->action, code, message);
        break;
    case SPF_CLOCK_SKEW:
        explain_clock(outcome, failure);
        break;
    case SPF_PERMISSION_DENIED:
        explain_permission(outcome->body, failure);
        break;
    default:
        break;
    }
}

/* No action's reply of success has a Code, and none comes with another status than 200. */
static bool has_code(struct json_object *body)
{
    struct json_object *code = spf_json_get(body, "Code");

    if (code == NULL) {
        code = spf_json_get(body, "code");
    }
    return code != NULL &&
           (!json_object_is_type(code, json_type_string) || json_object_get_string_len(code) > 0);
}

/* A text in the reply, at any depth, under that name, that is another one than was asked for. */
static const char *other_than(struct json_object *reply, const char *name, const char *asked)
{
    const char *other = NULL;

    for (size_t i = 0; other == NULL && i < spf_json_count(reply); i++) {
        other = other_than(spf_json_item(reply, i), name, asked);
    }
    if (!json_object_is_type(reply, json_type_object)) {
        return other;
    }
    json_object_object_foreach(reply, key, member)
    {
        if (json_object_is_type(member, json_type_string) && strcmp(key, name) == 0) {
            const char *text = json_object_get_string(member);

            if (text[0] != '\0' && !spf_same_word(text, asked)) {
                return text;
            }
        } else if ((other = other_than(member, name, asked)) != NULL) {
            return other;
        }
    }
    return NULL;
}

/* Filters are sent as "InstanceId" and "InstanceId.1"; only those that name one thing count. */
static bool answers_what_was_asked(const struct spf_api_outcome *outcome,
                                   struct spf_failure *failure)
{
    for (size_t i = 0; i < outcome->param_count; i++) {
        const struct spf_sign_pair *param = &outcome->params[i];
        const char *other = NULL;
        char name[64];

        spf_format(name, sizeof name, "%.*s", (int)strcspn(param->name, "."), param->name);
        if (strlen(name) > 2 && strcmp(name + strlen(name) - 2, "Id") == 0) {
            other = other_than(outcome->body, name, param->value);
        }
        if (other != NULL) {
            *failure = spf_failure(SPF_API_REPLY_INVALID,
                                   "%s was asked about %s %s, and the reply is about %s",
                                   outcome->action, name, param->value, other);
        } else if (strcmp(name, "NextToken") == 0 &&
                   strcmp(spf_json_text(outcome->body, name), param->value) == 0) {
            *failure = spf_failure(SPF_API_REPLY_INVALID,
                                   "a page of %s names itself as the next one", outcome->action);
        } else {
            continue;
        }
        return false;
    }
    return true;
}

bool spf_api_judge(const struct spf_api_outcome *outcome, struct spf_failure *failure)
{
    const char *code = member(outcome->body, "Code", "code");
    const char *message = member(outcome->body, "Message", "message");
    const char *request_id = member(outcome->body, "RequestId", "requestId");
    bool is_object = json_object_is_type(outcome->body, json_type_object);

    if (outcome->status == 200 && is_object && !has_code(outcome->body)) {
        if (answers_what_was_asked(outcome, failure)) {
            return true;
        }
    } else if (!is_object && outcome->status == 200) {
        *failure = spf_failure(SPF_API_REPLY_INVALID, "the reply to %s is not a JSON object",
                               outcome->action);
    } else if (code[0] == '\0' && outcome->status >= 200 && outcome->status < 300) {
        *failure = spf_failure(SPF_API_REPLY_INVALID,
                               "the reply to %s (HTTP status %ld) is neither a result nor an error",
                               outcome->action, outcome->status);
    } else if (code[0] == '\0') {
        *failure = spf_failure(SPF_API_ERROR, "%s: HTTP status %ld, and not in the API's words",
                               outcome->action, outcome->status);
    } else {
        explain_code(outcome, code, message, failure);
    }
    if (failure->action[0] == '\0') {
        spf_copy(failure->action, sizeof failure->action, outcome->action);
    }
    if (request_id[0] == '\0') {
        request_id = outcome->request_id;
    }
    spf_clean(failure->code, sizeof failure->code, code, strlen(code));
    spf_clean(failure->request_id, sizeof failure->request_id, request_id, strlen(request_id));
    return false;
}

bool spf_api_is_about_identity(enum spf_finding cause)
{
    switch (cause) {
    case SPF_ACCESS_KEY_UNKNOWN:
    case SPF_ACCESS_KEY_INACTIVE:
    case SPF_ACCESS_KEY_SECRET_WRONG:
    case SPF_TOKEN_EXPIRED:
    case SPF_TOKEN_INVALID:
    case SPF_CLOCK_SKEW:
        return true;
    default:
        return false;
    }
}

bool spf_api_worth_retrying(const struct spf_api_outcome *outcome)
{
    static const char *const codes[] = {"ServiceUnavailable",  "InternalError",
                                        "InternalServerError", "UnknownError",
                                        "SignatureNonceUsed",  "Degrade."};
    const char *code = member(outcome->body, "Code", "code");

    if (code[0] == '\0') {
        return outcome->status == 502 || outcome->status == 503 || outcome->status == 504;
    }
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        if (spf_starts_with(code, codes[i])) {
            return true;
        }
    }
    return cause_of(code) == SPF_API_THROTTLED;
}

static bool is_tls(int code)
{
    switch (code) {
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
    case CURLE_SSL_ENGINE_INITFAILED:
    case CURLE_USE_SSL_FAILED:
        return true;
    default:
        return false;
    }
}

struct spf_failure spf_api_transport_failure(int code, const char *detail, const char *action,
                                             const char *host)
{
    char words[CURL_ERROR_SIZE];
    enum spf_finding cause = is_tls(code) ? SPF_API_TLS_FAILED : SPF_API_UNREACHABLE;
    struct spf_failure failure;

    spf_transfer_words(words, sizeof words, code, detail);
    if (code == CURLE_OUT_OF_MEMORY || code == CURLE_FAILED_INIT) {
        cause = SPF_SYSTEM_ERROR;
    } else if (code == CURLE_WEIRD_SERVER_REPLY || code == CURLE_UNSUPPORTED_PROTOCOL) {
        cause = SPF_API_REPLY_INVALID;
    }
    failure = spf_failure(cause, "%s: %s", host, words);
    spf_copy(failure.action, sizeof failure.action, action);
    return failure;
}

bool spf_api_transport_worth_retrying(int code)
{
    return code == CURLE_GOT_NOTHING || code == CURLE_RECV_ERROR || code == CURLE_SEND_ERROR ||
           code == CURLE_PARTIAL_FILE || code == CURLE_HTTP2 || code == CURLE_HTTP2_STREAM;
}
