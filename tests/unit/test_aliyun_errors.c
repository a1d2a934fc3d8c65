#include <curl/curl.h>

#include <stdio.h>

#include "base/json.h"
#include "cloud/aliyun/http/errors.h"
#include "unit.h"

/* The API's codes, as they are reported: their causes, what is worth another try, and whose words.
 */

static bool judge(const char *json, long status, struct spf_failure *failure, bool *retried)
{
    struct json_object *body = spf_json_parse(json, strlen(json));
    struct spf_api_outcome outcome = {.body = body,
                                      .status = status,
                                      .action = "ecs:DescribeInstances",
                                      .string_to_sign = "ACS3-HMAC-SHA256\n0123abcd",
                                      .request_id = "from-the-header",
                                      .date = 1000000,
                                      .now = 1000100};
    bool good;

    memset(failure, 0, sizeof *failure);
    good = spf_api_judge(&outcome, failure);
    *retried = spf_api_worth_retrying(&outcome);
    json_object_put(body);
    return good;
}

START_TEST(every_code)
{
    static const struct {
        const char *code;
        enum spf_finding cause;
        bool retried;
    } cases[] = {
        {"SignatureDoesNotMatch", SPF_API_ERROR, false}, /* without what was signed */
        {"IncompleteSignature", SPF_API_ERROR, false},   /* is ours, or a proxy's */
        {"InvalidAccessKeyId.NotFound", SPF_ACCESS_KEY_UNKNOWN, false},
        {"InvalidAccessKeyId.Inactive", SPF_ACCESS_KEY_INACTIVE, false},
        {"Forbidden.AccessKeyDisabled", SPF_ACCESS_KEY_INACTIVE, false},
        {"InvalidSecurityToken.Expired", SPF_TOKEN_EXPIRED, false},
        {"InvalidSecurityToken.Malformed", SPF_TOKEN_INVALID, false},
        {"InvalidSecurityToken.MismatchWithAccessKey", SPF_TOKEN_INVALID, false},
        {"MissingSecurityToken", SPF_TOKEN_INVALID, false},
        {"InvalidTimeStamp.Expired", SPF_CLOCK_SKEW, false},
        {"InvalidTimeStamp.Format", SPF_API_ERROR, false},
        {"IllegalTimestamp", SPF_CLOCK_SKEW, false},
        {"SecurityTokenExpired", SPF_TOKEN_EXPIRED, false},
        {"Degrade.Api", SPF_API_ERROR, true},
        {"SignatureNonceUsed", SPF_API_ERROR, true},
        {"Throttling", SPF_API_THROTTLED, true},
        {"Throttling.User", SPF_API_THROTTLED, true},
        {"Throttling.Api", SPF_API_THROTTLED, true},
        {"Rejected.Throttling", SPF_API_THROTTLED, true},
        {"System.ThrottlingOfAll", SPF_API_THROTTLED, true},
        {"ServiceUnavailable", SPF_API_ERROR, true},
        {"ServiceUnavailable.Region", SPF_API_ERROR, true},
        {"InternalError", SPF_API_ERROR, true},
        {"InternalServerError", SPF_API_ERROR, true},
        {"UnknownError", SPF_API_ERROR, true},
        {"Forbidden.RAM", SPF_PERMISSION_DENIED, false},
        {"Forbidden", SPF_PERMISSION_DENIED, false},
        {"Forbidden.SubUser", SPF_PERMISSION_DENIED, false},
        {"Forbidden.Unauthorized", SPF_PERMISSION_DENIED, false},
        {"Forbidden.NotSupportRAM", SPF_PERMISSION_DENIED, false},
        {"Forbedden.NotSupportRAM", SPF_PERMISSION_DENIED, false},
        {"ActionUnauthorized", SPF_PERMISSION_DENIED, false},
        {"Account.Arrearage", SPF_ACCOUNT_NOT_READY, false},
        {"AccountArrears", SPF_ACCOUNT_NOT_READY, false},
        {"NoPermission", SPF_PERMISSION_DENIED, false},
        {"EntityNotExist.Role", SPF_ROLE_REFUSED, false},
        {"InvalidParameter.RoleArn", SPF_ROLE_REFUSED, false},
        {"InvalidParameter.RoleSessionName", SPF_ROLE_REFUSED, false},
        {"InvalidParameter.DurationSeconds", SPF_ROLE_REFUSED, false},
        {"Forbidden.RiskControl", SPF_RISK_CONTROL, false},
        {"InvalidAction", SPF_API_ERROR, false},
        {"InvalidAction.NotFound", SPF_API_ERROR, false},
        {"InvalidApi.NotFound", SPF_API_ERROR, false},
        {"InvalidVersion", SPF_API_ERROR, false},
        {"MissingParameter", SPF_API_ERROR, false},
        {"MissingRegionId", SPF_API_ERROR, false},
        {"InvalidRegionId.NotFound", SPF_REGION_UNKNOWN, false},
        {"InvalidRegionId.Malformed", SPF_REGION_UNKNOWN, false},
        {"InvalidOperation.NotSupportedEndpoint", SPF_API_ERROR, false},
        {"InvalidInstanceId.NotFound", SPF_API_ERROR, false},
        {"InvalidInstanceId.Malformed", SPF_API_ERROR, false},
        {"InvalidSecurityGroupId.NotFound", SPF_API_ERROR, false},
        {"InvalidNicType.ValueNotSupported", SPF_API_ERROR, false},
        {"InvalidParamter", SPF_API_ERROR, false},
        {"IncorrectInstanceStatus", SPF_API_ERROR, false},
        {"InvalidTag.Mismatch", SPF_API_ERROR, false},
        {"RealNameAuthenticationError", SPF_ACCOUNT_NOT_READY, false},
        {"InsufficientBalance", SPF_ACCOUNT_NOT_READY, false},
        {"SomethingNew", SPF_API_ERROR, false},
    };
    static const long statuses[] = {400, 403, 404, 429, 500, 503, 200};

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (size_t k = 0; k < sizeof statuses / sizeof *statuses; k++) {
            const struct spf_finding_info *info = &spf_findings[cases[i].cause];
            struct spf_failure failure;
            char json[300];
            bool retried;

            (void)snprintf(json, sizeof json,
                           k % 2 == 0 ? "{\"Code\":\"%s\",\"Message\":\"m\",\"RequestId\":\"R-1\"}"
                                      : "{\"code\":\"%s\",\"message\":\"m\",\"requestId\":\"R-1\"}",
                           cases[i].code);
            ck_assert(!judge(json, statuses[k], &failure, &retried));
            ck_assert_msg(failure.cause == cases[i].cause, "%s: %s", cases[i].code,
                          spf_findings[failure.cause].id);
            ck_assert_msg(retried == cases[i].retried, "%s", cases[i].code);
            ck_assert_str_eq(failure.code, cases[i].code);
            ck_assert_str_eq(failure.request_id, "R-1");
            ck_assert_str_eq(failure.action, "ecs:DescribeInstances");
            ck_assert_ptr_nonnull(info->sentence);
            ck_assert_msg(info->remedies[0].text != NULL, "%s has no remedy", info->id);
        }
    }
}
END_TEST

START_TEST(whose_fault_a_signature_is)
{
    struct spf_failure failure;
    bool retried;

    /* It signed what we signed: the keys differ. It did not: something changed the request. */
    ck_assert(!judge("{\"Code\":\"SignatureDoesNotMatch\",\"Message\":\"x server string to sign is:"
                     "ACS3-HMAC-SHA256\\n0123abcd\"}",
                     400, &failure, &retried));
    ck_assert_int_eq(failure.cause, SPF_ACCESS_KEY_SECRET_WRONG);
    ck_assert_str_eq(failure.request_id, "from-the-header");
    ck_assert(!judge("{\"Code\":\"SignatureDoesNotMatch\",\"Message\":\"x server string to sign is:"
                     "ACS3-HMAC-SHA256\\nffff\"}",
                     403, &failure, &retried));
    ck_assert_int_eq(failure.cause, SPF_API_ERROR);
    ck_assert_ptr_nonnull(strstr(failure.text, "proxy"));
    /* In the other spelling; and where nothing of it is said, it may be either. */
    ck_assert(!judge("{\"Code\":\"SignatureDoesNotMatch\",\"Message\":\"StringToSign: "
                     "ACS3-HMAC-SHA256\\n0123abcd\"}",
                     400, &failure, &retried));
    ck_assert_int_eq(failure.cause, SPF_ACCESS_KEY_SECRET_WRONG);
    ck_assert(
        !judge("{\"Code\":\"SignatureDoesNotMatch\",\"Message\":\"no\"}", 400, &failure, &retried));
    ck_assert_int_eq(failure.cause, SPF_API_ERROR);
    ck_assert_ptr_nonnull(strstr(failure.text, "does not say from what"));
    ck_assert(!judge("{\"Code\":\"InvalidAccessKeySecret\",\"Message\":\"no\"}", 400, &failure,
                     &retried));
    ck_assert_int_eq(failure.cause, SPF_ACCESS_KEY_SECRET_WRONG);
}
END_TEST

START_TEST(who_is_not_allowed_what)
{
    static const struct {
        const char *detail;
        bool explicit_deny;
        const char *action, *denied_by, *denial;
        const char *says; /* NULL: the cause says it all */
    } cases[] = {
        {"\"AccessDeniedDetail\":{\"AuthAction\":\"ecs:DescribeKeyPairs\",\"NoPermissionType\":"
         "\"ImplicitDeny\",\"AuthPrincipalDisplayName\":\"2001\"}",
         false, "ecs:DescribeKeyPairs", "", "ImplicitDeny",
         "2001 is not allowed to call ecs:DescribeKeyPairs (ImplicitDeny)"},
        {"\"AccessDeniedDetail\":{\"AuthAction\":\"ecs:DescribeKeyPairs\",\"NoPermissionType\":"
         "\"ImplicitDeny\",\"PolicyType\":\"AccountLevelIdentityBasedPolicy\","
         "\"AuthPrincipalDisplayName\":\"2001\"}",
         false, "ecs:DescribeKeyPairs", "AccountLevelIdentityBasedPolicy", "ImplicitDeny",
         "2001 is not allowed to call ecs:DescribeKeyPairs (ImplicitDeny, "
         "AccountLevelIdentityBasedPolicy)"},
        {"\"AccessDeniedDetail\":{\"PolicyType\":\"SessionPolicy\",\"AuthPrincipalDisplayName\":"
         "\"2001\"}",
         false, "ecs:DescribeInstances", "SessionPolicy", "",
         "2001 is not allowed to call ecs:DescribeInstances"},
        {"\"accessDeniedDetail\":{\"AuthAction\":\"ecs:DescribeKeyPairs\",\"NoPermissionType\":"
         "\"ExplicitDeny\",\"AuthPrincipalDisplayName\":\"2001\"}",
         true, "ecs:DescribeKeyPairs", "", "ExplicitDeny",
         "2001 is not allowed to call ecs:DescribeKeyPairs (ExplicitDeny)"},
        {"\"AccessDeniedDetail\":{\"PolicyType\":\"ControlPolicy\"}", true, "ecs:DescribeInstances",
         "ControlPolicy", ""},
        {"\"AccessDeniedDetail\":{\"PolicyType\":\"SessionPolicy\",\"NoPermissionType\":"
         "\"ImplicitDeny\"}",
         false, "ecs:DescribeInstances", "SessionPolicy", "ImplicitDeny"},
        {"\"AccessDeniedDetail\":null", false, "ecs:DescribeInstances", "", ""},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct spf_failure failure;
        char json[400];
        bool retried;

        (void)snprintf(json, sizeof json, "{\"Code\":\"Forbidden.RAM\",%s}", cases[i].detail);
        ck_assert(!judge(json, 403, &failure, &retried));
        ck_assert_int_eq(failure.cause, SPF_PERMISSION_DENIED);
        ck_assert_int_eq(failure.explicit_deny, cases[i].explicit_deny);
        ck_assert_str_eq(failure.action, cases[i].action);
        ck_assert_str_eq(failure.denied_by, cases[i].denied_by);
        ck_assert_str_eq(failure.denial, cases[i].denial);
        ck_assert_str_eq(failure.text, cases[i].says != NULL ? cases[i].says : "");
    }
}
END_TEST

START_TEST(what_is_no_answer_of_the_api)
{
    static const struct {
        const char *body;
        long status;
        enum spf_finding cause;
        bool retried;
    } cases[] = {
        {"{}", 200, SPF_NO_FINDING, false},
        {"{\"Code\":\"\"}", 200, SPF_NO_FINDING, false},
        {"{\"Code\":null}", 200, SPF_NO_FINDING, false},
        {"{\"Code\":{}}", 200, SPF_API_REPLY_INVALID, false},
        {"{\"Code\":17}", 200, SPF_API_ERROR, false},
        {"{\"Code\":\"Throttling\"}", 200, SPF_API_THROTTLED, true},
        {"{\"Code\":\"Throttling\"}", 202, SPF_API_THROTTLED, true},
        {"{}", 202, SPF_API_REPLY_INVALID, false},
        {"{}", 206, SPF_API_REPLY_INVALID, false},
        {"{}", 199, SPF_API_ERROR, false},
        {"{}", 300, SPF_API_ERROR, false},
        {"[]", 200, SPF_API_REPLY_INVALID, false},
        {"<html>", 200, SPF_API_REPLY_INVALID, false},
        {"<html>", 502, SPF_API_ERROR, true},
        {"{}", 503, SPF_API_ERROR, true},
        {"", 504, SPF_API_ERROR, true},
        {"<Error><Code>x</Code></Error>", 400, SPF_API_ERROR, false},
        {"{\"Code\":17}", 400, SPF_API_ERROR, false},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct spf_failure failure;
        bool retried;

        ck_assert_int_eq(judge(cases[i].body, cases[i].status, &failure, &retried),
                         cases[i].cause == SPF_NO_FINDING);
        ck_assert_int_eq(failure.cause, cases[i].cause);
        if (cases[i].cause != SPF_NO_FINDING) {
            ck_assert_int_eq(retried, cases[i].retried);
        }
    }
}
END_TEST

/* By the reply's own date, where it has one. */
START_TEST(clocks_that_agree_or_are_not_known)
{
    static const struct {
        int64_t date;
        const char *says;
    } cases[] = {
        {0, NULL},
        {-1, NULL},
        {1000059, "own clock and this machine's agree"},
        {1000159, "own clock and this machine's agree"},
        {1000160, "60 s behind"},
        {1000040, "60 s ahead"},
    };
    struct json_object *body = json_tokener_parse("{\"Code\":\"InvalidTimeStamp.Expired\"}");

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct spf_api_outcome outcome = {.body = body,
                                          .status = 400,
                                          .action = "ecs:DescribeInstances",
                                          .string_to_sign = "",
                                          .request_id = "",
                                          .date = cases[i].date,
                                          .now = 1000100};
        struct spf_failure failure = {0};

        ck_assert(!spf_api_judge(&outcome, &failure));
        ck_assert_int_eq(failure.cause, SPF_CLOCK_SKEW);
        if (cases[i].says != NULL) {
            ck_assert_msg(strstr(failure.text, cases[i].says) != NULL, "%s", failure.text);
        } else {
            ck_assert_str_eq(failure.text, "");
        }
    }
    json_object_put(body);
}
END_TEST

/* libcurl's codes: what is TLS's fault, what is ours, and what no web server says. */
START_TEST(where_no_reply_came)
{
    static const struct {
        CURLcode code;
        enum spf_finding cause;
        bool retried;
    } cases[] = {
        {CURLE_COULDNT_RESOLVE_HOST, SPF_API_UNREACHABLE, false},
        {CURLE_COULDNT_CONNECT, SPF_API_UNREACHABLE, false},
        {CURLE_OPERATION_TIMEDOUT, SPF_API_UNREACHABLE, false},
        {CURLE_GOT_NOTHING, SPF_API_UNREACHABLE, true},
        {CURLE_RECV_ERROR, SPF_API_UNREACHABLE, true},
        {CURLE_SEND_ERROR, SPF_API_UNREACHABLE, true},
        {CURLE_PARTIAL_FILE, SPF_API_UNREACHABLE, true},
        {CURLE_HTTP2, SPF_API_UNREACHABLE, true},
        {CURLE_HTTP2_STREAM, SPF_API_UNREACHABLE, true},
        {CURLE_SSL_CONNECT_ERROR, SPF_API_TLS_FAILED, false},
        {CURLE_PEER_FAILED_VERIFICATION, SPF_API_TLS_FAILED, false},
        {CURLE_SSL_CERTPROBLEM, SPF_API_TLS_FAILED, false},
        {CURLE_SSL_CIPHER, SPF_API_TLS_FAILED, false},
        {CURLE_SSL_CACERT_BADFILE, SPF_API_TLS_FAILED, false},
        {CURLE_SSL_ISSUER_ERROR, SPF_API_TLS_FAILED, false},
        {CURLE_SSL_INVALIDCERTSTATUS, SPF_API_TLS_FAILED, false},
        {CURLE_SSL_PINNEDPUBKEYNOTMATCH, SPF_API_TLS_FAILED, false},
        {CURLE_SSL_ENGINE_INITFAILED, SPF_API_TLS_FAILED, false},
        {CURLE_USE_SSL_FAILED, SPF_API_TLS_FAILED, false},
        {CURLE_OUT_OF_MEMORY, SPF_SYSTEM_ERROR, false},
        {CURLE_FAILED_INIT, SPF_SYSTEM_ERROR, false},
        {CURLE_WEIRD_SERVER_REPLY, SPF_API_REPLY_INVALID, false},
        {CURLE_UNSUPPORTED_PROTOCOL, SPF_API_REPLY_INVALID, false},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct spf_failure failure =
            spf_api_transport_failure((int)cases[i].code, "", "ecs:DescribeInstances", "host");

        ck_assert_int_eq(failure.cause, cases[i].cause);
        ck_assert_str_eq(failure.action, "ecs:DescribeInstances");
        ck_assert_msg(strncmp(failure.text, "host: ", 6) == 0, "%s", failure.text);
        ck_assert_int_eq(spf_api_transport_worth_retrying((int)cases[i].code), cases[i].retried);
    }
}
END_TEST

START_TEST(a_clock_that_is_off)
{
    struct spf_failure failure;
    bool retried;

    ck_assert(!judge("{\"Code\":\"InvalidTimeStamp.Expired\"}", 400, &failure, &retried));
    ck_assert_ptr_nonnull(strstr(failure.text, "100 s ahead"));
    ck_assert_ptr_nonnull(strstr(failure.text, "1970-01-12T13:46:40Z"));
    ck_assert_ptr_nonnull(strstr(failure.text, "1970-01-12T13:48:20Z"));
}
END_TEST

/* One reply taken for another's: another group, list, vSwitch, region; a page that leads to itself.
 */
START_TEST(what_was_not_asked)
{
    static const struct {
        const char *name, *value, *body;
        bool good;
    } cases[] = {
        {"RegionId", "cn-hangzhou", "{\"RegionId\":\"cn-hangzhou\"}", true},
        {"RegionId", "cn-hangzhou", "{\"RegionId\":\"\"}", true},
        {"RegionId", "cn-hangzhou", "{\"RegionId\":\"cn-beijing\"}", false},
        {"RegionId", "cn-hangzhou",
         "{\"Instances\":{\"Instance\":[{\"RegionId\":\"cn-hangzhou\"},{\"RegionId\":\"cn-"
         "beijing\"}]}}",
         false},
        {"SecurityGroupId", "sg-1", "{\"SecurityGroupId\":\"sg-other\"}", false},
        {"VSwitchId", "vsw-1", "{\"VSwitchId\":\"vsw-2\"}", false},
        {"PrefixListId", "pl-1", "{\"PrefixListId\":\"pl-2\",\"Entries\":{\"Entry\":[]}}", false},
        {"NetworkAclId", "nacl-1", "{\"NetworkAclAttribute\":{\"NetworkAclId\":\"nacl-2\"}}",
         false},
        {"InstanceId.1", "i-1",
         "{\"InstanceFullStatusSet\":{\"InstanceFullStatusType\":[{\"InstanceId\":\"i-2\"}]}}",
         false},
        {"InstanceIds", "[\"i-1\"]", "{\"InstanceIds\":\"x\"}", true},
        {"Id", "x", "{\"Id\":\"y\"}", true}, /* of nothing */
        {"NextToken", "t", "{\"NextToken\":\"u\"}", true},
        {"NextToken", "t", "{}", true},
        {"NextToken", "t", "{\"NextToken\":\"t\"}", false},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct spf_sign_pair param = {cases[i].name, cases[i].value};
        struct json_object *body = spf_json_parse(cases[i].body, strlen(cases[i].body));
        struct spf_api_outcome outcome = {.body = body,
                                          .status = 200,
                                          .action = "ecs:DescribeInstances",
                                          .params = &param,
                                          .param_count = 1,
                                          .string_to_sign = "",
                                          .request_id = ""};
        struct spf_failure failure = {0};

        ck_assert_ptr_nonnull(body);
        ck_assert_msg(spf_api_judge(&outcome, &failure) == cases[i].good, "%s", cases[i].body);
        if (!cases[i].good) {
            ck_assert_int_eq(failure.cause, SPF_API_REPLY_INVALID);
        }
        json_object_put(body);
    }
}
END_TEST

START_TEST(a_proxys_password_is_not_repeated)
{
    static const struct {
        const char *detail, *shown;
    } cases[] = {
        {"Unsupported proxy syntax in 'http://me:can/ary@proxy:1'",
         "h: Unsupported proxy syntax in 'http://...@proxy:1'"},
        {"Unsupported proxy syntax in 'http://me:can ary%@x@proxy:1'",
         "h: Unsupported proxy syntax in 'http://...@proxy:1'"},
        {"Unsupported proxy scheme for 'ftp://me:canary@proxy'",
         "h: Unsupported proxy scheme for 'ftp://...@proxy'"},
        {"Unsupported proxy syntax in 'me:canary@proxy'",
         "h: Unsupported proxy syntax in '...@proxy'"},
        {"me:canary@proxy is no 'proxy", NULL},
        {"me:canary@proxy//x", NULL},
        {"odd me:canary@proxy", NULL}, /* curl's own words for its code, which vary by release */
        {"Could not resolve proxy: proxy", "h: Could not resolve proxy: proxy"},
        {"", NULL},
    };

    char words[100];

    spf_format(words, sizeof words, "h: %s", curl_easy_strerror(CURLE_COULDNT_RESOLVE_PROXY));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct spf_failure failure =
            spf_api_transport_failure(CURLE_COULDNT_RESOLVE_PROXY, cases[i].detail, "a", "h");

        ck_assert_str_eq(failure.text, cases[i].shown != NULL ? cases[i].shown : words);
    }
}
END_TEST

int main(void)
{
    return unit_main("aliyun_errors",
                     (const TTest *const[]){a_proxys_password_is_not_repeated, every_code,
                                            whose_fault_a_signature_is, who_is_not_allowed_what,
                                            what_is_no_answer_of_the_api, a_clock_that_is_off,
                                            clocks_that_agree_or_are_not_known, where_no_reply_came,
                                            what_was_not_asked, NULL});
}
