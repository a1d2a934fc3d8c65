#include "login/echo.h"

#include <string.h>
#include <sys/random.h>

#include "base/text.h"

bool spf_echo_init(struct spf_echo *echo, bool careful, bool peer)
{
    static const char hex[] = "0123456789abcdef";
    unsigned char bytes[12];
    char *out = echo->word;

    *echo = (struct spf_echo){.exit_status = -1, .careful = careful};
    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
        return false;
    out = stpcpy(out, "sshpreflight");
    for (size_t i = 0; i < sizeof bytes; i++) {
        *out++ = hex[bytes[i] >> 4];
        *out++ = hex[bytes[i] & 15];
    }
    *out = '\0';
    return spf_format(echo->command, sizeof echo->command, "echo %s%s", echo->word,
                      peer ? " $SSH_CONNECTION" : "");
}

bool spf_echo_has_line(const char *text, size_t len, const char *word, char *more, size_t size)
{
    size_t word_len = strlen(word);

    more[0] = '\0';

    for (size_t at = 0; at < len;) {
        const char *feed = memchr(text + at, '\n', len - at);
        size_t line = feed != NULL ? (size_t)(feed - text) - at : len - at;
        size_t text_len = line;

        while (text_len > 0 && (text[at + text_len - 1] == '\r' || text[at + text_len - 1] == ' '))
            text_len--;
        if (text_len >= word_len && memcmp(text + at, word, word_len) == 0 &&
            (text_len == word_len || text[at + word_len] == ' ')) {
            size_t from = at + word_len, to;

            from += text_len > word_len;
            for (to = from; to < at + text_len && text[to] != ' '; to++)
                continue;
            spf_clean(more, size, text + from, to - from);
            return true;
        }
        at += line + 1;
    }
    return false;
}

bool spf_echo_other_user(const char *text, char *out, size_t size)
{
    static const char before[] = "lease login as the user \"";
    const char *name = strstr(text, before);
    const char *end;

    if (name == NULL)
        return false;
    name += strlen(before);
    end = strchr(name, '"');
    if (end == NULL || end == name || (size_t)(end - name) >= size)
        return false;
    spf_clean(out, size, name, (size_t)(end - name));
    return true;
}

static bool other_user(const struct spf_echo *echo, char *out, size_t size)
{
    char text[sizeof echo->heard + 1];

    memcpy(text, echo->heard, echo->len);
    text[echo->len] = '\0';
    return spf_echo_other_user(text, out, size);
}

/*
 * Opens the channel, and starts the command once nothing more can be said against it. sshd's last
 * word on the key comes before the channel is confirmed, and the confirmation waits until we have
 * acknowledged that word (Nagle): the command does not wait for it, which saves a round trip.
 */
static enum spf_link_state start(struct spf_echo *echo, struct spf_link *link)
{
    enum spf_link_state state = spf_link_open(link);
    const struct spf_seen *seen;

    if (state != SPF_LINK_DONE && state != SPF_LINK_AGAIN)
        return state;
    seen = spf_link_seen(link);
    if (state == SPF_LINK_AGAIN && !seen->options_settled)
        return state;
    echo->options_seen = seen->key_options;
    echo->forced_command = seen->forced_command;
    echo->withheld = echo->careful && seen->forced_command;
    return echo->withheld ? state : spf_link_exec(link, echo->command);
}

enum spf_link_state spf_echo_step(struct spf_echo *echo, struct spf_link *link)
{
    enum spf_link_state state;
    char name[64];
    size_t got;

    if (!echo->started) {
        state = start(echo, link);
        if (state != SPF_LINK_DONE || echo->withheld)
            return state;
        echo->started = true;
    }
    do {
        state = spf_link_output(link, echo->heard + echo->len, sizeof echo->heard - echo->len, &got,
                                &echo->exit_status);
        echo->len += got;
        if (spf_echo_has_line(echo->heard, echo->len, echo->word, name, sizeof name))
            return SPF_LINK_DONE;
        /* cloud-init says it and sleeps; and whoever says so much does not echo */
        if (other_user(echo, name, sizeof name) || echo->len == sizeof echo->heard)
            return SPF_LINK_DONE;
    } while (got > 0);
    return state;
}

static void keep_heard(const struct spf_echo *echo, struct spf_session_facts *facts)
{
    size_t len = echo->len;

    while (len > 0 && (echo->heard[len - 1] == '\n' || echo->heard[len - 1] == '\r'))
        len--;
    spf_clean(facts->output, sizeof facts->output, echo->heard, len);
    facts->exit_status = echo->exit_status;
    if (!other_user(echo, facts->other_user, sizeof facts->other_user))
        facts->other_user[0] = '\0';
}

void spf_echo_finish(struct spf_echo *echo, enum spf_link_state state,
                     struct spf_session_facts *facts)
{
    facts->options_seen = echo->options_seen;
    facts->forced_command = echo->forced_command;
    if (echo->withheld) {
        facts->outcome = SPF_ECHO_WITHHELD;
        facts->exit_status = -1;
        return;
    }
    if (state == SPF_LINK_DONE &&
        spf_echo_has_line(echo->heard, echo->len, echo->word, facts->peer, sizeof facts->peer)) {
        facts->outcome = SPF_ECHO_BACK;
        facts->exit_status = echo->exit_status;
        return;
    }
    keep_heard(echo, facts);
    if (state == SPF_LINK_DONE) {
        facts->outcome = SPF_ECHO_OTHER;
        return;
    }
    facts->outcome = state == SPF_LINK_ENDED ? SPF_ECHO_CLOSED : SPF_ECHO_REFUSED;
}

void spf_echo_give_up(struct spf_echo *echo, struct spf_session_facts *facts)
{
    keep_heard(echo, facts);
    facts->outcome = SPF_ECHO_TIMEOUT;
}
