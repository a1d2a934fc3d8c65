/* POSIX's descriptors and files on Windows' (posix/posix.h). */
#include "posix.h"

#include "input.h"
#include "rights_of.h"

#undef open
#undef close
#undef read
#undef write
#undef fopen
#undef access
#undef unlink
#undef rename

#define SOMEBODY_ELSE 1 /* any number that is not getuid's */

#define PLAIN_MAX 240 /* UTF-16 units: what every call takes without a prefix */

/* The end of a path that Windows takes for a device, in whatever directory ("C:\keys\nul.pem"). */
static bool is_device(const char *path)
{
    static const char *const devices[] = {"CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"};
    const char *name = path + strlen(path);
    size_t len;

    while (name > path && name[-1] != '/' && name[-1] != '\\' && name[-1] != ':') {
        name--;
    }
    len = strcspn(name, ".: ");
    for (size_t i = 0; i < sizeof devices / sizeof *devices; i++) {
        if (strlen(devices[i]) == len && _strnicmp(name, devices[i], len) == 0) {
            return true;
        }
    }
    return len == 4 && name[3] >= '1' && name[3] <= '9' &&
           (_strnicmp(name, "COM", 3) == 0 || _strnicmp(name, "LPT", 3) == 0);
}

wchar_t *spf_wide_path(const char *path)
{
    wchar_t *wide = spf_wide(path), *whole;
    DWORD len;
    bool share;

    if (wide == NULL || wcslen(wide) < PLAIN_MAX || wcsncmp(wide, L"\\\\?\\", 4) == 0) {
        return wide;
    }
    len = GetFullPathNameW(wide, 0, NULL, NULL);
    whole = len > 0 ? calloc((size_t)len + 8, sizeof *whole) : NULL;
    if (whole != NULL && GetFullPathNameW(wide, len, whole + 8, NULL) > 0) {
        share = whole[8] == L'\\' && whole[9] == L'\\';
        if (share) { /* \\server\share becomes \\?\UNC\server\share */
            memmove(whole + 7, whole + 9, (wcslen(whole + 9) + 1) * sizeof *whole);
        }
        memmove(whole + (share ? 8 : 4), whole + (share ? 7 : 8),
                (wcslen(whole + (share ? 7 : 8)) + 1) * sizeof *whole);
        memcpy(whole, share ? L"\\\\?\\UNC\\" : L"\\\\?\\", (share ? 8 : 4) * sizeof *whole);
    }
    free(wide);
    return whole;
}

static int fail(void)
{
    errno = spf_errno_of(GetLastError());
    return -1;
}

/* A handle of what the path leads to; mode 0600 and the like: for this user alone. */
static HANDLE open_handle(const char *path, DWORD access, DWORD how, DWORD flags, bool closed)
{
    SECURITY_ATTRIBUTES security = {.nLength = sizeof security};
    wchar_t *wide = spf_wide_path(path);
    HANDLE handle = INVALID_HANDLE_VALUE;

    if (wide == NULL) {
        errno = ENOENT;
        return handle;
    }
    if (closed) {
        security.lpSecurityDescriptor = spf_rights_of_own();
    }
    handle =
        CreateFileW(wide, access, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
                    security.lpSecurityDescriptor != NULL ? &security : NULL, how, flags, NULL);
    if (handle == INVALID_HANDLE_VALUE) {
        (void)fail();
    }
    LocalFree(security.lpSecurityDescriptor);
    free(wide);
    return handle;
}

int spf_open(const char *path, int flags, ...)
{
    DWORD access = GENERIC_READ;
    DWORD how = OPEN_EXISTING;
    HANDLE handle;
    va_list more;
    int fd;
    int mode = 0666;

    if ((flags & O_CREAT) != 0) {
        va_start(more, flags);
        mode = va_arg(more, int);
        va_end(more);
        how = (flags & O_EXCL) != 0    ? CREATE_NEW
              : (flags & O_TRUNC) != 0 ? CREATE_ALWAYS
                                       : OPEN_ALWAYS;
    }
    if (strcmp(path, "/dev/null") == 0) {
        path = "NUL";
    } else if (is_device(path)) {
        errno = EACCES;
        return -1;
    }
    if ((flags & 3) == O_WRONLY) {
        access = (flags & O_APPEND) != 0 ? FILE_APPEND_DATA : GENERIC_WRITE;
    } else if ((flags & 3) == O_RDWR) {
        access |= GENERIC_WRITE;
    }
    handle = open_handle(path, access | READ_CONTROL, how, FILE_ATTRIBUTE_NORMAL,
                         (flags & O_CREAT) != 0 && (mode & 077) == 0);
    if (handle == INVALID_HANDLE_VALUE) {
        return -1;
    }
    fd = _open_osfhandle((intptr_t)handle, (flags & (3 | O_APPEND)) | _O_BINARY | _O_NOINHERIT);
    if (fd < 0) {
        (void)CloseHandle(handle);
    }
    return fd;
}

#define FILES_MAX 2048 /* what the C runtime opens at most is more, but not of pipes */
static bool does_not_wait[FILES_MAX]; /* reading this pipe (fcntl) */

static bool is_file(int fd)
{
    return fd >= 0 && fd < FILES_MAX;
}

int spf_close(int fd)
{
    if (is_file(fd)) {
        does_not_wait[fd] = false;
    }
    if (fd < SPF_SOCKETS) {
        return fd >= 0 ? close(fd) : -1;
    }
    return closesocket(spf_socket_of(fd)) == 0 ? 0 : -1;
}

ssize_t spf_read(int fd, void *bytes, size_t len)
{
    DWORD waiting = 0;

    if (fd >= SPF_SOCKETS) {
        return spf_recv(fd, bytes, len, 0);
    }
    if (spf_stdin_is_read_ahead(fd)) {
        return spf_stdin_read(bytes, len);
    }
    if (is_file(fd) && does_not_wait[fd] &&
        PeekNamedPipe((HANDLE)_get_osfhandle(fd), NULL, 0, NULL, &waiting, NULL) && waiting == 0) {
        errno = EAGAIN;
        return -1;
    }
    return read(fd, bytes, len < INT_MAX ? (unsigned)len : INT_MAX);
}

ssize_t spf_pread(int fd, void *bytes, size_t len, int64_t at)
{
    const int64_t place = _lseeki64(fd, 0, SEEK_CUR);
    ssize_t got;

    if (place < 0 || _lseeki64(fd, at, SEEK_SET) < 0) {
        return -1;
    }
    got = spf_read(fd, bytes, len);
    return _lseeki64(fd, place, SEEK_SET) < 0 ? -1 : got;
}

ssize_t spf_write(int fd, const void *bytes, size_t len)
{
    if (fd >= SPF_SOCKETS) {
        return spf_send(fd, bytes, len, 0);
    }
    return write(fd, bytes, len < INT_MAX ? (unsigned)len : INT_MAX);
}

/* Descriptors are made as they are wanted: not inherited, sockets not blocking. Of a pipe that may
 * not block it is noted. */
int fcntl(int fd, int command, ...)
{
    va_list more;

    va_start(more, command);
    if (command == F_SETFL) {
        const u_long at_once = (va_arg(more, int) & O_NONBLOCK) != 0;

        if (is_file(fd)) {
            does_not_wait[fd] = at_once != 0;
        } else if (ioctlsocket(spf_socket_of(fd), (long)FIONBIO, &(u_long){at_once}) != 0) {
            errno = EBADF;
            command = -1;
        }
    }
    va_end(more);
    if (command == F_GETFL || command == F_SETFL) {
        return 0;
    }
    errno = ENOSYS;
    return -1;
}

int ioctl(int fd, unsigned long request, void *value)
{
    (void)fd;
    (void)request;
    (void)value;
    errno = ENOSYS;
    return -1;
}

int dup3(int from, int to, int flags)
{
    (void)from;
    (void)to;
    (void)flags;
    errno = ENOSYS;
    return -1;
}

int pipe2(int ends[2], int flags)
{
    (void)flags;
    return _pipe(ends, 65536, _O_BINARY | _O_NOINHERIT);
}

int fsync(int fd)
{
    return _commit(fd);
}

FILE *spf_fopen(const char *path, const char *mode)
{
    int fd = spf_open(path, mode[0] == 'r' ? O_RDONLY : O_WRONLY | O_CREAT | O_TRUNC, 0666);
    FILE *file = fd >= 0 ? _fdopen(fd, mode[0] == 'r' ? "rb" : "wb") : NULL;

    if (file == NULL && fd >= 0) {
        (void)close(fd);
    }
    return file;
}

int spf_access(const char *path, int mode)
{
    struct spf_stat status;

    (void)mode; /* what may be done with it shows when it is done */
    return spf_stat(path, &status);
}

int spf_unlink(const char *path)
{
    wchar_t *wide = spf_wide_path(path);
    int result;

    if (wide == NULL) {
        errno = ENOENT;
        return -1;
    }
    result = DeleteFileW(wide) ? 0 : fail();
    free(wide);
    return result;
}

int spf_rename(const char *from, const char *to)
{
    wchar_t *old = spf_wide_path(from), *new = spf_wide_path(to);
    int result = -1;

    errno = ENOENT;
    if (old != NULL && new != NULL) {
        result = MoveFileExW(old, new, MOVEFILE_REPLACE_EXISTING) ? 0 : fail();
    }
    free(old);
    free(new);
    return result;
}

/* What is in no list of rights is in no mode, either: who may only read. */
static void add_rights(HANDLE handle, struct spf_stat *status)
{
    const struct spf_rights_told told = spf_rights_tell(handle);

    status->st_uid = told.foreign ? SOMEBODY_ELSE : getuid();
    status->st_mode |= told.writable ? S_IWGRP | S_IWOTH : 0;
}

static int describe(HANDLE handle, struct spf_stat *status)
{
    BY_HANDLE_FILE_INFORMATION info;
    const DWORD type = GetFileType(handle);
    ULARGE_INTEGER changed;
    bool is_directory;

    *status = (struct spf_stat){0};
    if (type != FILE_TYPE_DISK) {
        status->st_mode = type == FILE_TYPE_PIPE ? S_IFIFO | 0600 : S_IFCHR | 0600;
        if (type == FILE_TYPE_CHAR) { /* of devices only NUL is opened, which is /dev/null */
            status->st_rdev = makedev(1, 3);
        }
        return 0;
    }
    if (!GetFileInformationByHandle(handle, &info)) {
        return fail();
    }
    is_directory = (info.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) != 0;
    changed.LowPart = info.ftLastWriteTime.dwLowDateTime;
    changed.HighPart = info.ftLastWriteTime.dwHighDateTime;
    *status = (struct spf_stat){
        .st_dev = info.dwVolumeSerialNumber,
        .st_ino = (uint64_t)info.nFileIndexHigh << 32 | info.nFileIndexLow,
        .st_mode =
            (mode_t)(is_directory                                             ? S_IFDIR | 0700
                     : (info.dwFileAttributes & FILE_ATTRIBUTE_READONLY) != 0 ? S_IFREG | 0400
                                                                              : S_IFREG | 0600),
        .st_size = (int64_t)((uint64_t)info.nFileSizeHigh << 32 | info.nFileSizeLow),
        .st_mtime = (time_t)(changed.QuadPart / 10000000) - 11644473600,
    };
    add_rights(handle, status);
    return 0;
}

static int look(const char *path, DWORD flags, struct spf_stat *status)
{
    HANDLE handle;
    int result;

    if (is_device(path) || strcmp(path, "/dev/null") == 0) { /* to open one can do things */
        *status = (struct spf_stat){.st_mode = S_IFCHR | 0600, .st_rdev = makedev(1, 3)};
        return 0;
    }
    handle = open_handle(path, FILE_READ_ATTRIBUTES | READ_CONTROL, OPEN_EXISTING,
                         FILE_FLAG_BACKUP_SEMANTICS | flags, false);
    if (handle == INVALID_HANDLE_VALUE && errno == EACCES) { /* who may use it is not shown to us */
        handle = open_handle(path, FILE_READ_ATTRIBUTES, OPEN_EXISTING,
                             FILE_FLAG_BACKUP_SEMANTICS | flags, false);
    }
    if (handle == INVALID_HANDLE_VALUE) {
        return -1;
    }
    result = describe(handle, status);
    (void)CloseHandle(handle);
    return result;
}

int spf_stat(const char *path, struct spf_stat *status)
{
    return look(path, 0, status);
}

int spf_lstat(const char *path, struct spf_stat *status)
{
    wchar_t *wide = spf_wide_path(path);
    const DWORD attributes = wide != NULL ? GetFileAttributesW(wide) : INVALID_FILE_ATTRIBUTES;
    int result;

    free(wide);
    result = look(path, FILE_FLAG_OPEN_REPARSE_POINT, status);
    if (result == 0 && attributes != INVALID_FILE_ATTRIBUTES &&
        (attributes & FILE_ATTRIBUTE_REPARSE_POINT) != 0) {
        status->st_mode = S_IFLNK | 0777;
    }
    return result;
}

int spf_fstat(int fd, struct spf_stat *status)
{
    HANDLE handle = (HANDLE)_get_osfhandle(fd);

    return handle != INVALID_HANDLE_VALUE ? describe(handle, status) : -1;
}

ssize_t readlink(const char *path, char *out, size_t size)
{
    (void)path;
    (void)out;
    (void)size;
    errno = ENOSYS;
    return -1;
}

char *realpath(const char *path, char *resolved)
{
    HANDLE handle = open_handle(path, 0, OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS, false);
    wchar_t wide[PATH_MAX] = L"";
    char *narrow;
    char *from;
    DWORD len;

    (void)resolved;
    if (handle == INVALID_HANDLE_VALUE) {
        return NULL;
    }
    len = GetFinalPathNameByHandleW(handle, wide, PATH_MAX, FILE_NAME_NORMALIZED);
    (void)CloseHandle(handle);
    narrow = len > 0 && len < PATH_MAX ? spf_narrow(wide) : NULL;
    if (narrow == NULL) {
        return NULL;
    }
    for (char *at = narrow; *at != '\0'; at++) {
        *at = *at == '\\' ? '/' : *at;
    }
    from = narrow;
    if (strncmp(from, "//?/UNC/", 8) == 0) { /* //server/share */
        from += 6;
        from[0] = '/';
    } else if (strncmp(from, "//?/", 4) == 0) {
        from += 4;
    }
    memmove(narrow, from, strlen(from) + 1);
    return narrow;
}

int fchmod(int fd, mode_t mode)
{
    HANDLE handle = ReOpenFile((HANDLE)_get_osfhandle(fd), READ_CONTROL | WRITE_DAC,
                               FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, 0);
    int result;

    if (handle == INVALID_HANDLE_VALUE) {
        return fail();
    }
    result = (mode & 077) != 0 || spf_rights_close(handle, (mode & 0200) == 0) ? 0 : fail();
    (void)CloseHandle(handle);
    return result;
}

int fchown(int fd, uid_t owner, gid_t group)
{
    (void)fd;
    (void)owner;
    (void)group;
    return 0;
}

int spf_chmod(const char *path, mode_t mode)
{
    int fd = spf_open(path, O_RDONLY), result = fd >= 0 ? fchmod(fd, mode) : -1;

    if (fd >= 0) {
        (void)close(fd);
    }
    return result;
}
