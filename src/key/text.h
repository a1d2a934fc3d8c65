#ifndef SPF_KEY_TEXT_H
#define SPF_KEY_TEXT_H

#include "base/secret.h"
#include "base/text.h"
#include "key/wire.h"

/*
 * What happens to key files on their way: pasted into a CI secret, saved by an editor of another
 * system, mailed, put into JSON. Worst first: where several have happened, the first one is the
 * cause that is named.
 */
enum spf_damage {
    SPF_DAMAGE_UTF16,
    SPF_DAMAGE_ESCAPED, /* JSON, HTML or URL escapes; quotes; base64 around the whole file */
    SPF_DAMAGE_BINARY,  /* DER instead of PEM */
    SPF_DAMAGE_ONE_LINE,
    SPF_DAMAGE_HEADER,
    SPF_DAMAGE_LABEL, /* the BEGIN line names another format than the contents are in */
    SPF_DAMAGE_INDENTED,
    SPF_DAMAGE_WRAPPED,
    SPF_DAMAGE_TEXT_AROUND,
    SPF_DAMAGE_BOM,
    SPF_DAMAGE_CRLF,
    SPF_DAMAGE_NO_NEWLINE,
    SPF_DAMAGE_MULTIPLE, /* more than one private key */
    SPF_DAMAGE_COUNT,
};

struct spf_key_text {
    unsigned damage;    /* bits, 1 << enum spf_damage */
    bool no_end;        /* the end of the key is missing */
    unsigned strange;   /* characters in the base64 that don't belong there */
    const char *escape; /* which kind of escapes, in words; NULL none */
    char label[120];    /* what is wrong with the label, in words */
    struct spf_secret
        *clean; /* the first private key as it should have been; NULL: there is none */
};

/* The id of the cause ("key-crlf") and a few words for the detail ("Windows line ends"). */
const char *spf_damage_cause(enum spf_damage damage);
const char *spf_damage_words(enum spf_damage damage);

/*
 * Finds the first private key in any text (PEM, OpenSSH's container or PPK), however the text
 * around and between has suffered, and writes it anew as its own program would have. Whether the
 * result is a key is for the readers to say. Pure. False: no memory.
 */
SPF_MUST_USE bool spf_key_text_clean(struct spf_bytes file, struct spf_key_text *text);
void spf_key_text_clear(struct spf_key_text *text);

/* Stage one alone: UTF-16 and UTF-8 to plain bytes, typographic dashes, quotes and blanks to ASCII.
 */
struct spf_secret *spf_key_text_plain(struct spf_bytes file, unsigned *damage);
/* Stage two: JSON, HTML, URL escapes and quoted-printable resolved. *kind: see spf_key_text.escape.
 */
struct spf_secret *spf_key_text_unescape(struct spf_bytes plain, const char **kind);

#endif
