#include "key/file.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "key/readers.h"
#include "platform/files.h"

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
    (void)spf_copy(facts->error, sizeof facts->error, strerror(errno));
}

static void note_owner(struct spf_key_facts *facts, uid_t uid)
{
    char text[4096];
    struct passwd entry, *found = NULL;

    facts->owner_uid = (int64_t)uid;
    facts->mine = uid == getuid();
    if (getpwuid_r(uid, &entry, text, sizeof text, &found) == 0 && found)
        spf_clean(facts->owner, sizeof facts->owner, entry.pw_name, strlen(entry.pw_name));
    else
        (void)spf_format(facts->owner, sizeof facts->owner, "%lu", (unsigned long)uid);
}

/* The group that a distribution gives each user for himself lets nobody else in. */
static bool is_private_group(gid_t gid)
{
    char user_text[4096], group_text[4096];
    struct passwd user, *found_user = NULL;
    struct group group, *found_group = NULL;

    return getpwuid_r(getuid(), &user, user_text, sizeof user_text, &found_user) == 0 &&
           found_user && user.pw_gid == gid &&
           getgrgid_r(gid, &group, group_text, sizeof group_text, &found_group) == 0 &&
           found_group && strcmp(group.gr_name, user.pw_name) == 0;
}

/* Who may write to the folder may put another file in the key's place, but for sticky folders. */
static void note_folder(struct spf_key_facts *facts, const char *path)
{
    char *real = realpath(path, NULL), *slash = real ? strrchr(real, '/') : NULL;
    struct stat st;

    if (slash) {
        slash[slash == real] = '\0';
        spf_clean(facts->dir, sizeof facts->dir, real, strlen(real));
        facts->dir_writable =
            stat(real, &st) == 0 && !(st.st_mode & S_ISVTX) &&
            (st.st_mode & S_IWOTH || (st.st_mode & S_IWGRP && !is_private_group(st.st_gid)));
    }
    free(real);
}

/* Where chmod(2) changes nothing: FAT, NTFS and Windows drives under WSL, network drives of
 * Windows. */
static void note_file_system(struct spf_key_facts *facts, int fd)
{
    static const struct {
        unsigned long magic; /* statfs(2) */
        const char *name;
    } without_modes[] = {
        {0x4d44, "vfat"},      {0x2011bab0, "exfat"}, {0x5346544e, "ntfs"}, {0x7366746e, "ntfs3"},
        {0x01021997, "drvfs"}, {0xff534d42, "cifs"},  {0xfe534d42, "smb2"},
    };
    struct statfs fs;

    if (fstatfs(fd, &fs) != 0)
        return;
    facts->read_only = (fs.f_flags & ST_RDONLY) != 0;
    for (size_t i = 0; i < sizeof without_modes / sizeof *without_modes; i++) {
        if ((unsigned long)(uint32_t)fs.f_type == without_modes[i].magic)
            (void)spf_copy(facts->file_system, sizeof facts->file_system, without_modes[i].name);
    }
    facts->acl = fgetxattr(fd, "system.posix_acl_access", NULL, 0) > 0;
}

static int open_regular(const char *path, struct stat *st)
{
    int fd;

    /* Opening a device can do things: look first, and look again at what was really opened. */
    if (stat(path, st) != 0)
        return -1;
    if (!S_ISREG(st->st_mode))
        return -2;
    fd = spf_open_to_read(path);
    if (fd < 0)
        return -1;
    if (fstat(fd, st) == 0 && S_ISREG(st->st_mode))
        return fd;
    (void)close(fd);
    return -2;
}

/* Up to max bytes; *more says that there were more. NULL: no memory, or errno. */
static struct spf_secret *read_all(int fd, size_t hint, size_t max, bool *more)
{
    size_t room = hint > 0 && hint < max ? hint + 1 : max + 1, len = 0;
    struct spf_secret *bytes = spf_secret_alloc(room);
    ssize_t got = 1;

    errno = 0;
    while (bytes && len < room && got > 0) {
        got = read(fd, spf_secret_bytes(bytes) + len, room - len);
        if (got < 0 && errno == EINTR)
            got = 1;
        else if (got > 0)
            len += (size_t)got;
    }
    *more = len > max;
    if (got < 0) {
        spf_secret_free(bytes);
        bytes = NULL;
    }
    if (bytes)
        spf_secret_truncate(bytes, len);
    return bytes;
}

struct spf_secret *spf_key_file_load(const char *path, struct spf_key_facts *facts)
{
    struct stat st;
    struct spf_secret *bytes;
    int fd = open_regular(path, &st);
    bool more = false;

    if (fd == -1 && (errno == EMFILE || errno == ENFILE || errno == ENOMEM)) {
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
        (void)spf_copy(facts->kind, sizeof facts->kind, kind_of(st.st_mode));
        return NULL;
    }
    note_owner(facts, st.st_uid);
    note_folder(facts, path);
    note_file_system(facts, fd);
    if (st.st_size > SPF_KEY_FILE_MAX) {
        facts->outcome = SPF_KEY_HUGE;
        (void)close(fd);
        return NULL;
    }
    facts->outcome = SPF_KEY_READ;
    bytes = read_all(fd, (size_t)st.st_size, SPF_KEY_FILE_MAX, &more);
    if (!bytes && errno != 0 && errno != ENOMEM)
        note_errno(facts);
    (void)close(fd);
    if (bytes && (more || spf_secret_len(bytes) == 0)) {
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

    if (fd < 0)
        return NULL;
    bytes = read_all(fd, (size_t)st.st_size, max, &more);
    (void)close(fd);
    if (more) {
        spf_secret_free(bytes);
        bytes = NULL;
    }
    return bytes;
}

/* ssh loads it by itself, and with -i offers it after the key (sshconnect2.c, pubkey_prepare). */
static void note_certificate(struct spf_key_facts *facts, struct spf_key_secrets *secrets,
                             const char *path)
{
    struct spf_key_contents contents = {0};
    struct spf_secret *bytes = NULL;
    char sha256[sizeof facts->sha256];

    if (facts->public_blob &&
        spf_format(facts->certificate, sizeof facts->certificate, "%s-cert.pub", path))
        bytes = spf_key_file_bytes(facts->certificate, PUB_FILE_MAX);
    if (bytes && spf_public_read(spf_secret_view(bytes), &contents) == SPF_READING_DONE &&
        contents.container == SPF_CONTAINER_CERTIFICATE)
        spf_fingerprint_sha256(
            (struct spf_bytes){contents.material.blob, contents.material.blob_len}, sha256,
            sizeof sha256);
    else
        sha256[0] = '\0';
    if (sha256[0] != '\0' && strcmp(sha256, facts->sha256) == 0) {
        const int64_t now = spf_utc_now();

        secrets->certificate = spf_secret_new(contents.base64.at, contents.base64.len);
        facts->certified = contents.material.certified;
        facts->certified.in_time =
            now >= facts->certified.valid_after && now < facts->certified.valid_before;
    } else {
        facts->certificate[0] = '\0';
    }
    spf_contents_clear(&contents);
    spf_secret_free(bytes);
}

bool spf_key_file_read(const char *path, const struct spf_secret *passphrase,
                       struct spf_key_facts *facts, struct spf_key_secrets *secrets)
{
    struct spf_secret *bytes = spf_key_file_load(path, facts), *pub = NULL;
    char beside[PATH_MAX];
    bool good;

    if (!bytes)
        return facts->outcome != SPF_KEY_READ;
    if (spf_format(beside, sizeof beside, "%s.pub", path))
        pub = spf_key_file_bytes(beside, PUB_FILE_MAX);
    good = spf_key_read(spf_secret_view(bytes), spf_secret_view(pub), passphrase, facts, secrets);
    note_certificate(facts, secrets, path);
    spf_secret_free(pub);
    spf_secret_free(bytes);
    return good;
}
