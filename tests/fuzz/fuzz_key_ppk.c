#include <string.h>

#include "key/readers.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A PPK, and (as no MAC is ever hit) what comes behind the MAC: the two blobs. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const algorithms[] = {"ssh-rsa", "ssh-dss", "ecdsa-sha2-nistp256",
                                             "ecdsa-sha2-nistp521", "ssh-ed25519"};
    struct spf_key_contents contents = {0};

    (void)spf_ppk_read((struct spf_bytes){data, size}, NULL, &contents);
    spf_contents_clear(&contents);
    if (size > 2 && data[1] <= size - 2) {
        if (spf_material_from_putty(algorithms[data[0] % 5], (struct spf_bytes){data + 2, data[1]},
                                    (struct spf_bytes){data + 2 + data[1], size - 2 - data[1]},
                                    &contents.material) == SPF_READING_DONE) {
            (void)spf_material_fits(&contents.material);
        }
        spf_contents_clear(&contents);
    }
    return 0;
}
