#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "key/directory.h"

struct spf_key_found {
    char path[4096];        /* the private key's file; "" if none matches */
    bool by_name;           /* only its name is the pair's: it was not proved to be the key */
    bool encrypted;         /* it needs its passphrase */
    char public_only[4096]; /* a .pub file that matches without its private key; "" none */
    int looked_at;          /* files */
    int unclear;            /* of them: encrypted ones whose public key nothing shows */
    bool all;               /* false: there were more files than are looked at */
};

/*
 * Looks in a directory, and in its directories, for the private key whose public key is this blob
 * (base64 of RFC 4253 section 6.6, as facts hold it). Asks for no passphrase: where the public key
 * can't be read without one, the .pub file beside it speaks for it. Files that have a matching .pub
 * are tried first. At most some hundreds of small regular files are opened, and none that is in
 * seen (NULL: nothing is) from an earlier search. Blocks, also while another search uses seen: for
 * before or after a run, or a worker.
 *
 * name: that of the pair. Where no file is proved to be the key, the one that the cloud's download
 * is called counts: name.pem or name.ppk in dir. NULL or "": names do not count.
 * dir NULL: ~/.ssh. public_blob "": only names count. SPF_ERR_SYS if the directory can't be read
 * (no ~/.ssh is an empty one), SPF_ERR_NOMEM without memory or descriptors to look at all that
 * counts.
 */
SPF_MUST_USE
struct spf_error spf_key_find(const char *dir, const char *public_blob, const char *name,
                              struct spf_key_directory *seen, struct spf_key_found *found);
