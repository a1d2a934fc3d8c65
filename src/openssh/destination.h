#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

/* Words of ssh's command line: where to log in, through which hosts, and files with a ~. Errors are
 * SPF_ERR_USAGE, whose text says what is wrong, or SPF_ERR_NOMEM. */
struct spf_login_place {
    char *copy;       /* owns the texts; the caller frees it */
    const char *user; /* NULL: none */
    const char *host;
    uint16_t port;    /* 0: none */
    bool in_brackets; /* as an IPv6 address may stand */
};

/* [user@]host, or ssh://[user@]host[:port] as OpenSSH reads it (misc.c: parse_ssh_uri). On failure
 * copy is NULL. */
SPF_MUST_USE struct spf_error spf_login_place_read(const char *word, struct spf_login_place *place);

/* [ssh://][user@]host[:port], and more of them after commas, of letters that mean nothing to a
 * shell or to ssh. */
SPF_MUST_USE struct spf_error spf_jump_hosts_check(const char *hosts);

/*
 * A file with a leading ~ as ssh expands it (misc.c: tilde_expand_filename): the home that the
 * password database has, of ~name that user's. *path is the caller's; NULL: the file has no ~.
 */
SPF_MUST_USE struct spf_error spf_ssh_expand_home(const char *file, char **path);
