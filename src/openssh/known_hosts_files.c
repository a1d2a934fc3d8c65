#include "openssh/known_hosts_files.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/text.h"
#include "openssh/putty_host_keys.h"
#include "platform/files.h"
#include "platform/home.h"
#include "platform/putty.h"

#define LINE_MAX_BYTES (1u << 20)
#define FILE_MAX_BYTES (64u << 20)

struct reading {
    struct spf_known_hosts_facts *facts;
    const char *path;
    char *text; /* LINE_MAX_BYTES, of which len are a line that has not ended yet */
    size_t len;
    int64_t number; /* of lines so far */
    bool skipping;  /* the rest of a line that is too long */
};

/* A comment may be as long as it likes. */
static bool skip_long_line(struct reading *reading)
{
    size_t blank = 0;

    while (blank < reading->len && strchr(" \t", reading->text[blank]) != NULL) {
        blank++;
    }
    reading->skipping = true;
    if (blank < reading->len && reading->text[blank] == '#') {
        return true;
    }
    return spf_known_hosts_miss(reading->facts, reading->path, true, "it has a line over 1 MiB");
}

/* Takes the lines that ended; keeps what has not. */
static bool take_lines(struct reading *reading, bool at_end)
{
    char *at = reading->text;
    char *end = at + reading->len;
    char *feed;
    bool good = true;

    while (good && at < end) {
        feed = memchr(at, '\n', (size_t)(end - at));
        if (feed == NULL && !at_end) {
            break;
        }
        reading->number++;
        if (!reading->skipping) {
            good = spf_known_hosts_read_line(reading->facts, reading->path, reading->number, at,
                                             (size_t)((feed != NULL ? feed : end) - at));
        }
        reading->skipping = false;
        at = feed != NULL ? feed + 1 : end;
    }
    reading->len = (size_t)(end - at);
    memmove(reading->text, at, reading->len);
    if (good && reading->len == LINE_MAX_BYTES) {
        good = reading->skipping || skip_long_line(reading);
        reading->len = 0;
    }
    return good;
}

static bool read_all(struct reading *reading, int fd)
{
    size_t total = 0;
    ssize_t got;

    reading->text = malloc(LINE_MAX_BYTES);
    if (reading->text == NULL) {
        return false;
    }
    while ((got = read(fd, reading->text + reading->len, LINE_MAX_BYTES - reading->len)) > 0) {
        reading->len += (size_t)got;
        total += (size_t)got;
        if (!take_lines(reading, false)) {
            return false;
        }
        if (total > FILE_MAX_BYTES) {
            return spf_known_hosts_miss(reading->facts, reading->path, true,
                                        "it is larger than 64 MiB");
        }
    }
    if (got < 0) {
        return spf_known_hosts_miss(reading->facts, reading->path, true, strerror(errno));
    }
    return take_lines(reading, true);
}

static bool is_null_device(const struct stat *stat)
{
    return S_ISCHR(stat->st_mode) && stat->st_rdev == makedev(1, 3);
}

/* Non-blocking and only of a regular file, so that a FIFO cannot hang us. asked: it was named. */
static bool gather_file(struct spf_known_hosts_facts *facts, const char *path, bool asked)
{
    struct reading reading = {.facts = facts, .path = path};
    int fd = spf_open_to_read(path);
    struct stat stat;
    bool good = true;

    /* ssh goes on without a word where it cannot open a file, and from a directory gets no line */
    if (fd < 0) {
        return (!asked && (errno == ENOENT || errno == ENOTDIR)) ||
               spf_known_hosts_miss(facts, path, errno == ENXIO, strerror(errno));
    }
    if (fstat(fd, &stat) != 0) {
        good = spf_known_hosts_miss(facts, path, true, strerror(errno));
    } else if (S_ISREG(stat.st_mode)) {
        good = read_all(&reading, fd);
    } else if (S_ISDIR(stat.st_mode)) {
        good = spf_known_hosts_miss(facts, path, false, "it is a directory");
    } else if (!is_null_device(&stat)) {
        good = spf_known_hosts_miss(facts, path, true, "it is no regular file");
    }
    free(reading.text);
    (void)close(fd);
    return good;
}

/* How a file's lines come into facts; cache NULL: it is read for this target alone. */
static bool take_file(struct spf_known_hosts_cache *cache, struct spf_known_hosts_facts *facts,
                      const char *path, bool asked)
{
    bool good = true;

    if (cache != NULL && spf_known_hosts_index_gather(cache, path, facts, &good)) {
        return good;
    }
    return gather_file(facts, path, asked);
}

static bool gather(struct spf_known_hosts_cache *cache, const struct spf_target *target,
                   const char *host, struct spf_known_hosts_facts *facts)
{
    static const char *const of_user[] = {".ssh/known_hosts", ".ssh/known_hosts2"};
    static const char *const of_system[] = {"ssh_known_hosts", "ssh_known_hosts2"};
    char home[PATH_MAX];
    char machine[PATH_MAX];
    char path[PATH_MAX];
    bool at_home = spf_home(home), good = true;

    spf_known_hosts_name(facts, host, target->port);
    if (target->putty_cache) {
        return spf_putty_gather(facts, host, target->port, true);
    }
    if (spf_putty_is_usual() && !spf_putty_gather(facts, host, target->port, false)) {
        return false;
    }
    if (target->known_hosts != NULL) {
        /* a configuration always has files, the usual ones where it names none */
        bool asked = target->ssh_config == NULL;

        for (size_t i = 0; good && target->known_hosts[i] != NULL; i++) {
            good = take_file(cache, facts, target->known_hosts[i], asked);
        }
        return good;
    }
    for (size_t i = 0; good && at_home && i < 2; i++) {
        if (spf_format_whole(path, sizeof path, "%s/%s", home, of_user[i])) {
            good = take_file(cache, facts, path, false);
        }
    }
    for (size_t i = 0; good && spf_ssh_of_system(machine) && i < 2; i++) {
        if (spf_format_whole(path, sizeof path, "%s/%s", machine, of_system[i])) {
            good = take_file(cache, facts, path, false);
        }
    }
    return good;
}

bool spf_known_hosts_gather(const struct spf_target *target, const char *host,
                            struct spf_known_hosts_facts *facts)
{
    return gather(NULL, target, host, facts);
}

bool spf_known_hosts_gather_cached(struct spf_known_hosts_cache *cache,
                                   const struct spf_target *target, const char *host,
                                   struct spf_known_hosts_facts *facts)
{
    return gather(cache, target, host, facts);
}
