#include <stdint.h>
#include <stdlib.h>

#include "report/merge.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What parts of a fleet have written, or somebody else in their place: read, chosen from, shown. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct spf_style style = {.utf8 = true, .width = 60, .detail = 1};
    struct spf_merge *merge = spf_merge_new();
    struct spf_buf buf;

    if (merge == NULL)
        return 0;
    spf_buf_init(&buf, 1024 * 1024);
    /* Twice: a part that ran twice counts once. */
    if (spf_merge_add(merge, "a", (const char *)data, size, &buf).code == SPF_OK &&
        spf_merge_add(merge, "b", (const char *)data, size, &buf).code == SPF_OK &&
        spf_merge_finish(merge, true, 0).code == SPF_OK) {
        int status = spf_merge_exit_status(merge);

        if (status < 0 || status > 2)
            abort();
        for (int format = 0; format < SPF_FORMAT_COUNT; format++) {
            spf_buf_clear(&buf);
            if (spf_merge_knows((enum spf_format)format))
                spf_merge_render(&buf, (enum spf_format)format, merge, &style);
        }
    }
    spf_buf_clear(&buf);
    spf_merge_free(merge);
    return 0;
}
