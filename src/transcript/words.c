#include "transcript/words.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

static bool keep(const char *from, size_t len, char *out, size_t size)
{
    out[0] = '\0';
    if (len == 0 || len >= size) {
        return false;
    }
    spf_clean(out, size, from, len);
    return true;
}

bool spf_word_at(const char *text, const char *stop, char *out, size_t size)
{
    return keep(text, strcspn(text, stop), out, size);
}

bool spf_ends_with(const char *text, const char *ending)
{
    size_t len = strlen(text);
    size_t size = strlen(ending);

    return len >= size && strcmp(text + len - size, ending) == 0;
}

bool spf_quoted_or_path(const char *line, char *out, size_t size)
{
    const char *quote = strpbrk(line, "\"'");
    const char *end;
    const char *slash;

    if (quote != NULL && (end = strchr(quote + 1, *quote)) != NULL && end > quote + 1) {
        if (!keep(quote + 1, (size_t)(end - quote - 1), out, size)) {
            return false;
        }
        if (strcmp(out, "(stdin)") == 0) { /* of ssh-add */
            out[0] = '\0';
            return false;
        }
        /* Windows' port doubles its backslashes */
        for (char *at = strstr(out, "\\\\"); at != NULL; at = strstr(at + 1, "\\\\")) {
            memmove(at, at + 1, strlen(at));
        }
        return true;
    }
    slash = strpbrk(line, "/\\");
    if (slash == NULL) {
        return false;
    }
    while (slash > line && strchr(" \t\"'([", slash[-1]) == NULL) {
        slash--;
    }
    if (strspn(slash, "0123456789") > 0 && slash[strspn(slash, "0123456789")] == '/') {
        return false; /* "2026/11/29": a log's date */
    }
    return keep(slash, strcspn(slash, " \t\"':"), out, size);
}

static void keep_login(const char *from, const char *to, struct spf_attempt *attempt)
{
    const char *at = NULL;

    for (const char *p = from; p < to; p++) {
        if (*p == '@') {
            at = p;
        }
    }
    if (at == NULL || at == from || at + 1 == to) {
        return;
    }
    (void)keep(from, (size_t)(at - from), attempt->user, sizeof attempt->user);
    (void)keep(at + 1, (size_t)(to - at - 1), attempt->host, sizeof attempt->host);
    if (strcmp(attempt->host, "***") == 0) { /* a CI's mask */
        attempt->host[0] = attempt->user[0] = '\0';
    }
}

void spf_login_at(const char *line, const char *stop, struct spf_attempt *attempt)
{
    const char *from = stop;

    while (from > line && from[-1] != ' ' && from[-1] != '>' && from[-1] != '\t') {
        from--;
    }
    keep_login(from, stop, attempt);
}

void spf_login_named(const struct spf_match *match, struct spf_attempt *attempt)
{
    const char *as = strstr(match->rest, " as '");
    const char *colon;

    if (match->row->argument != NULL) {
        (void)spf_word_at(match->rest, "\"", attempt->user, sizeof attempt->user);
        return;
    }
    if (as == NULL || !spf_word_at(match->rest, " ", attempt->host, sizeof attempt->host)) {
        return;
    }
    colon = strrchr(attempt->host, ':');
    if (colon != NULL) {
        attempt->port = strtol(colon + 1, NULL, 10);
        attempt->host[colon - attempt->host] = '\0';
    }
    (void)spf_word_at(as + 5, "'", attempt->user, sizeof attempt->user);
}

void spf_logged_user(const char *line, struct spf_attempt *attempt)
{
    static const char *const before[] = {
        "nvalid user ",
        " for user ",
        "authenticating user ",
        "Failed publickey for ",
        "Failed password for ",
        "Accepted publickey for ",
        ": User ",
        "Authentication tried for ",
        "PAM: Permission denied for ",
        "for illegal user ",
        " account ",
    };

    for (size_t i = 0; i < sizeof before / sizeof *before && attempt->user[0] == '\0'; i++) {
        const char *at = strstr(line, before[i]);

        if (at != NULL) {
            (void)spf_word_at(at + strlen(before[i]), " '`", attempt->user, sizeof attempt->user);
        }
    }
}

void spf_closed_by(const struct spf_match *match, struct spf_attempt *attempt)
{
    const char *port = strstr(match->rest, " port ");
    char word[256];

    if (strstr(match->rest, "UNKNOWN port 65535") != NULL) { /* a ProxyCommand's connection */
        if (attempt->proxy[0] == '\0') {
            spf_copy(attempt->proxy, sizeof attempt->proxy, "or jump host");
        }
        return;
    }
    if (port == NULL) {
        return;
    }
    while (port > match->rest && port[-1] != ' ') {
        port--;
    }
    if (spf_word_at(port, " ", word, sizeof word) && attempt->host[0] == '\0') {
        spf_copy(attempt->host, sizeof attempt->host, word);
    }
    if (attempt->port == 0 && strstr(port, " port ") != NULL) {
        attempt->port = strtol(strstr(port, " port ") + 6, NULL, 10);
    }
}

/* ssh's options with an argument (ssh.c, main: the string for getopt). */
static const char with_argument[] = "BbcDEeFIiJLlmOopQRSWw";

static bool next_word(const char **at, char *out, size_t size)
{
    char quote = '\0';
    size_t len = 0;

    *at += strspn(*at, " \t");
    if (**at == '\0') {
        return false;
    }
    for (; **at != '\0' && (quote != '\0' || strchr(" \t", **at) == NULL); (*at)++) {
        if (**at == quote) {
            quote = '\0';
        } else if (quote == '\0' && (**at == '"' || **at == '\'')) {
            quote = **at;
        } else if (len + 1 < size) {
            out[len++] = **at;
        }
    }
    out[len] = '\0';
    return true;
}

/* "[HOST]:PORT", as ssh writes it for ProxyJump, or "HOST:PORT" */
static void keep_way(const char *way, struct spf_hop *hop)
{
    const char *colon = strrchr(way, ':');
    size_t len = colon != NULL ? (size_t)(colon - way) : strlen(way);

    if (*way == '[' && len > 1 && way[len - 1] == ']') {
        way++;
        len -= 2;
    }
    (void)keep(way, len, hop->host, sizeof hop->host);
    hop->port = colon != NULL ? strtol(colon + 1, NULL, 10) : 0;
}

bool spf_forwarding_command(const char *command, struct spf_hop *hop)
{
    char word[1024] = "";

    *hop = (struct spf_hop){.port = 0};
    if (!next_word(&command, word, sizeof word) ||
        (strcmp(word, "ssh") != 0 && !spf_ends_with(word, "/ssh"))) {
        return false;
    }
    while (next_word(&command, word, sizeof word)) {
        char letter = word[0] == '-' ? word[1] : '\0';
        bool attached = letter != '\0' && word[2] != '\0';

        if (letter == '\0') {
            (void)keep(word, strlen(word), hop->name, sizeof hop->name);
            break;
        }
        if (strchr(with_argument, letter) == NULL) {
            continue;
        }
        if (!attached && !next_word(&command, word, sizeof word)) {
            break;
        }
        if (letter == 'W') {
            keep_way(attached ? word + 2 : word, hop);
        }
    }
    return true;
}

bool spf_typed_command(const char *line, struct spf_attempt *attempt)
{
    const char *at = strstr(line, "ssh ");
    char word[1024] = "";

    if (at == NULL ||
        (at != line && (at < line + 2 || at[-1] != ' ' || strchr("$#>%", at[-2]) == NULL))) {
        return false;
    }
    if (at == line && strchr(line, '@') == NULL && strstr(line, " -i ") == NULL) {
        return false;
    }
    at += 4;
    while (next_word(&at, word, sizeof word)) {
        char letter = word[0] == '-' ? word[1] : '\0';
        const char *value = word + 2;

        if (letter == '\0') {
            const char *sign = strrchr(word, '@');

            if (sign != NULL) {
                keep_login(word, word + strlen(word), attempt);
            } else {
                (void)keep(word, strlen(word), attempt->host, sizeof attempt->host);
            }
            break;
        }
        if (strchr(with_argument, letter) == NULL) {
            continue;
        }
        if (*value == '\0' && !next_word(&at, word, sizeof word)) {
            break;
        }
        if (word[0] != '-' || *value == '\0') {
            value = word;
        }
        if (letter == 'i') {
            (void)keep(value, strlen(value), attempt->key_file, sizeof attempt->key_file);
            attempt->key_named = SPF_KEY_TYPED;
        } else if (letter == 'l') {
            (void)keep(value, strlen(value), attempt->user, sizeof attempt->user);
        } else if (letter == 'p') {
            attempt->port = strtol(value, NULL, 10);
        } else if (letter == 'J') {
            (void)keep(value, strlen(value), attempt->jump, sizeof attempt->jump);
        }
    }
    return true;
}
