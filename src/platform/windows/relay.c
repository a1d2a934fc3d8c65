#include "platform/sockets.h"

#include "posix.h"

#include <process.h>

#include "base/text.h"
#include "pump.h"

#undef recv
#undef send
#undef shutdown
#undef setsockopt

#define PIECE 32768 /* bytes carried at once, each way */

intptr_t spf_socket_handle(int fd)
{
    return (intptr_t)spf_socket_of(fd);
}

int spf_socket_descriptor(intptr_t handle)
{
    return spf_descriptor_of((uintptr_t)handle);
}

/* One direction: what came and waits to go on. */
struct way {
    SOCKET from;
    SOCKET to;
    bool ended; /* nothing more comes */
    size_t at;
    size_t len;
    char bytes[PIECE];
};

struct relay {
    struct way in, out; /* from the server, and to it */
};

static bool would_wait(void)
{
    return WSAGetLastError() == WSAEWOULDBLOCK;
}

/* False: the connection is broken. */
static bool carry(struct way *way)
{
    int got;

    if (way->len == 0 && !way->ended) {
        got = recv(way->from, way->bytes, PIECE, 0);
        if (got < 0) {
            return would_wait();
        }
        way->at = 0;
        way->len = (size_t)got;
        if (got == 0) {
            way->ended = true;
            (void)shutdown(way->to, SD_SEND);
        }
    }
    while (way->len > 0) {
        got = send(way->to, way->bytes + way->at, (int)way->len, 0);
        if (got < 0) {
            return would_wait();
        }
        way->at += (size_t)got;
        way->len -= (size_t)got;
    }
    return true;
}

static short wanted(const struct way *reads, const struct way *writes)
{
    return (short)((reads->len == 0 && !reads->ended ? POLLRDNORM : 0) |
                   (writes->len > 0 ? POLLWRNORM : 0));
}

/* A thread of its own for each connection: it ends when the library closes its end. */
static void work(void *arg)
{
    const struct linger reset = {.l_onoff = 1};
    struct relay *relay = arg;
    bool good = true;

    while (good && !relay->out.ended) {
        WSAPOLLFD polls[2] = {
            {.fd = relay->in.from, .events = wanted(&relay->in, &relay->out)},
            {.fd = relay->out.from, .events = wanted(&relay->out, &relay->in)},
        };

        if (polls[0].events == 0 && relay->in.ended) {
            polls[0].fd = INVALID_SOCKET;
        }
        good = WSAPoll(polls, 2, -1) >= 0 && carry(&relay->in) && carry(&relay->out);
    }
    if (!good) { /* as the server broke off */
        (void)setsockopt(relay->in.to, SOL_SOCKET, SO_LINGER, (const char *)&reset, sizeof reset);
    }
    (void)closesocket(relay->in.to);
    (void)closesocket(relay->in.from);
    free(relay);
}

int spf_socket_hand_over(int near_end, int *far_end, int fd)
{
    struct relay *relay = calloc(1, sizeof *relay);
    SOCKET server = spf_socket_duplicate(fd);

    if (relay == NULL || server == INVALID_SOCKET) {
        free(relay);
        if (server != INVALID_SOCKET) {
            (void)closesocket(server);
        }
        return -1;
    }
    relay->in.from = relay->out.to = server;
    relay->in.to = relay->out.from = spf_socket_of(*far_end);
    if (_beginthread(work, 0, relay) == (uintptr_t)-1L) {
        (void)closesocket(server);
        free(relay);
        return -1;
    }
    *far_end = -1; /* the thread's */
    return near_end;
}

/* Where temporary files go: %TEMP%, and where that is not there (a service's) the system's own. */
static char *temporary_directory(int attempt)
{
    wchar_t directory[MAX_PATH + 8] = L"";

    if (attempt == 0 && GetTempPathW(MAX_PATH, directory) > 0) {
        return spf_narrow(directory);
    }
    if (attempt == 1 && GetWindowsDirectoryW(directory, MAX_PATH) > 0) {
        return spf_narrow(wcscat(directory, L"\\Temp\\"));
    }
    return NULL;
}

static int create_scratch(const char *directory, char *path, size_t size)
{
    unsigned number[2];

    if (getrandom(number, sizeof number, 0) == (ssize_t)sizeof number &&
        spf_format_whole(path, size, "%ssshpreflight.%08x%08x", directory, number[0], number[1])) {
        return spf_open(path, O_RDWR | O_CREAT | O_EXCL, 0600);
    }
    return -1;
}

/* OpenSSH for Windows shares no connections. */
bool spf_socket_directory(char *path, size_t size)
{
    (void)path;
    (void)size;
    return false;
}

bool spf_send_descriptor(int socket, int fd)
{
    (void)socket;
    (void)fd;
    return false;
}

FILE *spf_stream_to(void (*take)(void *owner, const void *bytes, size_t len),
                    void (*end)(void *owner), void *owner)
{
    (void)take;
    (void)end;
    (void)owner;
    return NULL;
}

int spf_scratch_open(char *path, size_t size, bool *named)
{
    int fd = -1;

    for (int attempt = 0; fd < 0 && attempt < 2; attempt++) {
        char *directory = temporary_directory(attempt);

        if (directory != NULL) {
            fd = create_scratch(directory, path, size);
        }
        free(directory);
    }
    *named = fd >= 0;
    return fd;
}
