#include "platform/signals.h"

#include <signal.h>
#include <stddef.h>
#include <sys/signalfd.h>
#include <unistd.h>

static sigset_t watched;

void spf_signals_init(void)
{
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGXFSZ, SIG_IGN);
    (void)signal(SIGCHLD, SIG_DFL);
}

int spf_signals_watch(void)
{
    static const int ending[] = {SIGINT, SIGTERM, SIGHUP};

    (void)sigemptyset(&watched);
    for (size_t i = 0; i < sizeof ending / sizeof *ending; i++) {
        struct sigaction inherited;

        /* A blocked signal is delivered to a signalfd even if it is ignored. */
        if (sigaction(ending[i], NULL, &inherited) != 0 || inherited.sa_handler != SIG_IGN) {
            (void)sigaddset(&watched, ending[i]);
        }
    }
    (void)sigprocmask(SIG_BLOCK, &watched, NULL);
    return signalfd(-1, &watched, SFD_CLOEXEC | SFD_NONBLOCK);
}

int spf_signals_which(int fd)
{
    struct signalfd_siginfo signalled;

    return read(fd, &signalled, sizeof signalled) == (ssize_t)sizeof signalled
               ? (int)signalled.ssi_signo
               : 0;
}

void spf_signals_release(void)
{
    (void)sigprocmask(SIG_UNBLOCK, &watched, NULL);
}
