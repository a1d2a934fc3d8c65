#include "cloud/console.h"

/* A serial console's text, which whoever is in the guest can write. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct spf_console_facts facts = {0};

    (void)!spf_console_read((const char *)data, size, &facts).code;
    spf_shape_clear(&spf_console_shape, &facts);
    return 0;
}
