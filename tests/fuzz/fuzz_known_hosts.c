#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "openssh/known_hosts.h"
#include "openssh/known_hosts_judge.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const algorithms = "ssh-ed25519,ecdsa-sha2-nistp256,rsa-sha2-512";
    struct spf_known_hosts_facts facts = {0};
    const struct spf_known_host *line;
    char *order;

    spf_known_hosts_name(&facts, "Host.example", size % 2 != 0 ? 22 : 2222);
    if (spf_known_hosts_read(&facts, "known_hosts", (const char *)data, size)) {
        for (size_t i = 0; i < facts.lines.count; i++) {
            (void)spf_known_hosts_judge(&facts, facts.lines.items[i].blob, &line);
        }
        order = spf_known_hosts_order(&facts, algorithms);
        /* an order: nothing added, nothing lost */
        if (order != NULL && strlen(order) != strlen(algorithms)) {
            abort();
        }
        free(order);
    }
    spf_shape_clear(&spf_known_hosts_shape, &facts);
    return 0;
}
