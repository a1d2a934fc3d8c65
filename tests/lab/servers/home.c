/*
 * Preloaded into a server that knows no other place for authorized_keys than a user's home: the
 * home is where LAB_HOME says. Nothing of the real one is touched.
 */
#include <dlfcn.h>
#include <pwd.h>
#include <stdlib.h>

struct passwd *getpwnam(const char *name)
{
    struct passwd *(*real)(const char *) =
        (struct passwd * (*)(const char *)) dlsym(RTLD_NEXT, "getpwnam");
    struct passwd *entry = real != NULL ? real(name) : NULL;
    char *home = getenv("LAB_HOME");

    if (entry != NULL && home != NULL) {
        entry->pw_dir = home;
    }
    return entry;
}
