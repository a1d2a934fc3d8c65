/* The texts are a resource of the program (po/CMakeLists.txt): it stays one file. */
#include "platform/texts.h"

#include "posix.h"

#define TEXTS 1 /* the resource's number */

const void *spf_texts_inside(size_t *size)
{
    HRSRC found = FindResourceW(NULL, MAKEINTRESOURCEW(TEXTS), (LPCWSTR)RT_RCDATA);
    HGLOBAL loaded = found != NULL ? LoadResource(NULL, found) : NULL;

    *size = found != NULL ? SizeofResource(NULL, found) : 0;
    return loaded != NULL ? LockResource(loaded) : NULL;
}

/* Of the windows and menus, not of dates and numbers. */
const char *spf_texts_locale(void)
{
    static char name[LOCALE_NAME_MAX_LENGTH];
    wchar_t wide[LOCALE_NAME_MAX_LENGTH];
    const LCID shown = MAKELCID(GetUserDefaultUILanguage(), SORT_DEFAULT);
    int len = LCIDToLocaleName(shown, wide, LOCALE_NAME_MAX_LENGTH, 0);

    for (int i = 0; i < len; i++) { /* ASCII, "zh-Hans-CN", with its NUL */
        name[i] = wide[i] == L'-' ? '_' : (char)wide[i];
    }
    return len > 0 ? name : NULL;
}
