#include <stdint.h>

#include "login/jump_log.h"
#include "login/jump_words.h"
#include "login/mux.h"

/* What ssh says on the way through a jump host, in which the jump host has its say; and what a
 * control socket answers. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct spf_tcp_facts facts = {0};
    struct spf_jump_channels channels = {0};
    size_t taken;

    (void)spf_jump_read((const char *)data, size, (enum spf_jump_end)(size % 3), &facts);
    spf_jump_channels_read(&channels, (const char *)data, size);
    spf_jump_channels_clear(&channels);
    (void)spf_mux_read(data, size, &taken);
    return 0;
}
