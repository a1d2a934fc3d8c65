#ifndef SPF_KEY_KEY_UNWRAP_H
#define SPF_KEY_KEY_UNWRAP_H

#include "key/key_facts.h"
#include "key/key_text.h"

/*
 * Files without a BEGIN line: DER, or base64 of DER, of OpenSSH's container or of a whole key file.
 * If it is one, text->clean is the PEM (or the inner file) and text->damage says so; else nothing
 * changes. Pure. False: no memory.
 */
SPF_MUST_USE bool spf_key_unwrap(struct spf_bytes file, struct spf_key_text *text);

/* What a file that holds no usable key is, as far as its first bytes tell. */
struct spf_foreign {
    const char *magic; /* what it begins with, white space and byte order mark apart */
    size_t len;
    enum spf_key_container container;
    const char *cause;
    const char *words; /* "it is a web page" */
};

/* Never NULL: the last entry fits everything. */
const struct spf_foreign *spf_foreign(struct spf_bytes file);
/* A key may stand in it, but with marks of the word processor between its letters. */
bool spf_is_rich_text(struct spf_bytes file);

#endif
