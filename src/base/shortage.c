#include "base/shortage.h"

#include <errno.h>
#include <openssl/err.h>

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

void spf_heed_errno(int errnum)
{
    if (spf_errno_is_shortage(errnum)) {
        spf_ran_short();
    }
}

bool spf_errno_passes(int errnum)
{
    spf_heed_errno(errnum);
    return errnum == EAGAIN || errnum == EINTR || spf_errno_is_shortage(errnum);
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
