#include "login/jump_program.h"

#include <unistd.h>

#include "base/ip.h"
#include "base/text.h"

void spf_jump_close_end(int *fd)
{
    if (*fd >= 0) {
        (void)close(*fd);
    }
    *fd = -1;
}

void spf_jump_note_last_hop(const struct spf_jump_line *line, struct spf_tcp_facts *facts)
{
    const struct spf_ssh_hop *hop = &line->hops[line->hop_count - 1];
    struct spf_jump_place place;
    const char *host = hop->host;
    struct spf_ip ip;

    if (line->hop_count < 2) {
        return; /* ssh says to which address it connects */
    }
    spf_jump_split(hop->name, &place);
    if (host[0] == '\0') {
        host = place.host;
    }
    if (spf_ip_parse(host, &ip)) {
        spf_copy(facts->jump_address, sizeof facts->jump_address, host);
    }
}

void spf_jump_add_environment(struct spf_child_environment *environment,
                              const struct spf_jump_line *line)
{
    spf_child_environment_add(environment, "LC_ALL=C");
    for (size_t i = 0; i < SPF_JUMP_HOPS_MAX && line->variables[i] != NULL; i++) {
        spf_child_environment_add(environment, line->variables[i]);
    }
}
