#include "cloud/aliyun/credentials.h"

#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/text.h"
#include "cloud/aliyun/config_file.h"

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
static const char *const profile_names[] = {"ALIBABACLOUD_PROFILE", "ALIBABA_CLOUD_PROFILE",
                                            "ALICLOUD_PROFILE", NULL};

const char *spf_first_env(const char *const *names, const char **name)
{
    for (; *names != NULL; names++) {
        const char *value = getenv(*names);

        if (value != NULL && value[0] != '\0') {
            if (name != NULL)
                *name = *names;
            return value;
        }
    }
    return NULL;
}

static bool env_is_true(const char *name)
{
    const char *value = getenv(name);

    return value != NULL && spf_same_word(value, "true");
}

/* Printable ASCII without blanks, ends trimmed: nothing else may get into a request's headers. */
static bool trim(const char **text, size_t *len)
{
    *text += strspn(*text, " \t\r\n");
    *len = strlen(*text);
    while (*len > 0 && strchr(" \t\r\n", (*text)[*len - 1]) != NULL)
        (*len)--;
    for (size_t i = 0; i < *len; i++)
        if ((*text)[i] <= ' ' || (*text)[i] > '~')
            return false;
    return *len > 0;
}

bool spf_api_key_set(struct spf_api_key *key, const char *id, const char *secret, const char *token)
{
    size_t id_len, secret_len, token_len = 0;
    bool temporary = token != NULL && token[0] != '\0';

    if (!trim(&id, &id_len) || !trim(&secret, &secret_len) || id_len >= sizeof key->id ||
        strchr(id, ',') != NULL || (temporary && !trim(&token, &token_len)))
        return false;
    memcpy(key->id, id, id_len);
    key->id[id_len] = '\0';
    key->secret = spf_secret_new(secret, secret_len);
    key->token = temporary ? spf_secret_new(token, token_len) : NULL;
    return key->secret != NULL && (!temporary || key->token != NULL);
}

void spf_credentials_clear(struct spf_credentials *credentials)
{
    spf_secret_free(credentials->key.secret);
    spf_secret_free(credentials->key.token);
    *credentials = (struct spf_credentials){0};
}

/* With the home folder as "~": no report or record shows where a user's home is. */
static void show_path(char *out, size_t size, const char *path, const char *home)
{
    size_t len = home != NULL ? strlen(home) : 0;

    if (len > 1 && strncmp(path, home, len) == 0 && path[len] == '/')
        (void)spf_format(out, size, "~%s", path + len);
    else
        (void)spf_copy(out, size, path);
}

static const char *home_folder(void)
{
    const char *home = getenv("HOME");
    const struct passwd *user;

    if (home != NULL && home[0] != '\0')
        return home;
    user = getpwuid(getuid());
    return user != NULL ? user->pw_dir : NULL;
}

static bool config_path(const struct spf_credential_options *options, char *path, size_t size)
{
    const char *given =
        options->config_path != NULL ? options->config_path : getenv("ALIBABA_CLOUD_CONFIG_FILE");
    const char *home = home_folder();

    if (given != NULL && given[0] != '\0')
        return spf_copy(path, size, given);
    return home != NULL && spf_format(path, size, "%s/.aliyun/config.json", home);
}

static void take_region(struct spf_credentials *credentials, const char *region, const char *source)
{
    if (credentials->region[0] != '\0' || region == NULL || region[0] == '\0')
        return;
    spf_clean(credentials->region, sizeof credentials->region, region, strlen(region));
    (void)spf_copy(credentials->region_source, sizeof credentials->region_source, source);
}

/* Keys from the environment. *partly: something is there, but not enough. */
static bool from_environment(struct spf_credentials *credentials, struct spf_failure *partly)
{
    const char *id_name = NULL, *secret_name = NULL;
    const char *id = spf_first_env(id_names, &id_name);
    const char *secret = spf_first_env(secret_names, &secret_name);

    if (id == NULL && secret == NULL)
        return false;
    if (id == NULL || secret == NULL) {
        *partly = spf_failure(SPF_CREDENTIALS_INCOMPLETE, "%s is set, but %s is not",
                              id != NULL ? id_name : secret_name,
                              id != NULL ? secret_names[0] : id_names[0]);
        return false;
    }
    if (!spf_api_key_set(&credentials->key, id, secret, spf_first_env(token_names, NULL))) {
        *partly = spf_failure(SPF_CREDENTIALS_INCOMPLETE,
                              "%s or its secret has characters that no access key has", id_name);
        spf_credentials_clear(credentials);
        return false;
    }
    (void)spf_format(credentials->source, sizeof credentials->source, "environment variable %s",
                     id_name);
    return true;
}

/* Keys from the CLI's file. A file that is not there is no failure unless it was asked for. */
static bool from_profile(const struct spf_credential_options *options, bool asked,
                         struct spf_credentials *credentials, struct spf_failure *failure)
{
    const char *name =
        options->profile != NULL ? options->profile : spf_first_env(profile_names, NULL);
    struct json_object *root = NULL, *profile;
    struct spf_secret *text = NULL;
    char path[4096], shown[150];
    struct spf_error error;
    bool found;

    if (!config_path(options, path, sizeof path))
        return false;
    show_path(shown, sizeof shown, path, home_folder());
    error = spf_read_small_file(path, &text);
    if (error.code != SPF_OK) {
        if (asked || access(path, F_OK) == 0)
            *failure = spf_failure(SPF_CREDENTIALS_INCOMPLETE, "%s: %s", shown, error.text);
        return false;
    }
    profile = spf_config_profile(text, name, shown, &root, failure);
    found = profile != NULL && spf_config_key(profile, &credentials->key, failure);
    if (found) {
        struct spf_buf source;

        spf_buf_init(&source, 400);
        spf_buf_addstr(&source, "profile \"");
        spf_buf_addstr(&source, spf_json_text(profile, "name"));
        spf_buf_addf(&source, "\" of %s", shown);
        spf_clean(credentials->source, sizeof credentials->source, source.data, source.len);
        spf_buf_clear(&source);
        take_region(credentials, spf_json_text(profile, "region_id"), "the profile");
    }
    spf_config_put(root);
    spf_secret_free(text);
    return found;
}

bool spf_credentials_find(const struct spf_credential_options *options,
                          struct spf_credentials *credentials, struct spf_failure *failure)
{
    bool asked = options->profile != NULL || options->config_path != NULL;
    bool no_file = env_is_true("ALIBABA_CLOUD_CLI_PROFILE_DISABLED") ||
                   env_is_true("ALIBABA_CLOUD_IGNORE_PROFILE");
    struct spf_failure from_env = {0}, from_file = {0};
    const char *region, *region_name = NULL;
    bool found = false;

    *credentials = (struct spf_credentials){0};
    take_region(credentials, options->region, "--region");
    if (!asked)
        found = from_environment(credentials, &from_env);
    if (!found && (asked || !no_file))
        found = from_profile(options, asked, credentials, &from_file);
    if (found) {
        region = spf_first_env(region_names, &region_name);
        if (region != NULL) {
            char source[80];

            (void)spf_format(source, sizeof source, "environment variable %s", region_name);
            take_region(credentials, region, source);
        }
        return true;
    }
    spf_credentials_clear(credentials);
    if (from_file.cause != SPF_NO_FINDING)
        *failure = from_file;
    else if (from_env.cause != SPF_NO_FINDING)
        *failure = from_env;
    else
        *failure = (struct spf_failure){.cause = SPF_CREDENTIALS_MISSING};
    return false;
}
