#ifndef SPF_KEY_FILE_H
#define SPF_KEY_FILE_H

#include "base/secret.h"
#include "key/facts.h"
#include "key/read.h"

#define SPF_KEY_FILE_MAX (1 << 20)

/*
 * Opens a key file so that nothing can block or be triggered by it (only a regular file is opened,
 * not waiting, not becoming a terminal of ours), notes what stat(2) says of the very file that is
 * read, and returns its bytes; NULL with facts->outcome saying why there are none, or without
 * memory or a descriptor (facts->outcome is then SPF_KEY_READ). May block on a network file system:
 * for worker threads.
 */
struct spf_secret *spf_key_file_load(const char *path, struct spf_key_facts *facts);

/* The same without facts: the bytes of a regular file of at most max bytes, else NULL. */
struct spf_secret *spf_key_file_bytes(const char *path, size_t max);

/*
 * Loads path, and path.pub and path-cert.pub beside it, and reads them (spf_key_read). False: no
 * memory.
 */
SPF_MUST_USE
bool spf_key_file_read(const char *path, const struct spf_secret *passphrase,
                       struct spf_key_facts *facts, struct spf_key_secrets *secrets);

#endif
