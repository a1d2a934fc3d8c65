#include "openssh/config_tokens.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct spf_ssh_tokens spf_ssh_tokens_of(const struct spf_ssh_config_facts *facts,
                                        const struct spf_ssh_self *self)
{
    return (struct spf_ssh_tokens){.home = self->home,
                                   .host = facts->host,
                                   .alias = facts->host_key_alias[0] != '\0' ? facts->host_key_alias
                                                                             : facts->asked,
                                   .name = facts->asked,
                                   .user = facts->user,
                                   .own_user = self->user,
                                   .own_host = self->host,
                                   .uid = (unsigned)getuid(),
                                   .port = (unsigned)facts->port};
}

/* What a token's letter stands for; NULL for one that is not known here (%j, ...). */
static const char *value_of(char letter, const struct spf_ssh_tokens *tokens, char room[300])
{
    switch (letter) {
    case '%':
        return "%";
    case 'C':
        return tokens->connection;
    case 'd':
        return tokens->home;
    case 'h':
        return tokens->host;
    case 'k':
        return tokens->alias;
    case 'n':
        return tokens->name;
    case 'r':
        return tokens->user;
    case 'u':
        return tokens->own_user;
    case 'l':
        return tokens->own_host;
    case 'L':
        spf_format(room, 300, "%.*s", (int)strcspn(tokens->own_host, "."), tokens->own_host);
        return room;
    case 'i':
        spf_format(room, 300, "%u", tokens->uid);
        return room;
    case 'p':
        spf_format(room, 300, "%u", tokens->port);
        return room;
    default:
        return NULL;
    }
}

/* ${NAME}, whose name begins after the brace; writes how long all of it is. */
static const char *variable(const char *name, size_t *used)
{
    size_t len = strcspn(name, "}");
    char copy[128];

    if (name[len] != '}' || len >= sizeof copy) {
        return NULL;
    }
    memcpy(copy, name, len);
    copy[len] = '\0';
    *used = len + 3;
    return getenv(copy);
}

bool spf_ssh_config_expand(struct spf_buf *buf, const char *template,
                           const struct spf_ssh_tokens *tokens, bool is_path)
{
    char room[300];

    if (is_path && template[0] == '~' && (template[1] == '/' || template[1] == '\0')) {
        spf_buf_addstr(buf, tokens->home);
        template ++;
    } else if (is_path && template[0] == '~') {
        return false; /* the directory of somebody else */
    }
    while (*template != '\0') {
        const char *value = NULL;
        size_t used = 1;

        if (*template == '%') {
            if ((value = value_of(template[1], tokens, room)) == NULL) {
                return false;
            }
            used = 2;
        } else if (is_path && template[0] == '$' && template[1] == '{') {
            if ((value = variable(template + 2, &used)) == NULL) {
                return false;
            }
        }
        if (value != NULL) {
            spf_buf_addstr(buf, value);
        } else {
            spf_buf_addch(buf, *template);
        }
        template += used;
    }
    return !spf_buf_failed(buf);
}
