#include "cloud/aliyun/config_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/json.h"
#include "base/text.h"
#include "cloud/aliyun/credentials.h"

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

static const char *current_name(struct json_object *root)
{
    const char *name = spf_json_text(root, "current");

    return name[0] != '\0' ? name : "default";
}

struct json_object *spf_config_profile(const struct spf_secret *text, const char *name,
                                       const char *shown_path, struct json_object **root,
                                       struct spf_failure *failure)
{
    struct json_object *profiles;

    *root = spf_json_parse(spf_secret_text(text), spf_secret_len(text));
    profiles = spf_json_get(*root, "profiles");
    if (!json_object_is_type(profiles, json_type_array)) {
        *failure = spf_failure(SPF_CREDENTIALS_INCOMPLETE,
                               "%s is not a configuration of the aliyun CLI (JSON with profiles)",
                               shown_path);
        return NULL;
    }
    if (name == NULL)
        name = current_name(*root);
    for (size_t i = 0; i < spf_json_count(profiles); i++) {
        struct json_object *profile = spf_json_item(profiles, i);

        if (strcmp(spf_json_text(profile, "name"), name) == 0)
            return profile;
    }
    *failure = spf_failure(SPF_PROFILE_UNKNOWN, "%s has no profile \"%s\"", shown_path, name);
    return NULL;
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

void spf_config_put(struct json_object *root)
{
    wipe(root);
    json_object_put(root);
}

const char *spf_config_mode(struct json_object *profile)
{
    static const char *const modes[] = {
        "AK",
        "StsToken",
        "RamRoleArn",
        "EcsRamRole",
        "RamRoleArnWithRoleName",
        "RsaKeyPair",
        "ChainableRamRoleArn",
        "External",
        "CredentialsURI",
        "OIDC",
        "CloudSSO",
        "OAuth",
        "BearerToken",
        "Anonymous",
    };
    const char *mode = spf_json_text(profile, "mode");

    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++)
        if (spf_same_word(mode, modes[i]))
            return modes[i];
    if (mode[0] != '\0')
        return mode;
    if (spf_json_text(profile, "ram_role_arn")[0] != '\0')
        return "RamRoleArn";
    if (spf_json_text(profile, "sts_token")[0] != '\0')
        return "StsToken";
    return "AK";
}

bool spf_config_key(struct json_object *profile, struct spf_api_key *key,
                    struct spf_failure *failure)
{
    const char *mode = spf_config_mode(profile), *name = spf_json_text(profile, "name");
    const char *id = spf_json_text(profile, "access_key_id");
    const char *secret = spf_json_text(profile, "access_key_secret");
    const char *token = spf_json_text(profile, "sts_token");
    bool temporary = strcmp(mode, "StsToken") == 0;

    if (!temporary && strcmp(mode, "AK") != 0) {
        *failure = spf_failure(SPF_PROFILE_MODE_UNSUPPORTED,
                               "profile \"%s\" has mode %s, which is not supported", name, mode);
        return false;
    }
    if (id[0] == '\0' || secret[0] == '\0' || (temporary && token[0] == '\0')) {
        *failure = spf_failure(SPF_CREDENTIALS_INCOMPLETE, "profile \"%s\" (mode %s) lacks its %s",
                               name, mode,
                               id[0] == '\0'       ? "access_key_id"
                               : secret[0] == '\0' ? "access_key_secret"
                                                   : "sts_token");
        return false;
    }
    if (!spf_api_key_set(key, id, secret, temporary ? token : NULL)) {
        *failure = spf_failure(SPF_CREDENTIALS_INCOMPLETE,
                               "profile \"%s\" has characters that no access key has", name);
        return false;
    }
    return true;
}
