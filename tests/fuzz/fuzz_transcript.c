/* A pasted text of any bytes, read, evaluated by all checks and diagnosed. */
#include <stdint.h>

#include "transcript/transcript.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char words[128];

    (void)spf_transcript_cause((const char *)data, size, words);
    return 0;
}
