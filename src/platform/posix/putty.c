#include "platform/putty.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "platform/files.h"
#include "platform/home.h"

#define LINE_SIZE 16384 /* of an RSA key of 16384 bits it is 4 KiB */

/* PuTTY's unix/storage.c, make_filename: where it keeps its settings. */
static bool settings(char directory[PATH_MAX])
{
    const char *chosen = getenv("PUTTYDIR");
    const char *xdg = getenv("XDG_CONFIG_HOME");
    const char *home = getenv("HOME");
    char own[PATH_MAX];
    bool found = false;

    if (chosen != NULL) {
        return spf_copy_whole(directory, PATH_MAX, chosen);
    }
    if (xdg != NULL && xdg[0] != '\0') {
        found = spf_format_whole(directory, PATH_MAX, "%s/putty", xdg);
    } else if (home != NULL && home[0] != '\0') {
        found = spf_format_whole(directory, PATH_MAX, "%s/.config/putty", home);
    }
    if (found && access(directory, F_OK) == 0) {
        return true;
    }
    return spf_home(own) && spf_format_whole(directory, PATH_MAX, "%s/.putty", own);
}

static bool file_of_host_keys(char path[PATH_MAX])
{
    const char *chosen = getenv("PUTTYSSHHOSTKEYS");
    char directory[PATH_MAX];

    if (chosen != NULL) {
        return spf_copy_whole(path, PATH_MAX, chosen);
    }
    return settings(directory) && spf_format_whole(path, PATH_MAX, "%s/sshhostkeys", directory);
}

/* Lines of a name, a blank and the numbers. */
bool spf_putty_stored(const char *name, char *out, size_t size)
{
    const size_t len = strlen(name);
    char path[PATH_MAX];
    char line[LINE_SIZE];
    bool found = false;
    int fd = file_of_host_keys(path) ? spf_open_to_read(path) : -1;
    FILE *file = fd >= 0 ? fdopen(fd, "r") : NULL;

    if (file == NULL) {
        if (fd >= 0) {
            (void)close(fd);
        }
        return false;
    }
    while (!found && fgets(line, sizeof line, file) != NULL) {
        line[strcspn(line, "\r\n")] = '\0';
        found = strncmp(line, name, len) == 0 && line[len] == ' ' &&
                spf_copy_whole(out, size, line + len + 1);
    }
    (void)fclose(file);
    return found;
}

void spf_putty_place(char out[256])
{
    char path[PATH_MAX];

    spf_copy(out, 256, file_of_host_keys(path) ? path : "PuTTY");
}

bool spf_putty_is_usual(void)
{
    return false;
}
