#include "key/directory.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/shortage.h"
#include "key/file.h"

#define BUCKETS 256 /* for the thousand files that are looked at, at most */

struct file {
    struct file *next;
    char *path;
    struct spf_key_summary summary;
};

struct list {
    struct list *next;
    char *path;
    struct dirent **entries;
    int count;
};

struct spf_key_directory {
    atomic_uint owners;
    pthread_mutex_t in_use;
    struct file *files[BUCKETS];
    struct list *lists; /* a few: directories are not followed deep */
};

struct spf_key_directory *spf_key_directory_new(void)
{
    struct spf_key_directory *directory = calloc(1, sizeof *directory);

    if (directory != NULL && pthread_mutex_init(&directory->in_use, NULL) != 0) {
        free(directory);
        return NULL;
    }
    if (directory != NULL) {
        atomic_init(&directory->owners, 1);
    }
    return directory;
}

struct spf_key_directory *spf_key_directory_share(struct spf_key_directory *directory)
{
    if (directory != NULL) {
        atomic_fetch_add(&directory->owners, 1);
    }
    return directory;
}

static void free_file(struct file *file)
{
    free(file->path);
    free(file->summary.public_blob);
    free(file);
}

static void free_list(struct list *list)
{
    for (int i = 0; i < list->count; i++) {
        free(list->entries[i]);
    }
    free(list->entries);
    free(list->path);
    free(list);
}

void spf_key_directory_free(struct spf_key_directory *directory)
{
    if (directory == NULL || atomic_fetch_sub(&directory->owners, 1) > 1) {
        return;
    }
    for (size_t i = 0; i < BUCKETS; i++) {
        for (struct file *next; directory->files[i] != NULL; directory->files[i] = next) {
            next = directory->files[i]->next;
            free_file(directory->files[i]);
        }
    }
    for (struct list *next; directory->lists != NULL; directory->lists = next) {
        next = directory->lists->next;
        free_list(directory->lists);
    }
    (void)pthread_mutex_destroy(&directory->in_use);
    free(directory);
}

void spf_key_directory_enter(struct spf_key_directory *directory)
{
    (void)pthread_mutex_lock(&directory->in_use);
}

void spf_key_directory_leave(struct spf_key_directory *directory)
{
    (void)pthread_mutex_unlock(&directory->in_use);
}

static struct file **bucket_of(struct spf_key_directory *directory, const char *path)
{
    uint32_t hash = 2166136261u; /* FNV-1a */

    for (; *path != '\0'; path++) {
        hash = (hash ^ (unsigned char)*path) * 16777619u;
    }
    return &directory->files[hash % BUCKETS];
}

static bool read_summary(const char *path, struct spf_key_summary *summary)
{
    struct spf_key_facts facts = {0};
    bool good = spf_key_file_read(path, NULL, &facts, NULL);

    summary->encrypted = facts.encrypted;
    summary->usable = facts.usable;
    summary->is_public = facts.container == SPF_CONTAINER_PUBLIC;
    summary->is_private =
        facts.usable || (facts.encrypted && (facts.openssh_accepts || facts.putty_accepts));
    if (good && facts.public_blob != NULL) {
        summary->public_blob = strdup(facts.public_blob);
        good = summary->public_blob != NULL;
    }
    spf_shape_clear(&spf_key_shape, &facts);
    return good;
}

const struct spf_key_summary *spf_key_directory_file(struct spf_key_directory *directory,
                                                     const char *path)
{
    struct file **bucket = bucket_of(directory, path);
    struct file *file = *bucket;

    while (file != NULL && strcmp(file->path, path) != 0) {
        file = file->next;
    }
    if (file != NULL) {
        return &file->summary;
    }
    file = calloc(1, sizeof *file);
    if (file == NULL) {
        return NULL;
    }
    file->path = strdup(path);
    if (file->path == NULL || !read_summary(path, &file->summary)) {
        free_file(file);
        return NULL;
    }
    file->next = *bucket;
    *bucket = file;
    return &file->summary;
}

struct dirent *const *spf_key_directory_list(struct spf_key_directory *directory, const char *path,
                                             int *count)
{
    struct list *list = directory->lists;

    while (list != NULL && strcmp(list->path, path) != 0) {
        list = list->next;
    }
    if (list == NULL) {
        list = calloc(1, sizeof *list);
        if (list == NULL || (list->path = strdup(path)) == NULL) {
            free(list);
            spf_ran_short();
            *count = 0;
            return NULL;
        }
        list->count = scandir(path, &list->entries, NULL, alphasort);
        list->next = directory->lists;
        directory->lists = list;
    }
    *count = list->count;
    return list->entries;
}
