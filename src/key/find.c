#include "key/find.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/shortage.h"
#include "base/text.h"
#include "platform/home.h"

enum {
    FILES_MAX = 1000,
    DEPTH_MAX = 2,
    PATH_ROOM = 4096,
};

struct search {
    const char *public_blob;
    struct spf_key_directory *seen;
    struct spf_key_found *found;
    bool incomplete; /* memory or descriptors ran out: a file that was not read is no other key */
};

static bool ends_in_pub(const char *name)
{
    size_t len = strlen(name);

    return len > 4 && strcmp(name + len - 4, ".pub") == 0;
}

/* Does this file hold the key? A .pub alone is noted; the private key is what is looked for. */
static bool matches(struct search *search, const char *path)
{
    const struct spf_key_summary *file = spf_key_directory_file(search->seen, path);
    struct spf_key_found *found = search->found;
    bool same;

    if (file == NULL) {
        search->incomplete = true;
        return false;
    }
    found->looked_at++;
    found->unclear += file->encrypted && file->public_blob == NULL;
    same = file->public_blob != NULL && strcmp(file->public_blob, search->public_blob) == 0;
    if (same && file->is_private) {
        spf_copy(found->path, sizeof found->path, path);
        found->encrypted = file->encrypted && !file->usable;
    } else if (same && file->is_public) {
        spf_copy(found->public_only, sizeof found->public_only, path);
    }
    return same && file->is_private;
}

/* Public halves in the first pass, and what they lead to; everything else in the second. */
static bool search_dir(struct search *search, const char *dir, int depth, bool public_pass)
{
    int count;
    struct dirent *const *entries = spf_key_directory_list(search->seen, dir, &count);
    bool done = false;

    for (int i = 0; i < count; i++) {
        const char *name = entries[i]->d_name;
        const bool is_pub = ends_in_pub(name);
        char path[PATH_ROOM];

        if (done || search->found->looked_at >= FILES_MAX || strcmp(name, ".") == 0 ||
            strcmp(name, "..") == 0 || !spf_format_whole(path, sizeof path, "%s/%s", dir, name)) {
            continue;
        }
        if (entries[i]->d_type == DT_DIR) {
            done = depth < DEPTH_MAX && search_dir(search, path, depth + 1, public_pass);
        } else if (is_pub == public_pass) {
            done = matches(search, path);
            if (is_pub && strcmp(search->found->public_only, path) == 0) {
                path[strlen(path) - 4] = '\0';
                done = access(path, F_OK) == 0 && matches(search, path);
            }
        }
    }
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

static struct spf_error search_all(struct search *search, const char *dir, const char *name)
{
    struct spf_key_found *found = search->found;

    (void)spf_was_short();
    if (find_proved(search, dir, name)) {
        found->public_only[0] = '\0';
    }
    found->all = found->looked_at < FILES_MAX;
    if (spf_was_short() || (search->incomplete && found->path[0] == '\0')) {
        return spf_error(SPF_ERR_NOMEM, "no memory or descriptor to look through the keys");
    }
    if (found->path[0] == '\0') {
        (void)find_by_name(search, dir, name, false);
    }
    return spf_ok();
}

struct spf_error spf_key_find(const char *dir, const char *public_blob, const char *name,
                              struct spf_key_directory *seen, struct spf_key_found *found)
{
    struct search search = {public_blob, NULL, found, false};
    struct spf_error error;
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
        if (dir == home_ssh && errno == ENOENT) { /* whoever has none has no keys there */
            found->all = true;
            return spf_ok();
        }
        return cannot_read(dir, errno);
    }
    search.seen = seen != NULL ? spf_key_directory_share(seen) : spf_key_directory_new();
    if (search.seen == NULL) {
        return spf_error(SPF_ERR_NOMEM, "no memory to look through the keys");
    }
    spf_key_directory_enter(search.seen);
    error = search_all(&search, dir, name);
    spf_key_directory_leave(search.seen);
    spf_key_directory_free(search.seen);
    return error;
}
