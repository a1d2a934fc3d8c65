#include "login/jump_log.h"

#include <stdlib.h>
#include <string.h>

#define LOOSE ((size_t)-1) /* of a line of no process */

/* A line of the log; the pieces are borrowed from it. */
struct logged {
    const char *level; /* "debug1: ", or nothing */
    size_t level_len;
    long pid;         /* 0: it has no mark */
    const char *body; /* without level and mark */
    size_t len;
};

static size_t level_of(const char *line, size_t len)
{
    return len > 8 && strncmp(line, "debug", 5) == 0 && strchr("123", line[5]) != NULL &&
                   line[6] == ':' && line[7] == ' '
               ? 8
               : 0;
}

/* "FILE.c:FUNCTION():LINE (pid=N): ", since 10.1 "(bin=ssh, pid=N)"; its length, 0 if there is
 * none.
 */
static size_t mark_of(const char *line, size_t len, long *pid)
{
    const char *blank = memchr(line, ' ', len);
    const char *number;
    const char *end;

    if (blank == NULL || memmem(line, (size_t)(blank - line), "():", 3) == NULL ||
        blank + 1 == line + len || blank[1] != '(' ||
        (end = memmem(blank, len - (size_t)(blank - line), "): ", 3)) == NULL ||
        (number = memmem(blank, (size_t)(end - blank), "pid=", 4)) == NULL) {
        return 0;
    }
    *pid = strtol(number + 4, NULL, 10);
    if (*pid <= 0) {
        *pid = 0;
        return 0;
    }
    return (size_t)(end - line) + 3;
}

static bool next_line(const char **text, size_t *left, struct logged *line)
{
    const char *end = *left > 0 ? memchr(*text, '\n', *left) : NULL;
    size_t mark;

    if (*left == 0) {
        return false;
    }
    *line = (struct logged){.level = *text, .body = *text, .len = *left};
    if (end != NULL) {
        line->len = (size_t)(end - *text);
    }
    *left -= line->len + (end != NULL);
    *text += line->len + (end != NULL);
    while (line->len > 0 && line->body[line->len - 1] == '\r') {
        line->len--;
    }
    line->level_len = level_of(line->body, line->len);
    line->body += line->level_len;
    line->len -= line->level_len;
    mark = mark_of(line->body, line->len, &line->pid);
    line->body += mark;
    line->len -= mark;
    return true;
}

/* What follows words at the beginning of the line; NULL if it begins otherwise. */
static const char *after(const struct logged *line, const char *words, size_t *len)
{
    size_t begin = strlen(words);

    if (line->len < begin || strncmp(line->body, words, begin) != 0) {
        return NULL;
    }
    *len = line->len - begin;
    return line->body + begin;
}

static bool begins(const struct logged *line, const char *words)
{
    size_t len;

    return after(line, words, &len) != NULL;
}

/* "channel 0: open failed: ..." and the like, whatever the channel's number. */
static const char *after_channel(const struct logged *line, const char *words, size_t *len)
{
    struct logged rest = *line;
    const char *colon = begins(line, "channel ") ? memmem(line->body, line->len, ": ", 2) : NULL;

    if (colon == NULL) {
        return NULL;
    }
    rest.len -= (size_t)(colon + 2 - rest.body);
    rest.body = colon + 2;
    return after(&rest, words, len);
}

static size_t hop_of(const struct spf_jump_log *log, const struct logged *line)
{
    if (line->pid == 0) {
        return log->process_count > 0 ? LOOSE : log->count - 1;
    }
    for (size_t i = 0; i < log->process_count; i++) {
        if (log->processes[i].pid == line->pid) {
            return log->processes[i].hop;
        }
    }
    return LOOSE;
}

/*
 * Which process is which hop's: the first to say anything is the outermost one, ours. Of the
 * others, each says which inner one it starts (child.h); the one that says none connects by itself,
 * to the first hop.
 */
static void find_processes(struct spf_jump_log *log)
{
    const char *text = log->text;
    size_t left = log->len;
    size_t len;
    struct logged line;

    while (next_line(&text, &left, &line)) {
        size_t i = 0;

        if (line.pid == 0) {
            continue;
        }
        while (i < log->process_count && log->processes[i].pid != line.pid) {
            i++;
        }
        if (i == sizeof log->processes / sizeof *log->processes) {
            continue;
        }
        if (i == log->process_count) {
            log->processes[i].pid = line.pid;
            log->processes[i].hop = i == 0 ? log->count - 1 : 0;
            log->process_count++;
        }
        if (i > 0 && after(&line, "Executing proxy command: ", &len) != NULL) {
            const char *number = memmem(line.body, line.len, "SSHPREFLIGHT_HOP_", 17);
            bool named = number != NULL && number + 17 < line.body + line.len;
            size_t hop = named ? (size_t)(number[17] - '0') : 0;

            if (hop < log->count) {
                log->processes[i].hop = hop;
            }
        }
    }
}

/* "Connecting to HOST [ADDRESS] port N." */
static void take_address(struct spf_jump_hop_log *hop, const char *rest, size_t len)
{
    const char *begin = memchr(rest, '[', len);
    const char *end;

    end = begin != NULL ? memchr(begin, ']', len - (size_t)(begin - rest)) : NULL;
    if (end != NULL && (size_t)(end - begin) <= sizeof hop->address) {
        spf_clean(hop->address, sizeof hop->address, begin + 1, (size_t)(end - begin - 1));
    }
}

static void add_key(struct spf_jump_hop_log *hop, const char *rest, size_t len)
{
    size_t had = strlen(hop->keys);
    char key[200];

    spf_clean(key, sizeof key, rest, len);
    if (had + strlen(key) + 3 < sizeof hop->keys) {
        spf_format(hop->keys + had, sizeof hop->keys - had, "%s%s", had > 0 ? "; " : "", key);
    }
}

static void take_refusal(const char *rest, size_t len, char *out, size_t size)
{
    while (len > 0 && (rest[len - 1] == ' ' || rest[len - 1] == ':')) {
        len--; /* the server gave no text */
    }
    spf_clean(out, size, rest, len);
}

static void take_line(struct spf_jump_log *log, struct spf_jump_hop_log *hop,
                      const struct logged *line)
{
    const char *rest;
    size_t len;

    if ((rest = after(line, "Connecting to ", &len)) != NULL) {
        take_address(hop, rest, len);
    } else if ((rest = after(line, "Remote protocol version ", &len)) != NULL) {
        static const char software[] = "remote software version ";
        const char *at = memmem(rest, len, software, sizeof software - 1);

        if (at != NULL) {
            spf_clean(hop->software, sizeof hop->software, at + sizeof software - 1,
                      len - (size_t)(at - rest) - (sizeof software - 1));
        }
    } else if ((rest = after(line, "Authenticating to ", &len)) != NULL) {
        spf_clean(hop->login, sizeof hop->login, rest, len);
    } else if ((rest = after(line, "Offering public key: ", &len)) != NULL) {
        add_key(hop, rest, len);
    } else if (begins(line, "Server accepts key: ")) {
        hop->key_unusable = true; /* until an answer to the signature comes */
    } else if (begins(line, "Authentications that can continue: ")) {
        hop->key_unusable = false;
    } else if (begins(line, "Offending ") &&
               (rest = memmem(line->body, line->len, "key in ", 7)) != NULL) {
        spf_clean(hop->known_hosts_line, sizeof hop->known_hosts_line, rest + 7,
                  line->len - (size_t)(rest + 7 - line->body));
    } else if (begins(line, "Warning: Permanently added ")) {
        log->key_added = true;
    } else if (begins(line, "Authenticated to ")) {
        hop->in = true;
    } else if (begins(line, "Entering interactive session.")) {
        hop->interactive = true;
    } else if (after_channel(line, "open confirm ", &len) != NULL ||
               (line->level_len > 0 &&
                memmem(line->body, line->len, "master session id: ", 19) != NULL)) {
        hop->open = true;
    } else if (hop->in && (rest = after_channel(line, "open failed: ", &len)) != NULL) {
        take_refusal(rest, len, hop->refusal, sizeof hop->refusal);
    } else if (begins(line, "Stdio forwarding request failed: ")) {
        hop->shared_refusal = true;
    } else if (line->level_len == 0 && line->len > 0 && !spf_starts_with(hop->complaint, "bind ")) {
        spf_clean(hop->complaint, sizeof hop->complaint, line->body, line->len);
    }
}

void spf_jump_log_read(struct spf_jump_log *log, const char *text, size_t len, const char *jumps)
{
    struct logged line;
    size_t left = len;

    *log = (struct spf_jump_log){.text = text, .len = len, .count = 1};
    for (; *jumps != '\0'; jumps++) {
        log->count += *jumps == ',' && log->count < SPF_JUMP_LOG_HOPS;
    }
    find_processes(log);
    while (next_line(&text, &left, &line)) {
        size_t hop = hop_of(log, &line);

        if (hop != LOOSE) {
            take_line(log, &log->hops[hop], &line);
        } else if (line.pid == 0 && line.len > 0) {
            spf_clean(log->complaint, sizeof log->complaint, line.body, line.len);
        }
    }
}

void spf_jump_log_text(const struct spf_jump_log *log, size_t hop, struct spf_buf *out)
{
    const char *text = log->text;
    size_t left = log->len;
    struct logged line;

    while (next_line(&text, &left, &line)) {
        if (hop_of(log, &line) != hop) {
            continue;
        }
        spf_buf_add(out, line.level, line.level_len);
        spf_buf_add(out, line.body, line.len);
        spf_buf_addch(out, '\n');
    }
}

/* Before 8.5 what mux.c says begins with the name of its function. */
static void skip_function(struct logged *line)
{
    size_t len;
    const char *rest = after(line, "mux_master_process_stdio_fwd: ", &len);

    if (rest != NULL) {
        line->body = rest;
        line->len = len;
    }
}

/* The number at its beginning; false: there is none, or no channel has such a one. */
static bool number_of(const char *text, size_t len, size_t *number)
{
    size_t i = 0;

    for (*number = 0; i < len && i < 6 && text[i] >= '0' && text[i] <= '9'; i++) {
        *number = 10 * *number + (size_t)(text[i] - '0');
    }
    return i > 0 && *number < SPF_LIST_MAX;
}

/* mux.c says first what was asked for, and then which channel it has become. */
static void note_channel(struct spf_jump_channels *channels, size_t number)
{
    while (channels->destinations.count <= number) {
        if (SPF_APPEND(&channels->destinations) == NULL) {
            return;
        }
    }
    free(channels->destinations.items[number]);
    channels->destinations.items[number] = strdup(channels->destination);
}

static void note_refusal(struct spf_jump_channels *channels, size_t number, const char *rest,
                         size_t len)
{
    struct spf_jump_refused *refused = NULL;
    char *destination;

    if (number >= channels->destinations.count ||
        (destination = channels->destinations.items[number]) == NULL) {
        return;
    }
    for (size_t i = 0; refused == NULL && i < channels->refused.count; i++) {
        if (strcmp(channels->refused.items[i].destination, destination) == 0) {
            refused = &channels->refused.items[i];
        }
    }
    if (refused == NULL && (refused = SPF_APPEND(&channels->refused)) != NULL) {
        refused->destination = destination;
    } else {
        free(destination);
    }
    channels->destinations.items[number] = NULL;
    if (refused != NULL) {
        take_refusal(rest, len, refused->words, sizeof refused->words);
    }
}

void spf_jump_channels_read(struct spf_jump_channels *channels, const char *text, size_t len)
{
    struct logged line;
    size_t left = len;

    while (next_line(&text, &left, &line)) {
        const char *rest;
        size_t number;
        size_t rest_len;

        skip_function(&line);
        if ((rest = after_channel(&line, "stdio fwd to ", &rest_len)) != NULL) {
            spf_format(channels->destination, sizeof channels->destination, "%.*s",
                       (int)(rest_len < 320 ? rest_len : 0), rest);
        } else if ((rest = after(&line, "channel_new: ", &rest_len)) != NULL) {
            if (memmem(rest, rest_len, " control ", 9) != NULL &&
                number_of(rest, rest_len, &number)) {
                note_channel(channels, number);
            }
        } else if ((rest = after_channel(&line, "open failed: ", &rest_len)) != NULL &&
                   number_of(line.body + 8, line.len - 8, &number)) {
            note_refusal(channels, number, rest, rest_len);
        }
    }
}

const char *spf_jump_channels_refusal(const struct spf_jump_channels *channels, const char *host,
                                      unsigned port)
{
    char destination[320];

    spf_format(destination, sizeof destination, "%s:%u", host, port);
    for (size_t i = 0; i < channels->refused.count; i++) {
        if (strcmp(channels->refused.items[i].destination, destination) == 0) {
            return channels->refused.items[i].words;
        }
    }
    return NULL;
}

void spf_jump_channels_clear(struct spf_jump_channels *channels)
{
    for (size_t i = 0; i < channels->destinations.count; i++) {
        free(channels->destinations.items[i]);
    }
    for (size_t i = 0; i < channels->refused.count; i++) {
        free(channels->refused.items[i].destination);
    }
    free(channels->destinations.items);
    free(channels->refused.items);
    *channels = (struct spf_jump_channels){0};
}
