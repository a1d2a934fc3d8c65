#include "platform/home_system.h"

#include <ctype.h>
#include <pthread.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"

#define ENTRY_MAX 16384 /* bytes of a password entry */

/* A path without slashes at its end; false: empty, relative or too long. */
static bool take(char out[PATH_MAX], const char *path)
{
    size_t len;

    if (path == NULL || path[0] != '/' || !spf_copy_whole(out, PATH_MAX, path)) {
        out[0] = '\0';
        return false;
    }
    for (len = strlen(out); len > 1 && out[len - 1] == '/'; len--) {
        out[len - 1] = '\0';
    }
    return true;
}

/* Asked once: each target of thousands wants to know, and the database may be a server. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct spf_self own; /* under lock; without a name: not known yet */

static bool look_up(struct spf_self *self)
{
    char text[ENTRY_MAX];
    struct passwd entry;
    struct passwd *found = NULL;

    *self = (struct spf_self){0};
    if (getpwuid_r(getuid(), &entry, text, sizeof text, &found) != 0 || found == NULL) {
        return false;
    }
    spf_copy(self->name, sizeof self->name, found->pw_name);
    (void)take(self->home, found->pw_dir);
    return true;
}

bool spf_self(struct spf_self *self)
{
    bool found = true;

    (void)pthread_mutex_lock(&lock);
    if (own.name[0] == '\0') {
        found = look_up(&own);
    }
    *self = own;
    (void)pthread_mutex_unlock(&lock);
    return found;
}

bool spf_home(char home[PATH_MAX])
{
    struct spf_self self;

    return (spf_self(&self) && take(home, self.home)) || take(home, getenv("HOME"));
}

bool spf_home_of_shell(char home[PATH_MAX])
{
    return take(home, getenv("HOME")) || spf_home(home);
}

bool spf_ssh_of_system(char directory[PATH_MAX])
{
    return spf_copy_whole(directory, PATH_MAX, "/etc/ssh");
}

/* "All paths must be absolute" (XDG Base Directory Specification); else one below the home. */
static bool base_directory(char directory[PATH_MAX], const char *variable, const char *usual)
{
    const char *chosen = getenv(variable);
    char home[PATH_MAX];

    if (chosen != NULL && chosen[0] == '/') {
        return spf_copy_whole(directory, PATH_MAX, chosen);
    }
    return spf_home_of_shell(home) && spf_format_whole(directory, PATH_MAX, "%s/%s", home, usual);
}

bool spf_settings_home(char directory[PATH_MAX])
{
    return base_directory(directory, "XDG_CONFIG_HOME", ".config");
}

bool spf_cache_home(char directory[PATH_MAX])
{
    return base_directory(directory, "XDG_CACHE_HOME", ".cache");
}

/* Notes a home, and where it leads. "/" is nobody's: hiding it would hide every path. */
static void note(struct spf_homes *homes, const char *path)
{
    char *real = path != NULL ? realpath(path, NULL) : NULL;
    const char *const forms[] = {path, real};

    for (size_t i = 0; i < 2; i++) {
        char *slot = homes->path[homes->count];
        bool known = !take(slot, forms[i]) || slot[1] == '\0';

        for (int k = 0; !known && k < homes->count; k++) {
            known = strcmp(homes->path[k], slot) == 0;
        }
        homes->count += known ? 0 : 1;
    }
    free(real);
}

static void note_caller_of_sudo(struct spf_homes *homes)
{
    const char *uid = getenv("SUDO_UID");
    char text[ENTRY_MAX];
    char *end = NULL;
    struct passwd entry;
    struct passwd *found = NULL;
    unsigned long number;

    if (uid == NULL || !isdigit((unsigned char)uid[0])) {
        return;
    }
    number = strtoul(uid, &end, 10);
    if (*end == '\0' && number <= UINT_MAX &&
        getpwuid_r((uid_t)number, &entry, text, sizeof text, &found) == 0 && found != NULL) {
        note(homes, found->pw_dir);
    }
}

void spf_homes_find(struct spf_homes *homes)
{
    struct spf_self self;

    homes->count = 0;
    if (spf_self(&self)) {
        note(homes, self.home);
    }
    note(homes, getenv("HOME"));
    note_caller_of_sudo(homes);
}

/* Slashes may be doubled, as in a path that was put together of two, and a name ends where it ends
 * ("/home/me2" is somebody else's, but a full stop may end a sentence). */
size_t spf_home_at(const char *text, const char *home)
{
    const char *at = text;

    for (; *home != '\0'; home++, at++) {
        if (*at != *home) {
            return 0;
        }
        while (*home == '/' && at[1] == '/') {
            at++;
        }
    }
    if (*at == '.' && !spf_is_of_a_name(at[1]) && at[1] != '/') {
        return (size_t)(at - text);
    }
    return spf_is_of_a_name(*at) ? 0 : (size_t)(at - text);
}
