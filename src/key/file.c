#include "key/file.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fingerprint.h"
#include "base/shortage.h"
#include "base/text.h"
#include "key/readers.h"
#include "platform/files.h"
#include "platform/rights.h"

enum { PUB_FILE_MAX = 64 << 10 };

static const char *kind_of(mode_t mode)
{
    return S_ISDIR(mode)    ? "directory"
           : S_ISFIFO(mode) ? "FIFO"
           : S_ISSOCK(mode) ? "socket"
           : S_ISCHR(mode)  ? "character device"
           : S_ISBLK(mode)  ? "block device"
                            : "special file";
}

static void note_errno(struct spf_key_facts *facts)
{
    facts->outcome = errno == ENOENT || errno == ENOTDIR ? SPF_KEY_ABSENT : SPF_KEY_UNREADABLE;
    spf_copy(facts->error, sizeof facts->error, strerror(errno));
}

static void note_rights(struct spf_key_facts *facts, const char *path, int fd)
{
    struct spf_rights rights;

    spf_rights_read(path, fd, &rights);
    facts->owner_uid = rights.owner_uid;
    facts->mine = rights.mine;
    facts->dir_writable = rights.dir_writable;
    facts->read_only = rights.read_only;
    facts->acl = rights.acl;
    facts->by_list = rights.by_list;
    facts->owner_trusted = rights.owner_trusted;
    spf_copy(facts->owner, sizeof facts->owner, rights.owner);
    spf_copy(facts->dir, sizeof facts->dir, rights.dir);
    spf_copy(facts->file_system, sizeof facts->file_system, rights.file_system);
    spf_copy(facts->strangers, sizeof facts->strangers, rights.strangers);
}

static int open_regular(const char *path, struct stat *st)
{
    int fd;

    /* Opening a device can do things: look first, and look again at what was really opened. */
    if (stat(path, st) != 0) {
        return -1;
    }
    if (!S_ISREG(st->st_mode)) {
        return -2;
    }
    fd = spf_open_to_read(path);
    if (fd < 0) {
        return -1;
    }
    if (fstat(fd, st) != 0) {
        const int errnum = errno;

        (void)close(fd);
        errno = errnum;
        return -1;
    }
    if (S_ISREG(st->st_mode)) {
        return fd;
    }
    (void)close(fd);
    return -2;
}

/* Up to max bytes; *more says that there were more. NULL: no memory, or errno; that something ran
 * out is noted. */
static struct spf_secret *read_all(int fd, size_t hint, size_t max, bool *more)
{
    size_t room = hint > 0 && hint < max ? hint + 1 : max + 1;
    size_t len = 0;
    struct spf_secret *bytes = spf_secret_alloc(room);
    ssize_t got = 1;

    errno = 0;
    while (bytes != NULL && len < room && got > 0) {
        got = read(fd, spf_secret_bytes(bytes) + len, room - len);
        if (got < 0 && errno == EINTR) {
            got = 1;
        } else if (got > 0) {
            len += (size_t)got;
        }
    }
    *more = len > max;
    if (got < 0) {
        spf_heed_errno(errno);
        spf_secret_free(bytes);
        bytes = NULL;
    }
    if (bytes != NULL) {
        spf_secret_truncate(bytes, len);
    }
    return bytes;
}

struct spf_secret *spf_key_file_load(const char *path, struct spf_key_facts *facts)
{
    struct stat st;
    struct spf_secret *bytes;
    int fd = open_regular(path, &st);
    bool more = false;

    if (fd == -1 && spf_errno_is_shortage(errno)) {
        facts->outcome = SPF_KEY_READ; /* that is us, not the file */
        return NULL;
    }
    if (fd == -1) {
        note_errno(facts);
        return NULL;
    }
    facts->size = (int64_t)st.st_size;
    facts->mode = (int64_t)(st.st_mode & 07777);
    facts->device = st.st_dev;
    facts->inode = st.st_ino;
    if (fd == -2) {
        facts->outcome = SPF_KEY_NOT_A_FILE;
        spf_copy(facts->kind, sizeof facts->kind, kind_of(st.st_mode));
        return NULL;
    }
    note_rights(facts, path, fd);
    if (st.st_size > SPF_KEY_FILE_MAX) {
        facts->outcome = SPF_KEY_HUGE;
        (void)close(fd);
        return NULL;
    }
    facts->outcome = SPF_KEY_READ;
    bytes = read_all(fd, (size_t)st.st_size, SPF_KEY_FILE_MAX, &more);
    if (bytes == NULL && errno != 0 && !spf_errno_is_shortage(errno)) {
        note_errno(facts);
    }
    (void)close(fd);
    if (bytes != NULL && (more || spf_secret_len(bytes) == 0)) {
        facts->outcome = more ? SPF_KEY_HUGE : SPF_KEY_ZERO_BYTES;
        spf_secret_free(bytes);
        bytes = NULL;
    }
    return bytes;
}

struct spf_secret *spf_key_file_bytes(const char *path, size_t max)
{
    struct stat st;
    int fd = open_regular(path, &st);
    struct spf_secret *bytes;
    bool more = false;

    if (fd == -1 && spf_errno_is_shortage(errno)) {
        spf_ran_short();
    }
    if (fd < 0) {
        return NULL;
    }
    bytes = read_all(fd, (size_t)st.st_size, max, &more);
    (void)close(fd);
    if (more) {
        spf_secret_free(bytes);
        bytes = NULL;
    }
    return bytes;
}

static struct spf_secret *beside(const char *path, const char *ending)
{
    char name[PATH_MAX];

    return spf_format_whole(name, sizeof name, "%s%s", path, ending)
               ? spf_key_file_bytes(name, PUB_FILE_MAX)
               : NULL;
}

void spf_key_file_look(const char *path, struct spf_key_file *file)
{
    *file = (struct spf_key_file){.looked = true};
    (void)spf_was_short();
    file->bytes = spf_key_file_load(path, &file->facts);
    if (file->bytes == NULL) {
        return;
    }
    file->pub = beside(path, ".pub");
    file->certificate = beside(path, "-cert.pub");
    file->incomplete = spf_was_short();
}

struct spf_key_file spf_key_file_share(const struct spf_key_file *file)
{
    return (struct spf_key_file){
        .looked = file->looked,
        .facts = file->facts, /* owns nothing yet */
        .bytes = spf_secret_share(file->bytes),
        .pub = spf_secret_share(file->pub),
        .certificate = spf_secret_share(file->certificate),
        .incomplete = file->incomplete,
    };
}

void spf_key_file_clear(struct spf_key_file *file)
{
    spf_secret_free(file->bytes);
    spf_secret_free(file->pub);
    spf_secret_free(file->certificate);
    *file = (struct spf_key_file){0};
}

/* Is it its time? */
static void look_at_clock(struct spf_certificate_facts *certified)
{
    const int64_t now = spf_utc_now();

    certified->in_time = now >= certified->valid_after && now < certified->valid_before;
    certified->over = now >= certified->valid_before;
}

/* ssh loads it by itself, and with -i offers it after the key (sshconnect2.c, pubkey_prepare). */
static void note_certificate(struct spf_key_facts *facts, struct spf_bytes bytes, const char *path)
{
    struct spf_key_contents contents = {0};
    char sha256[sizeof facts->sha256] = "";

    if (facts->certificate_line != NULL) { /* within the file: PuTTY looks for no other */
        if (spf_copy_whole(facts->certificate, sizeof facts->certificate, path)) {
            look_at_clock(&facts->certified);
        }
        return;
    }
    if (facts->public_blob != NULL && bytes.len > 0 &&
        spf_format_whole(facts->certificate, sizeof facts->certificate, "%s-cert.pub", path) &&
        spf_public_read(bytes, &contents) == SPF_READING_DONE &&
        contents.container == SPF_CONTAINER_CERTIFICATE) {
        spf_fingerprint_sha256(
            (struct spf_bytes){contents.material.blob, contents.material.blob_len}, sha256,
            sizeof sha256);
    }
    if (sha256[0] != '\0' && strcmp(sha256, facts->sha256) == 0) {
        facts->certificate_line = spf_secret_new(contents.base64.at, contents.base64.len);
        facts->certified = contents.material.certified;
        look_at_clock(&facts->certified);
    } else {
        facts->certificate[0] = '\0';
    }
    spf_contents_clear(&contents);
}

bool spf_key_file_parse(const struct spf_key_file *file, const char *path,
                        const struct spf_secret *passphrase, struct spf_key_facts *facts,
                        struct spf_secret **repaired)
{
    bool good;

    *facts = file->facts;
    if (file->bytes == NULL) {
        return facts->outcome != SPF_KEY_READ;
    }
    if (file->incomplete) {
        return false;
    }
    good = spf_key_read(spf_secret_view(file->bytes), spf_secret_view(file->pub), passphrase, facts,
                        repaired);
    note_certificate(facts, spf_secret_view(file->certificate), path);
    return !spf_was_short() && good;
}

bool spf_key_file_read(const char *path, const struct spf_secret *passphrase,
                       struct spf_key_facts *facts, struct spf_secret **repaired)
{
    struct spf_key_file file;
    bool good;

    spf_key_file_look(path, &file);
    good = spf_key_file_parse(&file, path, passphrase, facts, repaired);
    spf_key_file_clear(&file);
    return good;
}
