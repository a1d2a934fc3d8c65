#include "openssh/known_hosts_index.h"

#include <ctype.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "platform/files.h"

#define LINE_LONGEST  (1u << 19) /* what is longer is read with known_hosts_files.c's bounds */
#define FILE_LARGEST  (64u << 20)
#define NAME_LONGEST  255
#define BLOB_SHORTEST 60 /* characters of a key in base64; ed25519's has 68 */
#define LINES_LOOKED  64 /* so many, one by one, in the loop's thread */

/* A line under the hash of one of its names. */
struct named {
    uint64_t hash;
    uint32_t at, line; /* where it begins, and its number from 1 on */
};

struct file {
    struct file *next;
    char *path;
    char *text;
    size_t len;
    SPF_LIST(struct named) names; /* by hash, then by line */
    SPF_LIST(struct named) rest;  /* to be looked at for every name: patterns, hashes, markers */
};

struct spf_known_hosts_cache {
    pthread_mutex_t lock;
    unsigned holders;
    bool asked, slow; /* anybody asked; some of it must be left to a worker */
    struct file *files;
};

struct spf_known_hosts_cache *spf_known_hosts_cache_new(void)
{
    struct spf_known_hosts_cache *cache = calloc(1, sizeof *cache);

    if (cache == NULL) {
        return NULL;
    }
    (void)pthread_mutex_init(&cache->lock, NULL);
    cache->holders = 1;
    return cache;
}

void spf_known_hosts_cache_hold(struct spf_known_hosts_cache *cache)
{
    (void)pthread_mutex_lock(&cache->lock);
    cache->holders++;
    (void)pthread_mutex_unlock(&cache->lock);
}

static void free_file(struct file *file)
{
    free(file->path);
    free(file->text);
    free(file->names.items);
    free(file->rest.items);
    free(file);
}

void spf_known_hosts_cache_leave(struct spf_known_hosts_cache *cache)
{
    bool last;

    (void)pthread_mutex_lock(&cache->lock);
    last = --cache->holders == 0;
    (void)pthread_mutex_unlock(&cache->lock);
    if (!last) {
        return;
    }
    for (struct file *next; cache->files != NULL; cache->files = next) {
        next = cache->files->next;
        free_file(cache->files);
    }
    (void)pthread_mutex_destroy(&cache->lock);
    free(cache);
}

bool spf_known_hosts_cache_is_quick(struct spf_known_hosts_cache *cache)
{
    bool quick;

    (void)pthread_mutex_lock(&cache->lock);
    quick = cache->asked && !cache->slow;
    (void)pthread_mutex_unlock(&cache->lock);
    return quick;
}

/* FNV-1a of the name in lower case. A collision costs a look at a line. */
static uint64_t hash_of(const char *name, size_t len)
{
    uint64_t hash = 14695981039346656037u;

    for (size_t i = 0; i < len; i++) {
        hash = (hash ^ (unsigned char)tolower((unsigned char)name[i])) * 1099511628211u;
    }
    return hash;
}

static size_t blanks(const char *text, const char *end)
{
    size_t count = 0;

    while (text + count < end && (text[count] == ' ' || text[count] == '\t')) {
        count++;
    }
    return count;
}

static size_t word(const char *text, const char *end)
{
    size_t count = 0;

    while (text + count < end && text[count] != ' ' && text[count] != '\t') {
        count++;
    }
    return count;
}

/* Does the line concern nobody but who is named in it? Its names are then *names. */
static bool is_plain(const char *line, const char *end, const char **names, size_t *len)
{
    const char *second;
    size_t second_len;

    line += blanks(line, end);
    *names = line;
    *len = word(line, end);
    second = line + *len;
    second += blanks(second, end);
    second_len = word(second, end);
    for (size_t i = 0, begin = 0; i < *len; i++) {
        if (strchr("*?!|@", line[i]) != NULL || line[i] == '\0') {
            return false;
        }
        begin = line[i] == ',' ? i + 1 : begin;
        if (i - begin > NAME_LONGEST) {
            return false;
        }
    }
    /* of lines that show what was meant, known_hosts.c reports some to everybody */
    return second_len > 0 && second_len < BLOB_SHORTEST &&
           memchr(second, '\0', second_len) == NULL &&
           !(second_len > 7 && memcmp(second, "SHA256:", 7) == 0);
}

static bool index_line(struct file *file, const char *line, const char *end, uint32_t number)
{
    const uint32_t at = (uint32_t)(line - file->text);
    const char *names;
    struct named *named;
    size_t len;
    size_t begin = 0;

    if (line + blanks(line, end) == end || line[blanks(line, end)] == '#') {
        return true;
    }
    if (!is_plain(line, end, &names, &len)) {
        named = SPF_APPEND(&file->rest);
        if (named != NULL) {
            *named = (struct named){0, at, number};
        }
        return named != NULL;
    }
    for (size_t i = 0; i <= len; i++) {
        if (i < len && names[i] != ',') {
            continue;
        }
        named = SPF_APPEND(&file->names);
        if (named == NULL) {
            return false;
        }
        *named = (struct named){hash_of(names + begin, i - begin), at, number};
        begin = i + 1;
    }
    return true;
}

static int compare(const void *left, const void *right)
{
    const struct named *a = left;
    const struct named *b = right;

    return a->hash != b->hash ? (a->hash < b->hash ? -1 : 1)
                              : (a->line > b->line) - (a->line < b->line);
}

static bool index_file(struct file *file)
{
    uint32_t number = 0;

    for (const char *line = file->text, *end = line + file->len; line < end;) {
        const char *feed = memchr(line, '\n', (size_t)(end - line));
        const char *stop = feed != NULL ? feed : end;

        if (stop - line > (ptrdiff_t)LINE_LONGEST || !index_line(file, line, stop, ++number)) {
            return false;
        }
        line = stop + 1;
    }
    if (file->names.count > 0) {
        qsort(file->names.items, file->names.count, sizeof *file->names.items, compare);
    }
    return true;
}

/* NULL: it is not one that can be kept. */
static char *read_text(const char *path, size_t *len)
{
    int fd = spf_open_to_read(path);
    struct stat stat;
    char *text = NULL;
    ssize_t got = 1;

    if (fd < 0) {
        return NULL;
    }
    if (fstat(fd, &stat) == 0 && S_ISREG(stat.st_mode) && stat.st_size < (off_t)FILE_LARGEST) {
        text = malloc((size_t)stat.st_size + 1);
    }
    for (*len = 0; text != NULL && got > 0 && *len <= (size_t)stat.st_size; *len += (size_t)got) {
        got = read(fd, text + *len, (size_t)stat.st_size + 1 - *len);
        if (got < 0 || *len + (size_t)got > (size_t)stat.st_size) { /* it grows */
            free(text);
            text = NULL;
        }
    }
    (void)close(fd);
    return text;
}

/* With the lock held. The file, or NULL where it is not kept; what it is is found out once. */
static struct file *find(struct spf_known_hosts_cache *cache, const char *path)
{
    struct file *file;

    for (file = cache->files; file != NULL; file = file->next) {
        if (strcmp(file->path, path) == 0) {
            return file->text != NULL ? file : NULL;
        }
    }
    cache->asked = true;
    file = calloc(1, sizeof *file);
    if (file == NULL || (file->path = strdup(path)) == NULL) {
        free(file);
        return NULL;
    }
    file->text = read_text(path, &file->len);
    if (file->text != NULL && !index_file(file)) {
        free(file->text);
        file->text = NULL;
    }
    if (file->text != NULL ? file->rest.count > LINES_LOOKED : access(path, F_OK) == 0) {
        cache->slow = true;
    }
    file->next = cache->files;
    cache->files = file;
    return file->text != NULL ? file : NULL;
}

static bool take_line(const struct file *file, const struct named *named,
                      struct spf_known_hosts_facts *facts)
{
    const char *line = file->text + named->at;
    const char *end = file->text + file->len;
    const char *feed = memchr(line, '\n', (size_t)(end - line));

    return spf_known_hosts_read_line(facts, file->path, named->line, line,
                                     (size_t)((feed != NULL ? feed : end) - line));
}

/* The first entry of this hash; count if there is none. */
static size_t lower_bound(const struct file *file, uint64_t hash)
{
    size_t low = 0;
    size_t high = file->names.count;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;

        if (file->names.items[middle].hash < hash) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* Lines in the file's order, each once: of the name, of the bare host, and of the rest. */
static bool take_lines(const struct file *file, struct spf_known_hosts_facts *facts)
{
    const char *name = facts->name;
    const char *bracket = strrchr(name, ']');
    const uint64_t whole = hash_of(name, strlen(name));
    const uint64_t bare =
        name[0] == '[' && bracket != NULL ? hash_of(name + 1, (size_t)(bracket - name) - 1) : whole;
    size_t at[3] = {lower_bound(file, whole), lower_bound(file, bare), 0};
    uint32_t last = 0;
    bool good = true;

    while (good) {
        const struct named *next = NULL;

        for (int i = 0; i < 3; i++) {
            const struct named *items = i < 2 ? file->names.items : file->rest.items;
            const size_t count = i < 2 ? file->names.count : file->rest.count;

            while (at[i] < count && items[at[i]].line <= last &&
                   (i == 2 || items[at[i]].hash == (i == 0 ? whole : bare))) {
                at[i]++;
            }
            if (at[i] < count && (i == 2 || items[at[i]].hash == (i == 0 ? whole : bare)) &&
                (next == NULL || items[at[i]].line < next->line)) {
                next = &items[at[i]];
            }
        }
        if (next == NULL) {
            break;
        }
        last = next->line;
        good = take_line(file, next, facts);
    }
    return good;
}

bool spf_known_hosts_index_gather(struct spf_known_hosts_cache *cache, const char *path,
                                  struct spf_known_hosts_facts *facts, bool *good)
{
    const struct file *file;

    (void)pthread_mutex_lock(&cache->lock);
    file = find(cache, path);
    (void)pthread_mutex_unlock(&cache->lock);
    if (file == NULL) {
        return false;
    }
    *good = take_lines(file, facts); /* nothing of it changes any more */
    return true;
}
