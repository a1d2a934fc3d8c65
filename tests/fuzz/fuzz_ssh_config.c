#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "openssh/config_alike.h"
#include "openssh/config_tokens.h"
#include "openssh/config_words.h"

/* What ssh -G prints, of a configuration that somebody else may have written; and the file. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The user's file, of which the Host lines count, and a ControlPath that has tokens. */
static void read_file(const char *text, size_t size)
{
    char control_path[SPF_SSH_PATH_SIZE] = "";
    struct spf_buf sections;
    struct spf_buf numbers;

    spf_buf_init(&sections, SPF_SSH_SECTIONS_MAX);
    spf_buf_init(&numbers, SPF_SSH_SECTIONS_MAX);
    if (spf_ssh_config_read_sections(text, size, "web1", &sections, control_path) !=
        SPF_SSH_UNLIKE) {
        spf_ssh_config_sections_of(sections.data, "web1", &numbers);
        if (control_path[0] != '\0' && strchr(control_path, '%') == NULL) {
            abort();
        }
    }
    spf_buf_clear(&sections);
    spf_buf_clear(&numbers);
}

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
    read_file((const char *)data, size);
    return 0;
}
