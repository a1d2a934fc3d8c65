#pragma once

#include "cli/identity.h"
#include "cli/options.h"
#include "driver/driver.h"

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
    char *alike_first;  /* the first of them, after its line's place; NULL none */
    SPF_LIST(struct spf_account *) accounts; /* whose instances they are: by target->account */
    struct spf_place place;                  /* where their paths are */
    /* what the targets borrow */
    struct spf_secret *key_text;
    struct spf_secret *passphrase;
    SPF_LIST(struct spf_options *) kept;
    SPF_LIST(char *) texts;
    void *known;               /* tsearch(3)'s tree of those in the list */
    struct spf_packed *packed; /* in place of the list's items, once the list is whole; or NULL */
};

/* What options ask of one target. The secrets may be NULL. */
struct spf_target spf_target_of(const struct spf_options *options, struct spf_secret *key_text,
                                struct spf_secret *passphrase);

/*
 * Adds those that stand on the command line itself. options outlive targets, as do the secrets that
 * its caller has put there. SPF_ERR_NOMEM, or SPF_ERR_USAGE.
 */
SPF_MUST_USE
struct spf_error spf_targets_take(struct spf_targets *targets, const struct spf_options *options);

/* One that cannot be asked for. Takes where over (NULL: no memory). SPF_ERR_NOMEM; SPF_ERR_USAGE:
 * there are too many. */
SPF_MUST_USE
struct spf_error spf_targets_leave_out(struct spf_targets *targets, char *where, const char *why);

/* At most so many pairs of a region and a profile in one run. */
#define SPF_ACCOUNTS_MAX 256

/*
 * The place of the account of that region and profile (NULL: not given) among targets->accounts,
 * where it is added if it is new. SPF_ERR_NOMEM; SPF_ERR_TOO_BIG: there are too many.
 */
SPF_MUST_USE
struct spf_error spf_account_of(struct spf_targets *targets, const char *region,
                                const char *profile, unsigned *place);

/*
 * Adds the target of a line's options, which it borrows from: their texts become the targets'.
 * Errors as of spf_targets_take.
 */
SPF_MUST_USE
struct spf_error spf_targets_add(struct spf_targets *targets, struct spf_options *line,
                                 unsigned account);
/* The text, which may be NULL, becomes the targets', and *text NULL. False: no memory. */
SPF_MUST_USE bool spf_targets_keep(struct spf_targets *targets, char **text);
/* A copy that the targets own; NULL stays NULL. False: no memory. */
SPF_MUST_USE bool spf_targets_own(struct spf_targets *targets, const char *text, const char **copy);

/* The list is whole: of a long one, whose targets have most in common, what differs is kept. */
void spf_targets_settle(struct spf_targets *targets);
/* The target of that index; room is for a copy of it, which may be what is returned. */
const struct spf_target *spf_targets_at(const struct spf_targets *targets, size_t index,
                                        struct spf_target *room);

void spf_targets_clear(struct spf_targets *targets);
