#include "cloud/aliyun/config_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/json.h"
#include "base/text.h"

#define FILE_MAX ((size_t)1 << 20)

struct spf_error spf_read_small_file(const char *path, struct spf_secret **text)
{
    struct spf_error error = spf_ok();
    struct spf_secret *secret = NULL;
    struct stat st;
    size_t len = 0;
    ssize_t got = 1;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

    if (fd < 0)
        return spf_error(SPF_ERR_SYS, "%s", strerror(errno));
    if (fstat(fd, &st) != 0)
        error = spf_error(SPF_ERR_SYS, "%s", strerror(errno));
    else if (!S_ISREG(st.st_mode))
        error = spf_error(SPF_ERR_INVALID, "not a regular file");
    else if (st.st_size > (off_t)FILE_MAX)
        error = spf_error(SPF_ERR_TOO_BIG, "larger than 1 MiB");
    else if ((secret = spf_secret_alloc((size_t)st.st_size)) == NULL)
        error = spf_error(SPF_ERR_NOMEM, "out of memory");
    while (error.code == SPF_OK && got > 0 && len < (size_t)st.st_size) {
        got = read(fd, spf_secret_bytes(secret) + len, (size_t)st.st_size - len);
        if (got < 0)
            error = spf_error(SPF_ERR_SYS, "%s", strerror(errno));
        else
            len += (size_t)got;
    }
    (void)close(fd);
    if (error.code != SPF_OK) {
        spf_secret_free(secret);
        return error;
    }
    spf_secret_truncate(secret, len);
    *text = secret;
    return error;
}

static void wipe(struct json_object *value)
{
    static const char blank[] = "################################################################";

    if (json_object_is_type(value, json_type_string)) {
        /* json-c overwrites in place what is not longer than the old text. */
        for (int len = json_object_get_string_len(value); len > 0; len = len > 64 ? len - 64 : 0)
            (void)json_object_set_string_len(value, blank, len > 64 ? 64 : len);
    } else if (json_object_is_type(value, json_type_array)) {
        for (size_t i = 0; i < json_object_array_length(value); i++)
            wipe(json_object_array_get_idx(value, i));
    } else if (json_object_is_type(value, json_type_object)) {
        json_object_object_foreach(value, name, member)
        {
            (void)name;
            wipe(member);
        }
    }
}

void spf_wipe_json(struct json_object *root)
{
    wipe(root);
    json_object_put(root);
}

/* A member of the profile as the step's text. False if it does not fit. */
#define TAKE(json, member, name) spf_copy((member), sizeof(member), spf_json_text((json), (name)))

static const char *const modes[] = {
    "AK",
    "StsToken",
    "RamRoleArn",
    "EcsRamRole",
    "RamRoleArnWithRoleName",
    "External",
    "CredentialsURI",
    "OIDC",
    "CloudSSO",
    "ChainableRamRoleArn",
    "OAuth",
    NULL,
};

/* The mode, spelled as in the list above; guessed from the members where it is empty. */
static const char *mode_of(struct json_object *profile)
{
    const char *mode = spf_json_text(profile, "mode");

    for (size_t i = 0; modes[i] != NULL; i++)
        if (spf_same_word(mode, modes[i]))
            return modes[i];
    if (mode[0] != '\0')
        return mode;
    if (spf_json_text(profile, "ram_role_arn")[0] != '\0')
        return "RamRoleArn";
    return spf_json_text(profile, "sts_token")[0] != '\0' ? "StsToken" : "AK";
}

/* What is being read: the file, and the profile at hand. */
struct reading {
    struct json_object *profiles;
    const char *path, *name, *mode;
    int64_t now;
    struct spf_credentials *credentials;
    struct spf_failure *failure;
};

static bool lacks(const struct reading *reading, const char *what)
{
    *reading->failure =
        spf_failure(SPF_CREDENTIALS_INCOMPLETE, "profile \"%s\" (mode %s) lacks its %s",
                    reading->name, reading->mode, what);
    return false;
}

static bool has(const struct reading *reading, struct json_object *profile, const char *what)
{
    return spf_json_text(profile, what)[0] != '\0' || lacks(reading, what);
}

static bool take_key(const struct reading *reading, struct json_object *profile, bool temporary)
{
    const char *token = spf_json_text(profile, "sts_token");

    if (!has(reading, profile, "access_key_id") || !has(reading, profile, "access_key_secret") ||
        (temporary && !has(reading, profile, "sts_token")))
        return false;
    if (spf_api_key_set(&reading->credentials->key, spf_json_text(profile, "access_key_id"),
                        spf_json_text(profile, "access_key_secret"), token))
        return true;
    *reading->failure =
        spf_failure(SPF_CREDENTIALS_INCOMPLETE,
                    "profile \"%s\" has characters that no access key has", reading->name);
    return false;
}

static struct spf_credential_step *add_step(const struct reading *reading, enum spf_step_kind kind)
{
    struct spf_credential_step *step = spf_credentials_step(reading->credentials, kind);

    if (step == NULL)
        *reading->failure =
            spf_failure(SPF_CREDENTIALS_INCOMPLETE,
                        "profile \"%s\": its source profiles form a ring", reading->name);
    return step;
}

static bool take_place(const struct reading *reading, struct json_object *profile,
                       enum spf_step_kind kind, const char *member)
{
    struct spf_credential_step *step = add_step(reading, kind);

    if (step == NULL)
        return false;
    return TAKE(profile, step->place, member) || lacks(reading, member);
}

/* Where the profile says to call, if it does. */
static bool take_endpoint(const struct reading *reading, struct json_object *profile,
                          const char *member, struct spf_endpoint *endpoint)
{
    const char *text = spf_json_text(profile, member);
    struct spf_error error = spf_ok();

    if (text[0] != '\0')
        error = spf_endpoint_configured(text, endpoint);
    if (error.code != SPF_OK)
        *reading->failure = spf_failure(SPF_CREDENTIALS_INCOMPLETE, "profile \"%s\": %s: %s",
                                        reading->name, member, error.text);
    return error.code == SPF_OK;
}

static bool take_role(const struct reading *reading, struct json_object *profile,
                      enum spf_step_kind kind)
{
    struct spf_credential_step *step;

    if (!has(reading, profile, "ram_role_arn"))
        return false;
    step = add_step(reading, kind);
    if (step == NULL)
        return false;
    step->seconds = spf_json_number(profile, "expired_seconds", 0);
    if (!take_endpoint(reading, profile, "sts_endpoint", &step->sts_endpoint))
        return false;
    return (TAKE(profile, step->role_arn, "ram_role_arn") &&
            TAKE(profile, step->session, "ram_session_name") &&
            TAKE(profile, step->external_id, "external_id") &&
            TAKE(profile, step->sts_region, "sts_region") &&
            TAKE(profile, step->provider_arn, "oidc_provider_arn") &&
            TAKE(profile, step->place, "oidc_token_file")) ||
           lacks(reading, "ram_role_arn (a member is too long)");
}

/* The temporary key that the CLI has left in the file, while it is valid. */
static bool take_cached(const struct reading *reading, struct json_object *profile)
{
    return spf_json_number(profile, "sts_expiration", 0) > reading->now + 60 &&
           spf_json_text(profile, "access_key_id")[0] != '\0' && take_key(reading, profile, true);
}

static bool sign_in_again(const struct reading *reading)
{
    *reading->failure =
        spf_failure(SPF_TOKEN_EXPIRED,
                    "profile \"%s\" (mode %s): its sign-in has expired; run `aliyun "
                    "configure --profile %s`",
                    reading->name, reading->mode, reading->name);
    return false;
}

static bool take_cloud_sso(const struct reading *reading, struct json_object *profile)
{
    const char *token = spf_json_text(profile, "access_token");
    struct spf_credential_step *step;

    if (take_cached(reading, profile))
        return true;
    if (token[0] == '\0' ||
        spf_json_number(profile, "cloud_sso_access_token_expire", 0) <= reading->now)
        return sign_in_again(reading);
    step = add_step(reading, SPF_STEP_SIGN_IN);
    if (step == NULL)
        return false;
    step->bearer = spf_secret_new(token, strlen(token));
    return (TAKE(profile, step->place, "cloud_sso_sign_in_url") &&
            TAKE(profile, step->account, "cloud_sso_account_id") &&
            TAKE(profile, step->access_config, "cloud_sso_access_config") &&
            step->bearer != NULL) ||
           lacks(reading, "cloud_sso_sign_in_url");
}

static struct json_object *find_profile(const struct reading *reading, const char *name)
{
    for (size_t i = 0; i < spf_json_count(reading->profiles); i++) {
        struct json_object *profile = spf_json_item(reading->profiles, i);

        if (strcmp(spf_json_text(profile, "name"), name) == 0)
            return profile;
    }
    *reading->failure =
        spf_failure(SPF_PROFILE_UNKNOWN, "%s has no profile \"%s\"", reading->path, name);
    return NULL;
}

static bool take_profile(struct reading *reading, const char *name, int depth)
{
    struct json_object *profile = find_profile(reading, name);
    const char *mode;

    if (profile == NULL)
        return false;
    reading->name = name;
    reading->mode = mode = mode_of(profile);
    if (strcmp(mode, "AK") == 0)
        return take_key(reading, profile, false);
    if (strcmp(mode, "StsToken") == 0)
        return take_key(reading, profile, true);
    if (strcmp(mode, "RamRoleArn") == 0)
        return take_key(reading, profile, false) &&
               take_role(reading, profile, SPF_STEP_ASSUME_ROLE);
    if (strcmp(mode, "EcsRamRole") == 0)
        return take_place(reading, profile, SPF_STEP_METADATA, "ram_role_name");
    if (strcmp(mode, "RamRoleArnWithRoleName") == 0)
        return take_place(reading, profile, SPF_STEP_METADATA, "ram_role_name") &&
               take_role(reading, profile, SPF_STEP_ASSUME_ROLE);
    if (strcmp(mode, "External") == 0)
        return has(reading, profile, "process_command") &&
               take_place(reading, profile, SPF_STEP_PROGRAM, "process_command");
    if (strcmp(mode, "CredentialsURI") == 0)
        return has(reading, profile, "credentials_uri") &&
               take_place(reading, profile, SPF_STEP_URI, "credentials_uri");
    if (strcmp(mode, "OIDC") == 0)
        return has(reading, profile, "oidc_provider_arn") &&
               has(reading, profile, "oidc_token_file") &&
               take_role(reading, profile, SPF_STEP_ASSUME_WITH_OIDC);
    if (strcmp(mode, "CloudSSO") == 0)
        return take_cloud_sso(reading, profile);
    if (strcmp(mode, "OAuth") == 0)
        return take_cached(reading, profile) || sign_in_again(reading);
    if (strcmp(mode, "ChainableRamRoleArn") == 0) {
        if (!has(reading, profile, "source_profile"))
            return false;
        if (depth == SPF_STEPS_MAX)
            return add_step(reading, SPF_STEP_ASSUME_ROLE) != NULL &&
                   lacks(reading, "source_profile (they form a ring)");
        if (!take_profile(reading, spf_json_text(profile, "source_profile"), depth + 1))
            return false;
        reading->name = name;
        reading->mode = mode;
        return take_role(reading, profile, SPF_STEP_ASSUME_ROLE);
    }
    *reading->failure =
        spf_failure(SPF_PROFILE_MODE_UNSUPPORTED,
                    "profile \"%s\" has mode %s, which is not supported", name, mode);
    return false;
}

bool spf_config_read(const struct spf_secret *text, const char *name, const char *shown_path,
                     int64_t now, struct spf_credentials *credentials, struct spf_failure *failure)
{
    struct json_object *root = spf_json_parse_as_go(spf_secret_text(text), spf_secret_len(text));
    struct reading reading = {.profiles = spf_json_get(root, "profiles"),
                              .path = shown_path,
                              .now = now,
                              .credentials = credentials,
                              .failure = failure};
    bool found = false;

    if (name == NULL)
        name = spf_json_text(root, "current");
    if (name[0] == '\0')
        name = "default";
    if (!json_object_is_type(reading.profiles, json_type_array))
        *failure = spf_failure(SPF_CREDENTIALS_INCOMPLETE,
                               "%s is not a configuration of the aliyun CLI (JSON with profiles)",
                               shown_path);
    else
        found = take_profile(&reading, name, 0);
    found = found && take_endpoint(&reading, find_profile(&reading, name), "endpoint",
                                   &credentials->places.all);
    if (found) {
        const char *region = spf_json_text(find_profile(&reading, name), "region_id");
        struct spf_failure source =
            spf_failure(SPF_NO_FINDING, "profile \"%s\" of %s", name, shown_path);

        (void)spf_copy(credentials->source, sizeof credentials->source, source.text);
        credentials->places.vpc =
            spf_same_word(spf_json_text(find_profile(&reading, name), "endpoint_type"), "vpc");
        credentials->places.vpc_for_sts =
            credentials->places.vpc || spf_json_bool(find_profile(&reading, name), "enable_vpc");
        if (credentials->region[0] == '\0' && region[0] != '\0') {
            spf_clean(credentials->region, sizeof credentials->region, region, strlen(region));
            (void)spf_copy(credentials->region_source, sizeof credentials->region_source,
                           "the profile");
        }
    }
    spf_wipe_json(root);
    return found;
}
