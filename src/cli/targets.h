#ifndef SPF_CLI_TARGETS_H
#define SPF_CLI_TARGETS_H

#include "cli/options.h"
#include "driver/driver.h"
#include "openssh/shell_words.h"

/*
 * The targets that a command line asks for: the one that it names, and those of its lists
 * (--instance repeated, --instances-file, --hosts-file). Two that are alike are one.
 */
#define SPF_TARGETS_MAX     100000
#define SPF_TARGET_LIST_MAX (64u * 1024 * 1024) /* bytes of a list */

/* A line that names no target: the others are checked all the same. */
struct spf_left_out {
    char *where; /* "hosts line 7" */
    char *why;   /* a sentence for a person, without a full stop */
};

struct spf_targets {
    SPF_LIST(struct spf_target *) list;
    SPF_LIST(struct spf_left_out) left_out;
    unsigned shard, shards; /* only those of this part; 0: all */
    uint64_t selection; /* of all targets, also other parts', and of their checks; in any order the
                           same */
    size_t elsewhere;   /* so many are in other parts */
    size_t alike;       /* so many named one that was there */
    SPF_LIST(struct spf_account *) accounts; /* whose instances they are: by target->account */
    /* what the targets borrow */
    struct spf_secret *key_text;
    struct spf_secret *passphrase;
    SPF_LIST(struct spf_options *) kept;
    SPF_LIST(char *) texts;
    void *known; /* tsearch(3)'s tree of those in the list */
};

/* What options ask of one target. The secrets may be NULL. */
struct spf_target spf_target_of(const struct spf_options *options, struct spf_secret *key_text,
                                struct spf_secret *passphrase);

/* Does it choose instances by what they are: --all, --tag, --vpc? */
bool spf_options_select(const struct spf_options *options);
/* Does the command line ask for more than the one target that its options name? */
bool spf_options_list(const struct spf_options *options);

/*
 * Adds those that stand on the command line itself. options outlive targets, as do the secrets that
 * its caller has put there. SPF_ERR_NOMEM, or SPF_ERR_USAGE.
 */
SPF_MUST_USE
struct spf_error spf_targets_take(struct spf_targets *targets, const struct spf_options *options);

/*
 * Adds those of a list, a line each: a host ([user@]host[:port], ssh://, a name of the ssh
 * configuration), or an instance in a list of instances; else words as on the command line, which
 * add to what stands there. Blank lines and comments (#) do not count. text is changed. name: the
 * list's, for people. What is wrong with a line goes to left_out; SPF_ERR_NOMEM, or SPF_ERR_TOO_BIG
 * for too many targets.
 */
SPF_MUST_USE
struct spf_error spf_targets_read(struct spf_targets *targets, const struct spf_options *options,
                                  bool of_instances, const char *name, char *text);

/* Adds the one that words name, as on a command line. What the target borrows of them becomes the
 * targets'. Errors as of spf_targets_take. */
SPF_MUST_USE
struct spf_error spf_targets_add_words(struct spf_targets *targets,
                                       const struct spf_options *options, struct spf_words *words);

/* One that cannot be asked for. Takes where over (NULL: no memory). SPF_ERR_NOMEM; SPF_ERR_USAGE:
 * there are too many. */
SPF_MUST_USE
struct spf_error spf_targets_leave_out(struct spf_targets *targets, char *where, const char *why);

/* For spf_shell_words: a list has no variables. Returns NULL. */
char *spf_no_variable(const char *name);

/* Adds an instance that was selected in that account. id is borrowed. Errors as of
 * spf_targets_take. */
SPF_MUST_USE
struct spf_error spf_targets_add_instance(struct spf_targets *targets,
                                          const struct spf_options *options, unsigned account,
                                          const char *id);

void spf_targets_clear(struct spf_targets *targets);

#endif
