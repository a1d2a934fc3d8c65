#include "platform/cache.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "platform/files.h"
#include "platform/home.h"

#define DIRECTORY "sshpreflight"
#define KEPT_S    ((int64_t)90 * 86400)

/* This user's own, and nobody else may change it (nor, of a file, read it). */
static bool is_private(int fd, mode_t type, mode_t others)
{
    struct stat status;

    return fstat(fd, &status) == 0 && (status.st_mode & S_IFMT) == type &&
           status.st_uid == geteuid() && (status.st_mode & others) == 0;
}

/* The cache's directory itself; -1: none. */
static int open_directory(bool make)
{
    const int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
    char home[PATH_MAX];
    int base;
    int fd;

    if (!spf_cache_home(home)) {
        return -1;
    }
    if (make) {
        (void)mkdir(home, 0700);
    }
    base = open(home, flags);
    if (base < 0) {
        return -1;
    }
    if (make) {
        (void)mkdirat(base, DIRECTORY, 0700);
    }
    fd = openat(base, DIRECTORY, flags | O_NOFOLLOW);
    (void)close(base);
    if (fd >= 0 && is_private(fd, S_IFDIR, S_IWGRP | S_IWOTH)) {
        return fd;
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    return -1;
}

static bool read_at(int directory, const char *name, struct spf_buf *text)
{
    int fd = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    size_t before = text->len;
    char bytes[4096];
    ssize_t got = -1;

    if (fd < 0) {
        return false;
    }
    if (is_private(fd, S_IFREG, S_IRWXG | S_IRWXO)) {
        while ((got = read(fd, bytes, sizeof bytes)) > 0 &&
               text->len - before + (size_t)got <= SPF_CACHE_FILE_MAX) {
            spf_buf_add(text, bytes, (size_t)got);
        }
    }
    (void)close(fd);
    return got == 0 && !spf_buf_failed(text);
}

bool spf_cache_read(const char *name, struct spf_buf *text)
{
    int directory = open_directory(false);
    bool good;

    if (directory < 0) {
        return false;
    }
    good = read_at(directory, name, text);
    (void)close(directory);
    return good;
}

/* Who holds the directory's lock is alone at it, so that one name serves for what is not whole
 * yet. */
static bool replace_at(int directory, const char *name, const struct spf_buf *text)
{
    static const char fresh[] = "new";
    bool good;
    int fd;

    (void)unlinkat(directory, fresh, 0); /* of a process that was killed */
    fd = openat(directory, fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) {
        return false;
    }
    good = spf_write_all(fd, text->data, text->len);
    good = close(fd) == 0 && good && renameat(directory, fresh, directory, name) == 0;
    if (!good) {
        (void)unlinkat(directory, fresh, 0);
    }
    return good;
}

static void prune(int directory)
{
    const int64_t now = spf_utc_now();
    int again = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *list = again >= 0 ? fdopendir(again) : NULL;
    const struct dirent *entry;
    struct stat status;

    if (list == NULL) {
        if (again >= 0) {
            (void)close(again);
        }
        return;
    }
    while ((entry = readdir(list)) != NULL) {
        if (fstatat(directory, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
            S_ISREG(status.st_mode) && now - status.st_mtime > KEPT_S) {
            (void)unlinkat(directory, entry->d_name, 0);
        }
    }
    (void)closedir(list);
}

bool spf_cache_edit(const char *name,
                    bool (*edit)(void *context, const struct spf_buf *before,
                                 struct spf_buf *after),
                    void *context)
{
    int directory = open_directory(true);
    struct spf_buf before;
    struct spf_buf after;
    bool good = false;

    if (directory < 0) {
        return false;
    }
    spf_buf_init(&before, SPF_CACHE_FILE_MAX);
    spf_buf_init(&after, SPF_CACHE_FILE_MAX);
    if (flock(directory, LOCK_EX | LOCK_NB) == 0) {
        if (!read_at(directory, name, &before)) {
            spf_buf_clear(&before);
        }
        good = edit(context, &before, &after) && !spf_buf_failed(&after) &&
               replace_at(directory, name, &after);
        if (good) {
            prune(directory);
        }
    }
    spf_buf_clear(&before);
    spf_buf_clear(&after);
    (void)close(directory);
    return good;
}
