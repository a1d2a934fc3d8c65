#include "platform/texts.h"

const void *spf_texts_inside(size_t *size)
{
    *size = 0;
    return NULL;
}

const char *spf_texts_locale(void)
{
    return NULL;
}
