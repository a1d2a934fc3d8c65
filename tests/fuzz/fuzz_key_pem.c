#include <string.h>

#include "key/pem_writer.h"
#include "key/readers.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* DER between PEM's lines: the first octet says between which. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const labels[] = {
        "RSA PRIVATE KEY", "PRIVATE KEY",     "ENCRYPTED PRIVATE KEY",
        "EC PRIVATE KEY",  "DSA PRIVATE KEY", "PUBLIC KEY",
        "RSA PUBLIC KEY",  "CERTIFICATE",     "CERTIFICATE REQUEST"};
    struct spf_key_contents contents = {0};
    struct spf_secret *text;

    if (size == 0) {
        return 0;
    }
    text = spf_pem_text(labels[data[0] % (sizeof labels / sizeof *labels)],
                        (struct spf_bytes){data + 1, size - 1});
    if (spf_pem_read(spf_secret_view(text), NULL, &contents) == SPF_READING_DONE) {
        (void)spf_material_fits(&contents.material);
    }
    spf_contents_clear(&contents);
    (void)spf_public_read(spf_secret_view(text), &contents);
    spf_contents_clear(&contents);
    spf_secret_free(text);
    return 0;
}
