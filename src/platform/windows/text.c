/* What glibc has for text, time and memory, and mingw-w64 does not (posix/posix.h). */
#include "posix.h"

#include <bcrypt.h>

#include "platform/files.h"

#undef strerror
#undef strndup

void *memmem(const void *in, size_t in_len, const void *what, size_t len)
{
    const char *at = in;

    for (; len <= in_len; at++, in_len--) {
        if (memcmp(at, what, len) == 0) {
            return (void *)(uintptr_t)at;
        }
    }
    return NULL;
}

void *memrchr(const void *in, int c, size_t len)
{
    const unsigned char *at = in;

    while (len-- > 0) {
        if (at[len] == (unsigned char)c) {
            return (void *)(uintptr_t)(at + len);
        }
    }
    return NULL;
}

char *strcasestr(const char *in, const char *what)
{
    size_t len = strlen(what);

    for (;; in++) {
        if (_strnicmp(in, what, len) == 0) {
            return (char *)(uintptr_t)in;
        }
        if (*in == '\0') {
            return NULL;
        }
    }
}

char *stpcpy(char *to, const char *from)
{
    size_t len = strlen(from);

    memcpy(to, from, len + 1);
    return to + len;
}

char *strsep(char **text, const char *separators)
{
    char *start = *text;
    char *end;

    if (start == NULL) {
        return NULL;
    }
    end = start + strcspn(start, separators);
    *text = *end != '\0' ? end + 1 : NULL;
    *end = '\0';
    return start;
}

char *spf_strndup(const char *text, size_t max)
{
    size_t len = strnlen(text, max);
    char *copy = malloc(len + 1);

    if (copy != NULL) {
        memcpy(copy, text, len);
        copy[len] = '\0';
    }
    return copy;
}

void spf_explicit_bzero(void *at, size_t len)
{
    if (at != NULL) {
        (void)SecureZeroMemory(at, len);
    }
}

char *spf_strerror(int error)
{
    /* the C runtime knows numbers up to 42 only; glibc's words, which the catalogue's tests have */
    static const struct {
        int number;
        char words[40];
    } known[] = {
        {ECONNREFUSED, "Connection refused"},
        {ECONNRESET, "Connection reset by peer"},
        {ECONNABORTED, "Software caused connection abort"},
        {ETIMEDOUT, "Connection timed out"},
        {EHOSTUNREACH, "No route to host"},
        {ENETUNREACH, "Network is unreachable"},
        {EADDRNOTAVAIL, "Cannot assign requested address"},
        {EADDRINUSE, "Address already in use"},
        {EAFNOSUPPORT, "Address family not supported by protocol"},
        {ENOBUFS, "No buffer space available"},
        {ENOTCONN, "Transport endpoint is not connected"},
        {EINPROGRESS, "Operation now in progress"},
        {EMSGSIZE, "Message too long"},
        {EBUSY, SPF_FILE_LOCKED},
        {ENOSYS, "not on Windows yet"},
    };

    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (known[i].number == error) {
            return (char *)(uintptr_t)known[i].words;
        }
    }
    return strerror(error);
}

char *strerror_r(int error, char *text, size_t size)
{
    (void)text;
    (void)size;
    return spf_strerror(error);
}

int unsetenv(const char *name)
{
    return spf_setenv(name, "", 1);
}

int spf_setenv(const char *name, const char *value, int replace)
{
    size_t room = strlen(name) + strlen(value) + 2;
    char *both = replace != 0 || getenv(name) == NULL ? malloc(room) : NULL;
    int result = 0;

    if (both != NULL) {
        (void)snprintf(both, room, "%s=%s", name, value);
        result = _putenv(both);
        spf_explicit_bzero(both, room);
    }
    free(both);
    return result;
}

time_t timegm(struct tm *time)
{
    return _mkgmtime(time);
}

struct tm *spf_gmtime_r(const time_t *time, struct tm *out)
{
    return _gmtime64_s(out, time) == 0 ? out : NULL;
}

ssize_t getrandom(void *bytes, size_t len, unsigned flags)
{
    (void)flags;
    if (BCryptGenRandom(NULL, bytes, (ULONG)len, BCRYPT_USE_SYSTEM_PREFERRED_RNG) == 0) {
        return (ssize_t)len;
    }
    errno = EIO;
    return -1;
}

/* Memory of its own, or the bytes of a file: nobody maps to write. */
void *mmap(void *at, size_t len, int protection, int flags, int fd, off_t offset)
{
    void *memory = VirtualAlloc(NULL, len, MEM_COMMIT | MEM_RESERVE, PAGE_READWRITE);
    size_t got = 0;
    ssize_t step = 1;

    (void)at;
    (void)protection;
    if (memory == NULL) {
        errno = ENOMEM;
        return MAP_FAILED;
    }
    if ((flags & MAP_ANONYMOUS) == 0) {
        if (_lseeki64(fd, offset, SEEK_SET) != offset) {
            step = 0;
        }
        while (got < len && step > 0) {
            step = spf_read(fd, (char *)memory + got, len - got);
            got += step > 0 ? (size_t)step : 0;
        }
    }
    return memory;
}

int munmap(void *at, size_t len)
{
    (void)len;
    return VirtualFree(at, 0, MEM_RELEASE) ? 0 : -1;
}

int mlock(const void *at, size_t len)
{
    return VirtualLock((void *)(uintptr_t)at, len) ? 0 : -1;
}

int madvise(void *at, size_t len, int advice) /* what a dump of this process holds: WerSetFlags */
{
    (void)at;
    (void)len;
    (void)advice;
    return 0;
}

long sysconf(int name)
{
    (void)name;
    return 4096;
}

int prctl(int option, ...)
{
    (void)option;
    (void)SetErrorMode(SEM_FAILCRITICALERRORS | SEM_NOGPFAULTERRORBOX);
    return 0;
}

int setrlimit(int what, const struct rlimit *limit)
{
    (void)what;
    (void)limit;
    return 0;
}

/* tsearch(3)'s tree, as mingw-w64 lays out its nodes. */
void tdestroy(void *root, void (*release)(void *))
{
    struct node {
        void *key;
        struct node *left;
        struct node *right;
    } *node = root;

    if (node == NULL) {
        return;
    }
    tdestroy(node->left, release);
    tdestroy(node->right, release);
    release(node->key);
    free(node);
}

uid_t getuid(void)
{
    return 0;
}

uid_t geteuid(void)
{
    return 0;
}

gid_t getgid(void)
{
    return 0;
}

int getpwnam_r(const char *name, struct passwd *entry, char *text, size_t size,
               struct passwd **found)
{
    (void)name;
    (void)entry;
    (void)text;
    (void)size;
    *found = NULL;
    return 0;
}

int kill(pid_t pid, int number)
{
    (void)pid;
    (void)number;
    errno = ENOSYS;
    return -1;
}

pid_t waitpid(pid_t pid, int *status, int options)
{
    (void)pid;
    (void)status;
    (void)options;
    errno = ENOSYS;
    return -1;
}

/* No signal of Windows comes to a thread of ours. */
int spf_sigmask(int how, const spf_sigset *set, spf_sigset *before)
{
    (void)how;
    (void)set;
    if (before != NULL) {
        *before = 0;
    }
    return 0;
}

int sigfillset(spf_sigset *set)
{
    *set = ~(spf_sigset)0;
    return 0;
}

int sigemptyset(spf_sigset *set)
{
    *set = 0;
    return 0;
}

int sigaddset(spf_sigset *set, int number)
{
    *set |= (spf_sigset)1 << number;
    return 0;
}

char *spf_narrow(const wchar_t *text)
{
    int need = WideCharToMultiByte(CP_UTF8, 0, text, -1, NULL, 0, NULL, NULL);
    char *out = need > 0 ? malloc((size_t)need) : NULL;

    if (out != NULL) {
        (void)WideCharToMultiByte(CP_UTF8, 0, text, -1, out, need, NULL, NULL);
    }
    return out;
}

wchar_t *spf_wide(const char *text)
{
    int need = MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, text, -1, NULL, 0);
    wchar_t *out = need > 0 ? calloc((size_t)need, sizeof *out) : NULL;

    if (out != NULL) {
        (void)MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, text, -1, out, need);
    }
    return out;
}
