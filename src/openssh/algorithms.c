#include "openssh/algorithms.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define LIST_MAX 8000 /* OpenSSH 10.6's longest list has 1.1 KiB */

static const struct spf_field fields[] = {
    SPF_SHAPE_STRING(struct spf_openssh_algorithms_facts, kex),
    SPF_SHAPE_STRING(struct spf_openssh_algorithms_facts, host_keys),
    SPF_SHAPE_STRING(struct spf_openssh_algorithms_facts, ciphers),
    SPF_SHAPE_STRING(struct spf_openssh_algorithms_facts, macs),
    SPF_SHAPE_STRING(struct spf_openssh_algorithms_facts, known_kex),
    SPF_SHAPE_STRING(struct spf_openssh_algorithms_facts, known_host_keys),
    SPF_SHAPE_STRING(struct spf_openssh_algorithms_facts, known_ciphers),
    SPF_SHAPE_STRING(struct spf_openssh_algorithms_facts, known_macs),
};
const struct spf_shape spf_openssh_algorithms_shape =
    SPF_SHAPE(struct spf_openssh_algorithms_facts, fields);

/* A name of an algorithm (RFC 4251 section 6), or a list of them. */
static bool is_list(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (text[i] <= ' ' || text[i] > '~') {
            return false;
        }
    }
    return len > 0 && len <= LIST_MAX;
}

void spf_openssh_read_offer(const char *says, struct spf_openssh_algorithms_facts *facts)
{
    const struct {
        const char *option;
        char **list;
    } options[] = {
        {"kexalgorithms ", &facts->kex},
        {"hostkeyalgorithms ", &facts->host_keys},
        {"ciphers ", &facts->ciphers},
        {"macs ", &facts->macs},
    };

    while (*says != '\0') {
        size_t len = strcspn(says, "\n");

        for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
            size_t name = strlen(options[i].option);

            if (*options[i].list == NULL && len > name &&
                strncmp(says, options[i].option, name) == 0 && is_list(says + name, len - name)) {
                *options[i].list = strndup(says + name, len - name);
            }
        }
        says += len;
        says += *says == '\n';
    }
}

char *spf_openssh_read_names(const char *says)
{
    struct spf_buf list;

    spf_buf_init(&list, LIST_MAX);
    while (*says != '\0') {
        size_t len = strcspn(says, "\n");

        if (is_list(says, len)) {
            if (list.len > 0) {
                spf_buf_addch(&list, ',');
            }
            spf_buf_add(&list, says, len);
        }
        says += len;
        says += *says == '\n';
    }
    if (list.len == 0) {
        spf_buf_clear(&list);
        return NULL;
    }
    return spf_buf_take(&list);
}
