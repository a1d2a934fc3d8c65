#include "cli/checks.h"

#include <string.h>

#include "pipeline/check.h"

/* The checks that one word names: an id, or what precedes the dot of several. */
static spf_checks named(const char *word, size_t len)
{
    spf_checks checks = 0;

    for (int i = 0; i < SPF_CHECK_COUNT; i++) {
        const char *id = spf_check_table[i].id;

        if (strncmp(id, word, len) == 0 && (id[len] == '\0' || id[len] == '.')) {
            checks |= (spf_checks)1u << i;
        }
    }
    return len > 0 ? checks : 0;
}

bool spf_checks_parse(const char *list, spf_checks *checks, const char **wrong)
{
    *checks = 0;
    for (;;) {
        size_t len = strcspn(list, ",");
        spf_checks these = named(list, len);

        *wrong = list;
        if (these == 0) {
            return false;
        }
        *checks |= these;
        if (list[len] == '\0') {
            return true;
        }
        list += len + 1;
    }
}
