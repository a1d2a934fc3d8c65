#include "cli/defaults.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/language.h"
#include "base/suggest.h"
#include "base/text.h"
#include "cli/option_table.h"

#include "platform/files.h"
#include "platform/home.h"
#include "platform/rights.h"

#define CONFIG_MAX 65536

/* The variable that says the same as an option, and is set; NULL: none. */
static const char *variable_of(const struct spf_option_row *row, const char **value)
{
    static const struct {
        const char *option, *names[6];
    } variables[] = {
        {"profile", {"ALIBABACLOUD_PROFILE", "ALIBABA_CLOUD_PROFILE", "ALICLOUD_PROFILE"}},
        {"region",
         {"ALIBABA_CLOUD_REGION_ID", "ALIBABACLOUD_REGION_ID", "ALICLOUD_REGION_ID",
          "ALIBABA_CLOUD_REGION", "ALICLOUD_REGION"}},
        {"color", {"NO_COLOR", "CLICOLOR_FORCE"}},
    };
    const char *name = NULL;

    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++) {
        if (strcmp(row->name, variables[i].option) == 0) {
            *value = spf_first_env(variables[i].names, &name);
        }
    }
    return name;
}

static bool config_path(char path[PATH_MAX])
{
    char settings[PATH_MAX];

    return spf_settings_home(settings) &&
           spf_format_whole(path, PATH_MAX, "%s/sshpreflight/config", settings);
}

/* The file's text; NULL with SPF_OK: there is none. The caller frees it. */
static struct spf_error read_config(const char *path, const char *shown, char **text)
{
    struct spf_error error = spf_ok();
    struct stat status;
    size_t len = 0;
    ssize_t got = 1;
    int fd = spf_open_to_read(path);

    *text = NULL;
    if (fd < 0) {
        return errno == ENOENT || errno == ENOTDIR ? error
                                                   : spf_usage("%s: %s", shown, strerror(errno));
    }
    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
        error = spf_usage("%s is not a regular file", shown);
    } else if ((status.st_uid != geteuid() && status.st_uid != 0) || (status.st_mode & 022) != 0) {
        error = spf_usage("%s could have been written by another user: %s", shown,
                          _(spf_rights_remedy));
    } else if (status.st_size > CONFIG_MAX) {
        error = spf_usage("%s is larger than 64 KiB", shown);
    } else if ((*text = calloc(1, CONFIG_MAX + 1)) == NULL) {
        error = spf_no_memory();
    }
    while (*text != NULL && got > 0 && len < CONFIG_MAX) {
        got = read(fd, *text + len, CONFIG_MAX - len);
        len += got > 0 ? (size_t)got : 0;
    }
    if (got < 0) {
        error = spf_usage("%s: %s", shown, strerror(errno));
    } else if (*text != NULL && memchr(*text, '\0', len) != NULL) {
        error = spf_usage("%s is not a text file", shown);
    }
    (void)close(fd);
    if (error.code != SPF_OK) {
        free(*text);
        *text = NULL;
    }
    return error;
}

static const struct spf_option_row *default_named(const char *name)
{
    const struct spf_option_row *row = spf_option_named(name);

    return row != NULL && row->in_config ? row : NULL;
}

static struct spf_error refuse_name(const char *shown, unsigned number, const char *name)
{
    const char *names[SPF_OPTIONS_MAX];
    struct spf_error error;
    struct spf_buf said;
    size_t count = 0;

    for (size_t i = 0; i < spf_option_count; i++) {
        if (spf_option_rows[i].in_config) {
            names[count++] = spf_option_rows[i].name;
        }
    }
    spf_buf_init(&said, 400);
    spf_buf_addf(&said, _("%s line %u: \"%s\" is not a default that can be set"), shown, number,
                 name);
    if (!spf_suggest(&said, name, "", names, count)) {
        spf_buf_addstr(&said, _("; --print-config lists those"));
    }
    error = spf_usage("%s", said.data);
    spf_buf_clear(&said);
    return error;
}

static struct spf_error take_line(struct spf_options *options, spf_option_setter *set_value,
                                  char *line, const char *shown, unsigned number)
{
    char *equals = strchr(line, '=');
    char *name = spf_trim(line);
    char *value;
    char where[200];
    const struct spf_option_row *row;
    const char *set = NULL;
    bool user_given = options->user_given;
    struct spf_error error;

    if (name[0] == '\0' || name[0] == '#') {
        return spf_ok();
    }
    if (equals == NULL) {
        return spf_usage("%s line %u is not \"option = value\"", shown, number);
    }
    *equals = '\0';
    name = spf_trim(name);
    value = spf_trim(equals + 1);
    row = default_named(name);
    if (row == NULL) {
        return refuse_name(shown, number, name);
    }
    if (options->default_line[row - spf_option_rows] != 0) {
        return spf_usage("%s line %u: %s was set in line %u", shown, number, name,
                         options->default_line[row - spf_option_rows]);
    }
    options->default_line[row - spf_option_rows] = number;
    if (spf_option_given(options, row) != NULL || (variable_of(row, &set) != NULL && set != NULL)) {
        return spf_ok();
    }
    spf_format(where, sizeof where, _("%s line %u: %s"), shown, number, name);
    error = set_value(options, row, where, value);
    options->user_given = user_given; /* the ssh configuration's User comes before a default */
    return error;
}

struct spf_error spf_defaults_read(struct spf_options *options, spf_option_setter *set_value)
{
    char path[PATH_MAX];
    char shown[PATH_MAX];
    char *text;
    char **copy;
    unsigned number = 0;
    struct spf_error error;

    if (!config_path(path)) {
        return spf_ok();
    }
    spf_show_path(shown, sizeof shown, path);
    error = read_config(path, shown, &text);
    if (error.code != SPF_OK || text == NULL) {
        return error;
    }
    copy = SPF_APPEND(&options->copies);
    if (copy == NULL) {
        free(text);
        return spf_no_memory();
    }
    *copy = text;
    for (char *at = text, *line; error.code == SPF_OK && (line = strsep(&at, "\n")) != NULL;) {
        error = take_line(options, set_value, line, shown, ++number);
    }
    return error;
}

void spf_defaults_drop_idle(struct spf_options *options)
{
    const struct spf_option_row *row = spf_option_named("key-dir");
    const bool has_pair = options->instance != NULL || spf_options_list(options);

    if (options->command != SPF_COMMAND_RUN || spf_option_given(options, row) != NULL ||
        options->default_line[row - spf_option_rows] == 0) {
        return;
    }
    if (options->key != NULL || options->find_key != NULL || options->replay != NULL ||
        options->transcript != NULL || !has_pair) {
        options->key_dir = NULL;
    }
}

static void add_value(const struct spf_options *options, const struct spf_option_row *row,
                      struct spf_buf *buf)
{
    const void *at = (const char *)options + row->offset;
    const char *text = NULL;

    switch (row->type) {
    case SPF_OPTION_NUMBER:
        spf_buf_addf(buf, "%u", *(const unsigned *)at);
        return;
    case SPF_OPTION_CHOICE:
        text = row->words[*(const unsigned *)at];
        break;
    default:
        text = *(const char *const *)at;
        break;
    }
    if (text != NULL) {
        spf_buf_add_clean(buf, text, strlen(text), 1000);
    }
}

void spf_defaults_print(const struct spf_options *options, struct spf_buf *buf)
{
    char path[PATH_MAX];
    char shown[PATH_MAX];

    if (config_path(path)) {
        spf_show_path(shown, sizeof shown, path);
    } else {
        spf_copy(shown, sizeof shown, _("no home directory"));
    }
    spf_buf_addf(buf, "# %s%s\n", shown, access(path, F_OK) == 0 ? "" : _(" (there is none)"));
    for (size_t i = 0; i < spf_option_count; i++) {
        const struct spf_option_row *row = &spf_option_rows[i];
        const char *set = NULL;
        const char *name;
        struct spf_buf value;

        if (!row->in_config) {
            continue;
        }
        name = variable_of(row, &set);
        spf_buf_init(&value, 1200);
        if (name != NULL && set != NULL && spf_option_given(options, row) == NULL &&
            strcmp(row->name, "color") != 0) {
            spf_buf_add_clean(&value, set, strlen(set), 1000);
        } else {
            add_value(options, row, &value);
        }
        if (spf_option_given(options, row) != NULL) {
            spf_buf_addstr(buf, _("\n# the command line\n"));
        } else if (name != NULL && set != NULL) {
            spf_buf_addf(buf, _("\n# the environment, %s\n"), name);
        } else {
            spf_buf_addf(buf, "\n# %s\n",
                         options->default_line[i] != 0 ? _("this file")
                         : value.len > 0               ? _("built in")
                                                       : _("not set"));
        }
        spf_buf_addf(buf, "%s%s = %s\n", value.len > 0 ? "" : "# ", row->name, value.data);
        spf_buf_clear(&value);
    }
}
