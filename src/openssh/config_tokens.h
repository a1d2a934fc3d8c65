#pragma once

#include "base/text.h"
#include "login/facts.h"

/* Who and where we are, which tokens can name. */
struct spf_ssh_self {
    char user[256], home[1024], host[256];
};

/* Values that the tokens of ssh_config(5) stand for. Borrowed; only connection may be NULL. */
struct spf_ssh_tokens {
    const char *home;       /* %d and ~ */
    const char *host;       /* %h: after HostName */
    const char *alias;      /* %k: HostKeyAlias, else as given */
    const char *name;       /* %n: as given */
    const char *user;       /* %r */
    const char *own_user;   /* %u */
    const char *own_host;   /* %l, and up to its first dot %L */
    unsigned uid;           /* %i */
    unsigned port;          /* %p */
    const char *connection; /* %C; NULL: not known */
};

/* Of what ssh -G printed; %C is not known. Borrows both. */
struct spf_ssh_tokens spf_ssh_tokens_of(const struct spf_ssh_config_facts *facts,
                                        const struct spf_ssh_self *self);

/*
 * Appends template with its % tokens, and, where tilde says so, a leading ~ and ${NAME}, as ssh
 * does with the names of files. False for a token that is not known here, or a variable that is not
 * set.
 */
bool spf_ssh_config_expand(struct spf_buf *buf, const char *template,
                           const struct spf_ssh_tokens *tokens, bool is_path);
