#include "cloud/aliyun/identity/profile_members.h"

#include <string.h>

#include "base/json.h"
#include "base/json_build.h"
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

bool spf_profile_has(struct json_object *profile, const char *name)
{
    struct json_object *value = spf_json_get(profile, name);

    return value != NULL &&
           (!json_object_is_type(value, json_type_string) || json_object_get_string_len(value) > 0);
}

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
    /* it has a name, and so is an object */
    json_object_object_foreach(profile, name, value)
    {
        spf_json_add(open, name, json_object_get(value));
    }
    for (size_t i = 0; i < sizeof filled / sizeof *filled; i++) {
        const char *variable = NULL;
        const char *text = spf_first_env(filled[i].names, &variable);

        if (text == NULL || spf_profile_has(open, filled[i].member)) {
            continue;
        }
        spf_json_add(open, filled[i].member, spf_json_string(text));
        spf_json_add(*origins, filled[i].member, spf_json_string(variable));
    }
    return open;
}

/*
 * The members of the CLI's struct (config/profile.go), which are texts but for those below: with
 * one of another type encoding/json gives an error, and the CLI does not start. A name that is not
 * the CLI's may be anything.
 */
static const char *const numbers[] = {"expired_seconds", "sts_expiration",
                                      "cloud_sso_access_token_expire", "oauth_access_token_expire",
                                      "oauth_refresh_token_expire"};
static const char *const texts[] = {"name",
                                    "mode",
                                    "access_key_id",
                                    "access_key_secret",
                                    "sts_token",
                                    "sts_region",
                                    "sts_endpoint",
                                    "ram_role_name",
                                    "ram_role_arn",
                                    "ram_session_name",
                                    "external_id",
                                    "source_profile",
                                    "private_key",
                                    "key_pair_name",
                                    "region_id",
                                    "process_command",
                                    "credentials_uri",
                                    "oidc_provider_arn",
                                    "oidc_token_file",
                                    "cloud_sso_sign_in_url",
                                    "access_token",
                                    "cloud_sso_access_config",
                                    "cloud_sso_account_id",
                                    "oauth_access_token",
                                    "oauth_refresh_token",
                                    "oauth_site_type",
                                    "bearer_token",
                                    "endpoint",
                                    "endpoint_type"};

const char *spf_profile_wrong_type(struct json_object *profile, const char **kind)
{
    int64_t number;

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct json_object *value = spf_json_get(profile, texts[i]);

        if (value != NULL && !json_object_is_type(value, json_type_string)) {
            *kind = "text";
            return texts[i];
        }
    }
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        struct json_object *value = spf_json_get(profile, numbers[i]);

        if (value != NULL &&
            (!json_object_is_type(value, json_type_int) || !spf_json_whole(value, &number))) {
            *kind = "whole number";
            return numbers[i];
        }
    }
    return NULL;
}
