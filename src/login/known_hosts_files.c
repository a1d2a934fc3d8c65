#include "login/known_hosts_files.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/self.h"
#include "base/text.h"

#define FILE_MAX (16u << 20)

/* Non-blocking and only of a regular file, so that a FIFO cannot hang us. NULL: nothing to read. */
static char *read_whole(const char *path, size_t *len)
{
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    struct stat stat;
    char *text = NULL;
    ssize_t got = 1;

    *len = 0;
    if (fd < 0)
        return NULL;
    if (fstat(fd, &stat) == 0 && S_ISREG(stat.st_mode) && stat.st_size > 0) {
        size_t size = stat.st_size < FILE_MAX ? (size_t)stat.st_size : FILE_MAX;

        text = malloc(size);
        while (text != NULL && *len < size && got > 0) {
            got = read(fd, text + *len, size - *len);
            *len += got > 0 ? (size_t)got : 0;
        }
    }
    (void)close(fd);
    return text;
}

static bool gather_file(struct spf_known_hosts_facts *facts, const char *path)
{
    size_t len;
    char *text = read_whole(path, &len);
    bool good = text == NULL || spf_known_hosts_read(facts, path, text, len);

    free(text);
    return good;
}

bool spf_known_hosts_gather(const struct spf_target *target, const char *host,
                            struct spf_known_hosts_facts *facts)
{
    static const char *const of_user[] = {".ssh/known_hosts", ".ssh/known_hosts2"};
    static const char *const of_system[] = {"/etc/ssh/ssh_known_hosts",
                                            "/etc/ssh/ssh_known_hosts2"};
    /* ssh takes the home directory from the password database, not from $HOME (ssh.c) */
    struct spf_self self;
    const char *folder = spf_self(&self) ? self.home : getenv("HOME");
    bool good = true;
    char path[4096];

    spf_known_hosts_name(facts, host, target->port);
    if (target->known_hosts != NULL) {
        for (size_t i = 0; good && target->known_hosts[i] != NULL; i++)
            good = gather_file(facts, target->known_hosts[i]);
        return good;
    }
    for (size_t i = 0; good && folder != NULL && i < 2; i++) {
        if (spf_format(path, sizeof path, "%s/%s", folder, of_user[i]))
            good = gather_file(facts, path);
    }
    for (size_t i = 0; good && i < 2; i++)
        good = gather_file(facts, of_system[i]);
    return good;
}
