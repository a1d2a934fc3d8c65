#include "platform/files.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILE_MAX ((size_t)1 << 20)

/* --find-key looks at a thousand files and what lies beside them. */
#define FILES_MAX 8192

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct identity {
    uint64_t device, inode;
} noted[FILES_MAX];
static size_t count;

static bool is_noted(const struct stat *status)
{
    for (size_t i = 0; i < count; i++) {
        if (noted[i].device == status->st_dev && noted[i].inode == status->st_ino) {
            return true;
        }
    }
    return false;
}

static void note(const struct stat *status)
{
    if (!S_ISREG(status->st_mode)) {
        return;
    }
    (void)pthread_mutex_lock(&lock);
    if (count < FILES_MAX && !is_noted(status)) {
        noted[count++] = (struct identity){status->st_dev, status->st_ino};
    }
    (void)pthread_mutex_unlock(&lock);
}

int spf_open_to_read(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat status;

    if (fd >= 0 && fstat(fd, &status) == 0) {
        note(&status);
    }
    return fd;
}

bool spf_write_all(int fd, const void *bytes, size_t len)
{
    const char *at = bytes;

    while (len > 0) {
        ssize_t written = write(fd, at, len);

        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written < 0) {
            return false;
        }
        at += written;
        len -= (size_t)written;
    }
    return true;
}

void spf_note_file(const char *path)
{
    struct stat status;

    if (path != NULL && stat(path, &status) == 0) {
        note(&status);
    }
}

bool spf_file_is_noted(const struct stat *status)
{
    bool is;

    (void)pthread_mutex_lock(&lock);
    is = is_noted(status);
    (void)pthread_mutex_unlock(&lock);
    return is;
}

struct spf_error spf_read_small_file(const char *path, struct spf_secret **text)
{
    struct spf_error error = spf_ok();
    struct spf_secret *secret = NULL;
    struct stat st;
    size_t len = 0;
    ssize_t got = 1;
    int fd = spf_open_to_read(path);

    if (fd < 0) {
        return spf_error(SPF_ERR_SYS, "%s", strerror(errno));
    }
    if (fstat(fd, &st) != 0) {
        error = spf_error(SPF_ERR_SYS, "%s", strerror(errno));
    } else if (!S_ISREG(st.st_mode)) {
        error = spf_error(SPF_ERR_INVALID, "not a regular file");
    } else if (st.st_size > (off_t)FILE_MAX) {
        error = spf_error(SPF_ERR_TOO_BIG, "larger than 1 MiB");
    } else if ((secret = spf_secret_alloc((size_t)st.st_size)) == NULL) {
        error = spf_no_memory();
    }
    while (error.code == SPF_OK && got > 0 && len < (size_t)st.st_size) {
        got = read(fd, spf_secret_bytes(secret) + len, (size_t)st.st_size - len);
        if (got < 0) {
            error = spf_error(SPF_ERR_SYS, "%s", strerror(errno));
        } else {
            len += (size_t)got;
        }
    }
    (void)close(fd);
    if (error.code != SPF_OK) {
        spf_secret_free(secret);
        return error;
    }
    spf_secret_truncate(secret, len);
    *text = secret;
    return error;
}
