#pragma once

#include <ctype.h>
#include <string.h>

#include "platform/home.h"

/* What home_shown.c, the same on all systems, and the system's home.c have in common. */

/* How much of text is the home at its beginning; 0: it is none. */
size_t spf_home_at(const char *text, const char *home);

/* May it be a part of a file's name? */
static inline bool spf_is_of_a_name(char c)
{
    return isalnum((unsigned char)c) || (unsigned char)c >= 0x80 ||
           (c != '\0' && strchr("_-.+@~", c) != NULL);
}
