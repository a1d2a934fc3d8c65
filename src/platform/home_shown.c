#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "platform/home_system.h"

char *spf_homes_hide(const struct spf_homes *homes, const char *text)
{
    size_t len = strlen(text);
    size_t best;
    char *out = malloc(len + 1);
    char *to = out;

    for (size_t i = 0; out != NULL && i < len;) {
        best = 0;
        /* A path may follow anything but a name: "file=/home/me", "'/home/me", "file:///home/me" */
        for (int k = 0; k < homes->count && (i == 0 || !spf_is_of_a_name(text[i - 1])); k++) {
            size_t found = spf_home_at(text + i, homes->path[k]);

            best = found > best ? found : best;
        }
        *to++ = best > 0 ? '~' : text[i];
        i += best > 0 ? best : 1;
    }
    if (out != NULL) {
        *to = '\0';
    }
    return out;
}

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
