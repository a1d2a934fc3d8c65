#pragma once

/*
 * The part of POSIX and glibc that the sources use and mingw-w64 does not have, on Windows' own
 * calls; the headers beside this one lead here. Callers keep one way, that of POSIX:
 *
 *  - a descriptor is a file's (the C runtime's) or a socket's; a socket's is its handle plus
 *    SPF_SOCKETS, so that the two never have the same number;
 *  - errors are in errno, with POSIX's numbers;
 *  - names are UTF-8, files are binary, and a new file of a mode without group and others is for
 *    this user, Administrators and SYSTEM alone;
 *  - what Windows does not have fails with ENOSYS, or does nothing where nothing is lost.
 */
#define tell spf_crt_tell /* io.h's; the sources have their own */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>
#include <wchar.h>

#define WIN32_LEAN_AND_MEAN
#include <io.h>
#include <winsock2.h>
#include <ws2tcpip.h>
#undef tell
/* names of windows.h that the sources use for themselves */
#undef interface
#undef near
#undef far
#undef small
#undef min
#undef max
#undef ERROR
#undef NO_ERROR
#undef DELETE
#undef ABSOLUTE
#undef RELATIVE
#undef IGNORE
#undef NO_DATA
#undef HOST_NOT_FOUND
#undef NO_ADDRESS
#undef NO_RECOVERY
#undef TRY_AGAIN
#undef TEXT

typedef unsigned uid_t;
typedef unsigned gid_t;
typedef unsigned id_t;
typedef size_t nfds_t;
typedef struct {
    int unused;
} sigset_t_of_threads;

#undef PATH_MAX
#define PATH_MAX 4096 /* bytes: names longer than 260 characters are opened as such */

/* ---- sockets ---- */

#define SPF_SOCKETS (1 << 24)

#define SOCK_CLOEXEC  0x80000
#define SOCK_NONBLOCK 0x800
#define MSG_DONTWAIT  0x40000000
#define MSG_NOSIGNAL  0
#define MSG_ERRQUEUE  0x20000000
#undef SO_DOMAIN
#define SO_DOMAIN    39
#define TCP_QUICKACK 12
#define TCP_INFO     11
#undef TCP_MAXSEG
#define TCP_MAXSEG 2
#define SOL_IP     0
#define SOL_IPV6   41
#undef IP_RECVERR
#undef IPV6_RECVERR
#define IP_RECVERR     11
#define IPV6_RECVERR   25
#define SIOCOUTQ       0x5411
#define IN_LOOPBACKNET 127
#define POLLRDHUP      0
#define EAI_SYSTEM     11

struct spf_pollfd {
    int fd;
    short events;
    short revents;
};
#define pollfd spf_pollfd
int spf_poll(struct spf_pollfd *polls, nfds_t count, int timeout_ms);
#define poll(polls, count, timeout) spf_poll(polls, count, timeout)

struct sockaddr_un {
    unsigned short sun_family;
    char sun_path[108];
};
struct iovec {
    void *iov_base;
    size_t iov_len;
};
struct msghdr {
    void *msg_name;
    socklen_t msg_namelen;
    struct iovec *msg_iov;
    size_t msg_iovlen;
    void *msg_control;
    size_t msg_controllen;
    int msg_flags;
};
#undef cmsghdr
#define cmsghdr spf_cmsghdr
struct spf_cmsghdr {
    size_t cmsg_len;
    int cmsg_level;
    int cmsg_type;
};
#undef CMSG_DATA
#undef CMSG_FIRSTHDR
#undef CMSG_NXTHDR
#undef CMSG_LEN
#define CMSG_DATA(part)            ((unsigned char *)((part) + 1))
#define CMSG_FIRSTHDR(message)     ((struct spf_cmsghdr *)NULL)
#define CMSG_NXTHDR(message, part) ((struct spf_cmsghdr *)NULL)
#define CMSG_LEN(len)              (sizeof(struct spf_cmsghdr) + (len))
struct sock_extended_err {
    uint32_t ee_errno;
    uint8_t ee_origin, ee_type, ee_code, ee_pad;
    uint32_t ee_info;
    uint32_t ee_data;
};
#define SO_EE_ORIGIN_ICMP  2
#define SO_EE_ORIGIN_ICMP6 3
struct tcp_info {
    uint8_t tcpi_options;
    uint8_t tcpi_backoff;
    uint32_t tcpi_segs_out, tcpi_segs_in, tcpi_total_retrans, tcpi_rcv_ooopack, tcpi_rtt;
    uint32_t tcpi_last_data_recv, tcpi_snd_mss, tcpi_rcv_mss, tcpi_advmss;
    uint64_t tcpi_bytes_sent, tcpi_bytes_retrans, tcpi_bytes_received;
};
#define TCPI_OPT_TIMESTAMPS 1

int spf_socket(int family, int type, int protocol);
int spf_connect(int fd, const struct sockaddr *address, socklen_t len);
int spf_bind(int fd, const struct sockaddr *address, socklen_t len);
int spf_listen_at(int fd, int backlog);
int spf_accept4(int fd, struct sockaddr *address, socklen_t *len, int flags);
int spf_getsockname(int fd, struct sockaddr *address, socklen_t *len);
int spf_getpeername(int fd, struct sockaddr *address, socklen_t *len);
int spf_getsockopt(int fd, int level, int name, void *value, socklen_t *len);
int spf_setsockopt(int fd, int level, int name, const void *value, socklen_t len);
int spf_shutdown(int fd, int how);
int spf_socketpair(int family, int type, int protocol, int pair[2]);
ssize_t spf_recv(int fd, void *bytes, size_t len, int flags);
ssize_t spf_send(int fd, const void *bytes, size_t len, int flags);
ssize_t spf_recvmsg(int fd, struct msghdr *message, int flags);
int spf_getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
                    struct addrinfo **list);
const char *spf_gai_strerror(int error);
int spf_gethostname(char *name, size_t size);
#define socket(family, type, protocol)           spf_socket(family, type, protocol)
#define connect(fd, address, len)                spf_connect(fd, address, len)
#define bind(fd, address, len)                   spf_bind(fd, address, len)
#define listen(fd, backlog)                      spf_listen_at(fd, backlog)
#define accept4(fd, address, len, flags)         spf_accept4(fd, address, len, flags)
#define getsockname(fd, address, len)            spf_getsockname(fd, address, len)
#define getpeername(fd, address, len)            spf_getpeername(fd, address, len)
#define getsockopt(fd, level, name, value, len)  spf_getsockopt(fd, level, name, value, len)
#define setsockopt(fd, level, name, value, len)  spf_setsockopt(fd, level, name, value, len)
#define shutdown(fd, how)                        spf_shutdown(fd, how)
#define socketpair(family, type, protocol, pair) spf_socketpair(family, type, protocol, pair)
#define recv(fd, bytes, len, flags)              spf_recv(fd, bytes, len, flags)
#define send                                     spf_send /* also of a member of that name */
#define recvmsg(fd, message, flags)              spf_recvmsg(fd, message, flags)
#define getaddrinfo(name, service, hints, list)  spf_getaddrinfo(name, service, hints, list)
#undef gai_strerror
#define gai_strerror(error)     spf_gai_strerror(error)
#define gethostname(name, size) spf_gethostname(name, size)
#define getnameinfo(address, len, host, size, service, service_size, flags) \
    getnameinfo(address, len, host, (DWORD)(size), service, service_size, flags)

struct ifaddrs {
    struct ifaddrs *ifa_next;
    char *ifa_name;
    unsigned ifa_flags;
    struct sockaddr *ifa_addr;
    struct sockaddr *ifa_netmask;
};
#undef IFF_UP
#undef IFF_LOOPBACK
#define IFF_UP       1u
#define IFF_LOOPBACK 8u
int getifaddrs(struct ifaddrs **list);
void freeifaddrs(struct ifaddrs *list);

#define EFD_CLOEXEC  0
#define EFD_NONBLOCK 0
int eventfd(unsigned value, int flags);

/* ---- descriptors and files ---- */

#define O_CLOEXEC       _O_NOINHERIT
#define O_NONBLOCK      0x1000000
#define O_NOCTTY        0x2000000
#define O_NOFOLLOW      0x4000000
#define F_GETFL         3
#define F_SETFL         4
#define F_DUPFD_CLOEXEC 1030
int spf_open(const char *path, int flags, ...);
int spf_close(int fd);
ssize_t spf_read(int fd, void *bytes, size_t len);
ssize_t spf_pread(int fd, void *bytes, size_t len, int64_t at); /* of a file; keeps its place */
ssize_t spf_write(int fd, const void *bytes, size_t len);
int fcntl(int fd, int command, ...);
int ioctl(int fd, unsigned long request, void *value);
int dup3(int from, int to, int flags);
int pipe2(int ends[2], int flags);
int fsync(int fd);
FILE *spf_fopen(const char *path, const char *mode);
int spf_access(const char *path, int mode);
int spf_unlink(const char *path);
int spf_rename(const char *from, const char *to);
int spf_isatty(int fd);
#undef isatty
#define isatty(fd)        spf_isatty(fd)
#define open(...)         spf_open(__VA_ARGS__)
#define close             spf_close
#define read              spf_read
#define write             spf_write
#define pread             spf_pread
#define fopen(path, mode) spf_fopen(path, mode)
#undef access
#define access(path, mode) spf_access(path, mode)
#define unlink(path)       spf_unlink(path)
#define rename(from, to)   spf_rename(from, to)

struct spf_stat {
    uint64_t st_dev, st_ino, st_rdev;
    mode_t st_mode;
    uid_t st_uid;
    gid_t st_gid;
    int64_t st_size;
    time_t st_mtime;
};
int spf_stat(const char *path, struct spf_stat *status);
int spf_lstat(const char *path, struct spf_stat *status);
int spf_fstat(int fd, struct spf_stat *status);
#undef stat
#undef fstat
#define stat                  spf_stat
#define fstat                 spf_fstat
#define lstat                 spf_lstat
#define S_IFLNK               0120000
#define S_IFSOCK              0140000
#define makedev(major, minor) ((uint64_t)(major) << 8 | (minor))
#define S_ISVTX               01000
#undef S_ISLNK
#define S_ISLNK(mode)  (((mode)&0170000) == S_IFLNK)
#define S_ISSOCK(mode) (((mode)&0170000) == S_IFSOCK)
#undef S_IRWXG
#undef S_IRWXO
#undef S_IWGRP
#undef S_IWOTH
#define S_IRWXG 070
#define S_IRWXO 07
#define S_IWGRP 020
#define S_IWOTH 02
int fchmod(int fd, mode_t mode);
int fchown(int fd, uid_t owner, gid_t group);
int spf_chmod(const char *path, mode_t mode);
#define chmod(path, mode) spf_chmod(path, mode)
char *realpath(const char *path, char *resolved); /* resolved: NULL. With forward slashes */

#define DT_UNKNOWN 0
#define DT_DIR     4
#define DT_REG     8
struct spf_dirent {
    unsigned char d_type;
    char d_name[3 * 256 + 1];
};
struct spf_directory;
#define dirent spf_dirent
#define DIR    struct spf_directory
struct spf_directory *spf_opendir(const char *path);
struct spf_dirent *spf_readdir(struct spf_directory *directory);
int spf_closedir(struct spf_directory *directory);
#define opendir(path) spf_opendir(path)
#define readdir(dir)  spf_readdir(dir)
#define closedir(dir) spf_closedir(dir)
int alphasort(const struct spf_dirent **a, const struct spf_dirent **b);
int scandir(const char *path, struct spf_dirent ***entries,
            int (*filter)(const struct spf_dirent *),
            int (*compare)(const struct spf_dirent **, const struct spf_dirent **));

typedef struct {
    size_t gl_pathc;
    char **gl_pathv;
} glob_t;
#define GLOB_ABORTED 2
#define GLOB_NOMATCH 3
int glob(const char *pattern, int flags, void *on_error, glob_t *found);
void globfree(glob_t *found);

/* The program's own name is all that is asked of it: share/locale is not on Windows yet. */
ssize_t readlink(const char *path, char *out, size_t size);
#define PIPE_BUF          4096
#define CODESET           14
#define nl_langinfo(item) "UTF-8"

/* ---- memory ---- */

#define PROT_READ     1
#define PROT_WRITE    2
#define MAP_PRIVATE   2
#define MAP_ANONYMOUS 0x20
#define MAP_FAILED    ((void *)-1)
#define MADV_DONTDUMP 16
#define _SC_PAGESIZE  30
void *mmap(void *at, size_t len, int protection, int flags, int fd, off_t offset);
int munmap(void *at, size_t len);
int mlock(const void *at, size_t len);
int madvise(void *at, size_t len, int advice);
long sysconf(int name);
#define malloc_usable_size(memory) _msize(memory)

/* ---- this process and its user ---- */

#define PR_SET_DUMPABLE 4
int prctl(int option, ...);
struct rlimit {
    uint64_t rlim_cur;
    uint64_t rlim_max;
};
#define RLIMIT_CORE 4
int setrlimit(int what, const struct rlimit *limit);
void tdestroy(void *root, void (*release)(void *));
uid_t getuid(void); /* 0; a file of 1 is somebody else's, not this user's nor the system's */
uid_t geteuid(void);
gid_t getgid(void);
struct passwd {
    char *pw_name, *pw_dir, *pw_shell;
    uid_t pw_uid;
    gid_t pw_gid;
};
int getpwuid_r(uid_t uid, struct passwd *entry, char *text, size_t size, struct passwd **found);
int getpwnam_r(const char *name, struct passwd *entry, char *text, size_t size,
               struct passwd **found);
int kill(pid_t pid, int number);
pid_t waitpid(pid_t pid, int *status, int options);
#define WNOHANG        1
#define WIFEXITED(s)   (((s)&0x7f) == 0)
#define WEXITSTATUS(s) (((s) >> 8) & 0xff)
#define WIFSIGNALED(s) (((s)&0x7f) != 0)
#define WTERMSIG(s)    ((s)&0x7f)
#define SIGHUP         1
#define SIGQUIT        3
#define SIGKILL        9
#define SIGPIPE        13
#define SIGALRM        14
#define SIG_BLOCK      0
#define SIG_UNBLOCK    1
#define SIG_SETMASK    2
#undef pthread_sigmask
#define sigset_t spf_sigset
typedef uint64_t spf_sigset;
int spf_sigmask(int how, const spf_sigset *set, spf_sigset *before);
#define pthread_sigmask(how, set, before) spf_sigmask(how, set, before)
int sigfillset(spf_sigset *set);
int sigemptyset(spf_sigset *set);
int sigaddset(spf_sigset *set, int number);

#define GRND_NONBLOCK 1
ssize_t getrandom(void *bytes, size_t len, unsigned flags);

/* ---- text and time ---- */

void *memmem(const void *in, size_t in_len, const void *what, size_t len);
void *memrchr(const void *in, int c, size_t len);
char *strcasestr(const char *in, const char *what);
char *stpcpy(char *to, const char *from);
char *strsep(char **text, const char *separators);
char *spf_strndup(const char *text, size_t max);
#define strndup(text, max) spf_strndup(text, max) /* libssh has one of its own */
void spf_explicit_bzero(void *at, size_t len);
#define explicit_bzero(at, len) spf_explicit_bzero(at, len)
char *spf_strerror(int error);
#define strerror(error) spf_strerror(error)
char *strerror_r(int error, char *text, size_t size); /* as glibc's */
#define strerrordesc_np(error) spf_strerror(error)
int unsetenv(const char *name);
int spf_setenv(const char *name, const char *value, int replace);
#define setenv(name, value, replace) spf_setenv(name, value, replace)
time_t timegm(struct tm *time);
#undef gmtime_r
struct tm *spf_gmtime_r(const time_t *time, struct tm *out);
#define gmtime_r(time, out) spf_gmtime_r(time, out)

/* ---- for the files of this directory ---- */

wchar_t *spf_wide(const char *text);      /* to be freed; NULL: no memory or no UTF-8 */
char *spf_narrow(const wchar_t *text);    /* the same */
wchar_t *spf_wide_path(const char *path); /* as CreateFileW takes it, however long */
int spf_errno_of(unsigned long error);    /* of GetLastError and WSAGetLastError */
uintptr_t spf_socket_of(int fd);          /* the handle, for libraries */
int spf_descriptor_of(uintptr_t socket);
