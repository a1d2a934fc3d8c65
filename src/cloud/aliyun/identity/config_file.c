#include "cloud/aliyun/identity/config_file.h"

#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "cloud/aliyun/identity/profile.h"
#include "cloud/aliyun/identity/profile_members.h"
#include "platform/home.h"

/* Where the profile says to call, if it does. */
static bool take_endpoint(const char *name, struct json_object *profile,
                          struct spf_credentials *credentials, struct spf_failure *failure)
{
    const char *text = spf_json_text(profile, "endpoint");
    struct spf_error error = spf_ok();

    if (text[0] != '\0') {
        error = spf_endpoint_configured(text, &credentials->places.all);
    }
    if (error.code != SPF_OK) {
        *failure = spf_failure(SPF_CREDENTIALS_INCOMPLETE, "profile \"%s\": endpoint: %s", name,
                               error.text);
    }
    return error.code == SPF_OK;
}

/* ali-instance-cli reads the same file, but knows three modes and other variables (its source,
 * agent/session/plugin). */
static bool is_for_instance_cli(const struct spf_profile_reading *reading)
{
    return reading->from[0] == '\0' &&
           (spf_same_word(reading->mode, "AK") || spf_same_word(reading->mode, "StsToken") ||
            spf_same_word(reading->mode, "CredentialsURI"));
}

/* What the profile has besides its key. */
static void take_rest(const struct spf_profile_reading *reading, const char *name,
                      struct json_object *profile, struct spf_credentials *credentials)
{
    const char *region = spf_json_text(profile, "region_id");
    struct spf_failure source =
        spf_failure(SPF_NO_FINDING, "profile \"%s\" of %s%s%s", name, reading->path,
                    reading->from[0] != '\0' ? ", with " : "", reading->from);

    spf_copy(credentials->source, sizeof credentials->source, source.text);
    credentials->identity = SPF_IDENTITY_PROFILE;
    credentials->instance_cli = is_for_instance_cli(reading);
    spf_copy(credentials->profile_name, sizeof credentials->profile_name, name);
    credentials->places.vpc = spf_same_word(spf_json_text(profile, "endpoint_type"), "vpc");
    credentials->places.vpc_for_sts =
        credentials->places.vpc || spf_json_bool(profile, "enable_vpc");
    if (region[0] != '\0') {
        credentials->region_configured = true;
    }
    if (credentials->region[0] == '\0' && region[0] != '\0') {
        spf_clean(credentials->region, sizeof credentials->region, region, strlen(region));
        spf_copy(credentials->region_source, sizeof credentials->region_source, "the profile");
    }
}

bool spf_config_read(const struct spf_secret *text, const char *name, const char *shown_path,
                     int64_t now, struct spf_credentials *credentials, struct spf_failure *failure)
{
    struct json_object *root = spf_json_parse_as_go(spf_secret_text(text), spf_secret_len(text));
    const char *current = spf_json_text(root, "current");
    struct json_object *in_file;
    struct json_object *profile = NULL;
    struct spf_profile_reading reading = {.profiles = spf_json_get(root, "profiles"),
                                          .path = shown_path,
                                          .now = now,
                                          .credentials = credentials,
                                          .failure = failure};
    bool found = false;

    if (current[0] == '\0') {
        current = "default";
    }
    if (name == NULL || name[0] == '\0') {
        name = current;
    }
    in_file = spf_profile_find(reading.profiles, name);
    if (in_file != NULL) {
        profile = spf_profile_open(in_file, &reading.origins);
    }
    if (spf_json_get(root, "current") != NULL &&
        !json_object_is_type(spf_json_get(root, "current"), json_type_string)) {
        *failure = spf_failure(SPF_CREDENTIALS_INCOMPLETE, "%s: current is no text", shown_path);
    } else if (!json_object_is_type(reading.profiles, json_type_array)) {
        *failure = spf_failure(SPF_CREDENTIALS_INCOMPLETE,
                               "%s is not a configuration of the aliyun CLI (JSON with profiles)",
                               shown_path);
    } else if (in_file == NULL) {
        *failure = spf_failure(SPF_PROFILE_UNKNOWN, "%s has no profile \"%s\"", shown_path, name);
    } else if (profile == NULL) {
        *failure = (struct spf_failure){.cause = SPF_SYSTEM_ERROR};
    } else if (spf_profile_is_empty(profile)) {
        *failure = spf_failure(SPF_CREDENTIALS_MISSING,
                               "profile \"%s\" of %s is not configured yet", name, shown_path);
    } else {
        found = spf_profile_take(&reading, profile) &&
                take_endpoint(name, profile, credentials, failure);
    }
    if (found) {
        take_rest(&reading, name, profile, credentials);
        credentials->profile_is_usual = strcmp(name, current) == 0 && strcmp(name, "default") == 0;
    }
    json_object_put(reading.origins);
    if (found && credentials->profile != NULL) { /* a program's answer needs them */
        json_object_put(profile);
        json_object_put(root);
    } else {
        spf_json_wipe(profile);
        spf_json_wipe(root);
    }
    return found;
}

/* The file that the CLI reads; it knows no variable for it. */
bool spf_config_path(char *path, size_t size)
{
    char home[PATH_MAX];

    return spf_home_of_shell(home) && spf_format_whole(path, size, "%s/.aliyun/config.json", home);
}
