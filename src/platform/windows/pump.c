#include "pump.h"

#include "posix.h"

#include <process.h>

#undef recv
#undef send
#undef shutdown

#define PIECE 16384 /* bytes carried at once */

struct pump {
    struct spf_pump_ends ends;
    SOCKET socket;
    volatile LONG users; /* threads that work on it; the last one frees it */
};

static void leave(struct pump *pump)
{
    if (InterlockedDecrement(&pump->users) > 0) {
        return;
    }
    if (pump->ends.reads != NULL) {
        (void)CloseHandle(pump->ends.reads);
    }
    if (pump->ends.writes != NULL && pump->ends.writes != pump->ends.reads) {
        (void)CloseHandle(pump->ends.writes);
    }
    (void)closesocket(pump->socket);
    free(pump);
}

/* How many bytes were read or written; 0: no more. Pipes of both kinds, for who reads and writes
 * one at the same time needs calls that overlap. */
static DWORD transfer(HANDLE pipe, char *bytes, DWORD len, bool writes)
{
    OVERLAPPED call = {.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL)};
    DWORD done = 0;
    BOOL good;

    if (call.hEvent == NULL) {
        return 0;
    }
    good =
        writes ? WriteFile(pipe, bytes, len, NULL, &call) : ReadFile(pipe, bytes, len, NULL, &call);
    if (!good && GetLastError() != ERROR_IO_PENDING) {
        done = 0;
    } else if (!GetOverlappedResult(pipe, &call, &done, TRUE)) {
        done = 0;
    }
    (void)CloseHandle(call.hEvent);
    return done;
}

/* Waits for the socket; false: it is broken. */
static bool await(SOCKET socket, short events)
{
    WSAPOLLFD poller = {.fd = socket, .events = events};

    return WSAPoll(&poller, 1, -1) > 0;
}

static bool would_wait(void)
{
    return WSAGetLastError() == WSAEWOULDBLOCK;
}

static bool send_all(SOCKET socket, const char *bytes, DWORD len)
{
    while (len > 0) {
        const int sent = send(socket, bytes, (int)len, 0);

        if (sent < 0 && (!would_wait() || !await(socket, POLLWRNORM))) {
            return false;
        }
        bytes += sent > 0 ? sent : 0;
        len -= sent > 0 ? (DWORD)sent : 0;
    }
    return true;
}

static bool write_all(HANDLE pipe, char *bytes, DWORD len)
{
    DWORD done = 0;

    for (; len > 0; bytes += done, len -= done) {
        if ((done = transfer(pipe, bytes, len, true)) == 0) {
            return false;
        }
    }
    return true;
}

static void from_pipe(void *arg)
{
    struct pump *pump = arg;
    char bytes[PIECE];
    DWORD len;

    while ((len = transfer(pump->ends.reads, bytes, PIECE, false)) > 0 &&
           send_all(pump->socket, bytes, len)) {
        continue;
    }
    (void)shutdown(pump->socket, SD_SEND);
    leave(pump);
}

static void to_pipe(void *arg)
{
    struct pump *pump = arg;
    char bytes[PIECE];
    int len;

    while (await(pump->socket, POLLRDNORM)) {
        len = recv(pump->socket, bytes, PIECE, 0);
        if (len == 0 || (len < 0 && !would_wait())) {
            break;
        }
        if (len > 0 && !write_all(pump->ends.writes, bytes, (DWORD)len)) {
            break;
        }
    }
    if (pump->ends.writes == pump->ends.reads) {
        (void)CancelIoEx(pump->ends.reads, NULL);
    } else { /* the end of its input */
        (void)CloseHandle(pump->ends.writes);
        pump->ends.writes = NULL;
    }
    leave(pump);
}

SOCKET spf_socket_duplicate(int fd)
{
    WSAPROTOCOL_INFOW info;

    if (WSADuplicateSocketW(spf_socket_of(fd), GetCurrentProcessId(), &info) != 0) {
        return INVALID_SOCKET;
    }
    return WSASocketW(FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, &info, 0,
                      WSA_FLAG_OVERLAPPED | WSA_FLAG_NO_HANDLE_INHERIT);
}

bool spf_pump_start(const struct spf_pump_ends *ends, int fd)
{
    struct pump *pump = calloc(1, sizeof *pump);
    void (*const works[])(void *) = {from_pipe, to_pipe};
    bool good = true;

    if (pump == NULL) {
        return false;
    }
    *pump = (struct pump){.ends = *ends, .socket = spf_socket_duplicate(fd), .users = 3};
    for (int i = 0; i < 2; i++) {
        if (!good || pump->socket == INVALID_SOCKET ||
            _beginthread(works[i], 0, pump) == (uintptr_t)-1L) {
            good = false;
            leave(pump);
        }
    }
    leave(pump);
    return good;
}
