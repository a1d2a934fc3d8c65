#pragma once

#include <stdbool.h>

/*
 * Memory, or something else of ours, ran out in this thread where a function can only say no. Who
 * began the work asks at its end, and takes a "no" for no answer then. Each thread has its own.
 */
void spf_ran_short(void);
/* Has anything run out in this thread since this was last asked? */
bool spf_was_short(void);
/* Does this errno say that the process or the machine has no more of something (EMFILE, ENOMEM,
 * ...)? */
bool spf_errno_is_shortage(int errnum);
/* Notes that something ran out, if this errno says so. */
void spf_heed_errno(int errnum);
/* May what was to be read or written be tried again after this errno (EAGAIN, EINTR, or something
 * ran out, which is noted)? */
bool spf_errno_passes(int errnum);
/* Empties libcrypto's queue of errors in this thread; that memory ran out is noted. */
void spf_clear_crypto_errors(void);
/* ERR_pop_to_mark(3), in the same way. */
void spf_pop_crypto_errors(void);
