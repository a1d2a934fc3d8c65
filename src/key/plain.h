#pragma once

#include "base/wire.h"

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

/* The first two stages of reading a key file's text (text.h). */

/* Stage one alone: UTF-16 and UTF-8 to plain bytes, typographic dashes, quotes and blanks to ASCII.
 */
struct spf_secret *spf_key_text_plain(struct spf_bytes file, unsigned *damage);
/* Stage two: JSON, HTML, URL escapes and quoted-printable resolved. *kind: spf_key_text's escape.
 */
struct spf_secret *spf_key_text_unescape(struct spf_bytes plain, const char **kind);
