#pragma once

#include <stdbool.h>

#include "key/file.h"

/*
 * Is the file a key that can't be used without its passphrase, and that no agent holds either? For
 * the prompt, which comes before everything else. What was seen is left in *file, for the target
 * (key_file), so that the check is of the same bytes.
 *
 * Looks in a thread, for at most so many seconds, or until stop_fd (-1: none) is readable: a share
 * may not answer at all. False, and nothing looked at, where it took longer; the round then looks,
 * within its own deadline.
 */
bool spf_wants_passphrase_in_time(const char *path, unsigned seconds, int stop_fd,
                                  struct spf_key_file *file);
