#pragma once

#include <dirent.h>
#include <stdbool.h>

/*
 * What a search (find.h) has seen of directories and their files, so that the next one, for another
 * key pair, reads none of them again. Many may own it, in any thread; one search uses it at a time.
 */
struct spf_key_directory;

struct spf_key_directory *spf_key_directory_new(void); /* NULL: no memory */
struct spf_key_directory *spf_key_directory_share(
    struct spf_key_directory *directory);                         /* or NULL */
void spf_key_directory_free(struct spf_key_directory *directory); /* one owner less; takes NULL */

/* Waits until no other search uses it. */
void spf_key_directory_enter(struct spf_key_directory *directory);
void spf_key_directory_leave(struct spf_key_directory *directory);

/* A file, as what a search asks of it. */
struct spf_key_summary {
    char *public_blob; /* base64; NULL: nothing shows it without a passphrase */
    bool is_private;   /* a login can use it, with its passphrase where it has one */
    bool is_public;    /* a public key alone */
    bool encrypted, usable;
};

/* Within enter and leave. Reads a file at most once; borrowed for as long as the directory lives.
 * NULL: no memory or descriptor. */
const struct spf_key_summary *spf_key_directory_file(struct spf_key_directory *directory,
                                                     const char *path);

/* The same of a directory's entries, by name; none where it cannot be read. */
struct dirent *const *spf_key_directory_list(struct spf_key_directory *directory, const char *path,
                                             int *count);
