#include "key/find.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "key/file.h"
#include "platform/home.h"

enum {
    FILES_MAX = 1000,
    DEPTH_MAX = 2,
    PATH_ROOM = 4096,
};

struct search {
    const char *public_blob;
    struct spf_key_found *found;
};

static bool ends_in_pub(const char *name)
{
    size_t len = strlen(name);

    return len > 4 && strcmp(name + len - 4, ".pub") == 0;
}

/* Does this file hold the key? A .pub alone is noted; the private key is what is looked for. */
static bool matches(struct search *search, const char *path)
{
    struct spf_key_facts facts = {0};
    struct spf_key_found *found = search->found;
    bool same, is_private;

    found->looked_at++;
    same = spf_key_file_read(path, NULL, &facts, NULL) && facts.public_blob != NULL &&
           strcmp(facts.public_blob, search->public_blob) == 0;
    found->unclear += facts.encrypted && facts.public_blob == NULL;
    is_private =
        facts.usable || (facts.encrypted && (facts.openssh_accepts || facts.putty_accepts));
    if (same && is_private) {
        spf_copy(found->path, sizeof found->path, path);
        found->encrypted = facts.encrypted && !facts.usable;
    } else if (same && facts.container == SPF_CONTAINER_PUBLIC) {
        spf_copy(found->public_only, sizeof found->public_only, path);
    }
    spf_shape_clear(&spf_key_shape, &facts);
    return same && is_private;
}

/* Public halves in the first pass, and what they lead to; everything else in the second. */
static bool search_dir(struct search *search, const char *dir, int depth, bool public_pass)
{
    struct dirent **entries = NULL;
    int count = scandir(dir, &entries, NULL, alphasort);
    bool done = false;

    for (int i = 0; i < count; i++) {
        const char *name = entries[i]->d_name;
        const bool is_pub = ends_in_pub(name);
        char path[PATH_ROOM];

        if (done || search->found->looked_at >= FILES_MAX || strcmp(name, ".") == 0 ||
            strcmp(name, "..") == 0 || !spf_format_whole(path, sizeof path, "%s/%s", dir, name)) {
            ; /* the entry is only freed */
        } else if (entries[i]->d_type == DT_DIR) {
            done = depth < DEPTH_MAX && search_dir(search, path, depth + 1, public_pass);
        } else if (is_pub == public_pass) {
            done = matches(search, path);
            if (is_pub && strcmp(search->found->public_only, path) == 0) {
                path[strlen(path) - 4] = '\0';
                done = access(path, F_OK) == 0 && matches(search, path);
            }
        }
        free(entries[i]);
    }
    free(entries);
    return done;
}

/* The files that the pair's name names: proved to be the key, or else, in want of a better one, as
 * they are. */
static bool find_by_name(struct search *search, const char *dir, const char *name, bool proved)
{
    static const char *const endings[] = {"pem", "ppk"};
    char path[PATH_ROOM];

    if (name == NULL || name[0] == '\0' || strchr(name, '/') != NULL) {
        return false;
    }
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        if (!spf_format_whole(path, sizeof path, "%s/%s.%s", dir, name, endings[i]) ||
            access(path, F_OK) != 0) {
            continue;
        }
        if (!proved) {
            search->found->by_name =
                spf_copy_whole(search->found->path, sizeof search->found->path, path);
        }
        if (proved ? matches(search, path) : search->found->by_name) {
            return true;
        }
    }
    return false;
}

static bool find_proved(struct search *search, const char *dir, const char *name)
{
    return search->public_blob[0] != '\0' &&
           (find_by_name(search, dir, name, true) || search_dir(search, dir, 1, true) ||
            search_dir(search, dir, 1, false));
}

static struct spf_error cannot_read(const char *dir, int errnum)
{
    char what[200];
    char shown[100];

    spf_clean(shown, sizeof shown, dir, strlen(dir));
    spf_format(what, sizeof what, "the directory of keys %s can't be read", shown);
    return spf_error_sys(errnum, what);
}

struct spf_error spf_key_find(const char *dir, const char *public_blob, const char *name,
                              struct spf_key_found *found)
{
    struct search search = {public_blob, found};
    char home[PATH_MAX];
    char home_ssh[PATH_ROOM];

    *found = (struct spf_key_found){0};
    if (dir == NULL) {
        if (!spf_home(home) || !spf_format_whole(home_ssh, sizeof home_ssh, "%s/.ssh", home)) {
            return spf_error(SPF_ERR_INVALID, "there is no home directory to look in");
        }
        dir = home_ssh;
    }
    if (access(dir, R_OK | X_OK) != 0) {
        return cannot_read(dir, errno);
    }
    if (find_proved(&search, dir, name)) {
        found->public_only[0] = '\0';
    }
    found->all = found->looked_at < FILES_MAX;
    if (found->path[0] == '\0') {
        (void)find_by_name(&search, dir, name, false);
    }
    return spf_ok();
}
