#pragma once

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
 * What a path led to at one moment: what stat(2) said, and the bytes of the key, of path.pub and of
 * path-cert.pub beside it, NULL where there are none. Zero-initialised means not looked at.
 */
struct spf_key_file {
    bool looked;
    struct spf_key_facts facts;
    struct spf_secret *bytes, *pub, *certificate;
    bool incomplete; /* no memory or descriptor for the files beside it */
};

/* May block, as spf_key_file_load. */
void spf_key_file_look(const char *path, struct spf_key_file *file);
/* One more owner of the same bytes. */
struct spf_key_file spf_key_file_share(const struct spf_key_file *file);
void spf_key_file_clear(struct spf_key_file *file);

/*
 * Reads what was found at path (spf_key_read). False: no memory, or no descriptor when it was
 * looked at.
 */
SPF_MUST_USE
bool spf_key_file_parse(const struct spf_key_file *file, const char *path,
                        const struct spf_secret *passphrase, struct spf_key_facts *facts,
                        struct spf_secret **repaired);

/* Looks and reads. */
SPF_MUST_USE
bool spf_key_file_read(const char *path, const struct spf_secret *passphrase,
                       struct spf_key_facts *facts, struct spf_secret **repaired);
