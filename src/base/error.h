#pragma once

#include "base/attributes.h"

/*
 * The room that all others may use: errors, text, secrets, clocks, JSON, addresses, shapes, the
 * loop and its workers. It knows nothing of SSH, of clouds or of this program's checks, and
 * includes no other room. What two rooms need and no domain explains belongs here.
 */

/*
 * An error is about us: we could not ask, read or remember. What is wrong with the target is a
 * finding (pipeline/finding.h), never an error.
 */
enum spf_err {
    SPF_OK,
    SPF_ERR_NOMEM,
    SPF_ERR_SYS,     /* a system call failed; the text has strerror(3)'s words */
    SPF_ERR_TOO_BIG, /* a bound of ours was met */
    SPF_ERR_INVALID, /* the input does not have the form it must have */
    SPF_ERR_USAGE,   /* the command line asks for something impossible */
};

/* A value: returned, copied, never freed. The text never holds a secret. */
struct spf_error {
    enum spf_err code;
    char text[200];
};

/* The error that says that there was none. */
struct spf_error spf_ok(void);

/* An error with a text of at most 199 bytes; longer ones are cut. */
struct spf_error spf_error(enum spf_err code, const char *fmt, ...) SPF_PRINTF(2, 3);

struct spf_error spf_no_memory(void); /* SPF_ERR_NOMEM, "out of memory" */

/* SPF_ERR_USAGE with what is wrong, in the language that is set; what fmt takes from outside is
 * cleaned. */
struct spf_error spf_usage(const char *fmt, ...) SPF_PRINTF(1, 2);

/* SPF_ERR_SYS with "<what>: <strerror(errnum)>". */
struct spf_error spf_error_sys(int errnum, const char *what);
