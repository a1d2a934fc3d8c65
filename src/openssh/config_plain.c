#include "openssh/config_plain.h"

#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"

#define LINES_MAX 1000

static bool matches_nothing(const char *pattern)
{
    glob_t found;
    int code = pattern[0] == '/' ? glob(pattern, 0, NULL, &found) : GLOB_ABORTED;

    if (code == 0)
        globfree(&found);
    return code == GLOB_NOMATCH;
}

bool spf_ssh_config_line_is_plain(const char *line)
{
    /* What a session may be given, and what is written to known_hosts: nothing of the login. */
    static const char *const plain[] = {"Host", "SendEnv", "HashKnownHosts",
                                        "GSSAPIAuthentication"};
    char pattern[1024];
    size_t len, argument;

    line += strspn(line, " \t\r\n");
    if (*line == '\0' || *line == '#')
        return true;
    len = strcspn(line, " \t\r\n=");
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++) {
        if (strlen(plain[i]) == len && strncasecmp(line, plain[i], len) == 0)
            return true;
    }
    if (len != strlen("Include") || strncasecmp(line, "Include", len) != 0)
        return false;
    line += len + strspn(line + len, " \t");
    argument = strcspn(line, " \t\r\n\"");
    return line[argument + strspn(line + argument, "\r\n")] == '\0' &&
           spf_format(pattern, sizeof pattern, "%.*s", (int)argument, line) &&
           matches_nothing(pattern);
}

/* Is the first ssh in PATH the one that /etc/ssh/ssh_config belongs to? */
static bool is_systems_own(void)
{
    const char *path = getenv("PATH");
    char program[4096];

    while (path != NULL && *path != '\0') {
        size_t len = strcspn(path, ":");

        if (!spf_format(program, sizeof program, "%.*s/ssh", (int)len, path))
            return false;
        if (access(program, X_OK) == 0)
            return strcmp(program, "/usr/bin/ssh") == 0 || strcmp(program, "/bin/ssh") == 0;
        path += len + (path[len] == ':');
    }
    return false;
}

static bool file_is_plain(const char *path)
{
    FILE *file = fopen(path, "re");
    char line[1024];
    size_t count = 0;
    bool plain = true;

    if (file == NULL)
        return errno == ENOENT;
    while (plain && fgets(line, sizeof line, file) != NULL)
        plain = ++count <= LINES_MAX && strlen(line) < sizeof line - 1 &&
                spf_ssh_config_line_is_plain(line);
    plain = plain && !ferror(file);
    (void)fclose(file);
    return plain;
}

bool spf_ssh_config_is_plain(const char *home)
{
    struct stat status;
    char own[4096];

    return is_systems_own() && home[0] != '\0' &&
           spf_format(own, sizeof own, "%s/.ssh/config", home) && stat(own, &status) != 0 &&
           (errno == ENOENT || errno == ENOTDIR) && file_is_plain("/etc/ssh/ssh_config");
}
