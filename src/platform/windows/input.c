/*
 * Standard input that is a console or a pipe. Neither can be waited for with a limit where it is:
 * a read of it ends when something comes. A thread of its own reads, so that the program may end
 * without.
 */
#include "input.h"

#include "posix.h"

#include <process.h>

#define PIECE 16384 /* bytes read ahead */

static struct {
    SRWLOCK lock; /* of all below, but of the bytes only while there are none */
    CONDITION_VARIABLE changed;
    bool started;
    bool ended;
    int error; /* errno of a read that failed */
    size_t at;
    size_t len;
    char bytes[PIECE];
} input = {.lock = SRWLOCK_INIT, .changed = CONDITION_VARIABLE_INIT};

bool spf_stdin_is_read_ahead(int fd)
{
    const DWORD type =
        fd == STDIN_FILENO ? GetFileType((HANDLE)_get_osfhandle(fd)) : FILE_TYPE_DISK;

    return type == FILE_TYPE_CHAR || type == FILE_TYPE_PIPE;
}

/* Not through the C runtime, which waits at its end for whoever reads. */
static void read_ahead(void *arg)
{
    HANDLE handle = (HANDLE)_get_osfhandle(STDIN_FILENO);
    bool ended = false;

    (void)arg;
    while (!ended) {
        DWORD got = 0;
        const bool good = ReadFile(handle, input.bytes, PIECE, &got, NULL);
        const DWORD error = good ? ERROR_SUCCESS : GetLastError();

        AcquireSRWLockExclusive(&input.lock);
        input.at = 0;
        input.len = good ? got : 0;
        ended = input.ended = input.len == 0;
        if (error != ERROR_SUCCESS && error != ERROR_BROKEN_PIPE && error != ERROR_HANDLE_EOF) {
            input.error = spf_errno_of(error);
        }
        WakeAllConditionVariable(&input.changed);
        while (input.len > 0) {
            (void)SleepConditionVariableSRW(&input.changed, &input.lock, INFINITE, 0);
        }
        ReleaseSRWLockExclusive(&input.lock);
    }
}

/* With the lock. Without a thread there is nothing more to come. */
static void start(void)
{
    if (!input.started && _beginthread(read_ahead, 0, NULL) == (uintptr_t)-1L) {
        input.ended = true;
        input.error = ENOMEM;
    }
    input.started = true;
}

bool spf_stdin_is_ready(void)
{
    bool ready;

    AcquireSRWLockExclusive(&input.lock);
    start();
    ready = input.len > 0 || input.ended;
    ReleaseSRWLockExclusive(&input.lock);
    return ready;
}

ssize_t spf_stdin_read(void *bytes, size_t len)
{
    ssize_t got = -1;

    AcquireSRWLockExclusive(&input.lock);
    start();
    while (input.len == 0 && !input.ended) {
        (void)SleepConditionVariableSRW(&input.changed, &input.lock, INFINITE, 0);
    }
    if (input.len > 0 || input.error == 0) {
        got = (ssize_t)(len < input.len ? len : input.len);
        memcpy(bytes, input.bytes + input.at, (size_t)got);
        explicit_bzero(input.bytes + input.at, (size_t)got);
        input.at += (size_t)got;
        input.len -= (size_t)got;
        WakeAllConditionVariable(&input.changed);
    }
    errno = input.error;
    ReleaseSRWLockExclusive(&input.lock);
    return got;
}
