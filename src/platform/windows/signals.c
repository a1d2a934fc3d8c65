/* What asks the program to end: Ctrl-C, Ctrl-Break, a closed window, a logout. */
#include "platform/signals.h"

#include "posix.h"

static int wake = -1;
static volatile LONG came;
static volatile LONG watching;

void spf_signals_init(void)
{
    /* A descriptor of a program's own is binary: CRLF is in no report. */
    for (int fd = 0; fd < 3; fd++) {
        (void)_setmode(fd, _O_BINARY);
    }
}

/* In a thread of the system's. True: it is dealt with. */
static BOOL WINAPI note(DWORD kind)
{
    const char byte = 1;

    if (watching == 0) {
        return FALSE;
    }
    (void)InterlockedExchange(&came, kind == CTRL_C_EVENT       ? SIGINT
                                     : kind == CTRL_BREAK_EVENT ? SIGINT
                                     : kind == CTRL_CLOSE_EVENT ? SIGHUP
                                                                : SIGTERM);
    (void)send(wake, &byte, 1, 0);
    if (kind != CTRL_C_EVENT && kind != CTRL_BREAK_EVENT) {
        Sleep(
            5000); /* the system ends the program when this returns; the report is written first */
    }
    return TRUE;
}

int spf_signals_watch(void)
{
    wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    watching = wake >= 0;
    (void)SetConsoleCtrlHandler(note, TRUE);
    return wake;
}

int spf_signals_which(int fd)
{
    (void)fd;
    return (int)came;
}

void spf_signals_release(void)
{
    watching = 0;
    if (came != 0) { /* one that has come ends the program once its report is written */
        return;
    }
    (void)SetConsoleCtrlHandler(note, FALSE);
}
