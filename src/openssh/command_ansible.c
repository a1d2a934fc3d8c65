/* The command line of ansible, which runs ssh by its connection plugin. */
#include <string.h>

#include "base/language.h"
#include "openssh/command_programs.h"

/* Variables of ansible's connection plugin ssh. */
struct ansible {
    const char *host, *user, *port, *key, *inventory, *more[3];
};

/* One word of -e: NAME=VALUE. */
static void take_variable(struct ansible *ansible, const char *word)
{
    const struct {
        const char *name;
        const char **value;
    } variables[] = {
        {"ansible_host", &ansible->host},
        {"ansible_ssh_host", &ansible->host},
        {"ansible_user", &ansible->user},
        {"ansible_ssh_user", &ansible->user},
        {"ansible_port", &ansible->port},
        {"ansible_ssh_port", &ansible->port},
        {"ansible_ssh_private_key_file", &ansible->key},
        {"ansible_private_key_file", &ansible->key},
        {"ansible_ssh_common_args", &ansible->more[0]},
        {"ansible_ssh_extra_args", &ansible->more[1]},
        {"ansible_ssh_args", &ansible->more[2]},
    };
    size_t len = strcspn(word, "=");

    for (size_t i = 0; word[len] == '=' && i < sizeof variables / sizeof *variables; i++) {
        if (strlen(variables[i].name) == len && strncmp(variables[i].name, word, len) == 0) {
            *variables[i].value = word + len + 1;
        }
    }
}

static char *no_variable(const char *name)
{
    (void)name;
    return NULL;
}

/* -e: words of NAME=VALUE; a file (@...) or YAML is not read. */
static bool take_variables(struct spf_command_reader *reader, struct ansible *ansible,
                           const char *text)
{
    struct spf_words words = {0};
    const char *why = NULL;
    const char *kept;
    bool good = true;

    if (text[0] == '@' || text[0] == '{') {
        spf_command_remark(reader, "ansible's -e %.60s is not read", text);
        return true;
    }
    if (!spf_shell_words(text, no_variable, &words, &why)) {
        good = spf_command_refuse(reader, "ansible's -e cannot be read: %s", why);
    }
    for (size_t i = 0; good && i < words.list.count; i++) {
        kept = spf_command_keep(reader, words.list.items[i], strlen(words.list.items[i]));
        good = kept != NULL;
        if (good) {
            take_variable(ansible, kept);
        }
    }
    spf_words_clear(&words);
    return good;
}

/* An option of ansible with its value: "-u NAME", "-uNAME", "--user NAME", "--user=NAME". */
static const char *ansible_value(struct spf_command_reader *reader, const char *word, char letter,
                                 const char *name)
{
    if (word[1] == '-') {
        return spf_command_long_value(reader, word, name);
    }
    if (letter == 0 || word[1] != letter) {
        return NULL;
    }
    if (word[2] != '\0') {
        return word + 2;
    }
    return reader->at < reader->count ? reader->words[reader->at++] : NULL;
}

static bool take_ansible_option(struct spf_command_reader *reader, struct ansible *ansible,
                                const char *word)
{
    static const char *const valued[] = {"-a",
                                         "--args",
                                         "-m",
                                         "--module-name",
                                         "-f",
                                         "--forks",
                                         "-l",
                                         "--limit",
                                         "-M",
                                         "--module-path",
                                         "-t",
                                         "--tree",
                                         "-B",
                                         "--background",
                                         "-P",
                                         "--poll",
                                         "-T",
                                         "--timeout",
                                         "--become-method",
                                         "--become-user",
                                         "--vault-id",
                                         "--vault-password-file",
                                         "--connection-password-file",
                                         "--become-password-file",
                                         "--playbook-dir",
                                         "--task-timeout",
                                         "--scp-extra-args",
                                         "--sftp-extra-args",
                                         NULL};
    const char *value;

    if ((value = ansible_value(reader, word, 'u', "--user")) != NULL) {
        ansible->user = value;
    } else if ((value = ansible_value(reader, word, 0, "--private-key")) != NULL ||
               (value = ansible_value(reader, word, 0, "--key-file")) != NULL) {
        ansible->key = value;
    } else if ((value = ansible_value(reader, word, 'i', "--inventory")) != NULL) {
        ansible->inventory = value;
    } else if ((value = ansible_value(reader, word, 'e', "--extra-vars")) != NULL) {
        return take_variables(reader, ansible, value);
    } else if ((value = spf_command_long_value(reader, word, "--ssh-common-args")) != NULL) {
        ansible->more[0] = value;
    } else if ((value = spf_command_long_value(reader, word, "--ssh-extra-args")) != NULL) {
        ansible->more[1] = value;
    } else if ((value = ansible_value(reader, word, 'c', "--connection")) != NULL) {
        if (strcmp(value, "ssh") != 0 && strcmp(value, "smart") != 0) {
            return spf_command_refuse(reader, "ansible connects by %.40s here, not by ssh", value);
        }
    } else if (spf_command_takes_next(word, valued)) {
        spf_command_skip_value(reader);
    }
    return true;
}

/* ssh's words as ansible puts them together: -o Port, IdentityFile, User, then the host. */
static bool add_ansible(struct spf_command_reader *reader, const struct ansible *ansible)
{
    char line[2048];

    for (size_t i = 0; i < sizeof ansible->more / sizeof *ansible->more; i++) {
        if (ansible->more[i] == NULL) {
            continue;
        }
        if (!spf_format_whole(line, sizeof line, "ssh %s", ansible->more[i])) {
            return spf_command_refuse(reader, "ansible's arguments for ssh are too long");
        }
        if (!spf_command_take_remote_shell(reader, line, _("ansible's arguments for ssh"))) {
            return false;
        }
    }
    return (ansible->port == NULL || spf_command_add(reader, "-p", ansible->port)) &&
           (ansible->user == NULL || spf_command_add(reader, "-l", ansible->user)) &&
           (ansible->key == NULL || spf_command_add_key(reader, ansible->key));
}

bool spf_command_ansible(struct spf_command_reader *reader)
{
    struct ansible ansible = {0};
    const char *pattern = NULL;
    const char *comma;

    while (reader->at < reader->count) {
        const char *word = reader->words[reader->at++];

        if (word[0] == '-' && word[1] != '\0') {
            if (!take_ansible_option(reader, &ansible, word)) {
                return false;
            }
        } else if (pattern == NULL) {
            pattern = word;
        }
    }
    comma = ansible.inventory != NULL ? strchr(ansible.inventory, ',') : NULL;
    if (ansible.host == NULL && comma != NULL && comma[1] == '\0') {
        pattern = spf_command_keep(reader, ansible.inventory, (size_t)(comma - ansible.inventory));
    } else if (comma == NULL) {
        spf_command_remark(reader,
                           "ansible's inventory and ansible.cfg are not read: what they say about "
                           "%.60s does not count here",
                           pattern != NULL ? pattern : _("the host"));
    }
    if (ansible.host != NULL) {
        pattern = ansible.host;
    }
    if (pattern == NULL) {
        return true; /* finish reports the missing host */
    }
    return add_ansible(reader, &ansible) && spf_command_set_host(reader, pattern);
}
