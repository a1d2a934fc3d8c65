#include "base/language.h"

#include <fcntl.h>
#include <langinfo.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"

/*
 * The texts as msgfmt(1) compiles them (GNU gettext's manual, "The Format of GNU MO Files"), in
 * memory for good. They are looked up here and not by dgettext(3): glibc translates nothing in the
 * locale "C", since 2.40 nor in "C.UTF-8", and most containers have no other.
 */
#define MO_MAGIC      0x950412deu
#define MO_SIZE_MAX   ((off_t)16 << 20)
#define MO_FILE       "/zh_CN/LC_MESSAGES/sshpreflight.mo"
#define SHARED_LOCALE "/share/locale"

struct header {
    uint32_t magic, revision, count, originals, translations;
};
struct entry {
    uint32_t len, offset;
};

static struct {
    const char *file;
    const struct entry *originals, *translations;
    size_t count;
} texts;

const char *spf_tr(const char *text)
{
    size_t low = 0;
    size_t high = texts.count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(text, texts.file + texts.originals[middle].offset);

        if (order == 0) { /* "" stands for the file's header */
            return text[0] != '\0' ? texts.file + texts.translations[middle].offset : text;
        }
        if (order < 0) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return text;
}

/* Are the table's texts within the file, each with its end? */
static bool is_table(const char *file, size_t size, const struct entry *table, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (table[i].offset >= size || table[i].len >= size - table[i].offset ||
            file[table[i].offset + table[i].len] != '\0') {
            return false;
        }
    }
    return true;
}

static bool is_place(uint32_t offset, size_t count, size_t size)
{
    return offset % sizeof(uint32_t) == 0 && offset <= size &&
           count <= (size - offset) / sizeof(struct entry);
}

bool spf_language_take(const void *file, size_t size)
{
    const struct header *header = file;
    const char *bytes = file;
    const struct entry *originals;
    const struct entry *translations;

    if (size < sizeof *header || header->magic != MO_MAGIC || header->revision >> 16 != 0 ||
        !is_place(header->originals, header->count, size) ||
        !is_place(header->translations, header->count, size)) {
        return false;
    }
    originals = (const void *)(bytes + header->originals);
    translations = (const void *)(bytes + header->translations);
    if (header->count == 0 || !is_table(bytes, size, originals, header->count) ||
        !is_table(bytes, size, translations, header->count)) {
        return false;
    }
    texts.file = bytes;
    texts.originals = originals;
    texts.translations = translations;
    texts.count = header->count;
    return true;
}

/* Its texts are formats: it must be as much the user's or the system's own as the program is. */
static bool read_texts(const char *path)
{
    struct stat status;
    char *file = NULL;
    ssize_t got = -1;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

    if (fd < 0) {
        return false;
    }
    if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && status.st_size <= MO_SIZE_MAX &&
        (status.st_uid == 0 || status.st_uid == geteuid()) && (status.st_mode & 022) == 0 &&
        (file = malloc((size_t)status.st_size + 1)) != NULL) {
        got = read(fd, file, (size_t)status.st_size);
    }
    (void)close(fd);
    if (got > 0 && got == status.st_size && spf_language_take(file, (size_t)got)) {
        return true;
    }
    free(file);
    return false;
}

/* share/locale beside the directory of the program, wherever it was put; else where it was built
 * for.
 */
static bool find_texts(void)
{
    char path[PATH_MAX];
    char beside[PATH_MAX];
    ssize_t len = readlink("/proc/self/exe", path, sizeof path - 1);
    char *slash = NULL;

    path[len > 0 ? len : 0] = '\0';
    for (int i = 0; i < 2; i++) {
        if ((slash = strrchr(path, '/')) != NULL) {
            *slash = '\0';
        }
    }
    if (slash != NULL &&
        spf_format_whole(beside, sizeof beside, "%s" SHARED_LOCALE MO_FILE, path) &&
        read_texts(beside)) {
        return true;
    }
    return read_texts(SPF_LOCALEDIR MO_FILE);
}

/*
 * The simplified script: mainland China, Singapore, or no country named. In UTF-8: the locale may
 * say so and not be installed, as in most containers.
 */
static bool is_chinese(const char *locale)
{
    static const char *const names[] = {"zh_CN", "zh_SG", "zh.", "zh@", "zh_Hans"};

    if (locale == NULL ||
        (strcmp(nl_langinfo(CODESET), "UTF-8") != 0 && strcasestr(locale, ".utf-8") == NULL &&
         strcasestr(locale, ".utf8") == NULL)) {
        return false;
    }
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (spf_starts_with(locale, names[i])) {
            return true;
        }
    }
    return strcmp(locale, "zh") == 0;
}

static const char *locale_of_messages(const char *otherwise)
{
    static const char *const names[] = {"LC_ALL", "LC_MESSAGES", "LANG"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *value = getenv(names[i]);

        if (value != NULL && value[0] != '\0') {
            return value;
        }
    }
    return otherwise;
}

bool spf_language_set(const char *word, const char *locale)
{
    bool chinese = word != NULL ? strcmp(word, "zh") == 0 : is_chinese(locale_of_messages(locale));

    if (!chinese) {
        texts.count = 0;
    }
    return !chinese || texts.count > 0 || find_texts();
}

bool spf_language_is_foreign(void)
{
    return texts.count > 0;
}

const char *spf_language_tag(void)
{
    return spf_language_is_foreign() ? "zh-CN" : "en";
}
