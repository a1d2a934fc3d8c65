#include <stdint.h>

#include "login/jump.h"

/* What ssh says on the way through a jump host, in which the jump host has its say. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct spf_tcp_facts facts = {0};

    (void)spf_jump_read((const char *)data, size, (enum spf_jump_end)(size % 3), &facts);
    return 0;
}
