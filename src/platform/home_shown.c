#include "platform/home.h"

#include <stdlib.h>

#include "base/text.h"

void spf_show_path(char *out, size_t size, const char *path)
{
    struct spf_homes homes;
    char *hidden;

    spf_homes_find(&homes);
    hidden = spf_homes_hide(&homes, path);
    spf_copy(out, size, hidden != NULL ? hidden : "a file");
    free(hidden);
}

const char *spf_first_env(const char *const *names, const char **name)
{
    for (; *names != NULL; names++) {
        const char *value = getenv(*names);

        if (value != NULL && value[0] != '\0') {
            if (name != NULL) {
                *name = *names;
            }
            return value;
        }
    }
    return NULL;
}
