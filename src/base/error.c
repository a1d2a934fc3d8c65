#include "base/error.h"

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

struct spf_error spf_no_memory(void)
{
    return (struct spf_error){SPF_ERR_NOMEM, N_("out of memory")};
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
