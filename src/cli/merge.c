#include "cli/merge.h"

#include <stdio.h>
#include <string.h>

#include "base/language.h"
#include "cli/input.h"
#include "cli/output.h"
#include "report/merge.h"

#define FILE_MAX  (256u * 1024 * 1024) /* bytes; some ten thousand targets */
#define TOTAL_MAX ((size_t)1024 * 1024 * 1024)

static struct spf_error add_file(struct spf_merge *merge, const struct spf_options *options,
                                 const char *file, int stop_fd, size_t *total)
{
    struct spf_buf text, remarks;
    struct spf_error error;

    spf_buf_init(&text, FILE_MAX);
    spf_buf_init(&remarks, 100000);
    error = spf_input_read(file, stop_fd, options->deadline_s, &text);
    *total += text.len;
    if (error.code != SPF_OK)
        error = spf_usage("%s: %s", file, error.text);
    else if (*total > TOTAL_MAX)
        error = spf_usage("%s: all files together are too large", file);
    else
        error = spf_merge_add(merge, file, text.data, text.len, &remarks);
    for (char *at = remarks.data, *line; (line = strsep(&at, "\n")) != NULL;) {
        if (line[0] != '\0')
            (void)fprintf(stderr, "sshpreflight: %s\n", line);
    }
    spf_buf_clear(&remarks);
    spf_buf_clear(&text);
    return error;
}

struct spf_error spf_merge_files(const struct spf_options *options, const struct spf_style *style,
                                 int stop_fd, int *status)
{
    struct spf_merge *merge = spf_merge_new();
    struct spf_error error = merge != NULL ? spf_ok() : spf_error(SPF_ERR_NOMEM, "out of memory");
    struct spf_buf buf;
    size_t total = 0;

    for (size_t i = 0; error.code == SPF_OK && i < options->files.count; i++)
        error = add_file(merge, options, options->files.items[i], stop_fd, &total);
    if (error.code == SPF_OK)
        error = spf_merge_finish(merge, options->strict, options->fail_over);
    if (error.code == SPF_OK) {
        spf_buf_init(&buf, TOTAL_MAX);
        spf_merge_render(&buf, options->format, merge, style);
        *status = spf_merge_exit_status(merge);
        error = spf_buf_failed(&buf) ? spf_error(SPF_ERR_NOMEM, _("out of memory for the report"))
                                     : spf_output_write("-", buf.data, buf.len, 0666);
        spf_buf_clear(&buf);
    }
    spf_merge_free(merge);
    return error;
}
