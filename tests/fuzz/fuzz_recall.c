#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "driver/recall.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define NOW 1790000000 /* seconds since the epoch; the corpus is of about then */

/* A file of remembered addresses, which somebody may have written: what is read can be written, and
 * reads the same again. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct spf_recall *first = spf_recall_empty();
    struct spf_recall *second = spf_recall_empty();
    struct spf_buf once;
    struct spf_buf twice;

    spf_buf_init(&once, 1024 * 1024);
    spf_buf_init(&twice, 1024 * 1024);
    if (first != NULL && second != NULL) {
        spf_recall_read(first, (const char *)data, size, NOW);
        spf_recall_write(first, &once);
        spf_recall_read(second, once.data, once.len, NOW);
        spf_recall_write(second, &twice);
        if (spf_recall_count(first) != spf_recall_count(second) ||
            strcmp(once.data, twice.data) != 0) {
            abort();
        }
    }
    spf_buf_clear(&once);
    spf_buf_clear(&twice);
    spf_recall_free(first);
    spf_recall_free(second);
    return 0;
}
