#include "openssh/patterns.h"

#include <ctype.h>
#include <stdint.h>

bool spf_pattern_matches(const char *pattern, size_t len, const char *name, bool folded)
{
    size_t at = 0;
    size_t star = SIZE_MAX;
    const char *retry = NULL;

    while (*name != '\0') {
        if (at < len && pattern[at] == '*') {
            star = at++;
            retry = name;
        } else if (at < len && (pattern[at] == '?' || pattern[at] == *name ||
                                (folded && tolower((unsigned char)pattern[at]) == *name))) {
            at++;
            name++;
        } else if (star != SIZE_MAX) {
            at = star + 1;
            name = ++retry;
        } else {
            return false;
        }
    }
    while (at < len && pattern[at] == '*') {
        at++;
    }
    return at == len;
}
