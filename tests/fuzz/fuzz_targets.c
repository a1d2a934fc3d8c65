#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cli/parse.h"
#include "cli/ssh_options.h"
#include "cli/target_lines.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A list of hosts or instances that somebody else has written. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *argv[] = {(char *)"sshpreflight", (char *)"--hosts-file", (char *)"list",
                    (char *)"--key",        (char *)"key",          NULL};
    struct spf_targets targets = {0};
    struct spf_options options;
    struct spf_error error;
    char *text = malloc(size + 1);

    if (text == NULL || size == 0) {
        free(text);
        return 0;
    }
    memcpy(text, data + 1, size - 1);
    text[size - 1] = '\0';
    spf_options_init(&options);
    error = spf_options_read(&options, 5, argv);
    if (error.code != SPF_OK || spf_options_finish(&options).code != SPF_OK) {
        abort();
    }
    error = spf_targets_read(&targets, &options, data[0] == 'i', "list", text);
    free(text); /* nothing may be borrowed from it */
    for (size_t i = 0; i < targets.list.count; i++) {
        const struct spf_target *target = targets.list.items[i];

        /* Each can be asked for, and says so without the text. */
        if ((target->host == NULL && target->instance_id == NULL) || target->port == 0 ||
            strlen(target->user) == 0) {
            abort();
        }
    }
    for (size_t i = 0; i < targets.left_out.count; i++) {
        if (targets.left_out.items[i].why[0] == '\0') {
            abort();
        }
    }
    spf_targets_clear(&targets);
    spf_options_clear(&options);
    return 0;
}
