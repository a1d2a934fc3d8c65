#include "exchange_client.h"

/*
 * What a key is exchanged for: each member of each reply is spoilt, and each reply comes with other
 * statuses and bodies. Nothing is then signed with half of a key, with a number's digits, or with a
 * temporary key that lacks its token; the failure says which source, and which member.
 */

/* ---- tests ---------------------------------------------------------------------------------- */

START_TEST(every_source_gives_its_key)
{
    for (size_t i = 0; i < SOURCES; i++) {
        struct spf_credentials credentials;
        struct outcome outcome;

        set_up(&sources[i], &credentials);
        outcome = exchange(&sources[i], &credentials, NULL);
        ck_assert_msg(outcome.good, "%s: %s", sources[i].name, outcome.failure.text);
        ck_assert_str_eq(credentials.key.id, "STS.id1");
        ck_assert_str_eq(text_or_none(credentials.key.secret), "secret1");
        ck_assert_str_eq(text_or_none(credentials.key.token), "token1");
        spf_credentials_clear(&credentials);
    }
}
END_TEST

static const char *const spoils[] = {NULL, /* absent */
                                     "null",
                                     "{}",
                                     "[]",
                                     "5",
                                     "-1",
                                     "99999999999999999999",
                                     "0.5",
                                     "true",
                                     "[\"x\"]",
                                     "{\"x\":1}",
                                     "\"\"",
                                     "\" \"",
                                     "\"\\u001b[31mx\\r\\n\\u0007\"",
                                     "\"a b\"",
                                     "\"\\u00e9\"",
                                     "\"other1\""};
#define SPOILS (sizeof spoils / sizeof *spoils)
#define OTHER  (SPOILS - 1) /* as good as the one that was there */

static const char *body_with(const struct source *source, const char *member, size_t spoil,
                             struct json_object **holder)
{
    const char *body = source->replies[last_of(source)];
    struct json_object *json = spf_json_parse(body, strlen(body));
    struct json_object *at = source->at[0] != '\0' ? spf_json_get(json, source->at) : json;

    if (strcmp(member, source->at) == 0) {
        at = json;
    }
    if (spoils[spoil] == NULL) {
        json_object_object_del(at, member);
    } else {
        json_object_object_add(at, member, json_tokener_parse(spoils[spoil]));
    }
    *holder = json;
    return json_object_to_json_string_ext(json, JSON_C_TO_STRING_PLAIN);
}

static void spoil_one(const struct source *source, const char *member, size_t spoil)
{
    struct json_object *holder;
    const char *body = body_with(source, member, spoil, &holder);
    const struct instead instead = {last_of(source), 200, body, strlen(body)};
    const char *spoilt = spoils[spoil] != NULL ? spoils[spoil] : "absent";
    bool token = strcasecmp(member, "SecurityToken") == 0 || strcmp(member, "sts_token") == 0;
    bool optional = strcmp(member, "Code") == 0 || strcmp(member, "mode") == 0 ||
                    (source->without_token && token);
    struct spf_credentials credentials;
    struct outcome outcome;

    set_up(source, &credentials);
    outcome = exchange(source, &credentials, &instead);
    if (outcome.good) {
        ck_assert_msg(spoil == OTHER || (optional && (spoil <= 1 || spoil == 11)),
                      "%s: %s %s taken", source->name, member, spoilt);
        ck_assert_msg(strcmp(credentials.key.id, "STS.id1") == 0 ||
                          strcmp(credentials.key.id, "other1") == 0,
                      "%s", credentials.key.id);
        ck_assert_ptr_nonnull(credentials.key.secret);
        ck_assert_msg(credentials.key.token != NULL || source->without_token, "%s: %s %s",
                      source->name, member, spoilt);
    } else {
        ck_assert_msg(outcome.failure.cause == SPF_CREDENTIALS_INCOMPLETE ||
                          outcome.failure.cause == SPF_PROFILE_MODE_UNSUPPORTED,
                      "%s: %s %s: %s", source->name, member, spoilt,
                      spf_findings[outcome.failure.cause].id);
        ck_assert_msg(strstr(outcome.failure.text, source->name) != NULL &&
                          spf_is_clean(outcome.failure.text),
                      "%s: %s", source->name, outcome.failure.text);
        ck_assert_msg(strcasestr(outcome.failure.text, member) != NULL ||
                          strcmp(member, "Code") == 0 || strcmp(member, source->at) == 0,
                      "%s: %s is not named: %s", source->name, member, outcome.failure.text);
    }
    json_object_put(holder);
    spf_credentials_clear(&credentials);
}

START_TEST(a_spoilt_member_of_a_reply_makes_no_key)
{
    for (size_t i = 0; i < SOURCES; i++) {
        const char *body = sources[i].replies[last_of(&sources[i])];
        struct json_object *json = spf_json_parse(body, strlen(body));
        struct json_object *at =
            sources[i].at[0] != '\0' ? spf_json_get(json, sources[i].at) : json;

        for (size_t spoil = 0; spoil < SPOILS; spoil++) {
            json_object_object_foreach(at, name, value)
            {
                (void)value;
                spoil_one(&sources[i], name, spoil);
            }
            if (sources[i].at[0] != '\0' && spoil != OTHER) {
                spoil_one(&sources[i], sources[i].at, spoil);
            }
        }
        json_object_put(json);
    }
}
END_TEST

/* Of whatever HTTP brings, only 200 with the JSON of a key is one. */
START_TEST(other_statuses_and_bodies_make_no_key)
{
    static const long statuses[] = {0,   200, 204, 301, 400, 401, 403,
                                    404, 407, 429, 500, 502, 503, 511};
    static const char *const bodies[] = {
        "",
        "<!DOCTYPE html><html><title>Sign in to the network</title></html>",
        "{",
        "[]",
        "null",
        "\"x\"",
        "{\"AccessKeyId\":",
        "role\r\nx-evil: 1",
        "\x1f\x8b\x08",
        "a b",
        "\x1b[31m"};

    for (size_t i = 0; i < SOURCES; i++) {
        for (size_t k = 0; k < (last_of(&sources[i]) + 1) * (sizeof statuses / sizeof *statuses) *
                                   (sizeof bodies / sizeof *bodies);
             k++) {
            const char *body = bodies[k % (sizeof bodies / sizeof *bodies)];
            const struct instead instead = {k / (sizeof statuses / sizeof *statuses) /
                                                (sizeof bodies / sizeof *bodies),
                                            statuses[k / (sizeof bodies / sizeof *bodies) %
                                                     (sizeof statuses / sizeof *statuses)],
                                            body, strlen(body)};
            /* without a token it is asked in the old way; a role is named by whatever is a name */
            bool may_go_on =
                sources[i].kind == SPF_STEP_METADATA && instead.reply == 0 && instead.status != 0;
            struct spf_credentials credentials;
            struct outcome outcome;

            may_go_on |= sources[i].kind == SPF_STEP_METADATA && instead.reply == 1 &&
                         sources[i].place[0] == '\0' && instead.status == 200;
            set_up(&sources[i], &credentials);
            outcome = exchange(&sources[i], &credentials, &instead);
            ck_assert_msg(!outcome.good || may_go_on, "%s: reply %zu, status %ld, %s",
                          sources[i].name, instead.reply, instead.status, body);
            ck_assert_msg(outcome.good || (outcome.failure.text[0] != '\0' &&
                                           spf_is_clean(outcome.failure.text)),
                          "%s", outcome.failure.text);
            spf_credentials_clear(&credentials);
        }
    }
}
END_TEST

/* Causes and words of the ones that have their own. */
START_TEST(refusals_have_their_causes)
{
    static const struct {
        size_t source, reply;
        long status;
        const char *body;
        enum spf_finding cause;
        const char *says;
    } cases[] = {
        {0, 0, 403, "", SPF_ROLE_REFUSED, "no reply"},
        {0, 0, 500, "", SPF_API_REPLY_INVALID, "no reply"},
        {2, 0, 0, "", SPF_CREDENTIALS_INCOMPLETE, "no route"},
        {2, 0, 200, "a b", SPF_CREDENTIALS_INCOMPLETE, "its token is no word"},
        {2, 0, 200, "", SPF_CREDENTIALS_INCOMPLETE, "its token is no word"},
        {2, 1, 404, "", SPF_CREDENTIALS_INCOMPLETE, "no role is attached"},
        {2, 1, 0, "", SPF_CREDENTIALS_INCOMPLETE, "no route"},
        {2, 1, 200, "\n", SPF_CREDENTIALS_INCOMPLETE, "no role is attached"},
        {2, 1, 200, "ro le", SPF_CREDENTIALS_INCOMPLETE, "no role is attached"},
        {2, 2, 404, "", SPF_CREDENTIALS_INCOMPLETE, "it has no key for the role"},
        {2, 2, 0, "", SPF_CREDENTIALS_INCOMPLETE, "no route"},
        {2, 2, 200, "{\"Code\":\"Failed\"}", SPF_CREDENTIALS_INCOMPLETE, "does not say Success"},
        {4, 0, 500, "", SPF_CREDENTIALS_INCOMPLETE, "it answers with status 500"},
        {4, 0, 0, "", SPF_CREDENTIALS_INCOMPLETE, "no route"},
        {4, 0, 200, "<html>", SPF_CREDENTIALS_INCOMPLETE, "its reply is not JSON"},
        {5, 0, 401, "", SPF_TOKEN_EXPIRED, "aliyun configure"},
        {5, 0, 403, "", SPF_TOKEN_EXPIRED, "aliyun configure"},
        {5, 0, 302, "", SPF_CREDENTIALS_INCOMPLETE, "it answers with status 302"},
        {6, 0, 400, "", SPF_TOKEN_EXPIRED, "aliyun configure"},
        {6, 0, 401, "", SPF_TOKEN_EXPIRED, "aliyun configure"},
        {6, 0, 403, "", SPF_TOKEN_EXPIRED, "aliyun configure"},
        {6, 0, 502, "", SPF_CREDENTIALS_INCOMPLETE, "it answers with status 502"},
        {7, 0, 500, "", SPF_CREDENTIALS_INCOMPLETE, "program1 failed"},
        {7, 0, 200, "[]", SPF_CREDENTIALS_INCOMPLETE, "not a JSON object"},
        {7, 0, 200, "{\"mode\":\"External\"}", SPF_PROFILE_MODE_UNSUPPORTED,
         "its program names another program"},
        {7, 0, 200, "{\"access_key_secret\":\"x\"}", SPF_CREDENTIALS_INCOMPLETE, "access_key_id"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct instead instead = {cases[i].reply, cases[i].status, cases[i].body,
                                        strlen(cases[i].body)};
        struct spf_credentials credentials;
        struct outcome outcome;

        set_up(&sources[cases[i].source], &credentials);
        outcome = exchange(&sources[cases[i].source], &credentials, &instead);
        ck_assert_msg(outcome.failure.cause == cases[i].cause, "case %zu: %s: %s", i,
                      spf_findings[outcome.failure.cause].id, outcome.failure.text);
        ck_assert_msg(strstr(outcome.failure.text, cases[i].says) != NULL, "case %zu: %s", i,
                      outcome.failure.text);
        spf_credentials_clear(&credentials);
    }
}
END_TEST

/* A zero byte does not end a role's name early. */
START_TEST(a_zero_byte_in_a_role_name)
{
    const struct instead instead = {1, 200, "role1\0other", 11};
    struct spf_credentials credentials;
    struct outcome outcome;

    set_up(&sources[2], &credentials);
    outcome = exchange(&sources[2], &credentials, &instead);
    ck_assert_int_eq(outcome.failure.cause, SPF_CREDENTIALS_INCOMPLETE);
    spf_credentials_clear(&credentials);
}
END_TEST

/* Nobody said that this machine has a role: that there is none is no failure of a source. */
START_TEST(a_role_by_chance)
{
    const struct instead instead = {1, 404, "", 0};
    struct spf_credentials credentials;
    struct outcome outcome;

    set_up(&sources[2], &credentials);
    credentials.steps[0].by_chance = true;
    outcome = exchange(&sources[2], &credentials, &instead);
    ck_assert_int_eq(outcome.failure.cause, SPF_CREDENTIALS_MISSING);
    ck_assert_str_eq(outcome.failure.text, "no role is attached");
    spf_credentials_clear(&credentials);
}
END_TEST

START_TEST(switches_of_the_environment)
{
    static const struct {
        size_t source;
        const char *name, *value;
        bool of_profile, forbidden;
    } cases[] = {
        {2, "ALIBABA_CLOUD_ECS_METADATA_DISABLED", "true", true, true},
        {2, "ALIBABA_CLOUD_ECS_METADATA_DISABLED", "1", true, false},
        {4, "ALIBABA_CLOUD_DISABLE_EXTERNAL_PROCESS", "1", true, true},
        {4, "ALIBABA_CLOUD_DISABLE_EXTERNAL_PROCESS", "TRUE", true, true},
        {4, "ALIBABA_CLOUD_DISABLE_EXTERNAL_PROCESS", "yes", true, false},
        {4, "ALIBABA_CLOUD_DISABLE_EXTERNAL_PROCESS", "1", false, false},
        {7, "ALIBABA_CLOUD_DISABLE_EXTERNAL_PROCESS", "true", true, true},
    };
    const struct instead no_token = {0, 403, "", 0};
    struct spf_credentials credentials;
    struct outcome outcome;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        setenv(cases[i].name, cases[i].value, 1);
        set_up(&sources[cases[i].source], &credentials);
        if (cases[i].of_profile) {
            credentials.identity = SPF_IDENTITY_PROFILE;
        }
        outcome = exchange(&sources[cases[i].source], &credentials, NULL);
        ck_assert_int_eq(outcome.good, !cases[i].forbidden);
        ck_assert_msg(outcome.good || strstr(outcome.failure.text, cases[i].name) != NULL, "%s",
                      outcome.failure.text);
        spf_credentials_clear(&credentials);
        unsetenv(cases[i].name);
    }
    setenv("ALIBABA_CLOUD_IMDSV1_DISABLED", "true", 1);
    set_up(&sources[2], &credentials);
    outcome = exchange(&sources[2], &credentials, &no_token);
    ck_assert_ptr_nonnull(strstr(outcome.failure.text, "ALIBABA_CLOUD_IMDSV1_DISABLED"));
    spf_credentials_clear(&credentials);
    unsetenv("ALIBABA_CLOUD_IMDSV1_DISABLED");
    set_up(&sources[2], &credentials);
    outcome = exchange(&sources[2], &credentials, &no_token);
    ck_assert(outcome.good);
    spf_credentials_clear(&credentials);
}
END_TEST

START_TEST(without_memory_for_a_request)
{
    for (size_t i = 0; i < SOURCES; i++) {
        struct spf_credentials credentials;
        struct outcome outcome;

        set_up(&sources[i], &credentials);
        short_of_memory = true;
        outcome = exchange(&sources[i], &credentials, NULL);
        short_of_memory = false;
        ck_assert_int_eq(outcome.failure.cause, SPF_SYSTEM_ERROR);
        spf_credentials_clear(&credentials);
    }
}
END_TEST

START_TEST(a_token_file_that_is_not_there)
{
    struct source source = sources[1];
    struct spf_credentials credentials;
    struct outcome outcome;

    source.place = "/nonexistent/token";
    set_up(&source, &credentials);
    outcome = exchange(&source, &credentials, NULL);
    ck_assert_int_eq(outcome.failure.cause, SPF_CREDENTIALS_INCOMPLETE);
    ck_assert_ptr_nonnull(strstr(outcome.failure.text, "SOURCE1: the OIDC token's file"));
    spf_credentials_clear(&credentials);
}
END_TEST

/* Cancelled at each of its requests, it asks nothing more and tells nobody. */
START_TEST(cancelled_at_each_request)
{
    static const struct spf_exchange_options options = {.timeout_ms = 1000};

    for (size_t i = 0; i < SOURCES; i++) {
        struct spf_loop *loop = spf_loop_new();
        struct spf_credentials credentials;
        struct outcome outcome = {0};
        struct spf_exchange *under_way;

        set_up(&sources[i], &credentials);
        under_way = spf_exchange_start(loop, NULL, &options, &credentials, exchanged, &outcome);
        ck_assert_int_eq(spf_loop_turn(loop, spf_now_ms() + UNIT_HANGS_MS).code, SPF_OK);
        spf_exchange_cancel(under_way);
        ck_assert(fetch == NULL && call == NULL && program == NULL && outcome.told == 0);
        spf_credentials_clear(&credentials);
        spf_loop_free(loop);
    }
}
END_TEST

int main(void)
{
    int fd;
    int failed;

    forget_environment();
    unsetenv("ALIBABA_CLOUD_ECS_METADATA_DISABLED");
    strcpy(token_file, "/tmp/spf-token-XXXXXX");
    fd = mkstemp(token_file);
    if (fd < 0 || write(fd, "oidc1", 5) != 5) {
        return EXIT_FAILURE;
    }
    (void)close(fd);
    failed = unit_main(
        "aliyun_exchange",
        (const TTest *const[]){every_source_gives_its_key, a_spoilt_member_of_a_reply_makes_no_key,
                               other_statuses_and_bodies_make_no_key, refusals_have_their_causes,
                               a_zero_byte_in_a_role_name, a_role_by_chance,
                               switches_of_the_environment, without_memory_for_a_request,
                               a_token_file_that_is_not_there, cancelled_at_each_request, NULL});
    (void)unlink(token_file);
    return failed;
}
