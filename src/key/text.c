#include "key/text.h"

#include <ctype.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/encoding.h"
#include "key/der.h"
#include "key/layout.h"
#include "key/pem_writer.h"

static const struct {
    const char *cause, *words;
} names[SPF_DAMAGE_COUNT] = {
    [SPF_DAMAGE_UTF16] = {"key-utf16", "the text is UTF-16"},
    [SPF_DAMAGE_ESCAPED] = {"key-escaped", "the text is quoted or escaped"},
    [SPF_DAMAGE_BINARY] = {"key-is-der", "it is DER, not PEM"},
    [SPF_DAMAGE_ONE_LINE] = {"key-on-one-line", "all of it is on one line"},
    [SPF_DAMAGE_HEADER] = {"key-header-mangled", "dashes or words of it are missing or changed"},
    [SPF_DAMAGE_LABEL] = {"key-header-mangled", "it names another format"},
    [SPF_DAMAGE_INDENTED] = {"key-indented", "its lines are indented, or quoted as in a mail"},
    [SPF_DAMAGE_WRAPPED] = {"key-wrapped",
                            "its lines are broken in wrong places, or have blanks in them"},
    [SPF_DAMAGE_TEXT_AROUND] = {"key-text-before", "something precedes it"},
    [SPF_DAMAGE_BOM] = {"key-bom", "it begins with a byte order mark"},
    [SPF_DAMAGE_CRLF] = {"key-crlf", "its line ends are those of Windows (CR LF)"},
    [SPF_DAMAGE_NO_NEWLINE] = {"key-no-final-newline", "the newline after its END line is missing"},
    [SPF_DAMAGE_MULTIPLE] = {"key-multiple", "it holds more than one private key"},
};

const char *spf_damage_cause(enum spf_damage damage)
{
    return names[damage].cause;
}

const char *spf_damage_words(enum spf_damage damage)
{
    return names[damage].words;
}

void spf_key_text_clear(struct spf_key_text *text)
{
    spf_secret_free(text->clean);
    *text = (struct spf_key_text){0};
}

/* A BEGIN or END line of a private key, however mangled. */
struct mark {
    size_t at, end; /* with its dashes */
    char label[64]; /* "RSA PRIVATE KEY" */
    bool exact;     /* as it should be, on a line of its own (but for what follows on the line) */
    bool broken;    /* a line break inside */
};

/* The words up to KEY. False if this is not a private key's mark. */
static bool read_label(struct spf_bytes text, size_t *at, struct mark *mark)
{
    size_t len = 0;
    size_t i = *at;
    bool private_key = false;

    for (int words = 0; words < 5; words++) {
        size_t start;
        size_t had = len;

        for (; i < text.len && spf_is_blank(text.at[i]); i++) {
            mark->broken |= text.at[i] == '\n';
        }
        for (start = i; i < text.len && isalnum(text.at[i]) && i - start < 12; i++) {
            if (len + 2 >= sizeof mark->label) {
                return false;
            }
            mark->label[len++] = (char)toupper(text.at[i]);
        }
        if (i == start) {
            return false;
        }
        mark->label[len] = '\0';
        private_key |= strcmp(mark->label + had, "PRIVATE") == 0;
        if (strcmp(mark->label + had, "KEY") == 0) {
            *at = i;
            return private_key;
        }
        mark->label[len++] = ' ';
    }
    return false;
}

/* The next mark that begins with word at or after from. */
static bool find_mark(struct spf_bytes text, size_t from, const char *word, struct mark *mark)
{
    size_t len = strlen(word);

    for (size_t i = from; i + len <= text.len; i++) {
        size_t after = i + len;
        char expected[96];

        if (strncasecmp((const char *)text.at + i, word, len) != 0) {
            continue;
        }
        *mark = (struct mark){.at = i};
        if (after >= text.len || !spf_is_blank(text.at[after]) || !read_label(text, &after, mark)) {
            continue;
        }
        while (mark->at > from && (text.at[mark->at - 1] == '-' || text.at[mark->at - 1] == ' ')) {
            mark->at--;
        }
        while (mark->at < i && text.at[mark->at] == ' ') {
            mark->at++;
        }
        while (after < text.len && (text.at[after] == '-' || text.at[after] == ' ')) {
            after++;
        }
        while (text.at[after - 1] == ' ') {
            after--;
        }
        mark->end = after;
        snprintf(expected, sizeof expected, "-----%s %s-----", word, mark->label);
        mark->exact = mark->end - mark->at == strlen(expected) &&
                      memcmp(text.at + mark->at, expected, strlen(expected)) == 0;
        return true;
    }
    return false;
}

/* The place after a header's name, its colon and blanks; NULL if it isn't there. */
static const uint8_t *header_value(struct spf_bytes body, const char *name)
{
    const uint8_t *at = memmem(body.at, body.len, name, strlen(name));

    if (at == NULL) {
        return NULL;
    }
    for (at += strlen(name); at < body.at + body.len && (*at == ' ' || *at == ':');) {
        at++;
    }
    return at;
}

/*
 * "Proc-Type: 4,ENCRYPTED" and "DEK-Info: AES-128-CBC,<hex>" (RFC 1421) as OpenSSL writes them,
 * even where nothing stands between them and the base64. Returns how much of the body they take.
 */
static size_t take_headers(struct spf_bytes body, struct spf_buf *headers)
{
    const uint8_t *cipher = header_value(body, "DEK-Info");
    const uint8_t *end = body.at + body.len;
    const uint8_t *iv;
    const uint8_t *at;

    iv = cipher != NULL ? memchr(cipher, ',', (size_t)(end - cipher)) : NULL;
    if (iv == NULL || iv - cipher > 20 || header_value(body, "Proc-Type") == NULL) {
        return 0;
    }
    for (at = ++iv; at < end && isxdigit(*at) && at - iv < (*cipher == 'D' ? 16 : 32);) {
        at++;
    }
    spf_buf_addf(headers, "Proc-Type: 4,ENCRYPTED\nDEK-Info: %.*s\n", (int)(at - cipher),
                 (const char *)cipher);
    return (size_t)(at - body.at);
}

/*
 * Ed25519 as npm's sshpk writes it under "EdDSA PRIVATE KEY", in the form of RFC 5915, which nobody
 * reads: *base64 becomes PKCS#8 (RFC 8410).
 */
static bool take_eddsa(struct spf_bytes der, struct spf_secret **base64)
{
    static const uint8_t form[] = {0x30, 0x51, 2, 1, 1, 4, 32};
    static const uint8_t type[] = {0xa0, 5, 6, 3, 0x2b, 0x65, 0x70};
    unsigned char *whole = NULL;
    struct spf_secret *made = NULL;
    EVP_PKEY *key;
    PKCS8_PRIV_KEY_INFO *info;
    int len;

    if (der.len < sizeof form + 32 + sizeof type || memcmp(der.at, form, sizeof form) != 0 ||
        memcmp(der.at + sizeof form + 32, type, sizeof type) != 0) {
        return false;
    }
    key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, der.at + sizeof form, 32);
    info = key != NULL ? EVP_PKEY2PKCS8(key) : NULL;
    len = info != NULL ? i2d_PKCS8_PRIV_KEY_INFO(info, &whole) : 0;
    if (len > 0) {
        made = spf_base64_of((struct spf_bytes){whole, (size_t)len});
    }
    OPENSSL_clear_free(whole, len > 0 ? (size_t)len : 0);
    PKCS8_PRIV_KEY_INFO_free(info);
    EVP_PKEY_free(key);
    if (made == NULL) {
        return false;
    }
    spf_secret_free(*base64);
    *base64 = made;
    return true;
}

/* Which standard a label of PEM stands for. */
static const char *standard_of(const char *label)
{
    return strcmp(label, "RSA PRIVATE KEY") == 0   ? "PKCS#1"
           : strcmp(label, "EC PRIVATE KEY") == 0  ? "SEC 1"
           : strcmp(label, "DSA PRIVATE KEY") == 0 ? "OpenSSL's DSA form"
                                                   : "PKCS#8";
}

/* What the contents say that they are, which the BEGIN line need not. *base64 may become another.
 */
static const char *label_of(struct spf_secret **base64, const char *label, bool has_headers,
                            struct spf_key_text *text)
{
    static const char openssh[] = "b3BlbnNzaC1rZXktdjE";
    struct spf_secret *der;
    const char *is = NULL;
    long len;

    if (spf_starts_with(spf_secret_text(*base64), openssh)) {
        return "OPENSSH PRIVATE KEY";
    }
    der = has_headers ? NULL : spf_secret_alloc(spf_secret_len(*base64));
    if (der != NULL) {
        len = spf_base64_decode(spf_secret_text(*base64), spf_secret_len(*base64),
                                spf_secret_bytes(der), spf_secret_len(der));
        spf_secret_truncate(der, len > 0 ? (size_t)len : 0);
        is = take_eddsa(spf_secret_view(der), base64) ? "PRIVATE KEY"
                                                      : spf_der_label(spf_secret_view(der));
        spf_secret_free(der);
    }
    if (is == NULL || strcmp(is, label) == 0) {
        return label;
    }
    text->damage |= 1u << SPF_DAMAGE_LABEL;
    spf_format(text->label, sizeof text->label, "it says %.40s, but the contents are %s (%s)",
               label, standard_of(is), is);
    return is;
}

/* Where what indents or quotes the line begins that has the key's first byte; at: nothing does. */
static size_t indentation(struct spf_bytes plain, size_t at)
{
    size_t from = at;

    while (from > 0 && memchr(" \t>|", plain.at[from - 1], 4) != NULL) {
        from--;
    }
    return from == 0 || plain.at[from - 1] == '\n' || plain.at[from - 1] == '\r' ? from : at;
}

/* What precedes the first and follows the last byte of the key. */
static void note_around(struct spf_bytes plain, size_t at, size_t end, struct spf_key_text *text)
{
    const size_t indented = indentation(plain, at);

    for (size_t i = 0; i < at; i++) {
        if (plain.at[i] == '"' || plain.at[i] == '\'') {
            text->damage |= 1u << SPF_DAMAGE_ESCAPED;
        } else if (i >= indented) {
            text->damage |= 1u << SPF_DAMAGE_INDENTED;
        } else if (plain.at[i] != '\r') {
            text->damage |= 1u << SPF_DAMAGE_TEXT_AROUND;
        }
    }
    if (memchr(plain.at, '\r', plain.len) != NULL) {
        text->damage |= 1u << SPF_DAMAGE_CRLF;
    }
    for (; end < plain.len && plain.at[end] == ' '; end++) {
        text->damage |= 1u << SPF_DAMAGE_WRAPPED;
    }
    if (end >= plain.len || (plain.at[end] != '\n' && plain.at[end] != '\r')) {
        text->damage |= 1u << SPF_DAMAGE_NO_NEWLINE;
    }
}

/* NULL: there is no such mark. */
static void note_marks(const struct mark *begin, const struct mark *end, struct spf_key_text *text)
{
    if (begin == NULL || !begin->exact ||
        (end != NULL && (!end->exact || strcmp(begin->label, end->label) != 0))) {
        text->damage |= 1u << SPF_DAMAGE_HEADER;
    }
    if ((begin != NULL && begin->broken) || (end != NULL && end->broken)) {
        text->damage |= 1u << SPF_DAMAGE_WRAPPED;
    }
}

/* What stands between mark and first line, and the empty line after headers, is no damage. */
static struct spf_bytes first_line(struct spf_bytes body, bool headers)
{
    while (body.len > 0 && spf_is_blank(body.at[0]) && (headers || body.at[0] != '\n')) {
        body.at++;
        body.len--;
        if (body.at[-1] == '\n' && headers && body.len > 0 && body.at[0] != '\n' &&
            body.at[0] != '\r') {
            break;
        }
    }
    return body;
}

static bool clean_pem(struct spf_bytes plain, struct spf_key_text *text)
{
    struct mark begin;
    struct mark end;
    struct mark next;
    bool has_begin = find_mark(plain, 0, "BEGIN", &begin);
    bool has_end = find_mark(plain, has_begin ? begin.end : 0, "END", &end);
    const char *label = has_begin ? begin.label : end.label;
    struct spf_bytes body;
    struct spf_layout layout = {0};
    struct spf_secret *base64;
    struct spf_buf headers;
    size_t skip;

    if (!has_begin && !has_end) {
        return true;
    }
    if (has_begin && find_mark(plain, begin.end, "BEGIN", &next)) {
        if (has_end && next.at < end.at) {
            has_end = false;
        }
        text->damage |= 1u << SPF_DAMAGE_MULTIPLE;
    }
    if (!has_begin) {
        begin = (struct mark){.end = 0};
    }
    text->no_end = !has_end;
    body = (struct spf_bytes){plain.at + begin.end, (has_end ? end.at : plain.len) - begin.end};
    if (!has_end) { /* a mangled END line still has its dashes */
        const uint8_t *dashes = memmem(body.at, body.len, "--", 2);

        if (dashes != NULL) {
            body.len = (size_t)(dashes - body.at);
        }
    }
    note_marks(has_begin ? &begin : NULL, has_end ? &end : NULL, text);
    if (memchr(body.at, '\n', body.len) == NULL) { /* the line ends of old Macs are none to ssh */
        text->damage |= 1u << SPF_DAMAGE_ONE_LINE;
    }
    note_around(plain, begin.at, has_end ? end.end : plain.len, text);

    spf_buf_init(&headers, 400);
    skip = take_headers(body, &headers);
    body = (struct spf_bytes){body.at + skip, body.len - skip};
    body = first_line(body, skip > 0);
    base64 = spf_take_base64(body, strstr(label, "OPENSSH") != NULL ? 70 : 64, &layout);
    text->damage |= layout.damage;
    text->strange += layout.strange;
    if (text->damage & 1u << SPF_DAMAGE_ONE_LINE) { /* which says it all */
        text->damage &= ~(1u << SPF_DAMAGE_WRAPPED | 1u << SPF_DAMAGE_INDENTED |
                          1u << SPF_DAMAGE_NO_NEWLINE | 1u << SPF_DAMAGE_CRLF);
    }
    if (base64 != NULL && !spf_buf_failed(&headers)) {
        label = label_of(&base64, label, headers.len > 0, text);
        text->clean = spf_pem_of_base64(label, headers.data, spf_secret_view(base64));
    }
    spf_buf_clear(&headers);
    spf_secret_free(base64);
    return text->clean != NULL;
}

/* Is one of the names of a PPK's lines at this place? */
static bool at_ppk_name(struct spf_bytes ppk, size_t at)
{
    static const char *const line_names[] = {
        "Encryption: ",    "Comment: ",       "Public-Lines: ", "Key-Derivation: ",
        "Argon2-Memory: ", "Argon2-Passes: ", "Argon2-Salt: ",  "Argon2-Parallelism: ",
        "Private-Lines: ", "Private-MAC: ",
    };

    for (size_t i = 0; i < sizeof line_names / sizeof *line_names; i++) {
        size_t len = strlen(line_names[i]);

        if (len <= ppk.len - at && memcmp(ppk.at + at, line_names[i], len) == 0) {
            return true;
        }
    }
    return false;
}

/* Breaks the one line that is left of a PPK again: before its names, and in its base64. */
static void break_ppk(struct spf_writer *writer)
{
    unsigned char *chars = writer->bad ? NULL : spf_secret_bytes(writer->secret);
    const struct spf_bytes ppk = {chars, writer->len};
    bool base64 = false, counted = false;

    if (chars == NULL) {
        return;
    }
    for (size_t i = 0; i < ppk.len; i++) {
        if (chars[i] == ' ' && i + 1 < ppk.len && at_ppk_name(ppk, i + 1)) {
            chars[i] = '\n';
            base64 = i + 9 < ppk.len && chars[i + 1] == 'P' &&
                     memmem(chars + i, ppk.len - i < 16 ? ppk.len - i : 16, "-Lines", 6) != NULL;
            counted = false;
        } else if (chars[i] == ' ' && base64) {
            if (counted) { /* the blank before the number stays */
                chars[i] = '\n';
            }
            counted = true;
        }
    }
}

/* Its lines are written again; what stands in them can't be told from what should. */
static bool clean_ppk(struct spf_bytes plain, size_t at, struct spf_key_text *text)
{
    struct spf_writer writer = spf_writer(plain.len - at + 1);
    const bool quoted = at > 0 && (plain.at[at - 1] == '"' || plain.at[at - 1] == '\'');
    bool line_start = true;
    size_t breaks = 0;

    note_around(plain, at, plain.len - (plain.at[plain.len - 1] == '\n'), text);
    for (size_t i = at; i < plain.len; i++) {
        uint8_t c = plain.at[i];

        if (c == '\r') {
            c = '\n';
        }
        if (quoted && c == plain.at[at - 1]) {
            break;
        }
        if (line_start && spf_is_blank(c)) {
            if (c == ' ' || c == '\t') {
                text->damage |= 1u << SPF_DAMAGE_INDENTED;
            }
            continue;
        }
        if (c == '\n') { /* blanks at a line's end, but not the one after a name's colon */
            while (!writer.bad && writer.len > 1 &&
                   spf_secret_bytes(writer.secret)[writer.len - 1] == ' ' &&
                   spf_secret_bytes(writer.secret)[writer.len - 2] != ':') {
                writer.len--;
            }
            breaks++;
        }
        spf_writer_u8(&writer, c);
        line_start = c == '\n';
    }
    if (breaks < 2) {
        text->damage |= 1u << SPF_DAMAGE_ONE_LINE;
        break_ppk(&writer);
    }
    if (!line_start) {
        spf_writer_u8(&writer, '\n');
    }
    text->clean = spf_writer_take(&writer);
    return text->clean != NULL;
}

bool spf_key_text_clean(struct spf_bytes file, struct spf_key_text *text)
{
    static const char ppk[] = "PuTTY-User-Key-File-";
    struct spf_secret *plain = spf_key_text_plain(file, &text->damage);
    struct spf_secret *whole =
        plain != NULL ? spf_key_text_unescape(spf_secret_view(plain), &text->escape) : NULL;
    struct spf_bytes view = spf_secret_view(whole);
    const uint8_t *at = whole != NULL ? memmem(view.at, view.len, ppk, strlen(ppk)) : NULL;
    bool good = whole != NULL;

    if (text->escape != NULL) {
        text->damage |= 1u << SPF_DAMAGE_ESCAPED;
    }
    if (good && at != NULL) {
        good = clean_ppk(view, (size_t)(at - view.at), text);
    } else if (good) {
        good = clean_pem(view, text);
    }
    spf_secret_free(plain);
    spf_secret_free(whole);
    return good;
}
