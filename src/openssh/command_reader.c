#include "openssh/command_reader.h"

#include <stdlib.h>
#include <string.h>

#include "base/language.h"

bool spf_command_refuse(struct spf_command_reader *reader, const char *fmt, ...)
{
    char text[400];
    va_list args;

    if (reader->out->error[0] != '\0') {
        return false;
    }
    va_start(args, fmt);
    spf_vformat(text, sizeof text, spf_tr(fmt), args);
    va_end(args);
    spf_clean(reader->out->error, sizeof reader->out->error, text, strlen(text));
    return false;
}

void spf_command_remark(struct spf_command_reader *reader, const char *fmt, ...)
{
    char text[400];
    va_list args;

    if (reader->out->remark[0] != '\0') {
        return;
    }
    va_start(args, fmt);
    spf_vformat(text, sizeof text, spf_tr(fmt), args);
    va_end(args);
    spf_clean(reader->out->remark, sizeof reader->out->remark, text, strlen(text));
}

static bool no_memory(struct spf_command_reader *reader)
{
    return spf_command_refuse(reader, "out of memory");
}

bool spf_command_add(struct spf_command_reader *reader, const char *option, const char *value)
{
    if (!spf_words_add(&reader->out->words, option) ||
        (value != NULL && !spf_words_add(&reader->out->words, value))) {
        return no_memory(reader);
    }
    return true;
}

bool spf_command_add_keyword(struct spf_command_reader *reader, const char *keyword,
                             const char *value)
{
    struct spf_buf buf;
    bool good;

    spf_buf_init(&buf, 8192);
    spf_buf_addf(&buf, "%s=%s", keyword, value);
    good = !spf_buf_failed(&buf) ? spf_command_add(reader, "-o", buf.data)
                                 : spf_command_refuse(reader, "an option of it is too long");
    spf_buf_clear(&buf);
    return good;
}

bool spf_command_add_key(struct spf_command_reader *reader, const char *path)
{
    if (reader->key_count == SPF_COMMAND_KEYS) {
        return spf_command_refuse(reader, "it names more than %d keys", SPF_COMMAND_KEYS);
    }
    reader->keys[reader->key_count++] = path;
    return true;
}

bool spf_command_set_host(struct spf_command_reader *reader, const char *host)
{
    if (reader->host == NULL) {
        reader->host = host;
    } else if (strcmp(reader->host, host) != 0) {
        return spf_command_refuse(reader, "it names two hosts, %s and %s: check each by itself",
                                  reader->host, host);
    }
    return true;
}

const char *spf_command_keep(struct spf_command_reader *reader, const char *text, size_t len)
{
    char **copy = SPF_APPEND(&reader->kept.list);

    if (copy == NULL || (*copy = strndup(text, len)) == NULL) {
        (void)no_memory(reader);
        return NULL;
    }
    return *copy;
}

const struct spf_letter *spf_letter_of(const struct spf_letter *letters, int letter)
{
    for (; letters->letter != 0; letters++) {
        if (letters->letter == letter) {
            return letters;
        }
    }
    return NULL;
}

const char *spf_command_next_option(struct spf_command_reader *reader)
{
    const char *word = reader->at < reader->count ? reader->words[reader->at] : NULL;

    if (word == NULL || word[0] != '-' || word[1] == '\0' || strcmp(word, "--") == 0) {
        return NULL;
    }
    reader->at++;
    return word;
}

/*
 * ssh's -i: of a file that cannot be looked at ssh warns, and goes on as if it were not named
 * (ssh.c: main). That is another thing than an IdentityFile of -o, in whose place no other is
 * taken.
 */
static bool take_identity(struct spf_command_reader *reader, const char *path)
{
    struct spf_ssh_command *out = reader->out;
    const int error = path != NULL && reader->look != NULL ? reader->look(path) : 0;

    if (error == 0) {
        return spf_command_add_key(reader, path);
    }
    if (out->missing_key[0] == '\0') {
        spf_clean(out->missing_key, sizeof out->missing_key, path, strlen(path));
    }
    spf_command_remark(reader,
                       "Identity file %.250s is not accessible (%s): ssh goes on without it", path,
                       strerror(error));
    return true;
}

static bool take_letter(struct spf_command_reader *reader, const struct spf_letter *letter,
                        const char *value)
{
    switch (letter->effect) {
    case SPF_LETTER_IDLE:
        return true;
    case SPF_LETTER_OPTION:
        return spf_command_add(reader, letter->text, value);
    case SPF_LETTER_KEYWORD:
        return spf_command_add_keyword(reader, letter->text, value);
    case SPF_LETTER_KEY:
        return take_identity(reader, value);
    case SPF_LETTER_FILE:
        reader->config = value;
        return true;
    case SPF_LETTER_SFTP:
        reader->out->transfer = SPF_TRANSFER_SFTP;
        return true;
    case SPF_LETTER_TIMES:
        reader->keeps_times = true;
        return true;
    case SPF_LETTER_EXEC: /* sftp.c: a server's name with a slash is a path to run */
        if (value == NULL || strchr(value, '/') != NULL) {
            reader->out->transfer = SPF_TRANSFER_NONE;
        }
        return true;
    case SPF_LETTER_NO_LOGIN:
        break;
    }
    return spf_command_refuse(reader, "%s", spf_tr(letter->text));
}

bool spf_command_take_letters(struct spf_command_reader *reader, const struct spf_letter *letters,
                              bool *ended)
{
    const char *word;

    while ((word = spf_command_next_option(reader)) != NULL) {
        if (word[1] == '-') {
            return spf_command_refuse(reader,
                                      "%s has no option %.60s; sshpreflight's own options stand "
                                      "before the command",
                                      reader->program, word);
        }
        for (word++; *word != '\0'; word++) {
            const struct spf_letter *letter = spf_letter_of(letters, *word);
            const char *value = NULL;

            if (letter == NULL) {
                return spf_command_refuse(reader, "%s has no option -%c", reader->program, *word);
            }
            if (letter->value && word[1] != '\0') {
                value = word + 1;
            } else if (letter->value && reader->at < reader->count) {
                value = reader->words[reader->at++];
            }
            if (letter->value && value == NULL) {
                return spf_command_refuse(reader, "%s's option -%c lacks its value",
                                          reader->program, *word);
            }
            if (!take_letter(reader, letter, value)) {
                return false;
            }
            if (letter->value) {
                break;
            }
        }
    }
    if (reader->at < reader->count && strcmp(reader->words[reader->at], "--") == 0) {
        reader->at++;
        if (ended != NULL) {
            *ended = true;
        }
    }
    return true;
}

size_t spf_command_remote_host(const char *word)
{
    bool bracket = word[0] == '[';

    if (word[0] == ':') {
        return 0;
    }
    for (const char *c = word; *c != '\0'; c++) {
        if (*c == '@' && c[1] == '[') {
            bracket = true;
        }
        if (*c == ']' && bracket) {
            bracket = false;
            continue;
        }
        if (*c == ':' && !bracket) {
            return (size_t)(c - word);
        }
        if (*c == '/') {
            return 0;
        }
    }
    return 0;
}

const char *spf_command_long_value(struct spf_command_reader *reader, const char *word,
                                   const char *name)
{
    size_t len = strlen(name);

    if (strncmp(word, name, len) != 0) {
        return NULL;
    }
    if (word[len] == '=') {
        return word + len + 1;
    }
    return word[len] == '\0' && reader->at < reader->count ? reader->words[reader->at++] : NULL;
}

bool spf_command_takes_next(const char *word, const char *const *names)
{
    for (; *names != NULL; names++) {
        if (strcmp(word, *names) == 0) {
            return true;
        }
    }
    return false;
}

void spf_command_skip_value(struct spf_command_reader *reader)
{
    reader->at += reader->at < reader->count;
}
