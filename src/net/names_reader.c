#include "net/names_reader.h"

#include <string.h>
#include <strings.h>

#include <arpa/nameser.h>

#include "base/wire.h"

#define IS_REPLY 0x80u /* of the third byte */

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* The next word of the line, which loses it; of no length: there is none. */
static struct spf_bytes next_word(struct spf_bytes *line)
{
    struct spf_bytes word;

    while (line->len > 0 && is_blank(line->at[0])) {
        line->at++;
        line->len--;
    }
    word = (struct spf_bytes){line->at, 0};
    while (word.len < line->len && !is_blank(word.at[word.len])) {
        word.len++;
    }
    line->at += word.len;
    line->len -= word.len;
    return word;
}

/* "192.0.2.7 web web.example # comment": is the name one of the words behind the address? */
static bool has_name(struct spf_bytes line, const char *name)
{
    struct spf_bytes word;

    while ((word = next_word(&line)).len > 0) {
        if (word.len == strlen(name) && strncasecmp((const char *)word.at, name, word.len) == 0) {
            return true;
        }
    }
    return false;
}

unsigned spf_hosts_line(const char *text, size_t len, const char *name,
                        bool (*is_ours)(const void *owner, struct spf_bytes address),
                        const void *owner)
{
    const char *end = text + len;
    unsigned number = 0;

    while (text < end) {
        const char *stop = memchr(text, '\n', (size_t)(end - text));
        const size_t whole = (size_t)((stop != NULL ? stop : end) - text);
        struct spf_bytes line = {(const uint8_t *)text, 0};
        struct spf_bytes address;

        while (line.len < whole && text[line.len] != '#' && text[line.len] != '\0') {
            line.len++;
        }
        number++;
        address = next_word(&line);
        if (address.len > 0 && is_ours(owner, address) && has_name(line, name)) {
            return number;
        }
        text = stop != NULL ? stop + 1 : end;
    }
    return 0;
}

bool spf_name_reply_read(const uint8_t *reply, size_t len, const uint8_t *question,
                         enum spf_lookup_outcome *outcome, const char **said)
{
    static const char *const codes[16] = {
        "an answer", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED",
    };
    unsigned code;

    if (len < NS_HFIXEDSZ || memcmp(reply, question, 2) != 0 || (reply[2] & IS_REPLY) == 0) {
        return false;
    }
    code = reply[3] & 15u;
    *outcome = code == ns_r_refused ? SPF_LOOKUP_REFUSED : SPF_LOOKUP_FAILED;
    *said = codes[code] != NULL ? codes[code] : "an answer with an error";
    return true;
}
