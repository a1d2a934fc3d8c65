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
        if (fd < 0 && errno != EEXIST) {
            return -1;
        }
    }
    return fd;
}

/* The mode and the owner of the file whose place it takes. */
static bool take_rights(int fd, const struct stat *old)
{
    mode_t mode = old->st_mode & 0777;

    /* Rights of a group are not another group's. */
    if (fchown(fd, old->st_uid, old->st_gid) != 0 && fchown(fd, (uid_t)-1, old->st_gid) != 0) {
        mode &= (mode_t)0707;
    }
    return fchmod(fd, mode) == 0;
}

/* Not in one step, but where a new file may come to be only by being opened. -1 with errno. */
static int open_through(const char *path, int flags, mode_t mode)
{
    /* Non-blocking: a FIFO that nobody reads is an error, not a wait without end. */
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | flags, mode);

    if (fd >= 0) {
        (void)fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
    }
    return fd;
}

struct spf_error spf_output_open(struct spf_output_file *file, const char *path, unsigned mode,
                                 bool resumed)
{
    struct stat status;
    struct stat link;
    bool is_new = lstat(path, &link) != 0;

    *file = (struct spf_output_file){.fd = -1};
    spf_clean(file->shown, sizeof file->shown, path, strlen(path));
    if (!is_new && (stat(path, &status) != 0 || !S_ISREG(status.st_mode))) {
        file->fd = open_through(path, 0, (mode_t)mode); /* also a link to what is not yet */
        return file->fd >= 0 ? spf_ok() : spf_error_sys(errno, file->shown);
    }
    if (!is_new && !resumed && spf_file_is_noted(&status)) {
        return spf_error(SPF_ERR_INVALID, _("%s was read in this run, and is not replaced"),
                         file->shown);
    }
    /* A link stays one: what it leads to is replaced. */
    file->path = is_new || !S_ISLNK(link.st_mode) ? strdup(path) : realpath(path, NULL);
    if (file->path == NULL) {
        return spf_error_sys(errno, file->shown);
    }
    file->fd = create_beside(file->path, is_new ? (mode_t)mode : 0600, &file->temporary);
    if (file->fd < 0 || (!is_new && !take_rights(file->fd, &status))) {
        return spf_error_sys(errno, file->shown);
    }
    return spf_ok();
}

struct spf_error spf_output_grow(struct spf_output_file *file, const char *text, size_t len)
{
    return write_all(file->fd, text, len, file->shown);
}

struct spf_error spf_output_settle(struct spf_output_file *file)
{
    if (file->temporary == NULL) {
        return spf_ok();
    }
    if (fsync(file->fd) != 0 || rename(file->temporary, file->path) != 0) {
        return spf_error_sys(errno, file->shown);
    }
    free(file->temporary);
    file->temporary = NULL;
    return spf_ok();
}

struct spf_error spf_output_sync(struct spf_output_file *file)
{
    if (file->path == NULL || fsync(file->fd) == 0) {
        return spf_ok();
    }
    return spf_error_sys(errno, file->shown);
}

struct spf_error spf_output_close(struct spf_output_file *file)
{
    struct spf_error error = spf_ok();

    if (file->fd >= 0 && close(file->fd) != 0) {
        error = spf_error_sys(errno, file->shown);
    }
    if (file->temporary != NULL) {
        (void)unlink(file->temporary);
    }
    free(file->temporary);
    free(file->path);
    *file = (struct spf_output_file){.fd = -1};
    return error;
}

struct spf_error spf_output_write(const char *path, const char *text, size_t len, unsigned mode)
{
    struct spf_output_file file;
    struct spf_error error;
    struct spf_error last;

    if (strcmp(path, "-") == 0) {
        return write_all(STDOUT_FILENO, text, len, "standard output");
    }
    error = spf_output_open(&file, path, mode, false);
    if (error.code == SPF_OK) {
        error = spf_output_grow(&file, text, len);
    }
    if (error.code == SPF_OK) {
        error = spf_output_settle(&file);
    }
    last = spf_output_close(&file);
    return error.code != SPF_OK ? error : last;
}

struct spf_error spf_output_stream(const char *text, size_t len, int stop_fd)
{
    while (len > 0) {
        struct pollfd polls[2] = {{.fd = STDOUT_FILENO, .events = POLLOUT},
                                  {.fd = stop_fd, .events = POLLIN}};
        ssize_t written;

        if (poll(polls, 2, -1) < 0 && errno != EINTR) {
            return spf_error_sys(errno, _("standard output"));
        }
        if (polls[0].revents == 0 && polls[1].revents != 0) {
            return spf_error(SPF_ERR_INVALID,
                             _("standard output: interrupted, for nobody reads it"));
        }
        if (polls[0].revents == 0) {
            continue;
        }
        /* So much a pipe takes without blocking once it takes anything (pipe(7)). */
        written = write(STDOUT_FILENO, text, len < PIPE_BUF ? len : PIPE_BUF);
        if (written < 0 && errno != EINTR && errno != EAGAIN) {
            return spf_error_sys(errno, _("standard output"));
        }
        text += written > 0 ? written : 0;
        len -= written > 0 ? (size_t)written : 0;
    }
    return spf_ok();
}

struct spf_error spf_output_append(const char *path, const char *text, size_t len)
{
    char shown[120];

    int fd = open_through(path, O_APPEND, 0666);
    struct spf_error error;

    spf_clean(shown, sizeof shown, path, strlen(path));
    if (fd < 0) {
        return spf_error_sys(errno, shown);
    }
    error = write_all(fd, text, len, shown);
    if (close(fd) != 0 && error.code == SPF_OK) {
        error = spf_error_sys(errno, shown);
    }
    return error;
}
