/* The command lines of ssh, scp, sftp and ssh-copy-id; and what rsync, git and mosh run as their
 * remote shell. */
#include <stdlib.h>
#include <string.h>

#include "base/language.h"
#include "openssh/command_programs.h"

#define REMOTE_SHELL_MAX 64 /* words */

/* clang-format off */
#define IDLE(letter)             {letter, false, SPF_LETTER_IDLE, NULL}
#define IDLE_VALUE(letter)       {letter, true, SPF_LETTER_IDLE, NULL}
#define KEYWORD(letter, keyword) {letter, true, SPF_LETTER_KEYWORD, keyword}
#define OPTION(letter, option)   {letter, true, SPF_LETTER_OPTION, option}
#define SHARED \
    {'4', false, SPF_LETTER_OPTION, "-4"}, {'6', false, SPF_LETTER_OPTION, "-6"}, \
    {'i', true, SPF_LETTER_KEY, NULL}, {'F', true, SPF_LETTER_FILE, NULL}, \
    OPTION('o', "-o"), OPTION('J', "-J"), KEYWORD('c', "Ciphers"), \
    {'1', false, SPF_LETTER_NO_LOGIN, N_("version 1 of the protocol is gone from OpenSSH")}, \
    IDLE('2'), IDLE('C'), IDLE('q'), IDLE('v')

/* ssh.c: getopt(ac, av, "1246ab:c:e:fgi:kl:m:no:p:qstvxAB:CD:E:F:GI:J:KL:MNO:P:Q:R:S:TVw:W:XYy") */
const struct spf_letter spf_ssh_letters[] = {
    SHARED, OPTION('l', "-l"), OPTION('p', "-p"),
    KEYWORD('b', "BindAddress"), KEYWORD('B', "BindInterface"), KEYWORD('m', "MACs"),
    KEYWORD('I', "PKCS11Provider"), KEYWORD('P', "Tag"),
    {'O', true, SPF_LETTER_NO_LOGIN, N_("ssh -O speaks to a connection that is open already")},
    {'Q', true, SPF_LETTER_NO_LOGIN, N_("ssh -Q lists algorithms and does not log in")},
    {'V', false, SPF_LETTER_NO_LOGIN, N_("ssh -V shows the version and does not log in")},
    IDLE('a'), IDLE('A'), IDLE('f'), IDLE('g'), IDLE('G'), IDLE('k'), IDLE('K'), IDLE('M'),
    IDLE('n'), IDLE('N'), IDLE('s'), IDLE('t'), IDLE('T'), IDLE('x'), IDLE('X'), IDLE('y'),
    IDLE('Y'),
    IDLE_VALUE('D'), IDLE_VALUE('e'), IDLE_VALUE('E'), IDLE_VALUE('L'), IDLE_VALUE('R'),
    IDLE_VALUE('S'), IDLE_VALUE('w'), IDLE_VALUE('W'),
    {0},
};

/* scp.c: getopt(argc, argv, "12346ABCTdfOpqRrstvD:F:J:M:P:S:c:i:l:o:X:"); -l is a bandwidth */
static const struct spf_letter scp_letters[] = {
    SHARED, OPTION('P', "-p"),
    {'S', true, SPF_LETTER_NO_LOGIN, N_("scp -S connects with another program than ssh")},
    IDLE('3'), IDLE('A'), IDLE('B'), IDLE('T'), IDLE('d'), IDLE('f'),
    {'p', false, SPF_LETTER_TIMES, NULL}, {'O', false, SPF_LETTER_EXEC, NULL}, {'s', false, SPF_LETTER_SFTP, NULL},
    IDLE('R'), IDLE('r'), IDLE('t'),
    IDLE_VALUE('D'), IDLE_VALUE('M'), IDLE_VALUE('l'), IDLE_VALUE('X'),
    {0},
};

/* sftp.c: getopt(argc, argv, "1246AafhNpqrvCc:D:i:l:o:s:S:b:B:F:J:P:R:X:") */
static const struct spf_letter sftp_letters[] = {
    SHARED, OPTION('P', "-p"),
    {'S', true, SPF_LETTER_NO_LOGIN, N_("sftp -S connects with another program than ssh")},
    {'D', true, SPF_LETTER_NO_LOGIN, N_("sftp -D starts a server here and connects nowhere")},
    IDLE('A'), IDLE('a'), IDLE('f'), IDLE('h'), IDLE('N'), IDLE('r'),
    {'p', false, SPF_LETTER_TIMES, NULL},
    IDLE_VALUE('b'), IDLE_VALUE('B'), IDLE_VALUE('l'), IDLE_VALUE('R'), IDLE_VALUE('X'),
    {'s', true, SPF_LETTER_EXEC, NULL},
    {0},
};
/* clang-format on */

const struct spf_letter *spf_ssh_letter(int letter)
{
    return spf_letter_of(spf_ssh_letters, letter);
}

/* ssh looks a name up with its brackets; its scp and sftp take them off before. */
static bool refuse_brackets(struct spf_command_reader *reader, const char *word)
{
    const char *at = strrchr(word, '@');
    const char *host = at != NULL ? at + 1 : word;
    size_t len = strlen(host);

    if (spf_starts_with(word, "ssh://") || len < 3 || host[0] != '[' || host[len - 1] != ']') {
        return true;
    }
    return spf_command_refuse(reader,
                              "%s takes the brackets for a part of the name (\"Could not resolve "
                              "hostname\"): write %.*s%.*s",
                              reader->program, (int)(host - word), word, (int)len - 2, host + 1);
}

/* Options may follow the host, too; the rest is what would run there. */
bool spf_command_ssh(struct spf_command_reader *reader)
{
    bool ended = false;

    if (!spf_command_take_letters(reader, spf_ssh_letters, &ended)) {
        return false;
    }
    if (reader->at < reader->count &&
        (!refuse_brackets(reader, reader->words[reader->at]) ||
         !spf_command_set_host(reader, reader->words[reader->at++]))) {
        return false;
    }
    return ended || spf_command_take_letters(reader, spf_ssh_letters, NULL);
}

/* scheme://[user@]host[:port][/path] as ssh://... without the path. */
static bool set_uri(struct spf_command_reader *reader, const char *rest)
{
    char uri[600];

    if (!spf_format_whole(uri, sizeof uri, "ssh://%.*s", (int)strcspn(rest, "/"), rest)) {
        return spf_command_refuse(reader, "its URI is too long");
    }
    rest = spf_command_keep(reader, uri, strlen(uri));
    return rest != NULL && spf_command_set_host(reader, rest);
}

static bool set_part(struct spf_command_reader *reader, const char *word, size_t len)
{
    const char *host = spf_command_keep(reader, word, len);

    return host != NULL && spf_command_set_host(reader, host);
}

/* "-p 2222": scp and sftp would take the number for a file or a host. One that exists is meant. */
static bool refuse_port(struct spf_command_reader *reader)
{
    const char *word = reader->at < reader->count ? reader->words[reader->at] : "";

    if (!reader->keeps_times || word[0] == '\0' || word[strspn(word, "0123456789")] != '\0' ||
        reader->at + 1 == reader->count || (reader->look != NULL && reader->look(word) == 0)) {
        return true;
    }
    return spf_command_refuse(reader,
                              "%s's port goes with -P: its -p keeps times, and takes no value "
                              "(%.10s would be a file or a host)",
                              reader->program, word);
}

bool spf_command_scp(struct spf_command_reader *reader)
{
    if (!spf_command_take_letters(reader, scp_letters, NULL) || !refuse_port(reader)) {
        return false;
    }
    for (; reader->at < reader->count; reader->at++) {
        const char *word = reader->words[reader->at];
        size_t host = spf_command_remote_host(word);

        if (spf_starts_with(word, "scp://")) {
            if (!set_uri(reader, word + 6)) {
                return false;
            }
        } else if (host > 0 && !set_part(reader, word, host)) {
            return false;
        }
    }
    return true;
}

bool spf_command_sftp(struct spf_command_reader *reader)
{
    const char *word;
    size_t host;

    if (!spf_command_take_letters(reader, sftp_letters, NULL) || !refuse_port(reader)) {
        return false;
    }
    if (reader->at == reader->count) {
        return true;
    }
    word = reader->words[reader->at];
    if (spf_starts_with(word, "sftp://")) {
        return set_uri(reader, word + 7);
    }
    host = spf_command_remote_host(word);
    return host > 0 ? set_part(reader, word, host) : spf_command_set_host(reader, word);
}

/* -i names the key that is to be copied, with or without .pub: whether it logs in is the question.
 */
bool spf_command_ssh_copy_id(struct spf_command_reader *reader)
{
    while (reader->at < reader->count) {
        const char *word = reader->words[reader->at++];
        const char *value = word + 2;

        if (word[0] != '-' || word[1] == '\0') {
            if (!refuse_brackets(reader, word) || !spf_command_set_host(reader, word)) {
                return false;
            }
            continue;
        }
        if (strchr("ioptF", word[1]) == NULL) {
            continue;
        }
        if (*value == '\0') {
            bool lacks =
                reader->at == reader->count ||
                (word[1] == 'i' && (reader->words[reader->at][0] == '-' ||
                                    (reader->at + 1 == reader->count && reader->host == NULL)));

            if (lacks && word[1] == 'i') {
                continue; /* the newest of the usual ones */
            }
            if (lacks) {
                return spf_command_refuse(reader, "ssh-copy-id's option %s lacks its value", word);
            }
            value = reader->words[reader->at++];
        }
        if (word[1] == 'i') {
            size_t len = strlen(value);

            if (len > 4 && strcmp(value + len - 4, ".pub") == 0) {
                len -= 4;
            }
            value = spf_command_keep(reader, value, len);
            if (value == NULL || !spf_command_add_key(reader, value)) {
                return false;
            }
        } else if (word[1] == 'F') {
            reader->config = value;
        } else if (word[1] != 't' &&
                   !spf_command_add(reader, word[1] == 'o' ? "-o" : "-p", value)) {
            return false;
        }
    }
    return true;
}

static bool is_ssh(const char *word)
{
    const char *base = strrchr(word, '/');

    base = base != NULL ? base + 1 : word;
    return strcmp(base, "ssh") == 0 || strcmp(base, "ssh.exe") == 0;
}

/* Takes the options of ssh among these words, and nothing else. */
static bool take_ssh_options(struct spf_command_reader *reader, const struct spf_words *words,
                             const char *where)
{
    struct spf_command_reader outer = *reader;
    const char *list[REMOTE_SHELL_MAX];
    bool good = true;

    for (size_t i = 0; good && i < words->list.count; i++) { /* they outlive their list */
        list[i] = spf_command_keep(reader, words->list.items[i], strlen(words->list.items[i]));
        good = list[i] != NULL;
    }
    if (!good) {
        return false;
    }
    reader->words = list;
    reader->count = words->list.count;
    reader->at = 1;
    reader->program = "ssh";
    good = spf_command_take_letters(reader, spf_ssh_letters, NULL);
    if (good && reader->at < reader->count) {
        good = spf_command_refuse(reader, "%s names a host itself: %.60s", where, list[reader->at]);
    }
    reader->words = outer.words;
    reader->count = outer.count;
    reader->at = outer.at;
    reader->program = outer.program;
    return good;
}

bool spf_command_take_remote_shell(struct spf_command_reader *reader, const char *line,
                                   const char *where)
{
    struct spf_words words = {0};
    const char *why = NULL;
    bool good;

    if (!spf_shell_words(line, getenv, &words, &why)) {
        good = spf_command_refuse(reader, "%s cannot be read: %s", where, why);
    } else if (words.list.count == 0 || !is_ssh(words.list.items[0])) {
        good = spf_command_refuse(reader, "%s runs %.60s, not ssh", where,
                                  words.list.count > 0 ? words.list.items[0] : "nothing");
    } else if (words.list.count > REMOTE_SHELL_MAX) {
        good = spf_command_refuse(reader, "%s is too long", where);
    } else {
        good = take_ssh_options(reader, &words, where);
    }
    spf_words_clear(&words);
    return good;
}
