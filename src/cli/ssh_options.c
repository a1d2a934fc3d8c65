#include "cli/ssh_options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/language.h"

const char *spf_options_keep(struct spf_options *options, const char *text)
{
    char **copy = SPF_APPEND(&options->copies);

    return copy != NULL ? *copy = strdup(text) : NULL;
}

/*
 * What may be shown and recorded of an option: of a ProxyCommand, which may hold a secret, the
 * program (as of one in a file).
 */
static bool for_show(const char *text, char *shown, size_t size)
{
    static const char *const commands[] = {"ProxyCommand", "KnownHostsCommand", "LocalCommand"};
    const char *name = text + strspn(text, " \t\"");
    const char *value;

    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        size_t len = strlen(commands[i]);

        if (strncasecmp(name, commands[i], len) != 0 || strchr(" \t=\"", name[len]) == NULL) {
            continue;
        }
        value = name + len + strspn(name + len, " \t=\"");
        if (spf_starts_with(value, "exec ")) {
            value += 5;
        }
        len = strcspn(value, " \t;|&\"");
        if (memchr(value, '=', len) != NULL) {
            len = 0;
        }
        return spf_format_whole(shown, size, "%s=%.*s%s", commands[i], (int)len, value,
                                spf_same_word(value, "none") ? "" : " ...");
    }
    return spf_copy_whole(shown, size, text);
}

void spf_options_repeat(struct spf_options *options, const char *word)
{
    static const size_t room = sizeof options->repeat / sizeof *options->repeat - 1;
    size_t kept = 0;

    while (options->repeat[kept] != NULL) {
        kept++;
    }
    if (kept < room) {
        options->repeat[kept] = word;
    }
}

const char spf_region_word[] = "--region";
const char spf_profile_word[] = "--profile";

void spf_options_repeat_own(struct spf_options *options, const char *name, const char *value)
{
    static const size_t room = sizeof options->repeat / sizeof *options->repeat;
    const char *words[sizeof options->repeat / sizeof *options->repeat] = {NULL};
    size_t kept = 0;
    bool found = false;

    for (size_t i = 0; i < room && options->repeat[i] != NULL; i++) {
        if (strcmp(options->repeat[i], name) == 0 && i + 1 < room) {
            found = true;
            i++; /* its value */
        } else {
            words[kept++] = options->repeat[i];
        }
    }
    memcpy(options->repeat, words, sizeof words);
    if (found && value != NULL) {
        spf_options_repeat(options, name);
        spf_options_repeat(options, value);
    }
}

size_t spf_ssh_words(const struct spf_options *options)
{
    size_t count = 0;

    while (options->ssh_words[count] != NULL) {
        count++;
    }
    return count;
}

struct spf_error spf_take_ssh_option(struct spf_options *options, const char *text)
{
    static const size_t room = sizeof options->ssh_words / sizeof *options->ssh_words - 1;
    const char *word = spf_options_keep(options, text);
    const char *said;
    char shown[4096];
    size_t count = spf_ssh_words(options);

    if (count == room) {
        return spf_usage("-o is given more than %zu times", room);
    }
    if (strlen(text) >= sizeof shown) {
        return spf_usage("-o has a value of more than %zu bytes", sizeof shown - 1);
    }
    if (text[0] == '\0') {
        return spf_usage("-o needs a value (KEYWORD=VALUE)");
    }
    (void)for_show(text, shown, sizeof shown);
    said = spf_options_keep(options, shown);
    if (word == NULL || said == NULL) {
        return spf_no_memory();
    }
    options->ssh_words[count] = word;
    spf_options_repeat(options, "-o");
    spf_options_repeat(options, said);
    return spf_ok();
}

struct spf_error spf_take_ssh_letter(struct spf_options *options, const struct spf_letter *letter,
                                     const char *value)
{
    char text[4096];

    if (letter->effect == SPF_LETTER_NO_LOGIN) {
        return spf_usage("%s", spf_tr(letter->text));
    }
    if (letter->effect != SPF_LETTER_KEYWORD) {
        return spf_ok();
    }
    if (letter->letter == 'P' && value[strspn(value, "0123456789")] == '\0') {
        return spf_usage("the port goes with -p (-P is scp's and plink's)");
    }
    if (!spf_format_whole(text, sizeof text, "%s=%s", letter->text, value)) {
        return spf_usage("-%c has too long a value", letter->letter);
    }
    return spf_take_ssh_option(options, text);
}

/* The words that mean the same, to be read like those of our own command line. */
static struct spf_error take_read(struct spf_options *options, struct spf_ssh_command *command,
                                  char ***read, int *read_count)
{
    size_t count = command->words.list.count;
    char **argv = calloc(count + 2, sizeof *argv);
    struct spf_error error = spf_ok();
    int argc = 0;

    if (argv == NULL) {
        return spf_no_memory();
    }
    argv[argc++] = (char *)(uintptr_t) "sshpreflight";
    for (size_t i = 0; error.code == SPF_OK && i < count; i++) {
        const char *word = command->words.list.items[i];

        if (strcmp(word, "--ssh-config") == 0 && options->ssh_config != NULL) {
            continue; /* the one that was given counts */
        }
        word = spf_options_keep(options, word);
        argv[argc++] = (char *)(uintptr_t)word;
        if (word == NULL) {
            error = spf_no_memory();
        }
    }
    if (error.code == SPF_OK && command->remark[0] != '\0' &&
        (options->remark = spf_options_keep(options, command->remark)) == NULL) {
        error = spf_no_memory();
    }
    if (error.code == SPF_OK && command->missing_key[0] != '\0' &&
        (options->missing_key = spf_options_keep(options, command->missing_key)) == NULL) {
        error = spf_no_memory();
    }
    options->no_openssh = !command->openssh;
    options->openssh_typed = command->openssh;
    options->putty_cache = command->putty_cache;
    options->putty_batch = command->putty_batch;
    options->putty_no_agent = command->putty_no_agent;
    options->transfer = command->transfer;
    *read = argv;
    *read_count = argc;
    return error;
}

/* What ssh's own look at a file of -i comes to. A ~ of nobody is refused where it is read. */
static int look(const char *path)
{
    char *expanded = NULL;
    struct stat status;
    int error = 0;

    if (spf_ssh_expand_home(path, &expanded).code == SPF_OK &&
        stat(expanded != NULL ? expanded : path, &status) != 0) {
        error = errno;
    }
    free(expanded);
    return error;
}

struct spf_error spf_take_command(struct spf_options *options, char **words, size_t count,
                                  char ***argv, int *argc)
{
    struct spf_ssh_command command;
    struct spf_error error;

    spf_command_read((const char *const *)words, count, look, &command);
    error = command.error[0] != '\0' ? spf_usage("%s", command.error)
                                     : take_read(options, &command, argv, argc);
    spf_command_clear(&command);
    return error;
}

struct spf_error spf_take_command_line(struct spf_options *options, const char *line, char ***argv,
                                       int *argc)
{
    struct spf_words words = {0};
    const char *why = NULL;
    struct spf_error error;

    if (!spf_shell_words(line, getenv, &words, &why)) {
        error = spf_usage("the command cannot be read: %s", why);
    } else {
        error = spf_take_command(options, words.list.items, words.list.count, argv, argc);
    }
    spf_words_clear(&words);
    return error;
}

/* A user or port that was given before stays; one that came with an earlier destination does not.
 */
struct spf_error spf_take_destination(struct spf_options *options, const char *word)
{
    struct spf_login_place place;
    struct spf_error error = spf_login_place_read(word, &place);

    if (error.code != SPF_OK) {
        return error;
    }
    if (options->host_copy != NULL && options->user == options->host_copy) {
        options->user = NULL;
        options->user_given = false;
    }
    free(options->host_copy);
    options->host_copy = place.copy;
    options->host = place.host;
    options->host_in_brackets = place.in_brackets;
    if (place.user != NULL) {
        if (options->user == NULL) {
            options->user = place.user;
            options->user_at = spf_ssh_words(options);
        }
        options->user_given = true;
    }
    if (place.port != 0 && !options->port_given) {
        options->port = place.port;
        options->port_at = spf_ssh_words(options);
        options->port_given = true;
    }
    return spf_ok();
}

struct spf_error spf_expand_home(struct spf_options *options, const char *file, const char **path)
{
    char *made = NULL;
    char **copy;
    struct spf_error error = spf_ssh_expand_home(file, &made);

    *path = file;
    if (made == NULL) {
        return error;
    }
    copy = SPF_APPEND(&options->copies);
    if (copy == NULL) {
        free(made);
        return spf_no_memory();
    }
    *path = *copy = made;
    return spf_ok();
}
