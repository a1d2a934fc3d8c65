#pragma once

/*
 * How the program deals with what asks it to end, whatever it has inherited: INT, TERM and HUP;
 * Ctrl-C, Ctrl-Break and a closed window. For main alone: a library leaves them to its application.
 */

/*
 * To be called first. A reader that went away and a file that may not grow are errors of write(2).
 * SIGCHLD is the default again, for who inherits it as ignored learns nothing of the end of a child
 * (sigaction(2)).
 */
void spf_signals_init(void);

/*
 * From now on what asks the program to end makes this descriptor readable, and does nothing else;
 * but what was ignored when the program was started stays so, as nohup(1) and a shell's `&` ask.
 * -1: no descriptor.
 */
int spf_signals_watch(void);

/* Which one came, as its number: 128 and that is the exit status. 0: none. */
int spf_signals_which(int fd);

/* They end the program again, as one that came meanwhile does at once. */
void spf_signals_release(void);
