#include <assert.h>
#include <string.h>

#include "key/readers.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The container without its base64 (first octet even), or a bare private section (odd). */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct spf_key_contents contents = {0};
    enum spf_reading reading;

    if (size == 0) {
        return 0;
    }
    if (data[0] % 2 == 0) {
        reading = spf_openssh_read_binary((struct spf_bytes){data + 1, size - 1}, NULL, &contents);
    } else {
        struct spf_reader reader = spf_reader(data + 1, size - 1);

        reading = spf_material_from_openssh(&reader, &contents.material);
    }
    if (reading == SPF_READING_DONE) {
        struct spf_secret *text = spf_material_write(&contents.material);
        struct spf_key_contents again = {0};

        assert(text != NULL &&
               spf_openssh_read(spf_secret_view(text), NULL, &again) == SPF_READING_DONE);
        assert(again.material.blob_len == contents.material.blob_len);
        (void)(spf_material_signs(&contents.material) && spf_material_fits(&contents.material));
        spf_contents_clear(&again);
        spf_secret_free(text);
    }
    spf_contents_clear(&contents);
    return 0;
}
