#include <stdint.h>

#include "diagnosis/pasted.h"

/* What somebody pasted: any bytes. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct spf_pasted pasted;

    (void)spf_pasted_read((const char *)data, size, &pasted);
    if (pasted.count > SPF_PASTED_CANDIDATES)
        __builtin_trap();
    return 0;
}
