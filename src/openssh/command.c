#include "openssh/command.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/language.h"
#include "openssh/command_programs.h"

#define WORDS_MAX 400 /* of a command: more are not read */

static const struct program {
    const char *name;
    bool (*read)(struct spf_command_reader *reader);
    bool configured;
    const char *variable; /* that names its remote shell */
    enum spf_file_transfer transfer;
} programs[] = {
    {"ssh", spf_command_ssh, true, NULL},
    {"slogin", spf_command_ssh, true, NULL},
    {"scp", spf_command_scp, true, NULL, SPF_TRANSFER_SCP},
    {"sftp", spf_command_sftp, true, NULL, SPF_TRANSFER_SFTP},
    {"ssh-copy-id", spf_command_ssh_copy_id, true, NULL},
    {"rsync", spf_command_rsync, true, "RSYNC_RSH"},
    {"git", spf_command_git, true, "GIT_SSH_COMMAND"},
    {"mosh", spf_command_mosh, true, NULL},
    {"ansible", spf_command_ansible, true, NULL},
    {"plink", spf_command_plink, false, NULL},
    {"putty", spf_command_plink, false, NULL},
    {"pscp", spf_command_pscp, false, NULL, SPF_TRANSFER_SFTP},
    {"psftp", spf_command_psftp, false, NULL, SPF_TRANSFER_SFTP},
    {"winscp", spf_command_winscp, false, NULL, SPF_TRANSFER_SFTP},
};

/* The name without its directory, in lower case, and without what Windows ends it with. */
static void base_name(const char *word, char name[32])
{
    const char *base = word;
    size_t len;

    for (const char *c = word; *c != '\0'; c++) {
        if (*c == '/' || *c == '\\') {
            base = c + 1;
        }
    }
    spf_format(name, 32, "%s", base);
    for (char *c = name; *c != '\0'; c++) {
        *c = (char)tolower((unsigned char)*c);
    }
    len = strlen(name);
    if (len > 4 && (strcmp(name + len - 4, ".exe") == 0 || strcmp(name + len - 4, ".com") == 0)) {
        name[len - 4] = '\0';
    }
}

static const struct program *program_of(const char *word)
{
    char name[32];

    base_name(word, name);
    for (size_t i = 0; i < sizeof programs / sizeof *programs; i++) {
        if (strcmp(programs[i].name, name) == 0) {
            return &programs[i];
        }
    }
    return NULL;
}

static bool is_assignment(const char *word)
{
    size_t len = strspn(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_");

    return len > 0 && !isdigit((unsigned char)word[0]) && word[len] == '=';
}

/* Programs that run the command that follows, after options of theirs and so many more words. */
static const struct prefix {
    const char *name;
    const char *valued; /* letters of the options that take a value */
    size_t words;
    bool other_user;
} prefixes[] = {
    {"time", "fo", 0, false},
    {"exec", "a", 0, false},
    {"command", "", 0, false},
    {"builtin", "", 0, false},
    {"nohup", "", 0, false},
    {"setsid", "", 0, false},
    {"env", "uCS", 0, false},
    {"nice", "n", 0, false},
    {"ionice", "cnpPu", 0, false},
    {"stdbuf", "ioe", 0, false},
    {"timeout", "ks", 1, false},
    {"sshpass", "pfdP", 0, false}, /* answers a prompt for a password */
    {"sudo", "ugUhpCTrtRD", 0, true},
    {"doas", "uCa", 0, true},
};

static const struct prefix *prefix_of(const char *word)
{
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
        if (strcmp(prefixes[i].name, word) == 0) {
            return &prefixes[i];
        }
    }
    return NULL;
}

/* How many words are the prefix, its options and what else it takes. */
static size_t skip_prefix(const struct prefix *prefix, const char *const *words, size_t count)
{
    size_t at = 1;

    while (at < count && words[at][0] == '-' && words[at][1] != '\0') {
        const char *word = words[at++];
        size_t letters = word[1] != '-' ? strcspn(word + 1, prefix->valued) + 1 : strlen(word);

        if (strcmp(word, "--") == 0) {
            break;
        }
        at += word[letters] != '\0' && word[letters + 1] == '\0';
    }
    return at + prefix->words;
}

/* How many words precede the program's name. */
static size_t skip_prefixes(const char *const *words, size_t count)
{
    size_t at = 0;

    while (at < count) {
        const struct prefix *prefix = prefix_of(words[at]);

        if (prefix == NULL && !is_assignment(words[at])) {
            break;
        }
        at += prefix != NULL ? skip_prefix(prefix, words + at, count - at) : 1;
    }
    return at < count ? at : count;
}

bool spf_command_is_one(const char *const *words, size_t count)
{
    size_t at = skip_prefixes(words, count);

    return at + 1 < count && program_of(words[at]) != NULL;
}

/* IdentityFile="...", as ssh_config(5) quotes it. */
static bool add_identity(struct spf_command_reader *reader, const char *path)
{
    struct spf_buf buf;
    bool good;

    spf_buf_init(&buf, 8192);
    spf_buf_addch(&buf, '"');
    for (const char *c = path; *c != '\0'; c++) {
        if (*c == '"' || *c == '\\') {
            spf_buf_addch(&buf, '\\');
        }
        spf_buf_addch(&buf, *c);
    }
    spf_buf_addch(&buf, '"');
    good = !spf_buf_failed(&buf) && spf_command_add_keyword(reader, "IdentityFile", buf.data);
    spf_buf_clear(&buf);
    return good;
}

/* What the readers left for the end, because of several the last one counts, or all together. */
static bool finish(struct spf_command_reader *reader)
{
    bool good = true;

    if (reader->host == NULL) {
        return spf_command_refuse(reader, "this %s command names no host", reader->program);
    }
    good = spf_command_add(reader, "--host", reader->host);
    if (reader->configured && reader->config != NULL) {
        good = good && spf_command_add(reader, "-F", reader->config);
    } else if (reader->configured) {
        good = good && spf_command_add(reader, "--ssh-config", NULL);
    }
    if (reader->key_count == 1) {
        good = good && spf_command_add(reader, "--key", reader->keys[0]);
    }
    for (size_t i = 0; good && reader->key_count > 1 && i < reader->key_count; i++) {
        good = add_identity(reader, reader->keys[i]);
    }
    return good;
}

/* Variables that are sshpreflight's as well: where they stand they would not count. */
static bool take_assignment(struct spf_command_reader *reader, const struct program *program,
                            const char *word)
{
    const char *value = strchr(word, '=') + 1;
    size_t len = (size_t)(value - word) - 1;

    if (program->variable != NULL && strlen(program->variable) == len &&
        strncmp(word, program->variable, len) == 0) {
        reader->remote_shell = value;
    }
    if (spf_starts_with(word, "SSH_AUTH_SOCK=") || spf_starts_with(word, "HOME=")) {
        return spf_command_refuse(reader,
                                  "set it for sshpreflight as well: %.100s sshpreflight %s ...",
                                  word, program->name);
    }
    return true;
}

/* The words before the program, whose first makes it run as another user. */
static bool refuse_other_user(struct spf_command_reader *reader, const char *const *words,
                              size_t count, const struct program *program)
{
    struct spf_buf said;

    spf_buf_init(&said, 200);
    for (size_t i = 0; i < count; i++) {
        spf_buf_addf(&said, "%s ", words[i]);
    }
    (void)spf_command_refuse(reader,
                             "this runs it as another user, with that user's keys: write "
                             "%ssshpreflight %s ...",
                             spf_buf_failed(&said) ? "sudo " : said.data, program->name);
    spf_buf_clear(&said);
    return false;
}

void spf_command_read(const char *const *words, size_t count, int (*look)(const char *path),
                      struct spf_ssh_command *command)
{
    size_t at = skip_prefixes(words, count);
    const struct program *program = at < count ? program_of(words[at]) : NULL;
    struct spf_command_reader reader = {.look = look, .out = command};
    bool good = true;

    *command = (struct spf_ssh_command){0};
    if (program == NULL) {
        (void)spf_command_refuse(&reader,
                                 "%.60s is not a command that logs in by SSH and is known "
                                 "here (ssh, scp, sftp, rsync, git, plink, ...)",
                                 at < count ? words[at] : "this");
        return;
    }
    for (size_t i = 0; good && i < at; i++) {
        const struct prefix *prefix = prefix_of(words[i]);

        if (prefix != NULL && prefix->other_user) {
            good = refuse_other_user(&reader, words, at, program);
        } else if (is_assignment(words[i])) {
            good = take_assignment(&reader, program, words[i]);
        }
    }
    reader.program = program->name;
    reader.configured = command->openssh = program->configured;
    command->putty_cache = !program->configured && strcmp(program->name, "winscp") != 0;
    command->transfer = program->transfer;
    reader.words = words + at + 1;
    reader.count = count - at - 1 < WORDS_MAX ? count - at - 1 : WORDS_MAX;
    good = good && program->read(&reader) && finish(&reader);
    if (!good) {
        spf_words_clear(&command->words);
    }
    spf_words_clear(&reader.kept);
}

void spf_command_clear(struct spf_ssh_command *command)
{
    spf_words_clear(&command->words);
    *command = (struct spf_ssh_command){0};
}
