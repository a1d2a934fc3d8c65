#include "platform/rights.h"
#include "base/shortage.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/error.h"
#include "base/language.h"
#include "base/text.h"

const char *const spf_rights_remedy = N_("chmod go-w it");

/* What is not known for want of memory or descriptors is no answer. */
static void heed(int errnum)
{
    if (spf_errno_is_shortage(errnum)) {
        spf_ran_short();
    }
}

static void note_owner(struct spf_rights *rights, uid_t uid)
{
    char text[4096];
    struct passwd entry;
    struct passwd *found = NULL;

    rights->owner_uid = (int64_t)uid;
    rights->mine = uid == getuid();
    heed(getpwuid_r(uid, &entry, text, sizeof text, &found));
    if (found != NULL) {
        spf_clean(rights->owner, sizeof rights->owner, entry.pw_name, strlen(entry.pw_name));
    } else {
        spf_format(rights->owner, sizeof rights->owner, "%lu", (unsigned long)uid);
    }
}

/* The group that a distribution gives each user for himself has no other member. */
static bool is_private_group(gid_t gid)
{
    char user_text[4096];
    char group_text[4096];
    struct passwd user;
    struct passwd *found_user = NULL;
    struct group group;
    struct group *found_group = NULL;

    heed(getpwuid_r(getuid(), &user, user_text, sizeof user_text, &found_user));
    if (found_user == NULL || user.pw_gid != gid) {
        return false;
    }
    heed(getgrgid_r(gid, &group, group_text, sizeof group_text, &found_group));
    return found_group != NULL && strcmp(group.gr_name, user.pw_name) == 0;
}

/* Who may write to the directory may put another file in the key's place, but for sticky ones. */
static void note_directory(struct spf_rights *rights, const char *path)
{
    char *real = realpath(path, NULL);
    char *slash = real != NULL ? strrchr(real, '/') : NULL;
    struct stat st;

    if (real == NULL) {
        heed(errno);
    }
    if (slash != NULL) {
        slash[slash == real] = '\0';
        spf_clean(rights->dir, sizeof rights->dir, real, strlen(real));
        rights->dir_writable =
            stat(real, &st) == 0 && !(st.st_mode & S_ISVTX) &&
            (st.st_mode & S_IWOTH || (st.st_mode & S_IWGRP && !is_private_group(st.st_gid)));
    }
    free(real);
}

/* Where chmod(2) changes nothing: FAT, NTFS and Windows drives under WSL, network drives of
 * Windows. */
static void note_file_system(struct spf_rights *rights, int fd)
{
    static const struct {
        unsigned long magic; /* statfs(2) */
        const char *name;
    } without_modes[] = {
        {0x4d44, "vfat"},      {0x2011bab0, "exfat"}, {0x5346544e, "ntfs"}, {0x7366746e, "ntfs3"},
        {0x01021997, "drvfs"}, {0xff534d42, "cifs"},  {0xfe534d42, "smb2"},
    };
    struct statfs fs;

    if (fstatfs(fd, &fs) != 0) {
        return;
    }
    rights->read_only = (fs.f_flags & ST_RDONLY) != 0;
    for (size_t i = 0; i < sizeof without_modes / sizeof *without_modes; i++) {
        if ((unsigned long)(uint32_t)fs.f_type == without_modes[i].magic) {
            spf_copy(rights->file_system, sizeof rights->file_system, without_modes[i].name);
        }
    }
    rights->acl = fgetxattr(fd, "system.posix_acl_access", NULL, 0) > 0;
}

void spf_rights_read(const char *path, int fd, struct spf_rights *rights)
{
    struct stat st;

    *rights = (struct spf_rights){0};
    if (fstat(fd, &st) != 0) {
        heed(errno);
        return;
    }
    rights->mode = (int64_t)(st.st_mode & 07777);
    note_owner(rights, st.st_uid);
    note_directory(rights, path);
    note_file_system(rights, fd);
}
