/* POSIX's sockets and poll(2) on Winsock (posix/posix.h). */
#include "posix.h"

#include <iphlpapi.h>
#include <mstcpip.h>
#include <mswsock.h>

#include "input.h"
#include "platform/sockets.h"

#undef socket
#undef connect
#undef bind
#undef listen
#undef getsockname
#undef getpeername
#undef getsockopt
#undef setsockopt
#undef shutdown
#undef recv
#undef send
#undef getaddrinfo
#undef gethostname
#undef pollfd

#define TURN_MS    20 /* how often what Windows cannot wait for is looked at */
#define POLLED_MAX 64 /* on the stack; more are allocated */

/* Winsock is started with the first socket or name, and ended by the system. */
static void start(void)
{
    static LONG started;
    WSADATA data;

    if (InterlockedExchange(&started, 1) == 0) {
        (void)WSAStartup(MAKEWORD(2, 2), &data);
    }
}

uintptr_t spf_socket_of(int fd)
{
    return fd >= SPF_SOCKETS ? (uintptr_t)(fd - SPF_SOCKETS) : INVALID_SOCKET;
}

int spf_descriptor_of(uintptr_t socket)
{
    return socket != INVALID_SOCKET ? (int)socket + SPF_SOCKETS : -1;
}

/* What Windows and Winsock call it, and what POSIX does. */
static const struct {
    unsigned long error;
    int number;
} errors[] = {
    {ERROR_FILE_NOT_FOUND, ENOENT},
    {ERROR_PATH_NOT_FOUND, ENOENT},
    {ERROR_INVALID_NAME, ENOENT},
    {ERROR_BAD_NETPATH, ENOENT},
    {ERROR_BAD_NET_NAME, ENOENT},
    {ERROR_BAD_PATHNAME, ENOENT},
    {ERROR_INVALID_DRIVE, ENOENT},
    {ERROR_NOT_READY, ENOENT}, /* a drive without a medium */
    {ERROR_DIRECTORY, ENOTDIR},
    {ERROR_ACCESS_DENIED, EACCES},
    {ERROR_LOGON_FAILURE, EACCES}, /* at a share, as the next ones */
    {ERROR_NETNAME_DELETED, ECONNRESET},
    {ERROR_SEM_TIMEOUT, ETIMEDOUT},
    {ERROR_NETWORK_UNREACHABLE, ENETUNREACH},
    {ERROR_HOST_UNREACHABLE, EHOSTUNREACH},
    {ERROR_SHARING_VIOLATION, EBUSY},
    {ERROR_LOCK_VIOLATION, EBUSY},
    {ERROR_FILE_EXISTS, EEXIST},
    {ERROR_ALREADY_EXISTS, EEXIST},
    {ERROR_TOO_MANY_OPEN_FILES, EMFILE},
    {ERROR_NOT_ENOUGH_MEMORY, ENOMEM},
    {ERROR_OUTOFMEMORY, ENOMEM},
    {ERROR_DISK_FULL, ENOSPC},
    {ERROR_HANDLE_DISK_FULL, ENOSPC},
    {ERROR_BROKEN_PIPE, EPIPE},
    {ERROR_NO_DATA, EPIPE},
    {ERROR_WRITE_PROTECT, EROFS},
    {ERROR_INVALID_HANDLE, EBADF},
    {ERROR_FILENAME_EXCED_RANGE, ENAMETOOLONG},
    {ERROR_NOT_SUPPORTED, ENOSYS},
    {WSAEWOULDBLOCK, EAGAIN},
    {WSAEINPROGRESS, EINPROGRESS},
    {WSAEINTR, EINTR},
    {WSAECONNREFUSED, ECONNREFUSED},
    {WSAECONNRESET, ECONNRESET},
    {WSAECONNABORTED, ECONNABORTED},
    {WSAENETRESET, ECONNRESET},
    {WSAESHUTDOWN, EPIPE},
    {WSAETIMEDOUT, ETIMEDOUT},
    {WSAEHOSTUNREACH, EHOSTUNREACH},
    {WSAENETUNREACH, ENETUNREACH},
    {WSAENETDOWN, ENETUNREACH},
    {WSAEHOSTDOWN, EHOSTUNREACH},
    {WSAEADDRNOTAVAIL, EADDRNOTAVAIL},
    {WSAEADDRINUSE, EADDRINUSE},
    {WSAEAFNOSUPPORT, EAFNOSUPPORT},
    {WSAEACCES, EACCES},
    {WSAEINVAL, EINVAL},
    {WSAEMFILE, EMFILE},
    {WSAENOBUFS, ENOBUFS},
    {WSAENOTCONN, ENOTCONN},
    {WSAENOPROTOOPT, ENOPROTOOPT},
    {WSAENOTSOCK, ENOTSOCK},
    {WSAEMSGSIZE, EMSGSIZE},
    {WSA_NOT_ENOUGH_MEMORY, ENOMEM},
};

int spf_errno_of(unsigned long error)
{
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
        if (errors[i].error == error) {
            return errors[i].number;
        }
    }
    return error == 0 ? 0 : EIO;
}

/* What a call of Winsock returned, with errno. */
static int result_of(int result)
{
    if (result == SOCKET_ERROR) {
        errno = spf_errno_of((unsigned long)WSAGetLastError());
    }
    return result == SOCKET_ERROR ? -1 : result;
}

static int adopt(SOCKET handle)
{
    u_long on = 1;

    if (handle == INVALID_SOCKET) {
        errno = spf_errno_of((unsigned long)WSAGetLastError());
        return -1;
    }
    (void)ioctlsocket(handle, (long)FIONBIO, &on);
    return spf_descriptor_of(handle);
}

int spf_socket(int family, int type, int protocol)
{
    start();
    if (family == AF_UNIX) {
        errno = EAFNOSUPPORT;
        return -1;
    }
    return adopt(WSASocketW(family, type & 0xff, protocol, NULL, 0,
                            WSA_FLAG_OVERLAPPED | WSA_FLAG_NO_HANDLE_INHERIT));
}

int spf_connect(int fd, const struct sockaddr *address, socklen_t len)
{
    int result = result_of(connect(spf_socket_of(fd), address, len));

    if (result < 0 && errno == EAGAIN) {
        errno = EINPROGRESS;
    }
    return result;
}

int spf_bind(int fd, const struct sockaddr *address, socklen_t len)
{
    return result_of(bind(spf_socket_of(fd), address, len));
}

int spf_listen_at(int fd, int backlog)
{
    return result_of(listen(spf_socket_of(fd), backlog));
}

int spf_accept4(int fd, struct sockaddr *address, socklen_t *len, int flags)
{
    (void)flags;
    return adopt(accept(spf_socket_of(fd), address, len));
}

int spf_getsockname(int fd, struct sockaddr *address, socklen_t *len)
{
    return result_of(getsockname(spf_socket_of(fd), address, len));
}

int spf_getpeername(int fd, struct sockaddr *address, socklen_t *len)
{
    return result_of(getpeername(spf_socket_of(fd), address, len));
}

/* Options that Windows does not have fail as unknown ones do. */
static bool is_unknown(int level, int name)
{
    return level == SOL_IP || level == SOL_IPV6 || (level == SOL_SOCKET && name == SO_RCVLOWAT) ||
           (level == SOL_SOCKET && name == SO_DOMAIN) ||
           (level == IPPROTO_TCP && name != TCP_NODELAY);
}

int spf_getsockopt(int fd, int level, int name, void *value, socklen_t *len)
{
    int result = -1;

    if (level == SOL_SOCKET && name == SO_DOMAIN) {
        WSAPROTOCOL_INFOW info;
        int size = sizeof info;

        result = result_of(
            getsockopt(spf_socket_of(fd), SOL_SOCKET, SO_PROTOCOL_INFOW, (char *)&info, &size));
        if (result == 0) {
            *(int *)value = info.iAddressFamily;
        }
        return result;
    }
    if (is_unknown(level, name)) {
        errno = ENOPROTOOPT;
        return -1;
    }
    result = result_of(getsockopt(spf_socket_of(fd), level, name, value, len));
    if (result == 0 && level == SOL_SOCKET && name == SO_ERROR) {
        *(int *)value = spf_errno_of((unsigned long)*(int *)value);
    }
    return result;
}

int spf_setsockopt(int fd, int level, int name, const void *value, socklen_t len)
{
    const struct linger *linger = value;
    LINGER ours;

    if (is_unknown(level, name)) {
        errno = ENOPROTOOPT;
        return -1;
    }
    if (level == SOL_SOCKET && name == SO_LINGER) {
        ours = (LINGER){linger->l_onoff, linger->l_linger};
        return result_of(
            setsockopt(spf_socket_of(fd), level, name, (const char *)&ours, sizeof ours));
    }
    return result_of(setsockopt(spf_socket_of(fd), level, name, value, len));
}

int spf_shutdown(int fd, int how)
{
    return result_of(shutdown(spf_socket_of(fd), how));
}

/* Of AF_UNIX, as all callers ask: none in many Windows, but on its loopback it is as local. */
int spf_socketpair(int family, int type, int protocol, int pair[2])
{
    const int on = 1;

    (void)family;
    (void)type;
    (void)protocol;
    if (!spf_loopback_pair(pair)) {
        pair[0] = pair[1] = -1;
        errno = EMFILE;
        return -1;
    }
    for (int i = 0; i < 2; i++) {
        (void)spf_setsockopt(pair[i], IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
    return 0;
}

/* A socket may have been left blocking by a library: what must not wait looks first. */
static bool would_wait(SOCKET handle, short events, int flags)
{
    WSAPOLLFD poller = {.fd = handle, .events = events};

    return (flags & MSG_DONTWAIT) != 0 && WSAPoll(&poller, 1, 0) == 0;
}

ssize_t spf_recv(int fd, void *bytes, size_t len, int flags)
{
    if (would_wait(spf_socket_of(fd), POLLRDNORM, flags)) {
        errno = EAGAIN;
        return -1;
    }
    return result_of(recv(spf_socket_of(fd), bytes, (int)len, flags & MSG_PEEK));
}

ssize_t spf_send(int fd, const void *bytes, size_t len, int flags)
{
    if (would_wait(spf_socket_of(fd), POLLWRNORM, flags)) {
        errno = EAGAIN;
        return -1;
    }
    return result_of(send(spf_socket_of(fd), bytes, (int)len, 0));
}

ssize_t spf_recvmsg(int fd, struct msghdr *message, int flags)
{
    (void)fd;
    (void)message;
    (void)flags;
    errno = ENOSYS; /* there is no queue of errors to read */
    return -1;
}

int spf_getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
                    struct addrinfo **list)
{
    start();
    return getaddrinfo(name, service, hints, list);
}

const char *spf_gai_strerror(int error)
{
    switch (error) {
    case EAI_NONAME:
        return "Name or service not known";
    case EAI_AGAIN:
        return "Temporary failure in name resolution";
    case EAI_FAIL:
        return "Non-recoverable failure in name resolution";
    case EAI_FAMILY:
        return "ai_family not supported";
    case WSANO_DATA:
        return "No address associated with hostname";
    default:
        return "Name resolution failed";
    }
}

int spf_gethostname(char *name, size_t size)
{
    start();
    return result_of(gethostname(name, (int)size));
}

/* A descriptor of a worker's, readable once written to: a UDP socket connected to itself. */
int eventfd(unsigned value, int flags)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int fd = spf_socket(AF_INET, SOCK_DGRAM, 0);

    (void)value;
    (void)flags;
    if (fd >= 0 && spf_bind(fd, (struct sockaddr *)&address, len) == 0 &&
        spf_getsockname(fd, (struct sockaddr *)&address, &len) == 0 &&
        spf_connect(fd, (struct sockaddr *)&address, len) == 0) {
        return fd;
    }
    (void)spf_close(fd);
    return -1;
}

/* ---- poll ---- */

/* What a file, a pipe or a console has for us: WSAPoll knows sockets only. */
static short events_of_file(int fd, short events)
{
    HANDLE handle = (HANDLE)_get_osfhandle(fd);
    DWORD waiting = 0;

    if (handle == INVALID_HANDLE_VALUE) {
        return POLLNVAL;
    }
    if ((events & POLLIN) != 0 && spf_stdin_is_read_ahead(fd)) {
        return spf_stdin_is_ready() ? (short)(events & POLLIN) : 0;
    }
    if (GetFileType(handle) != FILE_TYPE_PIPE || (events & POLLIN) == 0) {
        return events;
    }
    if (!PeekNamedPipe(handle, NULL, 0, NULL, &waiting, NULL)) {
        return POLLHUP;
    }
    return waiting > 0 ? (short)(events & POLLIN) : 0;
}

static int poll_files(struct spf_pollfd *polls, nfds_t count, bool *any)
{
    int ready = 0;

    *any = false;
    for (nfds_t i = 0; i < count; i++) {
        polls[i].revents = 0;
        if (polls[i].fd < 0 || polls[i].fd >= SPF_SOCKETS) {
            continue;
        }
        *any = true;
        polls[i].revents = events_of_file(polls[i].fd, polls[i].events);
        ready += polls[i].revents != 0;
    }
    return ready;
}

/* One wait of all the sockets; an empty set is refused by WSAPoll. */
static int poll_sockets(struct spf_pollfd *polls, nfds_t count, WSAPOLLFD *sockets, int wait_ms)
{
    ULONG used = 0;
    int ready;

    for (nfds_t i = 0; i < count; i++) {
        if (polls[i].fd >= SPF_SOCKETS) {
            sockets[used++] = (WSAPOLLFD){.fd = spf_socket_of(polls[i].fd),
                                          .events = polls[i].events & (POLLIN | POLLOUT)};
        }
    }
    if (used == 0) {
        Sleep((DWORD)(wait_ms < 0 ? (int)INFINITE : wait_ms));
        return 0;
    }
    ready = WSAPoll(sockets, used, wait_ms);
    if (ready <= 0) {
        return result_of(ready);
    }
    used = 0;
    for (nfds_t i = 0; i < count; i++) {
        if (polls[i].fd >= SPF_SOCKETS) {
            polls[i].revents = sockets[used++].revents;
        }
    }
    return ready;
}

int spf_poll(struct spf_pollfd *polls, nfds_t count, int timeout_ms)
{
    const ULONGLONG until = GetTickCount64() + (ULONGLONG)(timeout_ms > 0 ? timeout_ms : 0);
    WSAPOLLFD on_stack[POLLED_MAX];
    WSAPOLLFD *sockets = count <= POLLED_MAX ? on_stack : calloc(count, sizeof *sockets);
    int ready = 0;
    bool files;

    if (sockets == NULL) {
        errno = ENOMEM;
        return -1;
    }
    for (;;) {
        const ULONGLONG now = GetTickCount64();
        int wait_ms = timeout_ms < 0 ? -1 : (int)(until > now ? until - now : 0);
        int got;

        ready = poll_files(polls, count, &files);
        if (ready > 0) {
            wait_ms = 0;
        } else if (files && (wait_ms < 0 || wait_ms > TURN_MS)) {
            wait_ms = TURN_MS;
        }
        got = poll_sockets(polls, count, sockets, wait_ms);
        if (got < 0) {
            ready = -1;
        } else {
            ready += got;
        }
        if (ready != 0 || (timeout_ms >= 0 && GetTickCount64() >= until)) {
            break;
        }
    }
    if (sockets != on_stack) {
        free(sockets);
    }
    return ready;
}

/* ---- addresses of this machine ---- */

struct interface_entry {
    struct ifaddrs entry; /* first */
    struct sockaddr_storage address;
    struct sockaddr_storage mask;
};

static void fill_mask(struct sockaddr_storage *mask, int family, unsigned bits)
{
    unsigned char *octets = family == AF_INET
                                ? (unsigned char *)&((struct sockaddr_in *)mask)->sin_addr
                                : (unsigned char *)&((struct sockaddr_in6 *)mask)->sin6_addr;

    mask->ss_family = (short)family;
    for (unsigned i = 0; i < bits && i < 128; i++) {
        octets[i / 8] |= (unsigned char)(0x80 >> i % 8);
    }
}

static bool add_address(struct ifaddrs **list, const IP_ADAPTER_ADDRESSES *adapter,
                        const IP_ADAPTER_UNICAST_ADDRESS *address)
{
    struct interface_entry *made = calloc(1, sizeof *made);

    if (made == NULL || (size_t)address->Address.iSockaddrLength > sizeof made->address) {
        free(made);
        return false;
    }
    memcpy(&made->address, address->Address.lpSockaddr, (size_t)address->Address.iSockaddrLength);
    fill_mask(&made->mask, made->address.ss_family, address->OnLinkPrefixLength);
    made->entry = (struct ifaddrs){
        .ifa_next = *list,
        .ifa_name = spf_narrow(adapter->FriendlyName),
        .ifa_flags = (adapter->OperStatus == IfOperStatusUp ? IFF_UP : 0) |
                     (adapter->IfType == IF_TYPE_SOFTWARE_LOOPBACK ? IFF_LOOPBACK : 0),
        .ifa_addr = (struct sockaddr *)&made->address,
        .ifa_netmask = (struct sockaddr *)&made->mask,
    };
    *list = &made->entry;
    return made->entry.ifa_name != NULL;
}

int getifaddrs(struct ifaddrs **list)
{
    const ULONG flags = GAA_FLAG_SKIP_ANYCAST | GAA_FLAG_SKIP_MULTICAST | GAA_FLAG_SKIP_DNS_SERVER;
    ULONG size = 64 * 1024;
    ULONG error = ERROR_BUFFER_OVERFLOW;
    IP_ADAPTER_ADDRESSES *all = NULL;

    *list = NULL;
    for (int tries = 0; tries < 4 && error == ERROR_BUFFER_OVERFLOW; tries++) {
        free(all);
        all = malloc(size);
        error = all == NULL ? ERROR_OUTOFMEMORY
                            : GetAdaptersAddresses(AF_UNSPEC, flags, NULL, all, &size);
    }
    for (IP_ADAPTER_ADDRESSES *at = error == 0 ? all : NULL; at != NULL; at = at->Next) {
        for (IP_ADAPTER_UNICAST_ADDRESS *own = at->FirstUnicastAddress; own != NULL;
             own = own->Next) {
            if (!add_address(list, at, own)) {
                error = ERROR_OUTOFMEMORY;
                break;
            }
        }
    }
    free(all);
    errno = spf_errno_of(error);
    return error == 0 ? 0 : -1;
}

void freeifaddrs(struct ifaddrs *list)
{
    while (list != NULL) {
        struct ifaddrs *next = list->ifa_next;

        free(list->ifa_name);
        free(list);
        list = next;
    }
}
