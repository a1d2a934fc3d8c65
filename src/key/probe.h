#pragma once

#include <stdbool.h>

#include "key/directory.h"
#include "key/file.h"
#include "pipeline/inquiry.h"

/*
 * Serves SPF_GROUP_KEY and SPF_GROUP_FOUND_KEY of one target.
 *
 * The key is read, and another one looked for, in a worker thread (a network file system or a key
 * derivation may block).
 */
struct spf_key_probe;

/* seen: of the directory to look in, borrowed (find.h); or NULL. NULL: no memory. */
struct spf_key_probe *spf_key_probe_new(struct spf_inquiry *inquiry,
                                        struct spf_key_directory *seen);
void spf_key_probe_serve(struct spf_key_probe *probe, enum spf_group group);
/* SPF_GROUP_KEY that was asked for does not arrive any more: it was about another key. */
void spf_key_probe_forget_key(struct spf_key_probe *probe);
/* Calls nothing any more; work that still runs is abandoned and wipes what it holds. */
void spf_key_probe_free(struct spf_key_probe *probe);

/*
 * Is the file a key that can't be used without its passphrase, and that no agent holds either? For
 * the prompt, which comes before everything else. False for anything that isn't such a file. What
 * was seen is left in *file, for the target (key_file), so that the check is of the same bytes.
 */
bool spf_key_wants_passphrase(const char *path, struct spf_key_file *file);
