#include "cli/inventory.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/ip.h"
#include "base/json.h"
#include "base/json_build.h"
#include "base/language.h"
#include "cli/input.h"
#include "cli/target_lines.h"
#include "openssh/shell_words.h"
#include "platform/child.h"

enum { GRACE_MS = 500 };

/* ---- is it one ----------------------------------------------------------------------------- */

/* "[web]", "[web:vars]", but not "[2001:db8::1]". */
static bool is_group(const char *line, size_t len)
{
    const char *end = memchr(line, ']', len);
    struct spf_ip ip;
    char inner[128];

    if (line[0] != '[' || end == NULL ||
        !spf_format_whole(inner, sizeof inner, "%.*s", (int)(end - line - 1), line + 1) ||
        spf_ip_parse(inner, &ip)) {
        return false;
    }
    end++;
    end += strspn(end, " \t\r");
    return *end == '\n' || *end == '\0' || *end == '#' || *end == ';';
}

/* "all:", the beginning of a YAML mapping. */
static bool is_yaml(const char *line, size_t len)
{
    if (len == 3 && memcmp(line, "---", 3) == 0) {
        return true;
    }
    return len > 1 && line[len - 1] == ':' && memchr(line, ' ', len) == NULL &&
           memchr(line, ':', len) == line + len - 1;
}

static bool has_variable(const char *line, size_t len)
{
    const char *at = memmem(line, len, " ansible_", strlen(" ansible_"));

    return at != NULL && memchr(at, '=', len - (size_t)(at - line)) != NULL;
}

bool spf_inventory_is_one(const char *text)
{
    bool first = true;

    for (const char *line = text; *line != '\0';) {
        size_t whole = strcspn(line, "\n");
        size_t len = whole;

        while (len > 0 && strchr(" \t\r", line[len - 1]) != NULL) {
            len--;
        }
        if (len > 0 && line[0] != '#' && line[0] != ';') {
            if (is_group(line, len) || has_variable(line, len) || (first && is_yaml(line, len))) {
                return true;
            }
            first = false;
        }
        line += whole + (line[whole] == '\n');
    }
    return false;
}

/* ---- what ansible-inventory says ----------------------------------------------------------- */

/* What `ansible-inventory --list` prints of the file or directory. */
static struct spf_error ask(const char *path, int stop_fd, unsigned seconds, struct spf_buf *json)
{
    const char *const words[] = {"ansible-inventory", "-i", path, "--list", NULL};
    struct spf_child_environment environment = spf_child_environment(true);
    struct spf_child_program program = {
        .words = words, .environment = &environment, .fds = {-1, -1, -1}};
    struct spf_error error;
    int pipe_ends[2];
    pid_t child;
    int status;

    spf_child_environment_add(&environment, "LC_ALL=C.UTF-8"); /* it refuses any other encoding */
    if (pipe2(pipe_ends, O_CLOEXEC) != 0) {
        error = spf_error_sys(errno, _("no pipe"));
        spf_child_environment_clear(&environment);
        return error;
    }
    program.fds[STDOUT_FILENO] = pipe_ends[1];
    child = spf_child_start(&program);
    error = child > 0 ? spf_ok()
            : errno == ENOENT
                ? spf_usage("it is an inventory of Ansible, and ansible-inventory, which reads "
                            "those, is not installed")
                : spf_error_sys(errno, _("ansible-inventory cannot be run"));
    (void)close(pipe_ends[1]);
    if (child > 0) {
        error = spf_input_read_from(pipe_ends[0], stop_fd, seconds, json);
    }
    (void)close(pipe_ends[0]);
    status = error.code == SPF_OK ? spf_child_wait(&child, GRACE_MS)
             : child > 0          ? spf_child_end(&child, GRACE_MS)
                                  : 0;
    spf_child_environment_clear(&environment);
    if (error.code == SPF_OK && status != 0 && status != SPF_CHILD_STATUS_LOST) {
        return spf_usage("ansible-inventory cannot read it: run ansible-inventory -i with it");
    }
    return error;
}

/* ---- hosts --------------------------------------------------------------------------------- */

/* What a host's variables come to, while they are read. */
struct host {
    struct spf_targets *targets;
    const struct spf_options *options;
    const char *inventory, *name;
    struct json_object *variables;
    struct spf_words words; /* as on a command line */
    struct spf_buf *remarks;
};

/* A line once, however many hosts it is about. */
static void remark(const struct host *host, const char *line)
{
    if (strstr(host->remarks->data, line) == NULL) {
        spf_buf_addf(host->remarks, "%s\n", line);
    }
}

/*
 * The variable of one of these names, the first that there is; *value "" for none. SPF_ERR_INVALID:
 * it has no value that is known here, for it is a template or in a vault.
 */
static struct spf_error variable(const struct host *host, const char *const names[3],
                                 const char **value)
{
    *value = "";
    for (size_t i = 0; i < 3 && names[i] != NULL && (*value)[0] == '\0'; i++) {
        struct json_object *json = spf_json_get(host->variables, names[i]);

        *value = spf_json_text(host->variables, names[i]);
        if (strstr(*value, "{{") != NULL || strstr(*value, "{%") != NULL ||
            (json != NULL && !json_object_is_type(json, json_type_string) &&
             !json_object_is_type(json, json_type_int))) {
            return spf_error(SPF_ERR_INVALID,
                             _("its %s is a template or in a vault, and its value not known"),
                             names[i]);
        }
    }
    return spf_ok();
}

/* Is the word an option of ssh that a line of a list takes? with_value: its value is the next. */
static bool carries(const char *word, bool *with_value)
{
    *with_value = word[0] == '-' && word[1] != '\0' && word[2] == '\0';
    return word[0] == '-' && word[1] != '\0' && strchr("oJF", word[1]) != NULL;
}

/* The options of ssh in a variable of words. */
static struct spf_error add_arguments(struct host *host, const char *name)
{
    const char *const names[3] = {name};
    struct spf_words raw = {0};
    const char *text;
    const char *why = "";
    char line[200];
    struct spf_error error = variable(host, names, &text);

    if (error.code == SPF_OK && !spf_shell_words(text, spf_no_variable, &raw, &why)) {
        error = spf_error(SPF_ERR_INVALID, "%s: %s", name, why);
    }
    for (size_t i = 0; error.code == SPF_OK && i < raw.list.count; i++) {
        bool with_value;

        if (!carries(raw.list.items[i], &with_value)) {
            spf_format(line, sizeof line, _("\"%.60s\" of %s is not taken into account"),
                       raw.list.items[i], name);
            remark(host, line);
            continue;
        }
        if (!spf_words_add(&host->words, raw.list.items[i]) ||
            (with_value && ++i < raw.list.count &&
             !spf_words_add(&host->words, raw.list.items[i]))) {
            error = spf_no_memory();
        }
    }
    spf_words_clear(&raw);
    return error;
}

/* Variables about ssh that nobody here knows. */
static void remark_unknown(const struct host *host)
{
    static const char *const known[] = {"host", "port",        "user",       "private_key_file",
                                        "args", "common_args", "extra_args", NULL};
    static const char prefix[] = "ansible_ssh_";

    if (host->variables == NULL) {
        return;
    }
    json_object_object_foreach(host->variables, name, value)
    {
        bool counts = !spf_starts_with(name, prefix);
        char line[200];

        (void)value;
        for (size_t i = 0; !counts && known[i] != NULL; i++) {
            counts = strcmp(name + strlen(prefix), known[i]) == 0;
        }
        if (!counts) {
            spf_format(line, sizeof line, _("%.80s is not taken into account"), name);
            remark(host, line);
        }
    }
}

/* Is it reached by SSH? What the variable says else is remarked. */
static bool is_reached_by_ssh(const struct host *host)
{
    static const char *const kinds[] = {"ssh", "smart", "paramiko", "paramiko_ssh", NULL};
    const char *kind = spf_json_text(host->variables, "ansible_connection");
    const char *dot = strrchr(kind, '.'); /* ansible.builtin.ssh */
    char line[200];

    for (size_t i = 0; kinds[i] != NULL; i++) {
        if (kind[0] == '\0' || strcmp(dot != NULL ? dot + 1 : kind, kinds[i]) == 0) {
            return true;
        }
    }
    spf_format(line, sizeof line, _("hosts with ansible_connection %.60s are not checked"), kind);
    remark(host, line);
    return false;
}

static struct spf_error find_words(struct host *host)
{
    static const struct {
        const char *option, *names[3];
    } rows[] = {
        {"--host", {"ansible_host", "ansible_ssh_host"}},
        {"--port", {"ansible_port", "ansible_ssh_port"}},
        {"--user", {"ansible_user", "ansible_ssh_user"}},
        {"--key", {"ansible_ssh_private_key_file", "ansible_private_key_file"}},
    };
    static const char *const arguments[] = {"ansible_ssh_args", "ansible_ssh_common_args",
                                            "ansible_ssh_extra_args"};
    struct spf_error error = spf_ok();

    for (size_t i = 0; error.code == SPF_OK && i < sizeof rows / sizeof *rows; i++) {
        const char *value;

        error = variable(host, rows[i].names, &value);
        if (i == 0 && value[0] == '\0') {
            value = host->name;
        }
        if (error.code == SPF_OK && value[0] == '-') {
            error = spf_error(SPF_ERR_INVALID, _("its %s begins with a hyphen"), rows[i].option);
        }
        if (error.code == SPF_OK && value[0] != '\0' &&
            (!spf_words_add(&host->words, rows[i].option) || !spf_words_add(&host->words, value))) {
            error = spf_no_memory();
        }
    }
    for (size_t i = 0; error.code == SPF_OK && i < sizeof arguments / sizeof *arguments; i++) {
        error = add_arguments(host, arguments[i]);
    }
    return error;
}

static struct spf_error add_host(struct host *host)
{
    struct spf_error error;
    struct spf_buf where;

    if (!is_reached_by_ssh(host)) {
        return spf_ok();
    }
    remark_unknown(host);
    error = find_words(host);
    if (error.code == SPF_OK) {
        error = spf_targets_add_words(host->targets, host->options, &host->words);
    }
    spf_words_clear(&host->words);
    if (error.code != SPF_ERR_USAGE && error.code != SPF_ERR_INVALID) {
        return error;
    }
    spf_buf_init(&where, 600);
    spf_buf_add_clean(&where, host->inventory, strlen(host->inventory), 300);
    spf_buf_addstr(&where, ": ");
    spf_buf_add_clean(&where, host->name, strlen(host->name), 200);
    return spf_targets_leave_out(host->targets, spf_buf_take(&where), error.text);
}

/* name's variables, unless it has been seen. */
static struct spf_error visit(struct host *host, const char *name, struct json_object *all,
                              struct json_object *seen)
{
    if (json_object_object_get_ex(seen, name, NULL)) {
        return spf_ok();
    }
    spf_json_add(seen, name, spf_json_string(""));
    host->name = name;
    host->variables = spf_json_get(all, name);
    if (!json_object_is_type(host->variables, json_type_object)) {
        host->variables = NULL;
    }
    return add_host(host);
}

struct spf_error spf_inventory_read(struct spf_targets *targets, const struct spf_options *options,
                                    const char *name, const struct spf_buf *json,
                                    struct spf_buf *remarks)
{
    struct host host = {
        .targets = targets, .options = options, .inventory = name, .remarks = remarks};
    struct json_object *root = spf_json_parse(json->data, json->len);
    struct json_object *seen = spf_json_object(); /* their names */
    struct json_object *all = spf_json_path(root, "_meta.hostvars");
    struct spf_error error = seen != NULL ? spf_ok() : spf_no_memory();

    if (error.code == SPF_OK && !json_object_is_type(root, json_type_object)) {
        error = spf_error(SPF_ERR_INVALID, _("what ansible-inventory prints is no JSON object"));
    }
    if (error.code == SPF_OK) {
        json_object_object_foreach(root, group, value)
        {
            struct json_object *hosts = spf_json_get(value, "hosts");

            (void)group;
            for (size_t i = 0; error.code == SPF_OK && i < spf_json_count(hosts); i++) {
                struct json_object *item = spf_json_item(hosts, i);

                if (json_object_is_type(item, json_type_string)) {
                    error = visit(&host, json_object_get_string(item), all, seen);
                }
            }
        }
    }
    json_object_put(seen);
    json_object_put(root);
    return error;
}

bool spf_inventory_is_directory(const char *path)
{
    struct stat status;

    return strcmp(path, "-") != 0 && stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

struct spf_error spf_inventory_take(struct spf_targets *targets, const struct spf_options *options,
                                    const char *path, const char *shown, int stop_fd)
{
    struct spf_buf json;
    struct spf_buf remarks;
    struct spf_error error;
    char title[104];

    if (strcmp(path, "-") == 0) {
        return spf_usage("an inventory of Ansible is read from a file or directory: give its name");
    }
    spf_buf_init(&json, SPF_TARGET_LIST_MAX);
    spf_buf_init(&remarks, 10000);
    error = ask(path, stop_fd, options->deadline_s, &json);
    if (error.code == SPF_OK) {
        error = spf_inventory_read(targets, options, shown, &json, &remarks);
    }
    spf_format(title, sizeof title, "%s:", shown);
    spf_input_remarks(&remarks, title);
    spf_buf_clear(&json);
    spf_buf_clear(&remarks);
    return error;
}
