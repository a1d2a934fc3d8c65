#include "base/json.h"
#include "cloud/aliyun/config_file.h"

/* The aliyun CLI's config.json: the current profile, and one by name. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {NULL, "role"};
    struct spf_secret *text = spf_secret_new(data, size);

    for (int i = 0; text != NULL && i < 2; i++) {
        struct json_object *root = NULL, *profile;
        struct spf_failure failure;
        struct spf_api_key key = {0};

        profile = spf_config_profile(text, names[i], "config.json", &root, &failure);
        if (profile != NULL)
            (void)spf_config_key(profile, &key, &failure);
        spf_secret_free(key.secret);
        spf_secret_free(key.token);
        spf_config_put(root);
    }
    spf_secret_free(text);
    return 0;
}
