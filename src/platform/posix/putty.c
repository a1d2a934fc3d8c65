#include "platform/putty.h"

bool spf_putty_stored(const char *name, char *out, size_t size)
{
    (void)name;
    (void)out;
    (void)size;
    return false;
}
