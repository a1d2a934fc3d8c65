#ifndef SPF_PLATFORM_SIGNALS_H
#define SPF_PLATFORM_SIGNALS_H

#include <signal.h>

/*
 * How the program deals with signals, whatever dispositions it has inherited. For main alone: a
 * library leaves them to its application.
 */

/*
 * To be called first. SIGPIPE and SIGXFSZ are ignored: a reader that went away and a file that may
 * not grow are errors of write(2). SIGCHLD is the default again, for who inherits it as ignored
 * learns nothing of the end of a child (sigaction(2)).
 */
void spf_signals_init(void);

/*
 * INT, TERM and HUP become readable at a descriptor (signalfd(2)), and are blocked; but those that
 * were ignored when the program was started stay so, as nohup(1) and a shell's `&` ask. set: what
 * is blocked. -1: no descriptor.
 */
int spf_signals_watch(sigset_t *set);

#endif
