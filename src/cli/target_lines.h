#pragma once

#include "cli/targets.h"
#include "openssh/shell_words.h"

/*
 * Adds those of a list, a line each: a host ([user@]host[:port], ssh://, a name of the ssh
 * configuration), or an instance in a list of instances; else words as on the command line, which
 * add to what stands there. Blank lines and comments (#) do not count. text is changed. name: the
 * list's, for people. What is wrong with a line goes to left_out; SPF_ERR_NOMEM, SPF_ERR_TOO_BIG
 * for too many targets, or as of spf_targets_refuse_key.
 */
SPF_MUST_USE
struct spf_error spf_targets_read(struct spf_targets *targets, const struct spf_options *options,
                                  bool of_instances, const char *name, char *text);

/*
 * SPF_ERR_USAGE: the text of a list or an inventory holds a private key; what its lines are must
 * then not be said, kept or looked up. In an inventory a value may be one, which is indented or
 * stands in quotes.
 */
SPF_MUST_USE struct spf_error spf_targets_refuse_key(const char *text, bool inventory);

/* Adds the one that words name, as on a command line. What the target borrows of them becomes the
 * targets'. Errors as of spf_targets_take. */
SPF_MUST_USE
struct spf_error spf_targets_add_words(struct spf_targets *targets,
                                       const struct spf_options *options, struct spf_words *words);

/* Adds an instance that was selected in that account. id is borrowed. Errors as of
 * spf_targets_take. */
SPF_MUST_USE
struct spf_error spf_targets_add_instance(struct spf_targets *targets,
                                          const struct spf_options *options, unsigned account,
                                          const char *id);

/* For spf_shell_words: a list has no variables. Returns NULL. */
char *spf_no_variable(const char *name);
