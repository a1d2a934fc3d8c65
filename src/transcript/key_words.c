#include "transcript/key_words.h"

#include <string.h>

#include "base/text.h"

/* The last word of the first len bytes; len itself where there is none. */
static size_t last_word(const char *text, size_t len)
{
    while (len > 0 && text[len - 1] != ' ') {
        len--;
    }
    return len;
}

static size_t without_blanks(const char *text, size_t len)
{
    while (len > 0 && strchr(" \t\r", text[len - 1]) != NULL) {
        len--;
    }
    return len;
}

static bool is_fingerprint(const char *word)
{
    return spf_starts_with(word, "SHA256:") || spf_starts_with(word, "MD5:");
}

/* What may follow the key: where it comes from. The length before it. */
static size_t before_marks(const char *text, size_t len, bool *explicit, bool *agent)
{
    static const char *const marks[] = {"explicit", "token", "authenticator", "agent"};

    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        size_t at = last_word(text, len);

        if (at > 0 && len - at == strlen(marks[i]) && memcmp(text + at, marks[i], len - at) == 0) {
            *explicit |= strcmp(marks[i], "explicit") == 0;
            *agent |= strcmp(marks[i], "agent") == 0;
            return before_marks(text, without_blanks(text, at), explicit, agent);
        }
    }
    return len;
}

struct spf_key_words spf_key_words(const char *text)
{
    struct spf_key_words key = {0};
    bool explicit = false;
    size_t len =
        before_marks(text, without_blanks(text, strcspn(text, "\r\n")), &explicit, &key.from_agent);
    size_t at = last_word(text, len);
    bool marked = explicit; /* since 7.8 a key of the agent is, too */

    key.from_agent &= !explicit;
    if (is_fingerprint(text + at)) { /* "FILE TYPE FINGERPRINT" */
        key.known = marked = true;
        len = without_blanks(text, last_word(text, without_blanks(text, at)));
    } else if (strchr(text, ' ') != NULL && is_fingerprint(strchr(text, ' ') + 1)) {
        /* "TYPE FINGERPRINT FILE", before 7.8 */
        const char *file = strchr(strchr(text, ' ') + 1, ' ');

        key.known = true;
        len -= file != NULL && (size_t)(file - text) < len ? (size_t)(file + 1 - text) : len;
        text = file != NULL ? file + 1 : "";
    } else if (spf_starts_with(text, "pkalg ")) { /* "pkalg ssh-rsa blen 279" */
        len = 0;
    }
    if (!key.from_agent && len < sizeof key.file) {
        spf_clean(key.file, sizeof key.file, text, len);
    }
    /* a comment of an agent's key looks like a name, too */
    if (!marked && strpbrk(key.file, "/\\") == NULL) {
        key.file[0] = '\0';
    }
    return key;
}
