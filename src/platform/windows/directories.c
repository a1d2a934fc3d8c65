/* POSIX's directories on Windows' (posix/posix.h). */
#include "posix.h"

struct spf_directory {
    HANDLE handle;
    WIN32_FIND_DATAW data;
    bool first;
    struct spf_dirent entry;
};

struct spf_directory *spf_opendir(const char *path)
{
    struct spf_directory *directory = calloc(1, sizeof *directory);
    size_t len = strlen(path) + 3;
    char *pattern = malloc(len);
    wchar_t *wide = NULL;

    if (pattern != NULL) {
        (void)snprintf(pattern, len, "%s/*", path);
        wide = spf_wide_path(pattern);
    }
    errno = ENOMEM;
    if (directory != NULL && wide != NULL) {
        directory->first = true;
        directory->handle = FindFirstFileW(wide, &directory->data);
        if (directory->handle == INVALID_HANDLE_VALUE) {
            errno = spf_errno_of(GetLastError());
        }
    }
    if (directory != NULL && (wide == NULL || directory->handle == INVALID_HANDLE_VALUE)) {
        free(directory);
        directory = NULL;
    }
    free(wide);
    free(pattern);
    return directory;
}

struct spf_dirent *spf_readdir(struct spf_directory *directory)
{
    char *name;

    if (!directory->first && !FindNextFileW(directory->handle, &directory->data)) {
        return NULL;
    }
    directory->first = false;
    name = spf_narrow(directory->data.cFileName);
    if (name == NULL) {
        return NULL;
    }
    (void)snprintf(directory->entry.d_name, sizeof directory->entry.d_name, "%s", name);
    free(name);
    directory->entry.d_type =
        (directory->data.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) != 0 ? DT_DIR : DT_REG;
    return &directory->entry;
}

int spf_closedir(struct spf_directory *directory)
{
    (void)FindClose(directory->handle);
    free(directory);
    return 0;
}

int alphasort(const struct spf_dirent **a, const struct spf_dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

int scandir(const char *path, struct spf_dirent ***entries,
            int (*filter)(const struct spf_dirent *),
            int (*compare)(const struct spf_dirent **, const struct spf_dirent **))
{
    struct spf_directory *directory = spf_opendir(path);
    struct spf_dirent **list = NULL;
    struct spf_dirent *entry;
    size_t count = 0;
    size_t room = 0;

    *entries = NULL;
    if (directory == NULL) {
        return -1;
    }
    while ((entry = spf_readdir(directory)) != NULL) {
        if (filter != NULL && filter(entry) == 0) {
            continue;
        }
        if (count == room) {
            struct spf_dirent **more = realloc(list, (room = room * 2 + 16) * sizeof(*list));

            if (more == NULL) {
                break;
            }
            list = more;
        }
        list[count] = malloc(sizeof *entry);
        if (list[count] == NULL) {
            break;
        }
        *list[count++] = *entry;
    }
    (void)spf_closedir(directory);
    if (count > 0) {
        qsort(list, count, sizeof *list, (int (*)(const void *, const void *))compare);
    }
    *entries = list;
    return (int)count;
}

/* Of ssh_config's Include; patterns are not followed yet. */
int glob(const char *pattern, int flags, void *on_error, glob_t *found)
{
    (void)pattern;
    (void)flags;
    (void)on_error;
    *found = (glob_t){0};
    return GLOB_ABORTED;
}

void globfree(glob_t *found)
{
    *found = (glob_t){0};
}
