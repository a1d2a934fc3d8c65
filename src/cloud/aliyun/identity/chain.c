#include "cloud/aliyun/identity/chain.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "cloud/aliyun/identity/config_file.h"
#include "platform/files.h"
#include "platform/home.h"

/* The spellings of the SDKs, of the aliyun CLI and of Terraform, in the CLI's order. */
static const char *const id_names[] = {"ALIBABA_CLOUD_ACCESS_KEY_ID",
                                       "ALIBABACLOUD_ACCESS_KEY_ID",
                                       "ALICLOUD_ACCESS_KEY_ID",
                                       "ALICLOUD_ACCESS_KEY",
                                       "ACCESS_KEY_ID",
                                       NULL};
static const char *const secret_names[] = {"ALIBABA_CLOUD_ACCESS_KEY_SECRET",
                                           "ALIBABACLOUD_ACCESS_KEY_SECRET",
                                           "ALICLOUD_ACCESS_KEY_SECRET",
                                           "ALICLOUD_SECRET_KEY",
                                           "ACCESS_KEY_SECRET",
                                           NULL};
static const char *const token_names[] = {"ALIBABA_CLOUD_SECURITY_TOKEN",
                                          "ALIBABACLOUD_SECURITY_TOKEN", "ALICLOUD_SECURITY_TOKEN",
                                          "SECURITY_TOKEN", NULL};
static const char *const region_names[] = {"ALIBABA_CLOUD_REGION_ID",
                                           "ALIBABACLOUD_REGION_ID",
                                           "ALICLOUD_REGION_ID",
                                           "ALIBABA_CLOUD_REGION",
                                           "ALICLOUD_REGION",
                                           "REGION_ID",
                                           "REGION",
                                           NULL};
static const char *const role_names[] = {"ALIBABA_CLOUD_ROLE_ARN", "ALIBABACLOUD_ROLE_ARN", NULL};
static const char *const provider_names[] = {"ALIBABA_CLOUD_OIDC_PROVIDER_ARN",
                                             "ALIBABACLOUD_OIDC_PROVIDER_ARN", NULL};
static const char *const token_files[] = {"ALIBABA_CLOUD_OIDC_TOKEN_FILE",
                                          "ALIBABACLOUD_OIDC_TOKEN_FILE", NULL};
static const char *const endpoint_types[] = {"ALIBABA_CLOUD_ENDPOINT_TYPE",
                                             "ALIBABACLOUD_ENDPOINT_TYPE", "ALICLOUD_ENDPOINT_TYPE",
                                             "ENDPOINT_TYPE", NULL};
static const char *const profile_names[] = {"ALIBABACLOUD_PROFILE", "ALIBABA_CLOUD_PROFILE",
                                            "ALICLOUD_PROFILE", NULL};

/* A variable that is set and not empty; NULL else. */
static const char *env(const char *name)
{
    const char *const names[] = {name, NULL};

    return spf_first_env(names, NULL);
}

static bool env_is_true(const char *name)
{
    const char *value = getenv(name);

    return value != NULL && spf_same_word(value, "true");
}

/* The CLI's switch against its file, which it takes in this spelling alone. */
static bool ignores_profile(void)
{
    static const char *const names[] = {"ALIBABA_CLOUD_IGNORE_PROFILE",
                                        "ALIBABACLOUD_IGNORE_PROFILE", NULL};
    const char *value = spf_first_env(names, NULL);

    return value != NULL && strcmp(value, "TRUE") == 0;
}

static void take_region(struct spf_credentials *credentials, const char *region, const char *source)
{
    if (credentials->region[0] != '\0' || region == NULL || region[0] == '\0') {
        return;
    }
    spf_clean(credentials->region, sizeof credentials->region, region, strlen(region));
    spf_copy(credentials->region_source, sizeof credentials->region_source, source);
}

/* Terraform's names are not read by the CLI; half of them make a line that nobody would want. */
static enum spf_cli_identity identity_by(const char *id_name, const char *secret_name)
{
    bool id = strcmp(id_name, "ALICLOUD_ACCESS_KEY") == 0;
    bool secret = strcmp(secret_name, "ALICLOUD_SECRET_KEY") == 0;

    if (id != secret) {
        return SPF_IDENTITY_ELSEWHERE;
    }
    return id ? SPF_IDENTITY_TERRAFORM : SPF_IDENTITY_ENVIRONMENT;
}

static bool from_environment(struct spf_credentials *credentials,
                             struct spf_credential_trail *trail)
{
    const char *id_name = NULL;
    const char *secret_name = NULL;
    const char *token_name = NULL;
    const char *id = spf_first_env(id_names, &id_name);
    const char *secret = spf_first_env(secret_names, &secret_name);
    const char *token = spf_first_env(token_names, &token_name);
    const struct spf_key_texts texts = {id, secret, token, id_name, secret_name, token_name};
    struct spf_failure failure;

    if (id != NULL && secret != NULL) {
        const struct spf_error error = spf_api_key_set(&credentials->key, &texts);

        if (error.code == SPF_OK) {
            spf_format(credentials->source, sizeof credentials->source, "environment variable %s",
                       id_name);
            credentials->identity = identity_by(id_name, secret_name);
            credentials->id_variable = id_name;
            credentials->secret_variable = secret_name;
            credentials->token_variable = token_name;
            return true;
        }
        failure = spf_key_failure(error, "environment");
    } else if (id != NULL || secret != NULL) {
        failure = spf_failure(SPF_CREDENTIALS_INCOMPLETE, "%s is set, but %s is not",
                              id != NULL ? id_name : secret_name,
                              id != NULL ? secret_names[0] : id_names[0]);
    } else {
        spf_credentials_absent(trail, "environment", "no access key");
        return false;
    }
    spf_credentials_useless(trail, &failure);
    return false;
}

/* What stands in a variable; without it, out is as it was. False: it is too long, and is so
 * reported. */
static bool take_env(char *out, size_t size, const char *const *names,
                     struct spf_credential_trail *trail)
{
    const char *name = NULL;
    const char *value = spf_first_env(names, &name);
    struct spf_failure failure;

    if (value == NULL || spf_take_whole(out, size, value, name, &failure)) {
        return true;
    }
    spf_credentials_useless(trail, &failure);
    return false;
}

/* RRSA: a pod's token for a role. */
static bool from_oidc(struct spf_credentials *credentials, struct spf_credential_trail *trail)
{
    static const char *const session[] = {"ALIBABA_CLOUD_ROLE_SESSION_NAME", NULL};
    static const char *const region[] = {"ALIBABA_CLOUD_STS_REGION", NULL};
    struct spf_credential_step *step;

    if (spf_first_env(role_names, NULL) == NULL || spf_first_env(token_files, NULL) == NULL ||
        spf_first_env(provider_names, NULL) == NULL) {
        spf_credentials_absent(trail, "OIDC role", "not configured");
        return false;
    }
    step = spf_credentials_first_step(credentials, SPF_STEP_ASSUME_WITH_OIDC);
    spf_copy(credentials->source, sizeof credentials->source,
             "OIDC role of ALIBABA_CLOUD_ROLE_ARN");
    credentials->identity = SPF_IDENTITY_OIDC;
    return take_env(step->role_arn, sizeof step->role_arn, role_names, trail) &&
           take_env(step->place, sizeof step->place, token_files, trail) &&
           take_env(step->provider_arn, sizeof step->provider_arn, provider_names, trail) &&
           take_env(step->session, sizeof step->session, session, trail) &&
           take_env(step->sts_region, sizeof step->sts_region, region, trail);
}

/* Keys from a file: the CLI's, or the SDKs' ini file. A file that is not there is nothing. */
static bool from_file(const char *path, const char *name, bool ini, bool asked,
                      struct spf_credentials *credentials, struct spf_credential_trail *trail)
{
    struct spf_secret *text = NULL;
    struct spf_failure failure = {0};
    struct spf_error error;
    char shown[150];
    bool found;

    spf_show_path(shown, sizeof shown, path);
    error = spf_read_small_file(path, &text);
    if (error.code != SPF_OK) {
        failure = spf_failure(SPF_CREDENTIALS_INCOMPLETE, "%s: %s", shown, error.text);
        if (asked || access(path, F_OK) == 0) {
            spf_credentials_useless(trail, &failure);
        } else {
            spf_credentials_absent(trail, shown, "not there");
        }
        return false;
    }
    if (ini) {
        found = spf_ini_read(text, name != NULL ? name : "default", shown, credentials, &failure);
    } else {
        found = spf_config_read(text, name, shown, spf_utc_now(), credentials, &failure);
    }
    spf_secret_free(text);
    if (!found) {
        spf_credentials_forget(credentials);
        if (failure.cause == SPF_CREDENTIALS_MISSING && !asked) {
            spf_credentials_absent(trail, "", failure.text);
        } else {
            spf_credentials_useless(trail, &failure);
        }
        trail->refused |= !ini && failure.cause != SPF_CREDENTIALS_MISSING;
    }
    return found;
}

static bool from_config(const struct spf_credential_options *options,
                        struct spf_credentials *credentials, struct spf_credential_trail *trail)
{
    bool asked = options->profile != NULL || options->config_path != NULL;
    const char *name =
        options->profile != NULL ? options->profile : spf_first_env(profile_names, NULL);
    const char *path = options->config_path;
    char usual[PATH_MAX];

    if (path == NULL && spf_config_path(usual, sizeof usual)) {
        path = usual;
    }
    if (path == NULL) {
        spf_credentials_absent(trail, "~/.aliyun/config.json", "no home directory");
        return false;
    }
    trail->configuration = access(path, F_OK) == 0;
    if (!asked && ignores_profile()) {
        spf_credentials_absent(trail, "~/.aliyun/config.json", "ignored, as IGNORE_PROFILE says");
        return false;
    }
    return from_file(path, name, false, asked, credentials, trail);
}

/* Another place of that file, which the SDKs for Go know, and the CLI does not. */
static bool from_other_config(struct spf_credentials *credentials,
                              struct spf_credential_trail *trail)
{
    const char *path = env("ALIBABA_CLOUD_CONFIG_FILE");
    bool found;

    if (path == NULL || env_is_true("ALIBABA_CLOUD_CLI_PROFILE_DISABLED")) {
        return false;
    }
    found = from_file(path, env("ALIBABA_CLOUD_PROFILE"), false, true, credentials, trail);
    if (found) {
        spf_copy(credentials->config_path, sizeof credentials->config_path, path);
    }
    return found;
}

static bool from_ini(struct spf_credentials *credentials, struct spf_credential_trail *trail)
{
    const char *path = env("ALIBABA_CLOUD_CREDENTIALS_FILE");
    bool asked = path != NULL;
    char home[PATH_MAX];
    char usual[PATH_MAX];

    if (!asked && spf_home_of_shell(home) &&
        spf_format_whole(usual, sizeof usual, "%s/.alibabacloud/credentials", home)) {
        path = usual;
    }
    return path != NULL &&
           from_file(path, env("ALIBABA_CLOUD_PROFILE"), true, asked, credentials, trail);
}

static bool from_uri(struct spf_credentials *credentials, struct spf_credential_trail *trail)
{
    static const char *const names[] = {"ALIBABA_CLOUD_CREDENTIALS_URI", NULL};
    struct spf_credential_step *step;

    if (spf_first_env(names, NULL) == NULL) {
        return false;
    }
    step = spf_credentials_first_step(credentials, SPF_STEP_URI);
    spf_copy(credentials->source, sizeof credentials->source,
             "environment variable ALIBABA_CLOUD_CREDENTIALS_URI");
    credentials->identity = SPF_IDENTITY_URI;
    return take_env(step->place, sizeof step->place, names, trail);
}

static bool from_metadata(struct spf_credentials *credentials, struct spf_credential_trail *trail)
{
    static const char *const names[] = {"ALIBABA_CLOUD_ECS_METADATA", NULL};
    const char *role = spf_first_env(names, NULL);
    struct spf_credential_step *step;

    if (env_is_true("ALIBABA_CLOUD_ECS_METADATA_DISABLED")) {
        spf_credentials_absent(trail, "instance's RAM role", "switched off");
        return false;
    }
    /* Somebody has said who to be: not whoever this machine happens to be. */
    if (trail->refused && role == NULL) {
        spf_credentials_absent(trail, "instance's RAM role", "not tried beside a profile");
        return false;
    }
    step = spf_credentials_first_step(credentials, SPF_STEP_METADATA);
    step->by_chance = role == NULL;
    spf_copy(credentials->source, sizeof credentials->source, "this ECS instance's RAM role");
    credentials->identity = SPF_IDENTITY_MACHINE;
    return take_env(step->place, sizeof step->place, names, trail);
}

/* The next source that is there; see credentials.h for their order. */
static bool from_next(const struct spf_credential_options *options,
                      struct spf_credentials *credentials, struct spf_credential_trail *trail)
{
    if (options->profile != NULL || options->config_path != NULL) {
        return trail->next++ == 0 && from_config(options, credentials, trail);
    }
    for (;;) {
        bool found = false;

        switch (trail->next++) {
        case 0:
            found = from_config(options, credentials, trail);
            break;
        case 1:
            found = from_environment(credentials, trail);
            break;
        case 2:
            found = from_oidc(credentials, trail);
            break;
        case 3:
            found = from_other_config(credentials, trail);
            break;
        case 4:
            found = from_ini(credentials, trail);
            break;
        case 5:
            found = from_metadata(credentials, trail);
            break;
        case 6:
            found = from_uri(credentials, trail);
            break;
        default:
            return false;
        }
        if (found) {
            return true;
        }
        spf_credentials_forget(credentials);
    }
}

/* Something that is there and of no use is the news; else that there is nothing. */
static struct spf_failure nothing_found(const struct spf_credential_trail *trail)
{
    static const char none[] = "no credentials found";
    static const char elsewhere[] = " (nothing elsewhere: ";
    struct spf_failure failure = trail->first;
    char words[sizeof trail->words + 8];
    size_t room = sizeof failure.text - sizeof elsewhere - 1;
    size_t taken;

    if (failure.cause == SPF_NO_FINDING) {
        failure.cause = SPF_CREDENTIALS_MISSING;
    }
    taken = strlen(trail->first.cause != SPF_NO_FINDING ? trail->useless : none);
    spf_copy(words, sizeof words, trail->words);
    for (char *last; strlen(words) + taken > room && (last = strrchr(words, ';')) != NULL;) {
        spf_copy(last, sizeof words - (size_t)(last - words),
                 strlen(words) + taken - strlen(last) + 5 <= room ? "; …" : "");
    }
    if (strlen(words) + taken > room) {
        words[0] = '\0';
    }
    if (trail->first.cause == SPF_NO_FINDING) {
        failure = spf_failure(failure.cause, "%s (%s)", none, words);
    } else if (trail->words[0] != '\0') {
        failure =
            spf_failure(failure.cause, "%s%s%s%s", trail->useless,
                        words[0] != '\0' ? elsewhere : "", words, words[0] != '\0' ? ")" : "");
    }
    spf_copy(failure.action, sizeof failure.action, trail->first.action);
    spf_copy(failure.code, sizeof failure.code, trail->first.code);
    spf_copy(failure.request_id, sizeof failure.request_id, trail->first.request_id);
    failure.explicit_deny = trail->first.explicit_deny;
    spf_copy(failure.denied_by, sizeof failure.denied_by, trail->first.denied_by);
    spf_copy(failure.denial, sizeof failure.denial, trail->first.denial);
    return failure;
}

/* Fills what the profile left open, as the CLI does. A text that is no endpoint must not be
 * skipped: the calls would go elsewhere. */
static bool endpoint_of(const char *name,
                        struct spf_error (*parse)(const char *, struct spf_endpoint *),
                        struct spf_endpoint *endpoint, struct spf_failure *failure)
{
    const char *text = env(name);
    struct spf_error error = spf_ok();

    if (text != NULL && endpoint->url[0] == '\0') {
        error = parse(text, endpoint);
    }
    if (error.code != SPF_OK) {
        *failure = spf_failure(SPF_CREDENTIALS_INCOMPLETE, "%s: %s", name, error.text);
    }
    return error.code == SPF_OK;
}

static bool take_from_environment(const struct spf_credential_options *options,
                                  struct spf_credentials *credentials, struct spf_failure *failure)
{
    const char *name = NULL;
    const char *region = spf_first_env(region_names, &name);
    const char *endpoint_type = spf_first_env(endpoint_types, NULL);
    struct spf_configured_places *places = &credentials->places;

    if (options->vpc || (endpoint_type != NULL && spf_same_word(endpoint_type, "vpc"))) {
        places->vpc = true;
    }
    if (places->vpc || env_is_true("ALIBABA_CLOUD_VPC_ENDPOINT_ENABLED")) {
        places->vpc_for_sts = true;
    }
    /* Two of the names are Terraform's, which the CLI does not read. */
    if (region != NULL && strcmp(name, "ALIBABA_CLOUD_REGION") != 0 &&
        strcmp(name, "ALICLOUD_REGION") != 0) {
        credentials->region_configured = true;
    }
    if (region != NULL) {
        char source[80];

        spf_format(source, sizeof source, "environment variable %s", name);
        take_region(credentials, region, source);
    }
    return endpoint_of("ALIBABA_CLOUD_ENDPOINT", spf_endpoint_configured, &places->all, failure) &&
           endpoint_of("ALIBABA_CLOUD_STS_ENDPOINT", spf_endpoint_of_sts, &places->sts, failure);
}

/* A source after the one that was taken: where it is there, a user may think that it counts. */
static void note_beside(const struct spf_credential_options *options,
                        const struct spf_credential_trail *trail,
                        struct spf_credentials *credentials)
{
    bool profile = credentials->identity == SPF_IDENTITY_PROFILE;
    bool environment = credentials->identity == SPF_IDENTITY_ENVIRONMENT ||
                       credentials->identity == SPF_IDENTITY_TERRAFORM;
    const char *name = NULL;
    const char *beside[8];
    char home[PATH_MAX];
    char ini[PATH_MAX + 32];
    char variable[80];
    size_t count = 0;

    if (profile && spf_first_env(id_names, &name) != NULL &&
        spf_first_env(secret_names, NULL) != NULL && strstr(credentials->source, name) == NULL &&
        spf_format_whole(variable, sizeof variable, "environment variable %s", name)) {
        beside[count++] = variable;
    }
    if ((profile || environment) && spf_first_env(role_names, NULL) != NULL &&
        spf_first_env(token_files, NULL) != NULL && spf_first_env(provider_names, NULL) != NULL &&
        strstr(credentials->source, "ROLE_ARN") == NULL) {
        beside[count++] = "OIDC role of ALIBABA_CLOUD_ROLE_ARN";
    }
    credentials->beside_configuration = !profile && trail->configuration;
    if (!profile && trail->configuration && !trail->refused) {
        beside[count++] = "~/.aliyun/config.json";
    }
    if (options->config_path == NULL && credentials->config_path[0] == '\0' &&
        env("ALIBABA_CLOUD_CONFIG_FILE") != NULL) {
        beside[count++] = "ALIBABA_CLOUD_CONFIG_FILE, which the aliyun CLI ignores";
    }
    if (profile && env_is_true("ALIBABA_CLOUD_CLI_PROFILE_DISABLED")) {
        beside[count++] = "ALIBABA_CLOUD_CLI_PROFILE_DISABLED, which the aliyun CLI ignores";
    }
    if (credentials->identity != SPF_IDENTITY_ELSEWHERE &&
        (env("ALIBABA_CLOUD_CREDENTIALS_FILE") != NULL ||
         (spf_home_of_shell(home) &&
          spf_format_whole(ini, sizeof ini, "%s/.alibabacloud/credentials", home) &&
          access(ini, F_OK) == 0))) {
        beside[count++] = "the SDKs' credentials file";
    }
    if (credentials->identity != SPF_IDENTITY_URI && env("ALIBABA_CLOUD_CREDENTIALS_URI") != NULL &&
        strstr(credentials->source, "CREDENTIALS_URI") == NULL) {
        beside[count++] = "environment variable ALIBABA_CLOUD_CREDENTIALS_URI";
    }
    for (size_t i = 0; i < count; i++) {
        spf_add_reason(credentials->beside, sizeof credentials->beside, "", beside[i]);
    }
}

bool spf_credentials_find(const struct spf_credential_options *options,
                          struct spf_credential_trail *trail, struct spf_credentials *credentials,
                          struct spf_failure *failure)
{
    bool found;

    *credentials = (struct spf_credentials){0};
    take_region(credentials, options->region, "--region");
    found = from_next(options, credentials, trail);
    if (!found) {
        *failure = nothing_found(trail);
    } else {
        found = take_from_environment(options, credentials, failure);
        note_beside(options, trail, credentials);
    }
    if (!found) {
        spf_credentials_clear(credentials);
    }
    return found;
}
