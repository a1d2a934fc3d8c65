#pragma once

#include <stdbool.h>
#include <stdint.h>

/*
 * Who may read a file, as the ssh of this system looks at it: by its mode and owner, or on Windows
 * by its access list. Names of accounts are cleaned text. From any thread.
 */
struct spf_rights {
    int64_t mode; /* permission bits, 07777; 0 where the list is what counts */
    int64_t owner_uid;
    char owner[64];       /* the account's name, or what identifies it */
    bool mine;            /* it belongs to who runs this */
    bool dir_writable;    /* its directory lets others replace it (sticky ones do not) */
    char dir[256];        /* that directory, without links */
    char file_system[16]; /* "vfat": one that keeps no modes; "" for all others */
    bool read_only;       /* its file system is mounted so */
    bool acl;             /* a POSIX access control list names more users */

    bool by_list;        /* Windows: the list is what ssh looks at, and the mode means nothing */
    bool owner_trusted;  /* the owner is this user, Administrators, SYSTEM or TrustedInstaller */
    char strangers[200]; /* other accounts that an entry allows something, between ", "; "" none */
};

/* What to do with a file that others may write; "chmod go-w it". To be translated. */
extern const char *const spf_rights_remedy;

/* path leads to the file that fd is open on. What cannot be found out stays 0. */
void spf_rights_read(const char *path, int fd, struct spf_rights *rights);
