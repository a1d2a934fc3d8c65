#include "cloud/aliyun/identity/profile.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/json_build.h"
#include "base/text.h"
#include "platform/home.h"

/* What the CLI fills from the environment, and its order of the spellings. */
static const struct {
    const char *member;
    const char *const names[5];
} filled[] = {
    {"access_key_id",
     {"ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABACLOUD_ACCESS_KEY_ID", "ALICLOUD_ACCESS_KEY_ID",
      "ACCESS_KEY_ID"}},
    {"access_key_secret",
     {"ALIBABA_CLOUD_ACCESS_KEY_SECRET", "ALIBABACLOUD_ACCESS_KEY_SECRET",
      "ALICLOUD_ACCESS_KEY_SECRET", "ACCESS_KEY_SECRET"}},
    {"sts_token",
     {"ALIBABA_CLOUD_SECURITY_TOKEN", "ALIBABACLOUD_SECURITY_TOKEN", "ALICLOUD_SECURITY_TOKEN",
      "SECURITY_TOKEN"}},
    {"credentials_uri", {"ALIBABA_CLOUD_CREDENTIALS_URI"}},
    {"oidc_provider_arn", {"ALIBABACLOUD_OIDC_PROVIDER_ARN", "ALIBABA_CLOUD_OIDC_PROVIDER_ARN"}},
    {"oidc_token_file", {"ALIBABACLOUD_OIDC_TOKEN_FILE", "ALIBABA_CLOUD_OIDC_TOKEN_FILE"}},
    {"ram_role_arn", {"ALIBABACLOUD_ROLE_ARN", "ALIBABA_CLOUD_ROLE_ARN"}},
    {"external_id", {"ALIBABACLOUD_EXTERNAL_ID", "ALIBABA_CLOUD_EXTERNAL_ID"}},
};

struct json_object *spf_profile_find(struct json_object *profiles, const char *name)
{
    for (size_t i = 0; i < spf_json_count(profiles); i++) {
        struct json_object *profile = spf_json_item(profiles, i);

        if (strcmp(spf_json_text(profile, "name"), name) == 0) {
            return profile;
        }
    }
    return NULL;
}

struct json_object *spf_profile_open(struct json_object *profile, struct json_object **origins)
{
    struct json_object *open = spf_json_object();

    *origins = spf_json_object();
    if (open == NULL || *origins == NULL) {
        json_object_put(open);
        json_object_put(*origins);
        *origins = NULL;
        return NULL;
    }
    if (json_object_is_type(profile, json_type_object)) {
        json_object_object_foreach(profile, name, value)
        {
            spf_json_add(open, name, json_object_get(value));
        }
    }
    for (size_t i = 0; i < sizeof filled / sizeof *filled; i++) {
        const char *variable = NULL;
        const char *value = spf_first_env(filled[i].names, &variable);

        if (value == NULL || spf_json_text(open, filled[i].member)[0] != '\0') {
            continue;
        }
        spf_json_add(open, filled[i].member, spf_json_string(value));
        spf_json_add(*origins, filled[i].member, spf_json_string(variable));
    }
    return open;
}

/* The member as text, with a note of the variable that it came from. */
static const char *member(struct spf_profile_reading *reading, struct json_object *profile,
                          const char *name)
{
    const char *variable = spf_json_text(reading->origins, name);
    size_t len = strlen(reading->from);

    if (variable[0] != '\0' && strstr(reading->from, variable) == NULL &&
        !spf_format_whole(reading->from + len, sizeof reading->from - len, "%s%s",
                          len > 0 ? ", " : "", variable)) {
        reading->from[len] = '\0';
    }
    return spf_json_text(profile, name);
}

static bool there(struct json_object *profile, const char *name)
{
    return spf_json_text(profile, name)[0] != '\0';
}

/* The CLI's order (AutoModeRecognition); NULL: there is nothing to guess from. */
static const char *guess(struct json_object *profile)
{
    if (there(profile, "access_key_id") && there(profile, "access_key_secret")) {
        if (there(profile, "sts_token")) {
            return "StsToken";
        }
        return there(profile, "ram_role_arn") ? "RamRoleArn" : "AK";
    }
    if (there(profile, "private_key") && there(profile, "key_pair_name")) {
        return "RsaKeyPair";
    }
    if (there(profile, "ram_role_name")) {
        return "EcsRamRole";
    }
    if (there(profile, "process_command")) {
        return "External";
    }
    if (there(profile, "oidc_provider_arn") && there(profile, "oidc_token_file") &&
        there(profile, "ram_role_arn")) {
        return "OIDC";
    }
    if (there(profile, "cloud_sso_sign_in_url")) {
        return "CloudSSO";
    }
    return there(profile, "bearer_token") ? "BearerToken" : NULL;
}

bool spf_profile_is_empty(struct json_object *profile)
{
    return !there(profile, "mode") && guess(profile) == NULL && !there(profile, "access_key_id") &&
           !there(profile, "access_key_secret");
}

static bool lacks(const struct spf_profile_reading *reading, const char *what)
{
    *reading->failure =
        spf_failure(SPF_CREDENTIALS_INCOMPLETE, "profile \"%s\" (mode %s) lacks its %s",
                    reading->name, reading->mode, what);
    return false;
}

static bool has(const struct spf_profile_reading *reading, struct json_object *profile,
                const char *what)
{
    return there(profile, what) || lacks(reading, what);
}

/* A member as the step's text. False if it does not fit. */
#define TAKE(out, name) spf_copy_whole((out), sizeof(out), member(reading, profile, (name)))

static bool take_key(struct spf_profile_reading *reading, struct json_object *profile,
                     const char *token)
{
    if (!has(reading, profile, "access_key_id") || !has(reading, profile, "access_key_secret")) {
        return false;
    }
    if (spf_api_key_set(&reading->credentials->key, member(reading, profile, "access_key_id"),
                        member(reading, profile, "access_key_secret"), token)) {
        return true;
    }
    *reading->failure =
        spf_failure(SPF_CREDENTIALS_INCOMPLETE,
                    "profile \"%s\" has characters that no access key has", reading->name);
    return false;
}

static struct spf_credential_step *add_step(const struct spf_profile_reading *reading,
                                            enum spf_step_kind kind)
{
    struct spf_credential_step *step = spf_credentials_step(reading->credentials, kind);

    if (step == NULL) {
        *reading->failure =
            spf_failure(SPF_CREDENTIALS_INCOMPLETE,
                        "profile \"%s\": its source profiles form a ring", reading->name);
    }
    return step;
}

static bool take_place(struct spf_profile_reading *reading, struct json_object *profile,
                       enum spf_step_kind kind, const char *name)
{
    struct spf_credential_step *step = add_step(reading, kind);

    return step != NULL && (TAKE(step->place, name) || lacks(reading, name));
}

/* The role of the machine; the SDK that the CLI asks with fills an empty name from the environment.
 */
static bool take_machine(struct spf_profile_reading *reading, struct json_object *profile)
{
    const char *role = getenv("ALIBABA_CLOUD_ECS_METADATA");
    struct spf_credential_step *step;

    if (!take_place(reading, profile, SPF_STEP_METADATA, "ram_role_name")) {
        return false;
    }
    step = &reading->credentials->steps[reading->credentials->step_count - 1];
    return step->place[0] != '\0' || role == NULL ||
           spf_copy_whole(step->place, sizeof step->place, role);
}

/* Where STS is, as the CLI takes it: blanks and the scheme are cut, and it is called with https. */
static bool take_sts_endpoint(const struct spf_profile_reading *reading,
                              struct json_object *profile, struct spf_endpoint *endpoint)
{
    const char *text = spf_json_text(profile, "sts_endpoint");
    struct spf_error error = spf_ok();

    if (text[0] != '\0') {
        error = spf_endpoint_of_sts(text, endpoint);
    }
    if (error.code != SPF_OK) {
        *reading->failure = spf_failure(SPF_CREDENTIALS_INCOMPLETE, "profile \"%s\": %s: %s",
                                        reading->name, "sts_endpoint", error.text);
    }
    return error.code == SPF_OK;
}

static bool take_role(struct spf_profile_reading *reading, struct json_object *profile,
                      enum spf_step_kind kind)
{
    const char *session = getenv("ALIBABA_CLOUD_ROLE_SESSION_NAME");
    struct spf_credential_step *step;

    if (!has(reading, profile, "ram_role_arn")) {
        return false;
    }
    step = add_step(reading, kind);
    if (step == NULL) {
        return false;
    }
    step->seconds = spf_json_number(profile, "expired_seconds", SPF_SECONDS_MAX, 0);
    if (!take_sts_endpoint(reading, profile, &step->sts_endpoint)) {
        return false;
    }
    if (!TAKE(step->role_arn, "ram_role_arn") || !TAKE(step->session, "ram_session_name") ||
        !TAKE(step->sts_region, "sts_region")) {
        return lacks(reading, "ram_role_arn (a member is too long)");
    }
    /* The CLI refuses a role without a session name; the SDKs read this one. */
    if (step->session[0] == '\0' && session != NULL) {
        spf_copy(step->session, sizeof step->session, session);
    }
    return true;
}

/* The CLI sends it in these modes alone. */
static bool take_role_with_external_id(struct spf_profile_reading *reading,
                                       struct json_object *profile)
{
    struct spf_credentials *credentials = reading->credentials;

    return take_role(reading, profile, SPF_STEP_ASSUME_ROLE) &&
           (TAKE(credentials->steps[credentials->step_count - 1].external_id, "external_id") ||
            lacks(reading, "external_id (it is too long)"));
}

static bool take_oidc(struct spf_profile_reading *reading, struct json_object *profile)
{
    struct spf_credentials *credentials = reading->credentials;
    struct spf_credential_step *step;

    if (!has(reading, profile, "oidc_provider_arn") || !has(reading, profile, "oidc_token_file") ||
        !take_role(reading, profile, SPF_STEP_ASSUME_WITH_OIDC)) {
        return false;
    }
    step = &credentials->steps[credentials->step_count - 1];
    return (TAKE(step->provider_arn, "oidc_provider_arn") &&
            TAKE(step->place, "oidc_token_file")) ||
           lacks(reading, "oidc_provider_arn (a member is too long)");
}

/* The temporary key that the CLI has left in the file, while it is valid. */
static bool take_cached(struct spf_profile_reading *reading, struct json_object *profile)
{
    return spf_json_number(profile, "sts_expiration", SPF_SECONDS_MAX, 0) > reading->now + 60 &&
           there(profile, "access_key_id") && there(profile, "sts_token") &&
           take_key(reading, profile, spf_json_text(profile, "sts_token"));
}

static bool sign_in_again(const struct spf_profile_reading *reading)
{
    *reading->failure = spf_failure(SPF_TOKEN_EXPIRED,
                                    "profile \"%s\" (mode %s): its sign-in has expired; run "
                                    "`aliyun configure --profile %s --mode %s`",
                                    reading->name, reading->mode, reading->name, reading->mode);
    return false;
}

static struct spf_credential_step *add_exchange(const struct spf_profile_reading *reading,
                                                enum spf_step_kind kind, const char *token)
{
    struct spf_credential_step *step = add_step(reading, kind);

    if (step != NULL) {
        step->bearer = spf_secret_new(token, strlen(token));
    }
    if (step != NULL && step->bearer == NULL) {
        *reading->failure = (struct spf_failure){.cause = SPF_SYSTEM_ERROR};
    }
    return step != NULL && step->bearer != NULL ? step : NULL;
}

static bool take_cloud_sso(struct spf_profile_reading *reading, struct json_object *profile)
{
    const char *token = spf_json_text(profile, "access_token");
    struct spf_credential_step *step;

    if (take_cached(reading, profile)) {
        return true;
    }
    if (token[0] == '\0' || spf_json_number(profile, "cloud_sso_access_token_expire",
                                            SPF_SECONDS_MAX, 0) <= reading->now) {
        return sign_in_again(reading);
    }
    step = add_exchange(reading, SPF_STEP_SIGN_IN, token);
    return step != NULL && ((TAKE(step->place, "cloud_sso_sign_in_url") &&
                             TAKE(step->account, "cloud_sso_account_id") &&
                             TAKE(step->access_config, "cloud_sso_access_config")) ||
                            lacks(reading, "cloud_sso_sign_in_url"));
}

/*
 * A valid access token is exchanged, which changes nothing. An expired one takes the refresh token,
 * which is good for one use: the CLI writes its successor into the file, and we write nothing.
 */
static bool take_oauth(struct spf_profile_reading *reading, struct json_object *profile)
{
    const char *token = spf_json_text(profile, "oauth_access_token");
    const char *site = spf_json_text(profile, "oauth_site_type");
    struct spf_credential_step *step;

    if (take_cached(reading, profile)) {
        return true;
    }
    if (token[0] == '\0' ||
        spf_json_number(profile, "oauth_access_token_expire", SPF_SECONDS_MAX, 0) < reading->now) {
        if (!there(profile, "oauth_refresh_token")) {
            return sign_in_again(reading);
        }
        *reading->failure =
            spf_failure(SPF_TOKEN_EXPIRED,
                        "profile \"%s\" (mode OAuth): its access token has expired; any call of "
                        "the aliyun CLI renews it: aliyun sts GetCallerIdentity --profile %s",
                        reading->name, reading->name);
        return false;
    }
    if (strcmp(site, "CN") != 0 && strcmp(site, "INTL") != 0) {
        return lacks(reading, "oauth_site_type (CN or INTL)");
    }
    step = add_exchange(reading, SPF_STEP_OAUTH, token);
    return step != NULL &&
           spf_copy_whole(step->place, sizeof step->place,
                          strcmp(site, "CN") == 0 ? "https://oauth.aliyun.com/v1/exchange"
                                                  : "https://oauth.alibabacloud.com/v1/exchange");
}

static bool take_program(struct spf_profile_reading *reading, struct json_object *profile)
{
    struct spf_credentials *credentials = reading->credentials;

    if (!has(reading, profile, "process_command") ||
        !take_place(reading, profile, SPF_STEP_PROGRAM, "process_command")) {
        return false;
    }
    /* What it prints is laid over the profile. */
    credentials->profiles = json_object_get(reading->profiles);
    credentials->profile = json_object_get(profile);
    spf_copy(credentials->profile_path, sizeof credentials->profile_path, reading->path);
    return true;
}

/* The source profile is taken as it is in the file: the environment does not fill it. */
static bool take_chain(struct spf_profile_reading *reading, struct json_object *profile)
{
    const char *name = reading->name;
    const char *source = spf_json_text(profile, "source_profile");
    struct json_object *origins = reading->origins;
    struct json_object *middle = spf_profile_find(reading->profiles, source);
    bool found;

    if (!has(reading, profile, "source_profile")) {
        return false;
    }
    if (reading->depth++ == SPF_STEPS_MAX) {
        return lacks(reading, "source_profile (they form a ring)");
    }
    if (middle == NULL) {
        *reading->failure =
            spf_failure(SPF_PROFILE_UNKNOWN, "%s has no profile \"%s\"", reading->path, source);
        return false;
    }
    reading->origins = NULL;
    found = spf_profile_take(reading, middle);
    reading->origins = origins;
    if (!found) {
        return false;
    }
    reading->name = name;
    reading->mode = "ChainableRamRoleArn";
    return take_role_with_external_id(reading, profile);
}

/* A token in the profile is left over from another mode: the CLI itself leaves one behind. */
static bool take_ak(struct spf_profile_reading *reading, struct json_object *profile)
{
    return take_key(reading, profile, NULL);
}

static bool take_sts_token(struct spf_profile_reading *reading, struct json_object *profile)
{
    return has(reading, profile, "sts_token") &&
           take_key(reading, profile, member(reading, profile, "sts_token"));
}

static bool take_ram_role(struct spf_profile_reading *reading, struct json_object *profile)
{
    return take_key(reading, profile, member(reading, profile, "sts_token")) &&
           take_role_with_external_id(reading, profile);
}

static bool take_role_of_machine(struct spf_profile_reading *reading, struct json_object *profile)
{
    return take_machine(reading, profile) && take_role(reading, profile, SPF_STEP_ASSUME_ROLE);
}

static bool take_uri(struct spf_profile_reading *reading, struct json_object *profile)
{
    return has(reading, profile, "credentials_uri") &&
           take_place(reading, profile, SPF_STEP_URI, "credentials_uri");
}

static const struct {
    const char *mode;
    bool (*take)(struct spf_profile_reading *, struct json_object *);
    const char *why_not;
} modes[] = {
    {"AK", take_ak, NULL},
    {"StsToken", take_sts_token, NULL},
    {"RamRoleArn", take_ram_role, NULL},
    {"EcsRamRole", take_machine, NULL},
    {"RamRoleArnWithRoleName", take_role_of_machine, NULL},
    {"ChainableRamRoleArn", take_chain, NULL},
    {"External", take_program, NULL},
    {"CredentialsURI", take_uri, NULL},
    {"OIDC", take_oidc, NULL},
    {"CloudSSO", take_cloud_sso, NULL},
    {"OAuth", take_oauth, NULL},
    {"RsaKeyPair", NULL, "which is deprecated (an RSA key pair in place of an access key)"},
    {"BearerToken", NULL, "and ecs takes no bearer tokens"},
    {"Anonymous", NULL, "and ecs takes no anonymous calls"},
};

bool spf_profile_take(struct spf_profile_reading *reading, struct json_object *profile)
{
    const char *mode = spf_json_text(profile, "mode");
    const char *why_not = "which is not known";

    if (mode[0] == '\0') {
        mode = guess(profile) != NULL ? guess(profile) : "AK";
    }
    reading->name = spf_json_text(profile, "name");
    reading->mode = mode;
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        if (!spf_same_word(mode, modes[i].mode)) {
            continue;
        }
        reading->mode = modes[i].mode;
        if (modes[i].take != NULL) {
            return modes[i].take(reading, profile);
        }
        why_not = modes[i].why_not;
    }
    *reading->failure = spf_failure(SPF_PROFILE_MODE_UNSUPPORTED,
                                    "profile \"%s\" has mode %s, %s; it is not supported here",
                                    reading->name, reading->mode, why_not);
    return false;
}

/* Moves what a program's answer came to into the credentials, its steps after step `at`. */
static bool splice(struct spf_credentials *credentials, size_t at, struct spf_credentials *more)
{
    size_t behind = at + 1;

    if (credentials->step_count + more->step_count > SPF_STEPS_MAX) {
        return false;
    }
    spf_api_key_clear(&credentials->key);
    credentials->key = more->key;
    more->key = (struct spf_api_key){0};
    memmove(&credentials->steps[behind + more->step_count], &credentials->steps[behind],
            (credentials->step_count - behind) * sizeof *credentials->steps);
    memcpy(&credentials->steps[behind], more->steps, more->step_count * sizeof *more->steps);
    credentials->step_count += more->step_count;
    more->step_count = 0; /* their secrets have moved */
    return true;
}

bool spf_profile_go_on(struct spf_credentials *credentials, size_t at, struct json_object *printed,
                       struct spf_failure *failure)
{
    struct spf_credentials *more = calloc(1, sizeof *more);
    struct spf_profile_reading reading = {.profiles = credentials->profiles,
                                          .path = credentials->profile_path,
                                          .now = spf_utc_now(),
                                          .credentials = more,
                                          .failure = failure};
    bool good = false;

    *failure = (struct spf_failure){.cause = SPF_SYSTEM_ERROR};
    if (more == NULL) {
        return false;
    }
    /* Without a mode in it the CLI would run the program again and again. */
    spf_json_add(credentials->profile, "mode", NULL);
    json_object_object_foreach(printed, name, value)
    {
        spf_json_add(credentials->profile, name, json_object_get(value));
    }
    if (!there(credentials->profile, "mode") && there(printed, "access_key_id")) {
        spf_json_add(credentials->profile, "mode",
                     spf_json_string(there(printed, "sts_token") ? "StsToken" : "AK"));
    }
    if (spf_same_word(spf_json_text(credentials->profile, "mode"), "External")) {
        *failure = spf_failure(SPF_PROFILE_MODE_UNSUPPORTED,
                               "%s: its program names another program", credentials->source);
    } else {
        good = spf_profile_take(&reading, credentials->profile);
    }
    if (good && !splice(credentials, at, more)) {
        *failure =
            spf_failure(SPF_CREDENTIALS_INCOMPLETE, "%s: too many steps", credentials->source);
        good = false;
    }
    spf_credentials_clear(more);
    free(more);
    return good;
}
