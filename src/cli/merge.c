#include "cli/merge.h"

#include <stdio.h>
#include <string.h>

#include "base/language.h"
#include "cli/input.h"

static struct spf_error add_file(const struct spf_options *options, int stop_fd,
                                 struct spf_merge *merge, const char *file)
{
    struct spf_ledger *ledger;
    struct spf_error error = spf_input_ledger(file, stop_fd, options->deadline_s, true, &ledger);
    struct spf_buf remarks;

    if (error.code != SPF_OK) {
        return error;
    }
    spf_buf_init(&remarks, 100000);
    error = spf_merge_add(merge, file, ledger, &remarks);
    for (char *at = remarks.data, *line; (line = strsep(&at, "\n")) != NULL;) {
        if (line[0] != '\0') {
            (void)fprintf(stderr, "sshpreflight: %s\n", line);
        }
    }
    spf_buf_clear(&remarks);
    return error;
}

struct spf_error spf_merge_files(const struct spf_options *options, int stop_fd,
                                 struct spf_merge *merge, const struct spf_report **report)
{
    struct spf_error error = spf_ok();

    for (size_t i = 0; error.code == SPF_OK && i < options->files.count; i++) {
        error = add_file(options, stop_fd, merge, options->files.items[i]);
    }
    return error.code == SPF_OK
               ? spf_merge_finish(merge, options->strict, options->fail_over, report)
               : error;
}
