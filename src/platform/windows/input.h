#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* For the files of this directory: standard input. One thread's. */

/* A console or a pipe: what cannot be waited for where it is, and is read ahead by a thread. */
bool spf_stdin_is_read_ahead(int fd);

/* Does a read return at once? Starts the thread. */
bool spf_stdin_is_ready(void);

/* As read(2), waiting for what comes. */
ssize_t spf_stdin_read(void *bytes, size_t len);
