#include "cli/target_lines.h"

#include <stdlib.h>
#include <string.h>

#include "base/language.h"
#include "base/secret.h"
#include "cli/option_table.h"
#include "cli/parse.h"
#include "cli/ssh_options.h"
#include "cloud/instance_word.h"

#define LINE_MAX_BYTES 4096

/* The options of a line begin as those of the command line, without the target that it names. What
 * they own is theirs. */
static void begin_line(struct spf_options *line, const struct spf_options *options)
{
    *line = *options;
    line->instance = line->host = line->user = NULL;
    line->user_given = line->port_given = false;
    line->user_at = line->port_at = 0;
    line->host_copy = line->key_copy = NULL;
    line->copies.items = NULL;
    line->copies.count = 0;
    line->files.items = NULL;
    line->files.count = 0;
    line->instances.items = NULL;
    line->instances.count = 0;
    line->instances_files[0] = line->hosts_files[0] = NULL;
    line->all = false;
    line->tags[0] = line->vpc = NULL;
    line->regions[0] = line->profiles[0] = NULL;
    line->ssh_words[0] = NULL;
    line->remark = line->missing_key = NULL;
    line->output_count = 0;
    line->record = NULL;
    /* How to ask is said once; what is asked is each line's own. */
    for (size_t i = 0; i < spf_option_count; i++) {
        if (spf_option_rows[i].kind != SPF_OPTION_HOW) {
            line->given[i] = NULL;
        }
    }
}

/* Of several values of an -o the first counts, and so the line's own go first. */
static struct spf_error inherit(struct spf_options *line, const struct spf_options *options)
{
    static const size_t room = sizeof line->ssh_words / sizeof *line->ssh_words - 1;
    size_t own = spf_ssh_words(line);
    size_t count = spf_ssh_words(options);

    if (own + count > room) {
        return spf_usage("more than %zu options -o", room);
    }
    for (size_t i = 0; i <= count; i++) {
        line->ssh_words[own + i] = options->ssh_words[i];
    }
    if (line->user == NULL) {
        line->user = options->user;
        line->user_given = options->user_given;
        line->user_at = options->user_at + own;
    }
    if (!line->port_given) {
        line->port = options->port;
        line->port_given = options->port_given;
        line->port_at = options->port_at + own;
    }
    if (line->key != options->key && line->key_dir == options->key_dir) {
        line->key_dir = NULL;
    } else if (line->key_dir != options->key_dir && line->key == options->key) {
        line->key = NULL;
    }
    if (line->regions[0] == NULL) {
        memcpy(line->regions, options->regions, sizeof line->regions);
    }
    if (line->profiles[0] == NULL) {
        memcpy(line->profiles, options->profiles, sizeof line->profiles);
    }
    if (line->instance == NULL) { /* no cloud is asked about a mere host */
        line->console = false;
        line->regions[1] = line->profiles[1] = NULL;
    }
    return spf_ok();
}

/* Options that are the whole run's do not stand in a line. */
static struct spf_error judge_line(const struct spf_options *line,
                                   const struct spf_options *options)
{
    char name[40];

    for (size_t i = 0; i < spf_option_count; i++) {
        const struct spf_option_row *row = &spf_option_rows[i];

        if (line->given[i] == NULL || line->given[i] == options->given[i] ||
            (row->kind != SPF_OPTION_HERE && !row->whole_run)) {
            continue;
        }
        spf_option_name(row, name);
        return spf_usage("%s is for the whole run: it goes on the command line", name);
    }
    if (line->command != SPF_COMMAND_RUN) {
        return spf_usage("a line names a target, and no command of sshpreflight");
    }
    if (line->instances.count > 0) {
        return spf_usage("a line names one target");
    }
    return spf_ok();
}

/* Of a line that has been read: its account, whose texts are then the line's. */
static struct spf_error account_of_line(struct spf_targets *targets, struct spf_options *line,
                                        unsigned *place)
{
    struct spf_error error = spf_account_of(targets, line->regions[0], line->profiles[0], place);
    const struct spf_cloud_options *cloud;

    if (error.code != SPF_OK) {
        return error;
    }
    cloud = &targets->accounts.items[*place]->cloud;
    line->regions[0] = cloud->region;
    line->profiles[0] = cloud->profile;
    spf_options_repeat_own(line, spf_region_word, cloud->region);
    spf_options_repeat_own(line, spf_profile_word, cloud->profile);
    return error;
}

/* A line that has been read becomes a target. */
static struct spf_error finish_line(struct spf_targets *targets, const struct spf_options *options,
                                    struct spf_options *line)
{
    struct spf_error error = judge_line(line, options);
    unsigned account = 0;

    if (error.code == SPF_OK) {
        error = inherit(line, options);
    }
    if (error.code == SPF_OK) {
        error = spf_options_finish(line);
    }
    if (error.code == SPF_OK) {
        error = account_of_line(targets, line, &account);
    }
    return error.code == SPF_OK ? spf_targets_add(targets, line, account) : error;
}

/* "[user@]host:port", "[::1]:22", and a colon that is no address's own: cut in place. NULL: there
 * is none. */
static char *cut_port(char *word)
{
    char *at = strrchr(word, '@');
    char *host = at != NULL ? at + 1 : word;
    char *colon = strrchr(host, ':');

    if (colon == NULL || strstr(word, "://") != NULL || colon[1] == '\0' ||
        colon[1 + strspn(colon + 1, "0123456789")] != '\0' || colon == host) {
        return NULL;
    }
    if (host[0] == '[' ? colon[-1] != ']' : memchr(host, ':', (size_t)(colon - host)) != NULL) {
        return NULL;
    }
    *colon = '\0';
    return colon + 1;
}

static bool is_id(const char *word)
{
    enum spf_instance_word kind;

    return spf_instance_word(word, &kind, NULL).code == SPF_OK && kind == SPF_WORD_ID &&
           strpbrk(word, "0123456789") != NULL;
}

static const char instance_option[] = "--instance";
static const char host_option[] = "--host";
static const char port_option[] = "--port";

static bool is_name(const char *word)
{
    return strcmp(word, instance_option) == 0 || strcmp(word, host_option) == 0 ||
           strcmp(word, port_option) == 0;
}

/* A line of one word, which no shell would change: the target alone. */
static struct spf_error split_word(char *line, bool of_instances, struct spf_words *words)
{
    bool instance = line[0] != '-' && (of_instances || is_id(line));
    const char *port = instance || line[0] == '-' ? NULL : cut_port(line);

    if ((instance && !spf_words_add(words, instance_option)) ||
        (!instance && line[0] != '-' && !spf_words_add(words, host_option)) ||
        !spf_words_add(words, line) ||
        (port != NULL && (!spf_words_add(words, port_option) || !spf_words_add(words, port)))) {
        return spf_no_memory();
    }
    return spf_ok();
}

/* A list may be somebody else's: the environment is not for it. */
char *spf_no_variable(const char *name)
{
    (void)name;
    return NULL;
}

/* The words of a line as on a command line; the first may be the target, with its port. */
static struct spf_error split(char *line, bool of_instances, struct spf_words *words)
{
    struct spf_words raw = {0};
    struct spf_error error = spf_ok();
    const char *why;

    if (line[strcspn(line, " \t\"'")] == '\0') {
        return split_word(line, of_instances, words);
    }
    if (!spf_shell_words(line, spf_no_variable, &raw, &why)) {
        error = spf_usage("%s", why);
    }
    for (size_t i = 0; error.code == SPF_OK && i < raw.list.count; i++) {
        if (i == 0 && !spf_command_is_one((const char *const *)raw.list.items, raw.list.count)) {
            error = split_word(raw.list.items[0], of_instances, words);
        } else if (!spf_words_add(words, raw.list.items[i])) {
            error = spf_no_memory();
        }
    }
    spf_words_clear(&raw);
    return error;
}

static struct spf_error read_words(struct spf_options *line, struct spf_words *words)
{
    static char program[] = "sshpreflight";
    char **argv = calloc(words->list.count + 2, sizeof *argv);
    struct spf_error error;

    if (argv == NULL) {
        return spf_no_memory();
    }
    argv[0] = program;
    if (words->list.count > 0) {
        memcpy(argv + 1, words->list.items, words->list.count * sizeof *argv);
    }
    error = spf_options_read(line, (int)words->list.count + 1, argv);
    free(argv);
    return error;
}

struct spf_error spf_targets_add_words(struct spf_targets *targets,
                                       const struct spf_options *options, struct spf_words *words)
{
    struct spf_options line;
    struct spf_error error;

    begin_line(&line, options);
    error = read_words(&line, words);
    if (error.code == SPF_OK) {
        error = finish_line(targets, options, &line);
    }
    /* Options borrow their words, but not the names of those that say what the target is. */
    for (size_t i = 0; error.code == SPF_OK && i < words->list.count; i++) {
        if (!is_name(words->list.items[i]) && !spf_targets_keep(targets, &words->list.items[i])) {
            error = spf_no_memory();
        }
    }
    spf_options_clear(&line);
    return error;
}

static struct spf_error read_line(struct spf_targets *targets, const struct spf_options *options,
                                  bool of_instances, char *text)
{
    struct spf_words words = {0};
    struct spf_error error = strlen(text) > LINE_MAX_BYTES
                                 ? spf_usage("it is longer than %d bytes", LINE_MAX_BYTES)
                                 : split(text, of_instances, &words);

    if (error.code == SPF_OK) {
        error = spf_targets_add_words(targets, options, &words);
    }
    spf_words_clear(&words);
    return error;
}

static char *name_line(const char *name, size_t number)
{
    struct spf_buf where;

    spf_buf_init(&where, 400);
    spf_buf_add_clean(&where, name, strlen(name), 300);
    spf_buf_addf(&where, _(" line %zu"), number);
    return spf_buf_take(&where);
}

static char *trimmed(char *line)
{
    size_t len;

    line += strspn(line, " \t\r");
    len = strlen(line);
    while (len > 0 && strchr(" \t\r", line[len - 1]) != NULL) {
        line[--len] = '\0';
    }
    return line;
}

struct spf_error spf_targets_refuse_key(const char *text, bool inventory)
{
    for (const char *line = text; *line != '\0';) {
        size_t len = strcspn(line, "\n");
        size_t blank = inventory ? 0 : strspn(line, " \t");

        if (line[blank] != '#' && strchr(" \t\n", line[blank]) == NULL &&
            spf_is_of_private_key(line + blank, len - blank)) {
            return spf_refuse_private_key();
        }
        line += len + (line[len] == '\n');
    }
    return spf_ok();
}

/* "hosts line 7: web": so far it is the name alone. */
static void place_alike(struct spf_targets *targets, const char *name, size_t number)
{
    char *where = name_line(name, number);
    struct spf_buf buf;

    spf_buf_init(&buf, 1000);
    if (where != NULL && targets->alike_first != NULL) {
        spf_buf_addf(&buf, "%s: ", where);
        spf_buf_add_clean(&buf, targets->alike_first, strlen(targets->alike_first), 300);
        free(targets->alike_first);
        targets->alike_first = spf_buf_take(&buf);
    }
    spf_buf_clear(&buf);
    free(where);
}

struct spf_error spf_targets_read(struct spf_targets *targets, const struct spf_options *options,
                                  bool of_instances, const char *name, char *text)
{
    static const char mark[] = "\xef\xbb\xbf";
    size_t number = 0;
    struct spf_error error = spf_targets_refuse_key(text, false);

    if (error.code != SPF_OK) {
        return error;
    }
    if (spf_starts_with(text, mark)) {
        text += strlen(mark);
    }
    for (char *line; (line = strsep(&text, "\n")) != NULL;) {
        const size_t alike = targets->alike;

        number++;
        line = trimmed(line);
        if (line[0] == '\0' || line[0] == '#') {
            continue;
        }
        error = read_line(targets, options, of_instances, line);
        if (alike == 0 && targets->alike > 0) {
            place_alike(targets, name, number);
        }
        if (error.code == SPF_ERR_USAGE || error.code == SPF_ERR_INVALID) {
            error = spf_targets_leave_out(targets, name_line(name, number), error.text);
        }
        if (error.code != SPF_OK) {
            return error;
        }
    }
    return spf_ok();
}

struct spf_error spf_targets_add_instance(struct spf_targets *targets,
                                          const struct spf_options *options, unsigned account,
                                          const char *id)
{
    const struct spf_cloud_options *cloud = &targets->accounts.items[account]->cloud;
    struct spf_options line;
    struct spf_error error;

    begin_line(&line, options);
    line.instance = id;
    line.regions[0] = cloud->region;
    line.profiles[0] = cloud->profile;
    line.regions[1] = line.profiles[1] = NULL;
    error = finish_line(targets, options, &line);
    spf_options_clear(&line);
    return error;
}
