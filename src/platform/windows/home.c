#include "platform/home_system.h"

#include "posix.h"

#include <ctype.h>
#include <userenv.h>

#include "base/text.h"

/* A path without separators at its end; false: empty or too long. */
static bool take(char out[PATH_MAX], const char *path)
{
    size_t len;

    out[0] = '\0';
    if (path == NULL || path[0] == '\0' || !spf_copy_whole(out, PATH_MAX, path)) {
        return false;
    }
    for (len = strlen(out); len > 3 && (out[len - 1] == '\\' || out[len - 1] == '/'); len--) {
        out[len - 1] = '\0';
    }
    return true;
}

/* %USERPROFILE% as the registry has it: Microsoft's ssh asks for it by the user's token. */
static bool profile(char home[PATH_MAX])
{
    HANDLE token;
    wchar_t wide[MAX_PATH];
    DWORD len = MAX_PATH;
    char *narrow = NULL;
    bool found;

    if (!OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token)) {
        return false;
    }
    if (GetUserProfileDirectoryW(token, wide, &len)) {
        narrow = spf_narrow(wide);
    }
    (void)CloseHandle(token);
    found = take(home, narrow);
    free(narrow);
    return found;
}

bool spf_self(struct spf_self *self)
{
    wchar_t wide[256];
    DWORD len = 256;
    char *narrow = GetUserNameW(wide, &len) ? spf_narrow(wide) : NULL;

    *self = (struct spf_self){0};
    if (narrow == NULL) {
        return false;
    }
    spf_copy(self->name, sizeof self->name, narrow);
    free(narrow);
    (void)profile(self->home);
    return true;
}

bool spf_home(char home[PATH_MAX])
{
    return profile(home) || take(home, getenv("USERPROFILE"));
}

/* aliyun CLI, config/configuration.go, GetHomePath: %HOMEDRIVE%%HOMEPATH%, then %USERPROFILE%. */
bool spf_home_of_shell(char home[PATH_MAX])
{
    const char *drive = getenv("HOMEDRIVE"), *path = getenv("HOMEPATH");
    char both[PATH_MAX];

    if (drive != NULL && path != NULL && path[0] != '\0' &&
        spf_format_whole(both, sizeof both, "%s%s", drive, path) && take(home, both)) {
        return true;
    }
    return take(home, getenv("USERPROFILE")) || spf_home(home);
}

bool spf_ssh_of_system(char directory[PATH_MAX])
{
    const char *data = getenv("ProgramData");

    return data != NULL && spf_format_whole(directory, PATH_MAX, "%s/ssh", data);
}

bool spf_settings_home(char directory[PATH_MAX])
{
    return take(directory, getenv("APPDATA"));
}

bool spf_cache_home(char directory[PATH_MAX])
{
    return take(directory, getenv("LOCALAPPDATA"));
}

static void note(struct spf_homes *homes, const char *path)
{
    char *slot = homes->path[homes->count];

    if (!take(slot, path) || strlen(slot) < 4) {
        return;
    }
    for (int i = 0; i < homes->count; i++) {
        if (_stricmp(homes->path[i], slot) == 0) {
            return;
        }
    }
    homes->count++;
}

void spf_homes_find(struct spf_homes *homes)
{
    char home[PATH_MAX];

    homes->count = 0;
    if (spf_home(home)) {
        note(homes, home);
    }
    if (spf_home_of_shell(home)) {
        note(homes, home);
    }
    note(homes, getenv("USERPROFILE"));
}

static bool is_separator(char c)
{
    return c == '\\' || c == '/';
}

/* In any case and with either separator. */
size_t spf_home_at(const char *text, const char *home)
{
    const char *at = text;

    for (; *home != '\0'; home++, at++) {
        if (!(is_separator(*home) && is_separator(*at)) &&
            tolower((unsigned char)*home) != tolower((unsigned char)*at)) {
            return 0;
        }
    }
    return spf_is_of_a_name(*at) ? 0 : (size_t)(at - text);
}

/* The password database of this system holds one user: who runs this. */
int getpwuid_r(uid_t uid, struct passwd *entry, char *text, size_t size, struct passwd **found)
{
    struct spf_self self;

    *found = NULL;
    if (uid != 0 || !spf_self(&self) ||
        !spf_format_whole(text, size, "%s%c%s", self.name, '\0', self.home)) {
        return 0;
    }
    *entry = (struct passwd){.pw_name = text, .pw_dir = text + strlen(text) + 1};
    *found = entry;
    return 0;
}
