#include "cli/parse.h"

#include <ctype.h>
#include <getopt.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/language.h"
#include "cli/defaults.h"
#include "cli/judge.h"
#include "cli/option_table.h"
#include "cli/putty_keys.h"
#include "cli/refuse.h"
#include "cli/ssh_options.h"
#include "cloud/instance_word.h"
#include "openssh/command_programs.h"

/* What getopt_long(3) returns for a row without a letter: its place after all letters. */
#define FIRST_ROW 256

static const struct spf_option_row *row_of(int option)
{
    if (option >= FIRST_ROW && (size_t)(option - FIRST_ROW) < spf_option_count) {
        return &spf_option_rows[option - FIRST_ROW];
    }
    for (size_t i = 0; option > 1 && i < spf_option_count; i++) {
        if (spf_option_rows[i].letter == option) {
            return &spf_option_rows[i];
        }
    }
    return NULL;
}

static struct spf_error add_file(struct spf_options *options, const char **list, const char *name,
                                 const char *file)
{
    size_t count = 0;

    while (list[count] != NULL) {
        count++;
    }
    if (count == SPF_LIST_OPTION_MAX) {
        return spf_usage("%s is given more than %d times", name, SPF_LIST_OPTION_MAX);
    }
    return spf_expand_home(options, file, &list[count]);
}

/* name begins the sentence of an error. */
static struct spf_error set_value(struct spf_options *options, const struct spf_option_row *row,
                                  const char *name, const char *value)
{
    void *at = (char *)options + row->offset;

    switch (row->type) {
    case SPF_OPTION_FLAG:
        *(bool *)at = true;
        return spf_ok();
    case SPF_OPTION_SET:
        *(unsigned *)at = row->least;
        return spf_ok();
    case SPF_OPTION_TEXT:
        *(const char **)at = value;
        return spf_ok();
    case SPF_OPTION_FILE:
        return spf_expand_home(options, value, at);
    case SPF_OPTION_FILES:
        return add_file(options, at, name, value);
    case SPF_OPTION_NUMBER:
        return spf_option_number(name, value, row->least, row->most, at);
    case SPF_OPTION_CHOICE:
        return spf_option_choose(name, value, row->words, at);
    case SPF_OPTION_OTHER:
        return row->take(options, value);
    }
    return spf_ok();
}

/* Do two rows of one field say the same? A SET row says the word that its CHOICE sister has. */
static bool says_the_same(const struct spf_option_row *one, const char *value,
                          const struct spf_option_row *other, const char *other_value)
{
    if (one->type == SPF_OPTION_SET && other->type == SPF_OPTION_CHOICE) {
        return strcmp(other->words[one->least], other_value) == 0;
    }
    if (one->type == SPF_OPTION_CHOICE && other->type == SPF_OPTION_SET) {
        return strcmp(one->words[other->least], value) == 0;
    }
    return one == other && strcmp(value, other_value) == 0;
}

static void add_given(struct spf_buf *buf, const struct spf_option_row *row, const char *value)
{
    char name[40];

    spf_option_name(row, name);
    spf_buf_addstr(buf, name);
    if (row->argument != NULL) {
        spf_buf_addf(buf, " %s", row->secret ? row->argument : value);
    }
}

static struct spf_error refuse_both(const struct spf_option_row *before, const char *value_before,
                                    const struct spf_option_row *row, const char *value)
{
    struct spf_error error;
    struct spf_buf said;
    char name[40];

    spf_buf_init(&said, 1000);
    if (row == before) {
        spf_option_name(row, name);
        spf_buf_addf(&said, _("%s can be given once"), name);
        if (!row->secret) {
            spf_buf_addf(&said, _(", not as both \"%s\" and \"%s\""), value_before, value);
        }
    } else {
        add_given(&said, before, value_before);
        spf_buf_addstr(&said, _(" and "));
        add_given(&said, row, value);
        spf_buf_addstr(&said, _(" exclude each other"));
    }
    error = spf_usage("%s", said.data);
    spf_buf_clear(&said);
    return error;
}

struct spf_error spf_option_take(struct spf_options *options, const struct spf_option_row *row,
                                 const char *value)
{
    const struct spf_option_row *before = row->adds ? NULL : spf_option_given(options, row);
    struct spf_error error;
    char name[40];

    value = value != NULL ? value : "";
    spf_option_name(row, name);
    if (before != NULL) {
        const char *value_before = options->given[before - spf_option_rows];

        return says_the_same(before, value_before, row, value)
                   ? spf_ok()
                   : refuse_both(before, value_before, row, value);
    }
    error = set_value(options, row, name, value);
    if (error.code == SPF_OK) {
        options->given[row - spf_option_rows] = value;
    }
    return error;
}

/* "i-bp1..." as the cloud writes it, with digits; a host of such a name goes with --host. */
static bool is_instance_id(const char *word)
{
    enum spf_instance_word kind;

    return spf_instance_word(word, &kind, NULL).code == SPF_OK && kind == SPF_WORD_ID &&
           strpbrk(word, "0123456789") != NULL;
}

static struct spf_error take_file(struct spf_options *options, const char *file)
{
    const char **place = SPF_APPEND(&options->files);

    if (place == NULL) {
        return spf_no_memory();
    }
    *place = file;
    return spf_ok();
}

/*
 * A word that is no option: explain and its cause, merge and its files, or the host. Where a target
 * or a key was named before, a host may be called so.
 */
static struct spf_error take_word(struct spf_options *options, const char *word, bool first)
{
    first = first && options->instance == NULL && options->key == NULL;
    if (first && strcmp(word, "explain") == 0) {
        options->command = SPF_COMMAND_EXPLAIN;
        return spf_ok();
    }
    if (first && strcmp(word, "merge") == 0) {
        options->command = SPF_COMMAND_MERGE;
        return spf_ok();
    }
    if (options->command == SPF_COMMAND_MERGE) {
        return take_file(options, word);
    }
    if (options->command == SPF_COMMAND_EXPLAIN) {
        if (options->cause != NULL) {
            return spf_usage("explain takes one cause");
        }
        if (strcmp(word, "-") == 0) { /* a run whose evidence comes from standard input */
            options->command = SPF_COMMAND_RUN;
            options->transcript = word;
            return spf_ok();
        }
        options->cause = word;
        return spf_ok();
    }
    if (options->host == NULL && is_instance_id(word)) {
        return spf_option_take(options, spf_option_named("instance"), word);
    }
    options->host_is_word = true;
    return spf_option_take(options, spf_option_named("host"), word);
}

/*
 * Behind an option whose value may be left out and was: is word its value all the same? A host has
 * no slash, and seldom the name of a file that is there; nor is it a number with a unit.
 */
static bool looks_like_its_value(const struct spf_option_row *row, const char *word)
{
    struct stat status;
    struct spf_ip ip;

    if (spf_starts_with(word, "ssh://") || spf_ip_parse(word, &ip)) {
        return false;
    }
    if (row->type == SPF_OPTION_FILE) {
        return strchr(word, '/') != NULL || word[0] == '~' || word[0] == '.' ||
               (stat(word, &status) == 0 &&
                (S_ISREG(status.st_mode) || strcmp(row->name, "find-key") == 0));
    }
    return isdigit((unsigned char)word[0]) && strspn(word, "0123456789") + 1 >= strlen(word);
}

/* Keeps the words of an option that lines to rerun repeat; -o has done so itself. */
static void remember(struct spf_options *options, const struct spf_option_row *row, char **words,
                     size_t count)
{
    const char *account = row->offset == offsetof(struct spf_options, regions)    ? spf_region_word
                          : row->offset == offsetof(struct spf_options, profiles) ? spf_profile_word
                                                                                  : NULL;

    if (row->kind != SPF_OPTION_HOW || row->letter == 'o') {
        return;
    }
    if (row->name == NULL) { /* it may stand in a cluster */
        spf_options_repeat(options, row->letter == '4' ? "-4" : "-6");
    }
    if (account != NULL) { /* a target of a list may have another */
        spf_options_repeat(options, account);
        spf_options_repeat(options, optarg);
        return;
    }
    for (size_t k = 0; row->name != NULL && k < count; k++) {
        spf_options_repeat(options, words[k]);
    }
}

/*
 * Who gives -o, or no key, means what ssh would do, which reads its usual files. A line to rerun
 * names the key that was found there, and still needs them.
 */
static void configure_as_ssh(struct spf_options *options)
{
    bool without_key = options->key == NULL && options->find_key == NULL &&
                       options->key_dir == NULL && (options->selected & SPF_CHECKS_WITH_KEY) != 0 &&
                       (options->host != NULL || options->instance != NULL);

    if (options->command != SPF_COMMAND_RUN || options->ssh_config != NULL || options->no_openssh ||
        options->transcript != NULL || options->replay != NULL ||
        (!without_key && options->ssh_words[0] == NULL)) {
        return;
    }
    options->ssh_config = "";
    spf_options_repeat(options, "--ssh-config");
}

struct spf_error spf_options_finish(struct spf_options *options)
{
    struct spf_error error;

    spf_defaults_drop_idle(options);
    options->selected = (options->only != 0 ? options->only : SPF_ALL_CHECKS) & ~options->skip;
    if (options->user == NULL) {
        options->user = "root";
    }
    configure_as_ssh(options);
    error = spf_putty_choose_keys(options);
    if (error.code != SPF_OK) {
        return error;
    }
    if (options->jump != NULL && options->ssh_config == NULL &&
        strcasecmp(options->jump, "none") == 0) {
        options->jump = NULL; /* as ssh takes it; ssh itself asks for it where it has more to say */
    }
    if (options->session == SPF_SESSION_NEVER) {
        options->selected &= ~SPF_CHECK_BIT(SSH_SESSION);
    }
    /* Looking for the key is what somebody does who does not have it. */
    if (options->find_key != NULL && options->key == NULL) {
        options->selected &= ~SPF_CHECKS_WITH_KEY;
    }
    if (options->command == SPF_COMMAND_EXPLAIN && options->cause == NULL) {
        return spf_usage("explain needs the name of a cause, or - and a pasted text");
    }
    if (options->command == SPF_COMMAND_EXPLAIN &&
        ((options->format != SPF_FORMAT_TEXT && options->format != SPF_FORMAT_JSON) ||
         options->output_count > 0)) {
        return spf_usage("explain writes text or JSON on standard output, and nothing else");
    }
    if (options->command == SPF_COMMAND_MERGE && options->files.count == 0) {
        return spf_usage("merge needs the files that the parts of a fleet have written");
    }
    return options->command == SPF_COMMAND_RUN ? spf_options_judge(options) : spf_ok();
}

/* The same table as getopt_long(3) wants it. */
static void make_getopt_tables(char *shorts, struct option *longs)
{
    *shorts++ = '-'; /* words in between come as option 1, in their order */
    *shorts++ = ':';
    for (size_t i = 0; i < spf_option_count; i++) {
        const struct spf_option_row *row = &spf_option_rows[i];

        if (row->letter != 0) {
            *shorts++ = (char)row->letter;
        }
        if (row->letter != 0 && row->argument != NULL) {
            *shorts++ = ':';
        }
        if (row->name != NULL) {
            *longs++ = (struct option){row->name,
                                       row->argument == NULL            ? no_argument
                                       : spf_option_may_lack_value(row) ? optional_argument
                                                                        : required_argument,
                                       NULL, FIRST_ROW + (int)i};
        }
    }
    for (const struct spf_letter *letter = spf_ssh_letters; letter->letter != 0; letter++) {
        if (row_of(letter->letter) != NULL) {
            continue;
        }
        *shorts++ = letter->letter;
        if (letter->value) {
            *shorts++ = ':';
        }
    }
    *shorts = '\0';
    *longs = (struct option){0};
}

/* The words after --, or from a program's name on: the failed command, or a host. */
static struct spf_error take_rest(struct spf_options *options, char **words, size_t count)
{
    struct spf_error error = spf_ok();
    char **argv = NULL; /* what the command comes to, as our own words */
    int argc = 0;

    if (options->command != SPF_COMMAND_EXPLAIN && options->command != SPF_COMMAND_MERGE) {
        if (count == 1 && strchr(words[0], ' ') != NULL) {
            error = spf_take_command_line(options, words[0], &argv, &argc);
        } else if (count > 1) {
            error = spf_take_command(options, words, count, &argv, &argc);
        }
        if (error.code == SPF_OK && argv != NULL) {
            error = spf_options_read(options, argc, argv);
        }
        free(argv);
        if (argv != NULL || error.code != SPF_OK) {
            return error;
        }
    }
    for (size_t i = 0; error.code == SPF_OK && i < count; i++) {
        error = take_word(options, words[i], false);
    }
    return error;
}

/* One option that getopt_long(3) found; word is the one it stands in. */
static struct spf_error take_found(struct spf_options *options, int option, const char *word,
                                   const struct spf_option_row **found)
{
    const struct spf_option_row *row = row_of(option);
    struct spf_error error = spf_judge_letters(row, word);

    *found = row;
    if (error.code != SPF_OK) {
        return error;
    }
    return row != NULL ? spf_option_take(options, row, optarg)
                       : spf_take_ssh_letter(options, spf_ssh_letter(option), optarg);
}

struct spf_error spf_options_read(struct spf_options *options, int argc, char **argv)
{
    const struct spf_option_row *row;
    const struct spf_option_row *lacked = NULL; /* the last one, if its value was left out */
    struct option longs[SPF_OPTIONS_MAX + 1];
    char shorts[2 * (SPF_OPTIONS_MAX + 64) + 3];
    struct spf_error error;
    int option;
    int before;
    bool first = true; /* no word has come yet */

    make_getopt_tables(shorts, longs);
    opterr = 0;
    optind = 0; /* glibc's way to begin again, whatever an earlier call left */
    while (before = optind > 0 ? optind : 1,
           (option = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
        char **words = argv + before;

        if (option == ':' || option == '?') {
            return spf_refuse_option(option, row_of(optopt), *words);
        }
        if (option == 1 && lacked != NULL && looks_like_its_value(lacked, *words)) {
            return spf_usage(
                "--%s takes its value with =: --%s=%s%s%s", lacked->name, lacked->name, *words,
                strchr(*words, '/') == NULL ? _("; a host of that name is --host ") : "",
                strchr(*words, '/') == NULL ? *words : "");
        }
        lacked = NULL;
        if (option == 1) {
            size_t left = (size_t)(argc - before);

            if (options->command == SPF_COMMAND_RUN && options->transcript == NULL &&
                (spf_command_is_one((const char *const *)words, left) ||
                 (left == 1 && strchr(*words, ' ') != NULL))) {
                return take_rest(options, words, left);
            }
            error = take_word(options, optarg, first);
            first = false;
        } else {
            error = take_found(options, option, *words, &row);
            if (error.code == SPF_OK && row != NULL) {
                remember(options, row, words, (size_t)(optind - before));
                lacked = optarg == NULL && spf_option_may_lack_value(row) ? row : NULL;
            }
        }
        if (error.code != SPF_OK) {
            return error;
        }
    }
    return take_rest(options, argv + optind, (size_t)(argc - optind));
}

struct spf_error spf_options_parse(int argc, char **argv, struct spf_options *options)
{
    struct spf_error error;

    spf_options_init(options);
    error = spf_options_read(options, argc, argv);
    if (error.code == SPF_OK &&
        (options->command == SPF_COMMAND_RUN || options->command == SPF_COMMAND_PRINT_CONFIG)) {
        error = spf_defaults_read(options, set_value);
    }
    return error.code == SPF_OK ? spf_options_finish(options) : error;
}

struct spf_error spf_options_set(struct spf_options *options, const char *name, const char *value)
{
    const struct spf_option_row *row = spf_option_named(name);
    struct spf_error error;
    struct spf_buf said;

    if (row == NULL || row->kind == SPF_OPTION_HERE) {
        spf_buf_init(&said, 400);
        spf_buf_addf(&said, _("there is no option %s"), name);
        if (row == NULL) {
            (void)spf_suggest_option(&said, name);
        }
        error = spf_usage("%s", said.data);
        spf_buf_clear(&said);
        return error;
    }
    if ((value != NULL) != (row->argument != NULL) &&
        !(value == NULL && spf_option_may_lack_value(row))) {
        return value != NULL ? spf_usage("option %s takes no value", name)
                             : spf_usage("option %s needs a value", name);
    }
    /* Here a caller changes his mind. */
    for (size_t i = 0; i < spf_option_count; i++) {
        if (spf_option_rows[i].offset == row->offset) {
            options->given[i] = NULL;
        }
    }
    if (strcmp(name, "user") == 0) {
        options->user = NULL;
    }
    if (strcmp(name, "port") == 0) {
        options->port_given = false;
    }
    if (strcmp(name, "region") == 0) {
        options->regions[0] = NULL;
    }
    if (strcmp(name, "profile") == 0) {
        options->profiles[0] = NULL;
    }
    if (strcmp(name, "host") == 0) {
        options->host = NULL;
    }
    if (strcmp(name, "instance") == 0) {
        options->instance = NULL;
        options->instances.count = 0;
    }
    return spf_option_take(options, row, value);
}
