#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "driver/address_cache.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define NOW 1790000000 /* seconds since the epoch; the corpus is of about then */

/* A file of remembered addresses, which somebody may have written: what is read can be written, and
 * reads the same again. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct spf_address_cache *first = spf_address_cache_empty();
    struct spf_address_cache *second = spf_address_cache_empty();
    struct spf_buf once;
    struct spf_buf twice;

    spf_buf_init(&once, 1024 * 1024);
    spf_buf_init(&twice, 1024 * 1024);
    if (first != NULL && second != NULL) {
        spf_address_cache_read(first, (const char *)data, size, NOW);
        spf_address_cache_write(first, &once);
        spf_address_cache_read(second, once.data, once.len, NOW);
        spf_address_cache_write(second, &twice);
        if (spf_address_cache_count(first) != spf_address_cache_count(second) ||
            strcmp(once.data, twice.data) != 0) {
            abort();
        }
    }
    spf_buf_clear(&once);
    spf_buf_clear(&twice);
    spf_address_cache_free(first);
    spf_address_cache_free(second);
    return 0;
}
