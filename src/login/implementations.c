#include "login/implementations.h"

#include <stdio.h>

#include "base/text.h"

/* OpenSSH_7.4p1 and OpenSSH_for_Windows_7.7p1; false: another one's. */
static bool openssh_version(const char *software, int *major, int *minor)
{
    return sscanf(software, "OpenSSH_%d.%d", major, minor) == 2 ||
           sscanf(software, "OpenSSH_for_Windows_%d.%d", major, minor) == 2;
}

bool spf_announces_forced_commands(const char *software, const struct spf_seen *seen)
{
    int major, minor, version;

    if (seen->key_options)
        return true;
    if (!openssh_version(software, &major, &minor) || major < 0 || major > 99 || minor > 99)
        return false;
    version = major * 100 + minor;
    return seen->host_keys_shown && version >= 608 && version < 707;
}
