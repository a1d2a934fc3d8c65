#include "cloud/aliyun/identity/profile.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/json_build.h"
#include "base/text.h"
#include "cloud/aliyun/identity/profile_members.h"

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

/* The CLI's order (AutoModeRecognition); NULL: there is nothing to guess from. */
static const char *guess(struct json_object *profile)
{
    if (spf_profile_has(profile, "access_key_id") &&
        spf_profile_has(profile, "access_key_secret")) {
        if (spf_profile_has(profile, "sts_token")) {
            return "StsToken";
        }
        return spf_profile_has(profile, "ram_role_arn") ? "RamRoleArn" : "AK";
    }
    if (spf_profile_has(profile, "private_key") && spf_profile_has(profile, "key_pair_name")) {
        return "RsaKeyPair";
    }
    if (spf_profile_has(profile, "ram_role_name")) {
        return "EcsRamRole";
    }
    if (spf_profile_has(profile, "process_command")) {
        return "External";
    }
    if (spf_profile_has(profile, "oidc_provider_arn") &&
        spf_profile_has(profile, "oidc_token_file") && spf_profile_has(profile, "ram_role_arn")) {
        return "OIDC";
    }
    if (spf_profile_has(profile, "cloud_sso_sign_in_url")) {
        return "CloudSSO";
    }
    return spf_profile_has(profile, "bearer_token") ? "BearerToken" : NULL;
}

bool spf_profile_is_empty(struct json_object *profile)
{
    return !spf_profile_has(profile, "mode") && guess(profile) == NULL &&
           !spf_profile_has(profile, "access_key_id") &&
           !spf_profile_has(profile, "access_key_secret");
}

/* What is wrong with the profile, behind its name. */
static SPF_PRINTF(3, 4) bool is_wrong(const struct spf_profile_reading *reading,
                                      enum spf_finding cause, const char *fmt, ...)
{
    char words[300];
    va_list args;

    va_start(args, fmt);
    spf_vformat(words, sizeof words, fmt, args);
    va_end(args);
    *reading->failure = spf_failure(cause, "profile \"%s\" of %s%s%s%s%s", reading->name,
                                    reading->path, reading->mode[0] != '\0' ? " (mode " : "",
                                    reading->mode, reading->mode[0] != '\0' ? ")" : "", words);
    return false;
}

static bool lacks(const struct spf_profile_reading *reading, const char *what)
{
    return is_wrong(reading, SPF_CREDENTIALS_INCOMPLETE, " lacks its %s", what);
}

static bool has(const struct spf_profile_reading *reading, struct json_object *profile,
                const char *what)
{
    return spf_profile_has(profile, what) || lacks(reading, what);
}

static bool has_right_types(const struct spf_profile_reading *reading, struct json_object *profile)
{
    const char *kind = NULL;
    const char *name = spf_profile_wrong_type(profile, &kind);

    return name == NULL ||
           is_wrong(reading, SPF_CREDENTIALS_INCOMPLETE, ": its %s is no %s", name, kind);
}

/* A member as the step's text. False if it does not fit. */
static bool take_text(struct spf_profile_reading *reading, struct json_object *profile,
                      const char *name, char *out, size_t size)
{
    return spf_copy_whole(out, size, member(reading, profile, name)) ||
           is_wrong(reading, SPF_CREDENTIALS_INCOMPLETE, ": its %s is too long", name);
}
#define TAKE(out, name) take_text(reading, profile, (name), (out), sizeof(out))

/* The same, or the variable that the SDKs fill it from. */
static bool take_or_env(struct spf_profile_reading *reading, struct json_object *profile,
                        const char *name, const char *variable, char *out, size_t size)
{
    const char *value = getenv(variable);

    if (spf_profile_has(profile, name) || value == NULL) {
        return take_text(reading, profile, name, out, size);
    }
    return spf_take_whole(out, size, value, variable, reading->failure);
}

static bool take_key(struct spf_profile_reading *reading, struct json_object *profile,
                     const char *token)
{
    struct spf_key_texts texts_of_key = {.token = token,
                                         .id_name = "access_key_id",
                                         .secret_name = "access_key_secret",
                                         .token_name = "sts_token"};
    struct spf_error error;

    if (!has(reading, profile, "access_key_id") || !has(reading, profile, "access_key_secret")) {
        return false;
    }
    texts_of_key.id = member(reading, profile, "access_key_id");
    texts_of_key.secret = member(reading, profile, "access_key_secret");
    error = spf_api_key_set(&reading->credentials->key, &texts_of_key);
    if (error.code == SPF_OK) {
        return true;
    }
    return is_wrong(reading,
                    error.code == SPF_ERR_NOMEM ? SPF_SYSTEM_ERROR : SPF_CREDENTIALS_INCOMPLETE,
                    ": %s", error.text);
}

static struct spf_credential_step *add_step(const struct spf_profile_reading *reading,
                                            enum spf_step_kind kind)
{
    struct spf_credential_step *step = spf_credentials_step(reading->credentials, kind);

    if (step == NULL) {
        (void)is_wrong(reading, SPF_CREDENTIALS_INCOMPLETE,
                       ": its source profiles are too many, or form a ring");
    }
    return step;
}

static bool take_place(struct spf_profile_reading *reading, struct json_object *profile,
                       enum spf_step_kind kind, const char *name)
{
    struct spf_credential_step *step = add_step(reading, kind);

    return step != NULL && TAKE(step->place, name);
}

/* The role of the machine; the SDK that the CLI asks with fills an empty name from the environment.
 */
static bool take_machine(struct spf_profile_reading *reading, struct json_object *profile)
{
    struct spf_credential_step *step = add_step(reading, SPF_STEP_METADATA);

    return step != NULL &&
           take_or_env(reading, profile, "ram_role_name", "ALIBABA_CLOUD_ECS_METADATA", step->place,
                       sizeof step->place);
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
        return is_wrong(reading, SPF_CREDENTIALS_INCOMPLETE, ": sts_endpoint: %s", error.text);
    }
    return true;
}

/* The CLI refuses a role without a session name; the SDKs read a variable. */
static bool take_role(struct spf_profile_reading *reading, struct json_object *profile,
                      enum spf_step_kind kind)
{
    struct spf_credential_step *step =
        has(reading, profile, "ram_role_arn") ? add_step(reading, kind) : NULL;

    if (step == NULL) {
        return false;
    }
    step->seconds = spf_json_number(profile, "expired_seconds", SPF_SECONDS_MAX, 0);
    return take_sts_endpoint(reading, profile, &step->sts_endpoint) &&
           TAKE(step->role_arn, "ram_role_arn") && TAKE(step->sts_region, "sts_region") &&
           take_or_env(reading, profile, "ram_session_name", "ALIBABA_CLOUD_ROLE_SESSION_NAME",
                       step->session, sizeof step->session);
}

/* The CLI sends it in these modes alone. */
static bool take_role_with_external_id(struct spf_profile_reading *reading,
                                       struct json_object *profile)
{
    struct spf_credentials *credentials = reading->credentials;

    return take_role(reading, profile, SPF_STEP_ASSUME_ROLE) &&
           TAKE(credentials->steps[credentials->step_count - 1].external_id, "external_id");
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
    return TAKE(step->provider_arn, "oidc_provider_arn") && TAKE(step->place, "oidc_token_file");
}

/* The temporary key that the CLI has left in the file, while it is valid. */
static bool take_cached(struct spf_profile_reading *reading, struct json_object *profile)
{
    return spf_json_number(profile, "sts_expiration", SPF_SECONDS_MAX, 0) > reading->now + 60 &&
           spf_profile_has(profile, "sts_token") &&
           take_key(reading, profile, spf_json_text(profile, "sts_token"));
}

static bool sign_in_again(const struct spf_profile_reading *reading)
{
    return is_wrong(reading, SPF_TOKEN_EXPIRED,
                    ": its sign-in has expired; run `aliyun configure --profile %s --mode %s`",
                    reading->name, reading->mode);
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
    return step != NULL && TAKE(step->place, "cloud_sso_sign_in_url") &&
           TAKE(step->account, "cloud_sso_account_id") &&
           TAKE(step->access_config, "cloud_sso_access_config");
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
        if (!spf_profile_has(profile, "oauth_refresh_token")) {
            return sign_in_again(reading);
        }
        return is_wrong(reading, SPF_TOKEN_EXPIRED,
                        ": its access token has expired; any call of the aliyun CLI renews it: "
                        "aliyun sts GetCallerIdentity --profile %s",
                        reading->name);
    }
    if (strcmp(site, "CN") != 0 && strcmp(site, "INTL") != 0) {
        return lacks(reading, "oauth_site_type (CN or INTL)");
    }
    step = add_exchange(reading, SPF_STEP_OAUTH, token);
    if (step != NULL) {
        spf_copy(step->place, sizeof step->place,
                 strcmp(site, "CN") == 0 ? "https://oauth.aliyun.com/v1/exchange"
                                         : "https://oauth.alibabacloud.com/v1/exchange");
    }
    return step != NULL;
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
        return is_wrong(reading, SPF_CREDENTIALS_INCOMPLETE,
                        ": its source profiles are too many, or form a ring");
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
    const char *guessed;
    const char *why_not = "which is not known";

    reading->name = spf_json_text(profile, "name");
    reading->mode = ""; /* till it is known to be a text */
    if (!has_right_types(reading, profile)) {
        return false;
    }
    reading->mode = spf_json_text(profile, "mode");
    if (reading->mode[0] == '\0') {
        guessed = guess(profile);
        reading->mode = guessed != NULL ? guessed : "AK";
    }
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        if (!spf_same_word(reading->mode, modes[i].mode)) {
            continue;
        }
        reading->mode = modes[i].mode;
        if (modes[i].take != NULL) {
            return modes[i].take(reading, profile);
        }
        why_not = modes[i].why_not;
    }
    *reading->failure =
        spf_failure(SPF_PROFILE_MODE_UNSUPPORTED,
                    "profile \"%s\" of %s has mode %s, %s; it is not supported here", reading->name,
                    reading->path, reading->mode, why_not);
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
    if (!spf_profile_has(credentials->profile, "mode") &&
        spf_profile_has(printed, "access_key_id")) {
        spf_json_add(credentials->profile, "mode",
                     spf_json_string(spf_profile_has(printed, "sts_token") ? "StsToken" : "AK"));
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
