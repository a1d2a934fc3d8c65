#include "platform/files.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>

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
        if (noted[i].device == status->st_dev && noted[i].inode == status->st_ino)
            return true;
    }
    return false;
}

static void note(const struct stat *status)
{
    if (!S_ISREG(status->st_mode))
        return;
    (void)pthread_mutex_lock(&lock);
    if (count < FILES_MAX && !is_noted(status))
        noted[count++] = (struct identity){status->st_dev, status->st_ino};
    (void)pthread_mutex_unlock(&lock);
}

int spf_open_to_read(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat status;

    if (fd >= 0 && fstat(fd, &status) == 0)
        note(&status);
    return fd;
}

void spf_note_file(const char *path)
{
    struct stat status;

    if (path != NULL && stat(path, &status) == 0)
        note(&status);
}

bool spf_file_is_noted(const struct stat *status)
{
    bool is;

    (void)pthread_mutex_lock(&lock);
    is = is_noted(status);
    (void)pthread_mutex_unlock(&lock);
    return is;
}
