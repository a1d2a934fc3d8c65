#include "key/readers.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Public keys in text, and bare blobs. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct spf_key_contents contents = {0};

    (void)spf_public_read((struct spf_bytes){data, size}, &contents);
    spf_contents_clear(&contents);
    (void)spf_material_set_blob(&contents.material, (struct spf_bytes){data, size});
    spf_contents_clear(&contents);
    return 0;
}
