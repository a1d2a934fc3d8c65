#include "platform/cache.h"

#include "posix.h"

#include <fcntl.h>

#include "base/clock.h"
#include "platform/files.h"
#include "platform/home.h"

#define KEPT_S ((int64_t)90 * 86400)

/* What is in %LOCALAPPDATA% is the user's own: its access list is inherited. */
static bool path_of(const char *name, char path[PATH_MAX])
{
    char home[PATH_MAX];

    return spf_cache_home(home) && spf_format_whole(path, PATH_MAX, "%s\\sshpreflight%s%s", home,
                                                    name[0] != '\0' ? "\\" : "", name);
}

bool spf_cache_read(const char *name, struct spf_buf *text)
{
    size_t before = text->len;
    struct stat status;
    char path[PATH_MAX];
    char bytes[4096];
    ssize_t got = -1;
    int fd = path_of(name, path) ? open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC) : -1;

    if (fd < 0) {
        return false;
    }
    if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode)) {
        while ((got = read(fd, bytes, sizeof bytes)) > 0 &&
               text->len - before + (size_t)got <= SPF_CACHE_FILE_MAX) {
            spf_buf_add(text, bytes, (size_t)got);
        }
    }
    (void)close(fd);
    return got == 0 && !spf_buf_failed(text);
}

static void make_directory(void)
{
    char path[PATH_MAX];
    wchar_t *wide = path_of("", path) ? spf_wide_path(path) : NULL;

    if (wide != NULL) {
        (void)CreateDirectoryW(wide, NULL);
    }
    free(wide);
}

/* The file that is not whole yet is the lock; that of a process that was killed is old. */
static int take_lock(const char *path)
{
    const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
    struct stat status;
    int fd = open(path, flags, 0600);

    if (fd < 0 && lstat(path, &status) == 0 && spf_utc_now() - (int64_t)status.st_mtime > 3600 &&
        unlink(path) == 0) {
        fd = open(path, flags, 0600);
    }
    return fd;
}

static void prune(void)
{
    char directory[PATH_MAX];
    char path[PATH_MAX];
    DIR *list = path_of("", directory) ? opendir(directory) : NULL;
    const struct dirent *entry;
    struct stat status;

    while (list != NULL && (entry = readdir(list)) != NULL) {
        if (path_of(entry->d_name, path) && lstat(path, &status) == 0 && S_ISREG(status.st_mode) &&
            spf_utc_now() - (int64_t)status.st_mtime > KEPT_S) {
            (void)unlink(path);
        }
    }
    if (list != NULL) {
        (void)closedir(list);
    }
}

bool spf_cache_edit(const char *name,
                    bool (*edit)(void *context, const struct spf_buf *before,
                                 struct spf_buf *after),
                    void *context)
{
    char path[PATH_MAX];
    char fresh[PATH_MAX];
    struct spf_buf before;
    struct spf_buf after;
    bool good;
    int fd;

    make_directory();
    if (!path_of(name, path) || !path_of("new", fresh) || (fd = take_lock(fresh)) < 0) {
        return false;
    }
    spf_buf_init(&before, SPF_CACHE_FILE_MAX);
    spf_buf_init(&after, SPF_CACHE_FILE_MAX);
    if (!spf_cache_read(name, &before)) {
        spf_buf_clear(&before);
    }
    good = edit(context, &before, &after) && !spf_buf_failed(&after) &&
           spf_write_all(fd, after.data, after.len);
    good = close(fd) == 0 && good && rename(fresh, path) == 0;
    if (good) {
        prune();
    } else {
        (void)unlink(fresh);
    }
    spf_buf_clear(&before);
    spf_buf_clear(&after);
    return good;
}
