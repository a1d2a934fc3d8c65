#include "login/echo.h"

#include <string.h>
#include <sys/random.h>

#include "base/text.h"
#include "login/implementations.h"

#define HEAD      4096
#define TAIL      (SPF_ECHO_DOTS_MAX + 512) /* more than the word, an address and the dots */
#define MORE      128                       /* dots, after those of a full segment */
#define DOTS_MIN  16                        /* no sentence has so many */
#define TOTAL_MAX (4l << 20)

bool spf_echo_init(struct spf_echo *echo, const char *software, bool careful, bool peer,
                   size_t full)
{
    static const char hex[] = "0123456789abcdef";
    unsigned char bytes[12];
    char *out = echo->word;
    size_t half;
    size_t dots = full + MORE < SPF_ECHO_DOTS_MAX ? full + MORE : SPF_ECHO_DOTS_MAX;
    char padding[SPF_ECHO_DOTS_MAX + 1];

    memset(padding, '.', dots);
    padding[dots] = '\0';
    *echo = (struct spf_echo){
        .exit_status = -1, .software = software, .careful = careful, .peer = peer};
    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes) {
        return false;
    }
    out = stpcpy(out, "sshpreflight");
    for (size_t i = 0; i < sizeof bytes; i++) {
        *out++ = hex[bytes[i] >> 4];
        *out++ = hex[bytes[i] & 15];
    }
    *out = '\0';
    half = strlen(echo->word) / 2;
    return spf_format_whole(echo->quoted, sizeof echo->quoted, "%.*s''%s", (int)half, echo->word,
                            echo->word + half) &&
           spf_format_whole(echo->command, sizeof echo->command, "echo %s%s %s", echo->quoted,
                            peer ? " $SSH_CONNECTION" : " $HOME", padding);
}

/* A program that takes the command apart as a shell does, and then only complains about it. */
static bool is_complaint(const char *text, size_t at)
{
    static const char command[] = "echo";
    size_t len = sizeof command - 1;

    while (at > 0 && strchr(" '\",[(", text[at - 1]) != NULL && text[at - 1] != '\0') {
        at--;
    }
    return at >= len && memcmp(text + at - len, command, len) == 0;
}

static bool is_break(const char *text, size_t len, size_t at)
{
    return at == len || strchr(" \r\n", text[at]) != NULL;
}

bool spf_echo_answers(const struct spf_echo *echo, const char *text, size_t len, char *more,
                      size_t size)
{
    const char *const words[] = {echo->word, echo->quoted};

    more[0] = '\0';
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        const size_t word_len = strlen(words[i]);
        const char *found = text;
        size_t at;
        size_t to;

        while ((found = memmem(found, len - (size_t)(found - text), words[i], word_len)) != NULL) {
            at = (size_t)(found++ - text);
            to = at + word_len;
            if (words[i] == echo->quoted
                    ? (at > 0 && text[at - 1] != '\n') || !is_break(text, len, to)
                    : is_complaint(text, at)) {
                continue;
            }
            if (to < len && text[to] == ' ') {
                at = to + 1;
                for (to = at; !is_break(text, len, to); to++) {
                    continue;
                }
                if (to - at < DOTS_MIN || text[at] != '.') { /* else the variable is empty */
                    spf_clean(more, size, text + at, to - at);
                }
            }
            return true;
        }
    }
    return false;
}

bool spf_echo_other_user(const char *text, char *out, size_t size)
{
    static const char before[] = "lease login as the user ";
    const char *name = strstr(text, before);
    const char *end;

    if (name == NULL) {
        return false;
    }
    name += strlen(before);
    /* a shell takes the quotes away from who forgets to guard them */
    end = *name == '"' ? strchr(++name, '"') : strstr(name, " rather than");
    if (end == NULL || end == name || (size_t)(end - name) >= size) {
        return false;
    }
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
    enum spf_link_state state;
    const struct spf_seen *seen;

    if (echo->asked) {
        return spf_link_exec(link, echo->command);
    }
    state = spf_link_open(link);
    if (state != SPF_LINK_DONE && state != SPF_LINK_AGAIN) {
        return state;
    }
    seen = spf_link_seen(link);
    if (state == SPF_LINK_AGAIN && !seen->options_settled) {
        return state;
    }
    echo->options_seen = spf_announces_forced_commands(echo->software, seen);
    echo->forced_command = seen->forced_command;
    echo->no_pty = seen->no_pty;
    echo->withheld = echo->careful && (echo->forced_command || !echo->options_seen) &&
                     !spf_implementation_of(echo->software)->runs_no_forced_command;
    if (echo->withheld) {
        return state;
    }
    echo->asked = true;
    return spf_link_exec(link, echo->command);
}

static enum spf_link_state ask_for_sftp(struct spf_echo *echo, struct spf_link *link)
{
    enum spf_link_state state = spf_link_sftp(link);

    echo->sftp = state == SPF_LINK_DONE;
    return echo->sftp ? SPF_LINK_REFUSED : state;
}

/* The answer has come to the end of its line, so that the dots are here as well. */
static bool is_answered(const struct spf_echo *echo)
{
    const char *found = memmem(echo->heard, echo->len, echo->word, strlen(echo->word));
    char more[64];

    if (!spf_echo_answers(echo, echo->heard, echo->len, more, sizeof more)) {
        return false;
    }
    if (found == NULL) {
        found = memmem(echo->heard, echo->len, echo->quoted, strlen(echo->quoted));
    }
    return memchr(found, '\n', echo->len - (size_t)(found - echo->heard)) != NULL;
}

/* Start-up files may say much before the echo: the beginning is kept, to be told, and the end. */
static void make_room(struct spf_echo *echo)
{
    if (echo->len < sizeof echo->heard) {
        return;
    }
    memmove(echo->heard + HEAD, echo->heard + echo->len - TAIL, TAIL);
    echo->len = HEAD + TAIL;
}

enum spf_link_state spf_echo_step(struct spf_echo *echo, struct spf_link *link)
{
    enum spf_link_state state;
    char name[64];
    size_t got;

    if (echo->asking_sftp) {
        return ask_for_sftp(echo, link);
    }
    if (!echo->started) {
        state = start(echo, link);
        echo->asking_sftp =
            state == SPF_LINK_REFUSED && echo->asked && !spf_link_seen(link)->channel_refused;
        if (echo->asking_sftp) {
            return ask_for_sftp(echo, link);
        }
        if (state != SPF_LINK_DONE || echo->withheld) {
            return state;
        }
        echo->started = true;
    }
    do {
        make_room(echo);
        state = spf_link_output(link, echo->heard + echo->len, sizeof echo->heard - echo->len, &got,
                                &echo->errors, &echo->exit_status);
        echo->len += got;
        echo->total += got;
        if (is_answered(echo)) {
            return SPF_LINK_DONE;
        }
        /* cloud-init says it and sleeps */
        if (other_user(echo, name, sizeof name)) {
            return SPF_LINK_DONE;
        }
        echo->flooded = echo->total > TOTAL_MAX || !spf_link_is_bounded(link);
    } while (got > 0 && !echo->flooded);
    return echo->flooded ? SPF_LINK_AGAIN : state;
}

/* Whoever repeats the command repeats the dots: three of them say as much. */
static size_t shorten_dots(const char *text, size_t len, char *out)
{
    size_t kept = 0;

    for (size_t at = 0; at < len;) {
        size_t run = at;

        while (run < len && text[run] == '.') {
            run++;
        }
        run = run > at ? run - at : 1;
        memcpy(out + kept, text + at, run > DOTS_MIN ? 3 : run);
        kept += run > DOTS_MIN ? 3 : run;
        at += run;
    }
    return kept;
}

/* Of much, the end: there it is said why nothing runs. */
static void keep_output(const char *text, size_t len, struct spf_session_facts *facts)
{
    const size_t room = sizeof facts->output - 1;
    const char *line;

    if (len > room) {
        text += len - room;
        len = room;
        line = memchr(text, '\n', len);
        if (line != NULL) {
            len -= (size_t)(line + 1 - text);
            text = line + 1;
        }
    }
    spf_clean_lines(facts->output, sizeof facts->output, text, len);
}

/* What start-up files print before a command's own output is part of it, for scp and rsync too. */
static void keep_noise(const struct spf_echo *echo, struct spf_session_facts *facts)
{
    const char *found = memmem(echo->heard, echo->len, echo->word, strlen(echo->word));

    facts->noise = facts->shell && found > echo->heard && echo->errors == 0;
    if (facts->noise) {
        keep_output(echo->heard, (size_t)(found - echo->heard), facts);
    }
}

static void keep_heard(const struct spf_echo *echo, struct spf_session_facts *facts)
{
    char text[sizeof echo->heard];
    size_t len = shorten_dots(echo->heard, echo->len, text);

    keep_output(text, len, facts);
    /* sshd, where internal-sftp is forced (session.c, do_child); what was printed is in no record
     */
    if (strstr(facts->output, "This service allows sftp connections only.") != NULL) {
        facts->sftp = true;
    }
    facts->too_many_logins = strstr(facts->output, "There were too many logins for") != NULL;
    facts->only_errors = echo->errors > 0 && echo->errors == echo->total;
    facts->exit_status = echo->exit_status;
    if (!other_user(echo, facts->other_user, sizeof facts->other_user)) {
        facts->other_user[0] = '\0';
    }
}

void spf_echo_finish(struct spf_echo *echo, enum spf_link_state state,
                     struct spf_session_facts *facts)
{
    char more[sizeof facts->peer];

    facts->options_seen = echo->options_seen;
    facts->forced_command = echo->forced_command;
    facts->no_pty = echo->no_pty;
    facts->sftp = echo->sftp;
    if (echo->withheld && state == SPF_LINK_DONE) {
        facts->outcome = echo->forced_command ? SPF_ECHO_WITHHELD : SPF_ECHO_OPENED;
        facts->exit_status = -1;
        return;
    }
    if (state == SPF_LINK_DONE &&
        spf_echo_answers(echo, echo->heard, echo->len, more, sizeof more)) {
        facts->outcome = SPF_ECHO_BACK;
        facts->shell = more[0] != '\0' && more[0] != '$';
        if (echo->peer && facts->shell) {
            spf_copy(facts->peer, sizeof facts->peer, more);
        }
        keep_noise(echo, facts);
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
