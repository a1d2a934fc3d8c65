#pragma once

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * Whose home directory is it? ssh asks the password database for the real uid, and never $HOME
 * (ssh.c, main; misc.c, tilde_expand): known_hosts, keys and ~ are looked for there. Shells, the
 * aliyun CLI and its SDKs go by $HOME. Under sudo, su and in CI containers the two differ. No path
 * here ends with a slash. All functions may be called from any thread.
 */
struct spf_self {
    char name[256];
    char home[PATH_MAX];
};

/* The user who runs this, as the password database has it; false, and both empty: no entry. */
bool spf_self(struct spf_self *self);

/* The home directory as ssh would have it; where the database has no entry, $HOME. False: none. */
bool spf_home(char home[PATH_MAX]);

/* $HOME; where it is unset or empty, that of the password database. False: none. */
bool spf_home_of_shell(char home[PATH_MAX]);

/* Directories of the machine's own ssh_config and ssh_known_hosts, of this user's settings of
 * programs, and of what they keep that may be deleted at any time; false: none. */
bool spf_ssh_of_system(char directory[PATH_MAX]);
bool spf_settings_home(char directory[PATH_MAX]);
bool spf_cache_home(char directory[PATH_MAX]);

/*
 * A copy of text in which every home directory of the person who runs this is "~", wherever in the
 * text such a path begins: that of the password database, $HOME, the home of whoever called sudo,
 * and what symbolic links make of them. For records. The caller frees it; NULL: no memory.
 */
struct spf_homes {
    char path[6][PATH_MAX];
    int count;
};
void spf_homes_find(struct spf_homes *homes);
char *spf_homes_hide(const struct spf_homes *homes, const char *text);

/* The path with the home directory as "~": no report or record shows where a user's home is. */
void spf_show_path(char *out, size_t size, const char *path);

/* The first environment variable of the list that is set and not empty; *name tells which. */
const char *spf_first_env(const char *const *names, const char **name);
