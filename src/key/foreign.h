#pragma once

#include "base/wire.h"
#include "key/facts.h"

/* What a file that ssh and PuTTY have no reader for is, as far as its bytes tell. */
struct spf_foreign {
    const char *magic; /* what it begins with, white space and byte order mark apart */
    size_t len;
    enum spf_key_container container;
    const char *cause;
    const char *words; /* "it is a web page" */
};

/* Never NULL: the last entry fits everything. */
const struct spf_foreign *spf_foreign(struct spf_bytes file);
/* A key may be in it, but with marks of the word processor between its letters. */
bool spf_is_rich_text(struct spf_bytes file);
/* The cipher of a PKCS#12 store that OpenSSL 3 has in its legacy provider only; NULL if none. */
const char *spf_pfx_legacy_cipher(struct spf_bytes file);
