#include "cloud/aliyun/identity/config_file.h"

/* The aliyun CLI's config.json, by its current profile and by name; and the SDKs' ini file. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {NULL, "role"};
    struct spf_secret *text = spf_secret_new(data, size);
    struct spf_credentials credentials = {0};
    struct spf_failure failure;

    for (int i = 0; text != NULL && i < 2; i++) {
        (void)!spf_config_read(text, names[i], "config.json", 1000, &credentials, &failure);
        spf_credentials_clear(&credentials);
        (void)!spf_ini_read(text, i == 0 ? "default" : "role", "credentials", &credentials,
                            &failure);
        spf_credentials_clear(&credentials);
    }
    spf_secret_free(text);
    return 0;
}
