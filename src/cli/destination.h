#ifndef SPF_CLI_DESTINATION_H
#define SPF_CLI_DESTINATION_H

/* Where to log in and with what, as ssh takes it on its command line. */
#include "cli/options.h"

/*
 * [user@]host, or ssh://[user@]host[:port] as OpenSSH reads it (misc.c: parse_ssh_uri); an IPv6
 * address may stand in brackets. A user or port that was given before stays. SPF_ERR_USAGE for a
 * URI that ssh refuses.
 */
SPF_MUST_USE struct spf_error spf_take_destination(struct spf_options *options, const char *word);

/*
 * A file with a leading ~ as ssh expands it (misc.c: tilde_expand_filename): the home that the
 * password database has, of ~name that user's. *path is file itself, or belongs to options.
 * SPF_ERR_USAGE: there is no such user.
 */
SPF_MUST_USE
struct spf_error spf_expand_home(struct spf_options *options, const char *file, const char **path);

/* [ssh://][user@]host[:port], and more of them after commas, of letters that mean nothing to a
 * shell or to ssh. SPF_ERR_USAGE says what is wrong. */
SPF_MUST_USE struct spf_error spf_judge_jump(const char *hosts);

#endif
