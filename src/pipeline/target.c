#include "pipeline/target.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

char *spf_identity_format(uint64_t identity, char out[SPF_IDENTITY_SIZE])
{
    spf_format(out, SPF_IDENTITY_SIZE, "%016" PRIx64, identity);
    return out;
}

uint64_t spf_identity_parse(const char *text)
{
    if (text == NULL || strlen(text) != SPF_IDENTITY_SIZE - 1 ||
        strspn(text, "0123456789abcdef") != SPF_IDENTITY_SIZE - 1) {
        return 0;
    }
    return strtoull(text, NULL, 16);
}
