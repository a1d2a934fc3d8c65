#include "cli/options.h"

#include <stdlib.h>

void spf_options_init(struct spf_options *options)
{
    *options = (struct spf_options){
        .port = 22, .selected = SPF_ALL_CHECKS, .timeout_s = 10, .deadline_s = 60, .jobs = 128};
}

bool spf_options_select(const struct spf_options *options)
{
    return options->all || options->tags[0] != NULL || options->vpc != NULL;
}

bool spf_options_list(const struct spf_options *options)
{
    return spf_options_select(options) || options->instances.count > 0 ||
           options->instances_files[0] != NULL || options->hosts_files[0] != NULL;
}

void spf_options_clear(struct spf_options *options)
{
    for (size_t i = 0; i < options->copies.count; i++) {
        free(options->copies.items[i]);
    }
    free(options->copies.items);
    free(options->instances.items);
    free(options->files.items);
    free(options->host_copy);
    free(options->key_copy);
    options->host_copy = options->key_copy = NULL;
    options->copies.items = NULL;
    options->instances.items = NULL;
    options->files.items = NULL;
    options->files.count = 0;
    options->instances.count = 0;
    options->copies.count = 0;
}
