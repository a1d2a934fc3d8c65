#include <stdint.h>
#include <stdlib.h>

#include "ledger/merge.h"
#include "report/format.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool add(struct spf_merge *merge, const char *name, const uint8_t *data, size_t size)
{
    struct spf_ledger *ledger;
    struct spf_buf remarks;
    bool added;

    spf_buf_init(&remarks, 10000);
    added = spf_ledger_read_text((const char *)data, size, &remarks, &ledger).code == SPF_OK &&
            spf_merge_add(merge, name, ledger, &remarks).code == SPF_OK;
    spf_buf_clear(&remarks);
    return added;
}

/* What parts of a fleet have written, or somebody else in their place: read, chosen from, shown. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct spf_style style = {.utf8 = true, .width = 60, .detail = 1};
    struct spf_merge *merge = spf_merge_new();
    const struct spf_report *report;
    struct spf_buf buf;

    if (merge == NULL) {
        return 0;
    }
    spf_buf_init(&buf, 1024 * 1024);
    /* Twice: a part that ran twice counts once. */
    if (add(merge, "a", data, size) && add(merge, "b", data, size) &&
        spf_merge_finish(merge, true, 0, &report).code == SPF_OK) {
        if (report->exit_status < 0 || report->exit_status > 2) {
            abort();
        }
        for (int format = 0; format < SPF_FORMAT_COUNT; format++) {
            spf_buf_clear(&buf);
            spf_report_render(&buf, (enum spf_format)format, report, &style);
        }
    }
    spf_buf_clear(&buf);
    spf_merge_free(merge);
    return 0;
}
