#include "base/error.h"

#include <errno.h>
#include <openssl/err.h>
#include <stdarg.h>
#include <string.h>

#include "base/language.h"
#include "base/text.h"

struct spf_error spf_ok(void)
{
    return (struct spf_error){.code = SPF_OK};
}

struct spf_error spf_error(enum spf_err code, const char *fmt, ...)
{
    struct spf_error error = {.code = code};
    va_list args;

    va_start(args, fmt);
    spf_vformat(error.text, sizeof error.text, fmt, args);
    va_end(args);
    return error;
}

struct spf_error spf_error_sys(int errnum, const char *what)
{
    char words[100];

    /* The GNU strerror_r: its result need not be in the array. */
    return spf_error(SPF_ERR_SYS, "%s: %s", what, strerror_r(errnum, words, sizeof words));
}

struct spf_error spf_usage(const char *fmt, ...)
{
    char text[200];
    char clean[200];
    va_list args;

    va_start(args, fmt);
    spf_vformat(text, sizeof text, spf_tr(fmt), args);
    va_end(args);
    spf_clean(clean, sizeof clean, text, strlen(text));
    return spf_error(SPF_ERR_USAGE, "%s", clean);
}

static _Thread_local bool ran_short;

void spf_ran_short(void)
{
    ran_short = true;
}

bool spf_was_short(void)
{
    bool was = ran_short;

    ran_short = false;
    return was;
}

bool spf_errno_is_shortage(int errnum)
{
    return errnum == EMFILE || errnum == ENFILE || errnum == ENOBUFS || errnum == ENOMEM;
}

static void heed(unsigned long error)
{
    if (ERR_GET_REASON(error) == ERR_R_MALLOC_FAILURE) {
        spf_ran_short();
    }
}

void spf_clear_crypto_errors(void)
{
    unsigned long error;

    while ((error = ERR_get_error()) != 0) {
        heed(error);
    }
}

void spf_pop_crypto_errors(void)
{
    heed(ERR_peek_last_error()); /* what failed first is below what could not go on without it */
    heed(ERR_peek_error());
    (void)ERR_pop_to_mark();
}
