#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/*
 * Private keys, passphrases, AccessKey secrets and tokens live here and nowhere else. Nothing
 * formats a secret. Its memory is kept out of core dumps (MADV_DONTDUMP) and swap where the system
 * lets us (mlock), and zeroed when its last owner frees it; free takes NULL.
 *
 * On its way here a secret passes text buffers (spf_buf), JSON (spf_json_wipe) and libcurl (see
 * transfer.c): those wipe what they free. After a run nothing of an access key, token or reply is
 * left in memory that was written to, whatever their source (the tests look); but for the
 * environment that the process was started with. What OpenSSL, libssh and libc copy they wipe or
 * not as they do.
 */
struct spf_secret;

/* Copies the bytes; the caller wipes its own. A NUL follows them that len does not count. NULL: no
 * memory. */
struct spf_secret *spf_secret_new(const void *bytes, size_t len);
/* A zeroed secret of len bytes to be filled through spf_secret_bytes. NULL: no memory. */
struct spf_secret *spf_secret_alloc(size_t len);
/* One more owner of the same bytes, which must not change from now on; each frees it, in any
 * thread. NULL for NULL. */
struct spf_secret *spf_secret_share(struct spf_secret *secret);
void spf_secret_free(struct spf_secret *secret);
/* Shortens it, wiping what is cut. */
void spf_secret_truncate(struct spf_secret *secret, size_t len);

/* Borrowed from the secret. Only cryptography and wire code call these. */
const char *spf_secret_text(const struct spf_secret *secret);
unsigned char *spf_secret_bytes(struct spf_secret *secret);
size_t spf_secret_len(const struct spf_secret *secret);

/*
 * Files get mixed up, and texts pasted together. Does a private key begin in this line (RFC 7468's
 * label, ssh.com's, PuTTY's)? And is it of a key: that, or such a line as those break its
 * base64 into, of 64 characters or more, which no host name's label can have (RFC 1035)? len: of
 * the line, which may have blanks around it.
 */
bool spf_begins_private_key(const char *line, size_t len);
bool spf_is_of_private_key(const char *line, size_t len);
/* SPF_ERR_USAGE: "it holds a private key", of a file that should hold something else. */
struct spf_error spf_refuse_private_key(void);

/* Makes this process neither dumpable nor traceable by its peers (prctl, RLIMIT_CORE). Once, at
 * start. */
void spf_secret_guard_process(void);
