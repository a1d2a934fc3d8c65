#include <limits.h>

#include "base/json.h"
#include "base/text.h"
#include "cloud/aliyun/identity/chain.h"
#include "cloud/aliyun/identity/config_file.h"
#include "credentials_fixture.h"
#include "unit.h"

/*
 * Whatever a member of a configured source becomes, nothing is signed with half of it: what is
 * taken is one of the source's texts, whole, or the source is refused, and the failure names the
 * file, the profile and the member. A member of another type is refused as the aliyun CLI refuses
 * it: encoding/json does not put a number into a string.
 */

#define TOO_LONG 5000

static char too_long[TOO_LONG + 3]; /* as JSON */

static const char *const spoils[] = {NULL, /* absent */
                                     "null",    "{}",
                                     "[]",      "5",
                                     "-1",      "99999999999999999999",
                                     "0.5",     "true",
                                     "[null]",  "{\"x\":1}",
                                     "\"\"",    "\" \"",
                                     "\"x\"",   "\"\\u001b[31mx\\r\\n\\u0007\"",
                                     "\"a b\"", "\"\\u00e9\"",
                                     too_long};
#define SPOILS      (sizeof spoils / sizeof *spoils)
#define OTHER_TYPES 2  /* the first of those that are neither absent nor texts */
#define TEXTS       11 /* the first text */

static const char *const modes[] = {
    "\"mode\":\"AK\",\"access_key_id\":\"id1\",\"access_key_secret\":\"secret1\"",
    "\"access_key_id\":\"id1\",\"access_key_secret\":\"secret1\"",
    "\"mode\":\"StsToken\",\"access_key_id\":\"id1\",\"access_key_secret\":\"secret1\","
    "\"sts_token\":\"token1\"",
    "\"mode\":\"RamRoleArn\",\"access_key_id\":\"id1\",\"access_key_secret\":\"secret1\","
    "\"sts_token\":\"token1\",\"ram_role_arn\":\"arn1\",\"ram_session_name\":\"session1\","
    "\"external_id\":\"external1\",\"sts_region\":\"cn-beijing\",\"expired_seconds\":900,"
    "\"sts_endpoint\":\"sts.example.com\"",
    "\"mode\":\"EcsRamRole\",\"ram_role_name\":\"role1\"",
    "\"ram_role_name\":\"role1\"",
    "\"mode\":\"RamRoleArnWithRoleName\",\"ram_role_name\":\"role1\",\"ram_role_arn\":\"arn1\","
    "\"ram_session_name\":\"session1\"",
    "\"mode\":\"ChainableRamRoleArn\",\"source_profile\":\"base\",\"ram_role_arn\":\"arn1\","
    "\"ram_session_name\":\"session1\"",
    "\"mode\":\"External\",\"process_command\":\"program1\"",
    "\"process_command\":\"program1\"",
    "\"mode\":\"CredentialsURI\",\"credentials_uri\":\"http://127.0.0.1/uri1\"",
    "\"mode\":\"OIDC\",\"oidc_provider_arn\":\"provider1\",\"oidc_token_file\":\"file1\","
    "\"ram_role_arn\":\"arn1\",\"ram_session_name\":\"session1\"",
    "\"oidc_provider_arn\":\"provider1\",\"oidc_token_file\":\"file1\",\"ram_role_arn\":\"arn1\"",
    "\"mode\":\"CloudSSO\",\"cloud_sso_sign_in_url\":\"https://signin1/x\","
    "\"cloud_sso_account_id\":\"account1\",\"cloud_sso_access_config\":\"access1\","
    "\"access_token\":\"bearer1\",\"cloud_sso_access_token_expire\":2000",
    "\"cloud_sso_sign_in_url\":\"https://signin1/x\",\"access_token\":\"bearer1\","
    "\"cloud_sso_access_token_expire\":2000",
    "\"mode\":\"CloudSSO\",\"access_key_id\":\"id1\",\"access_key_secret\":\"secret1\","
    "\"sts_token\":\"token1\",\"sts_expiration\":2000",
    "\"mode\":\"OAuth\",\"oauth_access_token\":\"bearer1\",\"oauth_access_token_expire\":2000,"
    "\"oauth_site_type\":\"CN\",\"oauth_refresh_token\":\"refresh1\"",
    "\"mode\":\"OAuth\",\"oauth_access_token\":\"bearer1\",\"oauth_access_token_expire\":10,"
    "\"oauth_site_type\":\"INTL\",\"oauth_refresh_token\":\"refresh1\"",
    "\"mode\":\"OAuth\",\"access_key_id\":\"id1\",\"access_key_secret\":\"secret1\","
    "\"sts_token\":\"token1\",\"sts_expiration\":2000",
    "\"mode\":\"RsaKeyPair\",\"private_key\":\"key1\",\"key_pair_name\":\"pair1\"",
    "\"private_key\":\"key1\",\"key_pair_name\":\"pair1\"",
    "\"mode\":\"BearerToken\",\"bearer_token\":\"bearer1\"",
    "\"bearer_token\":\"bearer1\"",
    "\"mode\":\"Anonymous\"",
    "\"mode\":\"Other\"",
};

static struct json_object *configuration(const char *profile)
{
    char text[2000];

    (void)snprintf(text, sizeof text,
                   "{\"current\":\"p\",\"profiles\":[{\"name\":\"base\",\"mode\":\"StsToken\","
                   "\"access_key_id\":\"id2\",\"access_key_secret\":\"secret2\",\"sts_token\":"
                   "\"token2\"},{\"name\":\"p\",\"region_id\":\"cn-hangzhou\",\"endpoint_type\":"
                   "\"vpc\",%s}]}",
                   profile);
    return spf_json_parse(text, strlen(text));
}

static bool same_trimmed(const char *text, const char *found)
{
    size_t len;

    if (strcmp(text, found) == 0) {
        return true;
    }
    text += strspn(text, " \t\r\n");
    len = strlen(text);
    while (len > 0 && strchr(" \t\r\n", text[len - 1]) != NULL) {
        len--;
    }
    return len == strlen(found) && strncmp(text, found, len) == 0;
}

/* Is it one of the texts of the configuration, whole? */
static bool stands_in(struct json_object *json, const char *found)
{
    bool stands = json_object_is_type(json, json_type_string) &&
                  same_trimmed(json_object_get_string(json), found);

    for (size_t i = 0; i < spf_json_count(json); i++) {
        stands = stands || stands_in(spf_json_item(json, i), found);
    }
    if (json_object_is_type(json, json_type_object)) {
        json_object_object_foreach(json, name, member)
        {
            (void)name;
            stands = stands || stands_in(member, found);
        }
    }
    return stands;
}

static void check_taken(struct json_object *json, const struct spf_credentials *found,
                        const char *what)
{
    const struct spf_credential_step *first = &found->steps[0];
    bool begins_with_key = found->step_count == 0 || first->kind == SPF_STEP_ASSUME_ROLE;
    const char *texts[2 + SPF_STEPS_MAX * 6 + 2] = {found->key.id};
    size_t count = 1;

    ck_assert_msg(begins_with_key == (found->key.id[0] != '\0') &&
                      begins_with_key == (found->key.secret != NULL),
                  "%s: half a key", what);
    texts[count++] = found->key.secret != NULL ? spf_secret_text(found->key.secret) : "";
    texts[count++] = found->key.token != NULL ? spf_secret_text(found->key.token) : "";
    if (strcmp(found->key.id, "id2") == 0) { /* the source profile's, which is temporary */
        ck_assert_str_eq(texts[1], "secret2");
        ck_assert_str_eq(texts[2], "token2");
    }
    for (size_t i = 0; i < found->step_count; i++) {
        const struct spf_credential_step *step = &found->steps[i];

        texts[count++] = step->role_arn;
        texts[count++] = step->session;
        texts[count++] = step->external_id;
        texts[count++] = step->provider_arn;
        texts[count++] = step->sts_region;
        texts[count++] = step->kind != SPF_STEP_OAUTH ? step->place : "";
        if (step->bearer != NULL) {
            ck_assert_msg(stands_in(json, spf_secret_text(step->bearer)), "%s: bearer", what);
        }
    }
    for (size_t i = 0; i < count; i++) {
        ck_assert_msg(texts[i][0] == '\0' || stands_in(json, texts[i]), "%s: takes \"%.40s\"", what,
                      texts[i]);
    }
}

/* What has no name yet may be called anything; the rest is said of a member, or a profile that is
 * none. */
static void check_refused(const struct spf_failure *failure, const char *member, size_t spoil,
                          const char *what)
{
    bool other_type = spoil >= OTHER_TYPES && spoil < TEXTS;

    ck_assert_msg(failure->text[0] != '\0' && spf_is_clean(failure->text), "%s: no words: %s", what,
                  failure->text);
    ck_assert_msg(strstr(failure->text, "config.json") != NULL, "%s: names no file: %s", what,
                  failure->text);
    if (other_type || spoil == SPOILS - 1) {
        ck_assert_msg(failure->cause == SPF_CREDENTIALS_INCOMPLETE ||
                          failure->cause == SPF_PROFILE_UNKNOWN ||
                          failure->cause == SPF_PROFILE_MODE_UNSUPPORTED ||
                          failure->cause == SPF_TOKEN_EXPIRED,
                      "%s: %s %s", what, spf_findings[failure->cause].id, failure->text);
    }
    if (failure->cause == SPF_CREDENTIALS_INCOMPLETE && strstr(member, "profiles") == NULL &&
        strcmp(member, "mode") != 0) {
        ck_assert_msg(strstr(failure->text, member) != NULL, "%s: names no member: %s", what,
                      failure->text);
    }
}

/* A number's own test is that it is a whole one; expired ones are expired. */
static bool is_number(const char *member)
{
    return strstr(member, "expire") != NULL || strstr(member, "expiration") != NULL;
}

static void one(struct json_object *json, const char *profile, const char *member, size_t spoil,
                bool usual)
{
    const char *text = json_object_to_json_string_ext(json, JSON_C_TO_STRING_PLAIN);
    struct spf_secret *secret = spf_secret_new(text, strlen(text));
    struct spf_credentials found = {0};
    struct spf_failure failure = {0};
    char what[300];
    bool good = spf_config_read(secret, NULL, "config.json", 1000, &found, &failure);
    bool whole = is_number(member) && (spoil == 4 || spoil == 5);

    (void)snprintf(what, sizeof what, "%.80s: %s %.40s", profile, member,
                   spoils[spoil] != NULL ? spoils[spoil] : "absent");
    ck_assert_msg(good == (failure.cause == SPF_NO_FINDING), "%s: %s", what, failure.text);
    if (good) {
        check_taken(json, &found, what);
    } else {
        check_refused(&failure, member, spoil, what);
    }
    if (spoil >= OTHER_TYPES && spoil < TEXTS && !whole) {
        ck_assert_msg(!good, "%s: taken", what);
    }
    if (!usual && spoil == 1) { /* null is what absent is */
        ck_assert_msg(!good || found.step_count <= 2, "%s", what);
    }
    spf_credentials_clear(&found);
    spf_secret_free(secret);
}

static void put(struct json_object *object, const char *member, size_t spoil)
{
    if (spoils[spoil] == NULL) {
        json_object_object_del(object, member);
    } else {
        json_object_object_add(object, member, json_tokener_parse(spoils[spoil]));
    }
}

START_TEST(a_spoilt_member_of_a_profile_is_taken_whole_or_refused)
{
    forget_environment();
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        struct json_object *sample = configuration(modes[i]);
        const char *members[40] = {"current", "profiles"};
        size_t count = 2;

        json_object_object_foreach(spf_json_item(spf_json_get(sample, "profiles"), 1), name, value)
        {
            (void)value;
            members[count++] = name;
        }
        for (size_t k = 0; k < count * SPOILS; k++) {
            struct json_object *json = configuration(modes[i]);

            put(k / SPOILS < 2 ? json : spf_json_item(spf_json_get(json, "profiles"), 1),
                members[k / SPOILS], k % SPOILS);
            one(json, modes[i], members[k / SPOILS], k % SPOILS, true);
            json_object_put(json);
        }
        json_object_put(sample);
    }
}
END_TEST

/* The environment fills what is empty in the file, never what is wrong there: the id of one key
 * with the secret of another would be nobody's. */
START_TEST(what_is_wrong_in_the_file_is_not_filled)
{
    forget_environment();
    setenv("ALIBABA_CLOUD_ACCESS_KEY_ID", "id3", 1);
    setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "secret3", 1);
    for (size_t i = OTHER_TYPES; i < TEXTS; i++) {
        struct json_object *json = configuration(modes[0]);

        put(spf_json_item(spf_json_get(json, "profiles"), 1), "access_key_secret", i);
        one(json, modes[0], "access_key_secret", i, false);
        json_object_put(json);
    }
    forget_environment();
}
END_TEST

/* Variables that fill a role: one that is too long is named, and nothing of it is taken. */
START_TEST(variables_that_do_not_fit)
{
    static const struct {
        const char *profile, *variable;
    } cases[] = {
        {"\"mode\":\"EcsRamRole\"", "ALIBABA_CLOUD_ECS_METADATA"},
        {"\"mode\":\"RamRoleArn\",\"access_key_id\":\"id1\",\"access_key_secret\":\"secret1\","
         "\"ram_role_arn\":\"arn1\"",
         "ALIBABA_CLOUD_ROLE_SESSION_NAME"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct json_object *json = configuration(cases[i].profile);
        const char *text = json_object_to_json_string_ext(json, JSON_C_TO_STRING_PLAIN);
        struct spf_secret *secret = spf_secret_new(text, strlen(text));

        for (int fits = 0; fits < 2; fits++) {
            struct spf_credentials found = {0};
            struct spf_failure failure = {0};

            forget_environment();
            setenv(cases[i].variable, fits ? "v1" : too_long, 1);
            ck_assert_int_eq(spf_config_read(secret, NULL, "config.json", 1000, &found, &failure),
                             fits);
            ck_assert_int_eq(failure.cause, fits ? SPF_NO_FINDING : SPF_CREDENTIALS_INCOMPLETE);
            ck_assert_msg(fits || strstr(failure.text, cases[i].variable) != NULL, "%s",
                          failure.text);
            spf_credentials_clear(&found);
        }
        unsetenv(cases[i].variable);
        spf_secret_free(secret);
        json_object_put(json);
    }
    forget_environment();
}
END_TEST

/* ---- the SDKs' ini file ---------------------------------------------------------------------- */

static const char *const values[] = {NULL,    "",  " ",   "x",    "\"",   "'a",    "\"a\"b",
                                     "a ; b", "#", "a b", "\x1b", "\xff", too_long};
#define VALUES (sizeof values / sizeof *values)

static const struct ini_section {
    const char *type;
    const char *const members[5][2];
} sections[] = {
    {"access_key", {{"access_key_id", "id1"}, {"access_key_secret", "secret1"}}},
    {"ram_role_arn",
     {{"access_key_id", "id1"},
      {"access_key_secret", "secret1"},
      {"role_arn", "arn1"},
      {"role_session_name", "session1"},
      {"policy", "{\"Version\":\"1\"}"}}},
    {"ecs_ram_role", {{"role_name", "role1"}}},
    {"sts", {{"access_key_id", "id1"}}},
};

static void add_line(struct spf_buf *buf, const char *name, const char *value)
{
    if (value != NULL) {
        spf_buf_addf(buf, "%s = %s\n", name, value);
    }
}

static void one_ini(const struct ini_section *section, size_t spoilt, size_t value)
{
    const char *name = spoilt == 5 ? "type" : section->members[spoilt][0];
    struct spf_credentials found = {0};
    struct spf_failure failure = {0};
    struct spf_secret *text;
    struct spf_buf buf;
    bool good;

    spf_buf_init(&buf, 20000);
    spf_buf_addstr(&buf, "[other]\naccess_key_id = id2\n[s]\n");
    add_line(&buf, "type", spoilt == 5 ? values[value] : section->type);
    for (size_t i = 0; i < 5 && section->members[i][0] != NULL; i++) {
        add_line(&buf, section->members[i][0],
                 i == spoilt ? values[value] : section->members[i][1]);
    }
    ck_assert(!spf_buf_failed(&buf));
    text = spf_secret_new(buf.data, buf.len);
    good = spf_ini_read(text, "s", "credentials", &found, &failure);
    ck_assert_int_eq(good, failure.cause == SPF_NO_FINDING);
    if (good) {
        const struct spf_credential_step *step = &found.steps[0];
        bool by_key = found.step_count == 0 || step->kind == SPF_STEP_ASSUME_ROLE;

        ck_assert_int_eq(by_key, found.key.id[0] != '\0');
        ck_assert_int_eq(by_key, found.key.secret != NULL);
        ck_assert_ptr_null(found.key.token);
        ck_assert_uint_lt(strlen(step->role_arn), sizeof step->role_arn - 1);
        ck_assert_uint_lt(strlen(step->session), sizeof step->session - 1);
        ck_assert_uint_lt(strlen(found.key.id), sizeof found.key.id - 1);
        ck_assert_str_eq(found.source, "section [s] of credentials");
    } else {
        ck_assert_int_eq(failure.cause, SPF_CREDENTIALS_INCOMPLETE);
        ck_assert_msg(spf_is_clean(failure.text), "%s", failure.text);
        ck_assert_msg(strstr(failure.text, name) != NULL || (strcmp(section->type, "sts") == 0 &&
                                                             strstr(failure.text, "type") != NULL),
                      "%s %s: %s", section->type, name, failure.text);
    }
    if (value == VALUES - 1 && (spoilt == 5 || strcmp(name, "access_key_secret") != 0)) {
        ck_assert_msg(!good, "%s %s: a text that is too long is taken", section->type, name);
    }
    spf_credentials_clear(&found);
    spf_secret_free(text);
    spf_buf_clear(&buf);
}

START_TEST(a_spoilt_line_of_the_ini_file_is_taken_whole_or_refused)
{
    forget_environment();
    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++) {
        for (size_t value = 0; value < VALUES; value++) {
            for (size_t k = 0; k < 5 && sections[i].members[k][0] != NULL; k++) {
                one_ini(&sections[i], k, value);
            }
            one_ini(&sections[i], 5, value);
        }
    }
}
END_TEST

START_TEST(a_zero_byte_does_not_cut_the_ini_file)
{
    static const char ini[] = "[s]\ntype=access_key\naccess_key_id=id\naccess_key_secret=ab\0cd\n";
    struct spf_secret *text = spf_secret_new(ini, sizeof ini - 1);
    struct spf_credentials found = {0};
    struct spf_failure failure = {0};

    ck_assert(!spf_ini_read(text, "s", "credentials", &found, &failure));
    ck_assert_int_eq(failure.cause, SPF_CREDENTIALS_INCOMPLETE);
    ck_assert_str_eq(failure.text, "credentials holds a zero byte");
    spf_credentials_clear(&found);
    spf_secret_free(text);
}
END_TEST

/* ---- variables ------------------------------------------------------------------------------- */

/* What a variable may hold; NULL: it is not set. */
static const char *const settings[] = {NULL,  "",         " ",    "x",     "a b",
                                       "a,b", "\x1b[31m", "\xff", too_long};
#define SETTINGS (sizeof settings / sizeof *settings)

static const struct variables {
    const char *const names[5];
    const char *source;
} sources[] = {
    {{"ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET",
      "ALIBABA_CLOUD_SECURITY_TOKEN"},
     "environment"},
    {{"ALIBABA_CLOUD_ROLE_ARN", "ALIBABA_CLOUD_OIDC_PROVIDER_ARN", "ALIBABA_CLOUD_OIDC_TOKEN_FILE",
      "ALIBABA_CLOUD_ROLE_SESSION_NAME", "ALIBABA_CLOUD_STS_REGION"},
     "OIDC"},
    {{"ALIBABA_CLOUD_CREDENTIALS_URI"}, "URI"},
};

START_TEST(a_spoilt_variable_is_taken_whole_or_refused)
{
    static const struct spf_credential_options options = {0};

    for (size_t i = 0; i < sizeof sources / sizeof *sources; i++) {
        for (size_t k = 0; k < 5 * SETTINGS; k++) {
            const char *spoilt = sources[i].names[k / SETTINGS];
            const char *value = settings[k % SETTINGS];
            struct spf_credential_trail trail = {0};
            struct spf_credentials found;
            struct spf_failure failure = {0};
            bool good;

            if (spoilt == NULL) {
                continue;
            }
            forget_environment();
            for (size_t n = 0; n < 5 && sources[i].names[n] != NULL; n++) {
                setenv(sources[i].names[n], "v1", 1);
            }
            if (value == NULL) {
                unsetenv(spoilt);
            } else {
                setenv(spoilt, value, 1);
            }
            good = spf_credentials_find(&options, &trail, &found, &failure);
            ck_assert_int_eq(good, failure.cause == SPF_NO_FINDING);
            if (good) {
                bool by_key = found.step_count == 0;

                ck_assert_int_eq(by_key, found.key.id[0] != '\0');
                ck_assert_int_eq(by_key, found.key.secret != NULL);
                ck_assert_msg(value == NULL || strlen(value) < TOO_LONG || i == 0, "%s", spoilt);
            } else {
                ck_assert_msg(spf_is_clean(failure.text), "%s", failure.text);
                ck_assert_msg(failure.cause == SPF_CREDENTIALS_MISSING ||
                                  strstr(failure.text, spoilt) != NULL,
                              "%s: %s", spoilt, failure.text);
            }
            if (value != NULL && strlen(value) >= TOO_LONG && i > 0) {
                ck_assert_int_eq(failure.cause, SPF_CREDENTIALS_INCOMPLETE);
            }
            spf_credentials_clear(&found);
            for (size_t n = 0; n < 5 && sources[i].names[n] != NULL; n++) {
                unsetenv(sources[i].names[n]);
            }
        }
    }
    forget_environment();
}
END_TEST

int main(void)
{
    memset(too_long, 'a', TOO_LONG + 1);
    too_long[0] = too_long[TOO_LONG + 1] = '"';
    return unit_main("aliyun_spoilt",
                     (const TTest *const[]){a_spoilt_member_of_a_profile_is_taken_whole_or_refused,
                                            what_is_wrong_in_the_file_is_not_filled,
                                            variables_that_do_not_fit,
                                            a_spoilt_line_of_the_ini_file_is_taken_whole_or_refused,
                                            a_zero_byte_does_not_cut_the_ini_file,
                                            a_spoilt_variable_is_taken_whole_or_refused, NULL});
}
