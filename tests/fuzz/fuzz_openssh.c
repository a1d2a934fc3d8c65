#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "openssh/version.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What an ssh, or another program of its name, says to -V. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct spf_openssh_facts facts;
    char text[16];

    spf_openssh_read_version((const char *)data, size, &facts);
    if (facts.version < 0 || facts.version > 9999 || facts.crypto_version < 0 ||
        facts.crypto_version > 9999) {
        abort();
    }
    if (facts.version != 0 && strncmp(facts.line, "OpenSSH_", 8) != 0) {
        abort();
    }
    spf_openssh_version_format(facts.version, text, sizeof text);
    if ((text[0] == '\0') != (facts.version == 0)) {
        abort();
    }
    return 0;
}
