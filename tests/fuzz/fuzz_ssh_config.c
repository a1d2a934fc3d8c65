#include <stdint.h>

#include "openssh/config_tokens.h"
#include "openssh/config_words.h"

/* What ssh -G prints, of a configuration that somebody else may have written. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct spf_ssh_tokens tokens = {.home = "/home/me",
                                                 .host = "h",
                                                 .alias = "a",
                                                 .name = "n",
                                                 .user = "u",
                                                 .own_user = "me",
                                                 .own_host = "l.x",
                                                 .port = 22};
    const struct spf_target asked = {.host = "n", .user = "root", .port = 22, .ssh_config = ""};
    struct spf_ssh_config_facts facts = {0};
    struct spf_ssh_hop hop = {0};
    struct spf_buf buf;
    char jump[64];

    if (spf_ssh_config_read((const char *)data, size, &facts)) {
        for (size_t i = 0; i < facts.identities.count; i++) {
            facts.identities.items[i].exists = true;
        }
        spf_ssh_config_tell(&asked, "me", "/home/me", &facts);
        spf_buf_init(&buf, 512);
        (void)spf_ssh_config_expand(&buf, facts.proxy_command, &tokens, size % 2 == 0);
        spf_buf_clear(&buf);
    }
    (void)spf_ssh_config_read_hop((const char *)data, size, &hop, jump, sizeof jump);
    spf_shape_clear(&spf_ssh_config_shape, &facts);
    return 0;
}
