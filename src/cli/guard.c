/* A report or a record never takes the place of a file that the run reads, or of another report. */
#include "cli/guard.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "platform/files.h"
#include "platform/home.h"

/* What may be read without having been named, below a home directory, and the machine's own. */
static const char *const of_ssh[] = {".ssh/config", ".ssh/known_hosts", ".ssh/known_hosts2"};
static const char *const of_cloud[] = {".aliyun/config.json", ".alibabacloud/credentials"};
static const char *const of_system[] = {"ssh_config", "ssh_known_hosts", "ssh_known_hosts2"};
/* Directories that are ssh's, the aliyun tool's and the SDKs' alone: keys, Include files, caches.
 */
static const char *const directories[] = {".ssh", ".aliyun", ".alibabacloud"};

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void note_below(const char *home, const char *const *names, size_t count)
{
    char path[PATH_MAX];

    for (size_t i = 0; i < count; i++) {
        if (spf_format_whole(path, sizeof path, "%s/%s", home, names[i])) {
            spf_note_file(path);
        }
    }
}

static void note_beside(const char *key)
{
    static const char *const endings[] = {"", ".pub", "-cert.pub"};
    char path[PATH_MAX];

    for (size_t i = 0; key != NULL && i < COUNT(endings); i++) {
        if (spf_format_whole(path, sizeof path, "%s%s", key, endings[i])) {
            spf_note_file(path);
        }
    }
}

/* The options that name files to read. */
#define NAMED_MAX 8
static size_t list_named(const struct spf_options *options, const char *named[NAMED_MAX])
{
    const char *const all[NAMED_MAX] = {
        options->key,     options->ssh_config, options->config_path, options->passphrase_file,
        options->ca_file, options->replay,     options->transcript,  options->baseline};
    size_t count = 0;

    for (size_t i = 0; i < NAMED_MAX; i++) {
        if (all[i] != NULL) {
            named[count++] = all[i];
        }
    }
    return count;
}

/* The options that name files to read, any number of them. */
static const char *const *named_list(const struct spf_options *options, size_t index)
{
    const char *const *const lists[] = {options->known_hosts, options->instances_files,
                                        options->hosts_files};

    return index < COUNT(lists) ? lists[index] : NULL;
}

/* It need not be there yet: what is written before it is read would be read. */
static bool is_named(const struct spf_options *options, const char *path)
{
    const char *named[NAMED_MAX];
    size_t count = list_named(options, named);
    const char *const *list;

    for (size_t i = 0; i < count; i++) {
        if (strcmp(named[i], path) == 0) {
            return true;
        }
    }
    for (size_t k = 0; (list = named_list(options, k)) != NULL; k++) {
        for (size_t i = 0; list[i] != NULL; i++) {
            if (strcmp(list[i], path) == 0) {
                return true;
            }
        }
    }
    return false;
}

static void note_all(const struct spf_options *options)
{
    const char *const by_environment[] = {
        getenv("ALIBABA_CLOUD_CONFIG_FILE"), getenv("ALIBABA_CLOUD_CREDENTIALS_FILE"),
        getenv("ALIBABA_CLOUD_OIDC_TOKEN_FILE"), getenv("SSL_CERT_FILE")};
    const char *named[NAMED_MAX];
    size_t count = list_named(options, named);
    const char *const *list;
    char home[PATH_MAX];

    for (size_t i = 0; i < count; i++) {
        spf_note_file(named[i]);
    }
    for (size_t i = 0; i < COUNT(by_environment); i++) {
        spf_note_file(by_environment[i]);
    }
    for (size_t k = 0; (list = named_list(options, k)) != NULL; k++) {
        for (size_t i = 0; list[i] != NULL; i++) {
            spf_note_file(list[i]);
        }
    }
    note_beside(options->key);
    if (spf_ssh_of_system(home)) {
        note_below(home, of_system, COUNT(of_system));
    }
    if (spf_home(home)) {
        note_below(home, of_ssh, COUNT(of_ssh));
    }
    if (spf_home_of_shell(home)) {
        note_below(home, of_cloud, COUNT(of_cloud));
    }
}

static bool is_same(const char *path, const struct stat *status)
{
    struct stat other;

    return stat(path, &other) == 0 && other.st_dev == status->st_dev &&
           other.st_ino == status->st_ino;
}

/* Is the directory one of those, or below one? real: an absolute path without links; cut. */
static bool is_below(char *real, const char *keys)
{
    char homes[2][PATH_MAX];
    char machine[PATH_MAX];
    char path[PATH_MAX];
    bool known[2] = {spf_home(homes[0]), spf_home_of_shell(homes[1])};
    struct stat status;

    for (char *slash = strrchr(real, '/'); slash != NULL && slash != real;
         slash = strrchr(real, '/')) {
        *slash = '\0';
        if (stat(real, &status) != 0) {
            return false;
        }
        if ((spf_ssh_of_system(machine) && is_same(machine, &status)) ||
            (keys != NULL && keys[0] != '\0' && is_same(keys, &status))) {
            return true;
        }
        for (size_t i = 0; i < 2 * COUNT(directories); i++) {
            if (known[i % 2] &&
                spf_format_whole(path, sizeof path, "%s/%s", homes[i % 2], directories[i / 2]) &&
                is_same(path, &status)) {
                return true;
            }
        }
    }
    return false;
}

/* Would writing to path take the place of a file that is read, or may be? */
static bool is_read(const char *path, const char *keys)
{
    struct stat status;
    char *real;
    bool is;

    if (stat(path, &status) != 0 || !S_ISREG(status.st_mode)) {
        return false;
    }
    if (spf_file_is_noted(&status)) {
        return true;
    }
    real = realpath(path, NULL);
    is = real != NULL && is_below(real, keys);
    free(real);
    return is;
}

/* Better said at once than after the whole run. */
static struct spf_error judge_place(const char *path)
{
    const char *slash = strrchr(path, '/');
    char directory[PATH_MAX];
    struct stat status;

    if (slash == NULL || slash == path ||
        !spf_format_whole(directory, sizeof directory, "%.*s", (int)(slash - path), path) ||
        (stat(directory, &status) == 0 && S_ISDIR(status.st_mode))) {
        return spf_ok();
    }
    return spf_usage("%s: there is no directory %s", path, directory);
}

static bool same_file(const char *a, const char *b)
{
    struct stat one;
    struct stat other;

    return strcmp(a, b) == 0 ||
           (stat(a, &one) == 0 && stat(b, &other) == 0 && S_ISREG(one.st_mode) &&
            one.st_dev == other.st_dev && one.st_ino == other.st_ino);
}

/* The record that is resumed may be gone on with, and nothing else take its place. */
static struct spf_error guard_resumed(const struct spf_options *options)
{
    for (size_t i = 0; options->resume != NULL && i < options->output_count; i++) {
        if (same_file(options->outputs[i].path, options->resume)) {
            return spf_usage("%s: a file that is read is not replaced by a report; choose another "
                             "name",
                             options->resume);
        }
    }
    return spf_ok();
}

struct spf_error spf_guard_outputs(const struct spf_options *options)
{
    const char *paths[SPF_LIST_OPTION_MAX + 1];
    size_t count = 0;

    for (size_t i = 0; i < options->output_count; i++) {
        paths[count++] = options->outputs[i].path;
    }
    if (options->record != NULL) {
        paths[count++] = options->record;
    }
    if (count > 0) {
        note_all(options);
    }
    for (size_t i = 0; i < count; i++) {
        struct spf_error error = judge_place(paths[i]);

        if (error.code != SPF_OK) {
            return error;
        }
        if (is_named(options, paths[i]) ||
            is_read(paths[i], options->key_dir != NULL ? options->key_dir : options->find_key)) {
            return spf_usage("%s: a file that is read is not replaced by a report; choose another "
                             "name",
                             paths[i]);
        }
        for (size_t k = 0; k < i; k++) {
            if (same_file(paths[i], paths[k])) {
                return spf_usage("%s: --output and --record name the same file twice", paths[i]);
            }
        }
    }
    return guard_resumed(options);
}
