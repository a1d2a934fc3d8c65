#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cli/inventory.h"
#include "cli/parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What ansible-inventory prints: hosts and variables that somebody else has written. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *argv[] = {(char *)"sshpreflight", (char *)"--hosts-file", (char *)"list",
                    (char *)"--key",        (char *)"key",          NULL};
    struct spf_targets targets = {0};
    struct spf_options options;
    struct spf_error error;
    struct spf_buf json;
    struct spf_buf remarks;

    spf_buf_init(&json, 1u << 20);
    spf_buf_init(&remarks, 10000);
    spf_buf_add(&json, (const char *)data, size);
    spf_options_init(&options);
    error = spf_options_read(&options, 5, argv);
    if (error.code != SPF_OK || spf_options_finish(&options).code != SPF_OK) {
        abort();
    }
    (void)spf_inventory_is_one(json.data);
    error = spf_inventory_read(&targets, &options, "inventory", &json, &remarks);
    spf_buf_clear(&json); /* nothing may be borrowed from it */
    for (size_t i = 0; i < targets.list.count; i++) {
        const struct spf_target *target = targets.list.items[i];

        /* Each is a host that can be asked for; none is an option in disguise. */
        if (target->host == NULL || target->instance_id != NULL || target->port == 0 ||
            target->host[0] == '-' || strlen(target->user) == 0) {
            abort();
        }
    }
    for (size_t i = 0; i < targets.left_out.count; i++) {
        if (targets.left_out.items[i].why[0] == '\0') {
            abort();
        }
    }
    if (error.code != SPF_OK && error.text[0] == '\0') {
        abort();
    }
    spf_buf_clear(&remarks);
    spf_targets_clear(&targets);
    spf_options_clear(&options);
    return 0;
}
