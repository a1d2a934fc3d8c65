#include "platform/signals.h"

#include <stddef.h>
#include <sys/signalfd.h>

void spf_signals_init(void)
{
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGXFSZ, SIG_IGN);
    (void)signal(SIGCHLD, SIG_DFL);
}

int spf_signals_watch(sigset_t *set)
{
    static const int ending[] = {SIGINT, SIGTERM, SIGHUP};

    (void)sigemptyset(set);
    for (size_t i = 0; i < sizeof ending / sizeof *ending; i++) {
        struct sigaction inherited;

        /* A blocked signal is delivered to a signalfd even if it is ignored. */
        if (sigaction(ending[i], NULL, &inherited) != 0 || inherited.sa_handler != SIG_IGN)
            (void)sigaddset(set, ending[i]);
    }
    (void)sigprocmask(SIG_BLOCK, set, NULL);
    return signalfd(-1, set, SFD_CLOEXEC | SFD_NONBLOCK);
}
