#pragma once

#include <stdbool.h>
#include <stddef.h>

/* The terminal that a person sits at. For main and its helpers, from one thread. */

/* Once, before anything is printed: the character set of the environment is the program's. */
void spf_terminal_init(void);

/* What is printed may hold UTF-8. */
bool spf_terminal_is_utf8(void);

/* Columns of the terminal at this descriptor (80 where it does not say); 0: it is none. */
int spf_terminal_width(int fd);

/* A terminal that obeys escape sequences: colours, and to clear a line. */
bool spf_terminal_obeys(int fd);

/* The keys that end what is read from it. */
extern const char *const spf_terminal_end;

/*
 * Asks on the terminal, wherever the standard descriptors lead, without echo. Up to room - 1 bytes
 * of the line and a NUL; the rest of a longer line is dropped. False: no terminal, or no answer.
 * Blocks for as long as the person takes. What asks the program to end does so, with the terminal
 * as before; after a stop (TSTP) it asks again.
 */
bool spf_terminal_ask(const char *prompt, char *answer, size_t room);
