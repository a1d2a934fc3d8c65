#pragma once

#include <stdbool.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/secret.h"

/* What strerror(3) says on Windows of a file that another program has opened for itself alone. */
#define SPF_FILE_LOCKED "Another program has it open"

/*
 * Which files this process has read, by identity (device and inode), so that no report or record
 * takes the place of one of them: a key, a configuration, known_hosts, whatever name or link leads
 * there. Kept for the whole process, as file identities are; all functions may be called from any
 * thread.
 */

/*
 * Opens for reading so that nothing can block or be triggered by it: not waiting for a FIFO's
 * writer, not becoming a terminal of ours, closed on exec. A descriptor, or -1 with errno. Notes
 * the file.
 */
int spf_open_to_read(const char *path);

/* Reads a regular file of at most 1 MiB, and notes it; *text is then the caller's. */
SPF_MUST_USE struct spf_error spf_read_small_file(const char *path, struct spf_secret **text);

/* Writes all of it, however often that takes; false: not all, errno says why. */
bool spf_write_all(int fd, const void *bytes, size_t len);

/* Notes a file that another program or a library reads for us; nothing where there is none. */
void spf_note_file(const char *path);

bool spf_file_is_noted(const struct stat *status);
