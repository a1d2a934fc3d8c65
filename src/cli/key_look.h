#pragma once

#include <stdbool.h>

#include "key/file.h"

/*
 * spf_key_wants_passphrase in a thread, for at most so many seconds, or until stop_fd (-1: none) is
 * readable: a share may not answer at all. False, and nothing looked at, where it took longer; the
 * round then looks, within its own deadline.
 */
bool spf_wants_passphrase_in_time(const char *path, unsigned seconds, int stop_fd,
                                  struct spf_key_file *file);
