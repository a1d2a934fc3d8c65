#include "platform/putty.h"

#include "posix.h"

#include "base/text.h"

#define VALUE_MAX 8192 /* UTF-16 units; of an RSA key of 16384 bits 4 KiB */

bool spf_putty_stored(const char *name, char *out, size_t size)
{
    wchar_t *wide = spf_wide(name), value[VALUE_MAX];
    DWORD len = sizeof value;
    char *narrow = NULL;
    bool found;

    if (wide != NULL &&
        RegGetValueW(HKEY_CURRENT_USER, L"Software\\SimonTatham\\PuTTY\\SshHostKeys", wide,
                     RRF_RT_REG_SZ, NULL, value, &len) == ERROR_SUCCESS) {
        narrow = spf_narrow(value);
    }
    found = narrow != NULL && spf_copy_whole(out, size, narrow);
    free(narrow);
    free(wide);
    return found;
}

void spf_putty_place(char out[256])
{
    spf_copy(out, 256, "PuTTY");
}

bool spf_putty_is_usual(void)
{
    return true;
}
