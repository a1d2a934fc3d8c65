#include "openssh/config_expand.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/text.h"
#include "openssh/config_alike.h"
#include "openssh/config_tokens.h"
#include "openssh/control_path.h"

static bool is_file(const char *path)
{
    struct stat status;

    return stat(path, &status) == 0 && S_ISREG(status.st_mode);
}

static bool expand_into(char *text, size_t size, const struct spf_ssh_tokens *tokens)
{
    struct spf_buf buf;
    bool good;

    if (text[0] == '\0') {
        return true;
    }
    spf_buf_init(&buf, size - 1);
    good = spf_ssh_config_expand(&buf, text, tokens, false);
    if (good) {
        spf_copy(text, size, buf.data);
    }
    spf_buf_clear(&buf);
    return good;
}

/* Without a token, or memory, the path stays as it is. */
static bool expand_path(char **path, const struct spf_ssh_tokens *tokens)
{
    struct spf_buf buf;
    char *text = NULL;

    spf_buf_init(&buf, SPF_SSH_PATH_SIZE - 1);
    if (spf_ssh_config_expand(&buf, *path, tokens, true)) {
        text = spf_buf_take(&buf);
    }
    spf_buf_clear(&buf);
    if (text == NULL) {
        return false;
    }
    free(*path);
    *path = text;
    return true;
}

/* Of a command that may hold secrets, what may be told: the program. */
static void keep_program(struct spf_ssh_config_facts *facts)
{
    const char *command = facts->proxy_command;
    size_t len;

    if (command[0] == '\0') {
        return;
    }
    command += spf_starts_with(command, "exec ") ? 5 : 0;
    len = strcspn(command, " \t;|&");
    if (len == 0 || memchr(command, '=', len) != NULL) {
        spf_copy(facts->proxy_program, sizeof facts->proxy_program, "(a command)");
    } else {
        spf_clean(facts->proxy_program, sizeof facts->proxy_program, command, len);
    }
}

const char *spf_ssh_config_expand_all(struct spf_ssh_config_facts *facts,
                                      const struct spf_ssh_self *self, bool is_used)
{
    struct spf_ssh_tokens tokens = spf_ssh_tokens_of(facts, self);

    tokens.alias = facts->asked; /* in the alias itself */
    if (!expand_into(facts->host_key_alias, sizeof facts->host_key_alias, &tokens)) {
        return "HostKeyAlias holds a token that is not known here";
    }
    tokens = spf_ssh_tokens_of(facts, self);
    if (!expand_into(facts->jump, sizeof facts->jump, &tokens)) {
        return "ProxyJump holds a token that ssh does not know";
    }
    if (!expand_into(facts->proxy_command, sizeof facts->proxy_command, &tokens)) {
        return "ProxyCommand holds a token that ssh does not know";
    }
    for (size_t i = 0; i < facts->identities.count; i++) {
        struct spf_ssh_file *file = &facts->identities.items[i];

        file->exists = expand_path(&file->path, &tokens) && is_file(file->path);
    }
    for (size_t i = 0; i < facts->known_hosts.count && facts->unhonoured[0] == '\0'; i++) {
        const char *path = facts->known_hosts.items[i].path;

        if (strchr(path, ' ') != NULL && !is_file(path)) { /* one name, or several? */
            spf_format(facts->unhonoured, sizeof facts->unhonoured, "UserKnownHostsFile %.200s",
                       path);
        }
    }
    keep_program(facts);
    (void)spf_control_path_fails(facts->manners.control_path, facts->manners.is_master,
                                 facts->refusal, sizeof facts->refusal);
    if (is_used && facts->unhonoured[0] == '\0' &&
        spf_control_path_is_open(facts->manners.control_path)) {
        spf_format(facts->unhonoured, sizeof facts->unhonoured,
                   "ControlPath %.200s, where a connection is open that ssh would share",
                   facts->manners.control_path);
    }
    return NULL;
}
