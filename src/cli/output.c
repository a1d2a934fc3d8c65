#include "cli/output.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/language.h"
#include "base/text.h"
#include "platform/files.h"

static struct spf_error write_all(int fd, const char *text, size_t len, const char *shown)
{
    return spf_write_all(fd, text, len) ? spf_ok() : spf_error_sys(errno, shown);
}

/* A new file beside path, under a name that nothing has; its name is to be freed. */
static int create_beside(const char *path, mode_t mode, char **name)
{
    unsigned number;
    int fd = -1;

    for (int tries = 0; fd < 0 && tries < 100; tries++) {
        if (getrandom(&number, sizeof number, 0) != (ssize_t)sizeof number ||
            asprintf(name, "%s.%08x", path, number) < 0) {
            *name = NULL;
            return -1;
        }
        fd = open(*name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
        if (fd < 0) {
            free(*name);
            *name = NULL;
        }
        if (fd < 0 && errno != EEXIST)
            return -1;
    }
    return fd;
}

/* The mode and the owner of the file whose place it takes. */
static bool take_rights(int fd, const struct stat *old)
{
    mode_t mode = old->st_mode & 0777;

    /* Rights of a group are not another group's. */
    if (fchown(fd, old->st_uid, old->st_gid) != 0 && fchown(fd, (uid_t)-1, old->st_gid) != 0)
        mode &= ~(mode_t)0070;
    return fchmod(fd, mode) == 0;
}

/* old: what is there now; NULL: nothing. */
static struct spf_error replace(const char *path, const char *text, size_t len, mode_t mode,
                                const struct stat *old, const char *shown)
{
    struct spf_error error;
    char *temporary = NULL;
    int fd = create_beside(path, old != NULL ? 0600 : mode, &temporary);

    if (fd < 0)
        return spf_error_sys(errno, shown);
    error = write_all(fd, text, len, shown);
    if (error.code == SPF_OK && ((old != NULL && !take_rights(fd, old)) || fsync(fd) != 0))
        error = spf_error_sys(errno, shown);
    if (close(fd) != 0 && error.code == SPF_OK)
        error = spf_error_sys(errno, shown);
    if (error.code == SPF_OK && rename(temporary, path) != 0)
        error = spf_error_sys(errno, shown);
    if (error.code != SPF_OK)
        (void)unlink(temporary);
    free(temporary);
    return error;
}

/* Not in one step, but where a new file may come to be only by being opened. */
static struct spf_error write_through(const char *path, int flags, const char *text, size_t len,
                                      mode_t mode, const char *shown)
{
    /* Non-blocking: a FIFO that nobody reads is an error, not a wait without end. */
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | flags, mode);
    struct spf_error error;

    if (fd < 0)
        return spf_error_sys(errno, shown);
    (void)fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
    error = write_all(fd, text, len, shown);
    if (close(fd) != 0 && error.code == SPF_OK)
        error = spf_error_sys(errno, shown);
    return error;
}

struct spf_error spf_output_write(const char *path, const char *text, size_t len, unsigned mode)
{
    struct stat status, link;
    struct spf_error error;
    char shown[120], *target = NULL;

    spf_clean(shown, sizeof shown, path, strlen(path));
    if (strcmp(path, "-") == 0)
        return write_all(STDOUT_FILENO, text, len, "standard output");
    if (lstat(path, &link) != 0)
        return replace(path, text, len, (mode_t)mode, NULL, shown);
    if (stat(path, &status) != 0 || !S_ISREG(status.st_mode)) /* also a link to what is not yet */
        return write_through(path, 0, text, len, (mode_t)mode, shown);
    if (spf_file_is_noted(&status))
        return spf_error(SPF_ERR_INVALID, _("%s was read in this run, and is not replaced"), shown);
    /* A link stays one: what it leads to is replaced. */
    if (S_ISLNK(link.st_mode) && (target = realpath(path, NULL)) == NULL)
        return spf_error_sys(errno, shown);
    error = replace(target != NULL ? target : path, text, len, (mode_t)mode, &status, shown);
    free(target);
    return error;
}

struct spf_error spf_output_stream(const char *text, size_t len, int stop_fd)
{
    while (len > 0) {
        struct pollfd polls[2] = {{.fd = STDOUT_FILENO, .events = POLLOUT},
                                  {.fd = stop_fd, .events = POLLIN}};
        ssize_t written;

        if (poll(polls, 2, -1) < 0 && errno != EINTR)
            return spf_error_sys(errno, _("standard output"));
        if (polls[0].revents == 0 && polls[1].revents != 0)
            return spf_error(SPF_ERR_INVALID,
                             _("standard output: interrupted, for nobody reads it"));
        if (polls[0].revents == 0)
            continue;
        /* So much a pipe takes without blocking once it takes anything (pipe(7)). */
        written = write(STDOUT_FILENO, text, len < PIPE_BUF ? len : PIPE_BUF);
        if (written < 0 && errno != EINTR && errno != EAGAIN)
            return spf_error_sys(errno, _("standard output"));
        text += written > 0 ? written : 0;
        len -= written > 0 ? (size_t)written : 0;
    }
    return spf_ok();
}

struct spf_error spf_output_append(const char *path, const char *text, size_t len)
{
    char shown[120];

    spf_clean(shown, sizeof shown, path, strlen(path));
    return write_through(path, O_APPEND, text, len, 0666, shown);
}
