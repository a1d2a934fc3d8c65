#include "platform/limits.h"

#include "posix.h"

#include <pthread.h>

/* Windows limits neither files nor the stack of a thread below what is needed. */
size_t spf_limits_jobs(size_t wanted)
{
    return wanted;
}

struct spf_error spf_limits_prepare(void)
{
    (void)_setmaxstdio(1024);
    return spf_ok();
}
