#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "base/error.h"
#include "base/shape.h"
#include "base/text.h"
#include "cloud/cloud.h"
#include "pipeline/target.h"
#include "report/format.h"

/* The command line as values. Strings are borrowed from argv, which lives as long as the process.
 */
enum spf_command {
    SPF_COMMAND_RUN,
    SPF_COMMAND_EXPLAIN, /* explain CAUSE */
    SPF_COMMAND_MERGE,   /* merge FILE... */
    SPF_COMMAND_HELP,
    SPF_COMMAND_VERSION,
    SPF_COMMAND_LIST_CHECKS,
    SPF_COMMAND_PRINT_POLICY,
    SPF_COMMAND_COMPLETION,
    SPF_COMMAND_PRINT_CONFIG,
};

enum spf_language_choice {
    SPF_LANGUAGE_AUTO,
    SPF_LANGUAGE_EN,
    SPF_LANGUAGE_ZH,
};

enum spf_colour_choice {
    SPF_COLOUR_AUTO,
    SPF_COLOUR_ALWAYS,
    SPF_COLOUR_NEVER,
};

struct spf_output_option {
    enum spf_format format;
    const char *path;
};

#define SPF_LIST_OPTION_MAX    16 /* of --known-hosts, --output, --endpoint */
#define SPF_ACCOUNTS_GIVEN_MAX 64 /* of --region, and of --profile */
#define SPF_OPTIONS_MAX        64

struct spf_options {
    enum spf_command command;
    const char *cause;            /* explain's */
    SPF_LIST(const char *) files; /* merge's */
    unsigned completion;          /* enum spf_completion */

    SPF_LIST(const char *) instances; /* of --instance, behind the first */
    /* lists of targets; "-": standard input */
    const char *instances_files[SPF_LIST_OPTION_MAX + 1], *hosts_files[SPF_LIST_OPTION_MAX + 1];
    bool all;                                  /* every instance of the region */
    const char *tags[SPF_LIST_OPTION_MAX + 1]; /* "KEY", "KEY=VALUE" that they must have */
    const char *vpc;
    unsigned shard, shards; /* the one of so many parts, from 1; 0: all */
    unsigned jobs;          /* so many targets at once */
    unsigned fail_over;     /* as long as no more per cent of them fail, the exit status is 0 */

    const char *instance, *host, *user, *key, *passphrase_file, *jump;
    const char *ssh_config; /* NULL: not to be used; "" the usual files */
    uint16_t port;
    bool user_given;
    bool port_given;
    bool host_is_word;     /* it stands without --host, and may be an instance's name */
    bool host_in_brackets; /* [::1:22] can't be meant as ::1, port 22 */
    int family;
    enum spf_address_choice address;
    struct spf_ip source_ip;
    const char *source_lookup; /* the URL of --source-ip=lookup:URL */
    enum spf_session_mode session;
    enum spf_file_transfer transfer; /* of the failed command */
    spf_checks only, skip;           /* as given; only: 0 for all */
    spf_checks selected;             /* what they leave, once finished */
    unsigned timeout_s;
    unsigned deadline_s;
    unsigned wait_s;      /* --wait; 0: one round */
    const char *find_key; /* NULL: not asked; "": in ~/.ssh */
    const char *key_dir;  /* of the private keys; NULL: none */
    bool fix, console, no_cache;
    unsigned vpc_endpoints; /* 0 or 1 */
    const char *known_hosts[SPF_LIST_OPTION_MAX + 1];

    /* of each the one that holds, or all in which instances are chosen; NULL ends */
    const char *regions[SPF_ACCOUNTS_GIVEN_MAX + 1], *profiles[SPF_ACCOUNTS_GIVEN_MAX + 1];
    const char *config_path, *ca_file;
    const char *endpoints[SPF_LIST_OPTION_MAX];
    size_t endpoint_count;

    enum spf_format format;
    struct spf_output_option outputs[SPF_LIST_OPTION_MAX];
    size_t output_count;
    enum spf_colour_choice colour;
    enum spf_language_choice language;
    bool strict;
    bool quiet;
    unsigned verbose; /* how often -v was given */
    const char *record, *replay, *resume, *baseline;
    const char *transcript; /* a file, or "-": a pasted text */

    /* Words that lines to rerun repeat: what says how to ask, not what. */
    const char *repeat[64];
    /* -o and what means the same, for ssh to read (ssh -G); how many of them a user and a port that
     * were given follow: of several the first counts. */
    const char *ssh_words[33];
    size_t user_at;
    size_t port_at;
    bool no_openssh;         /* the failed command is PuTTY's: no ssh_config(5) */
    bool openssh_typed;      /* it is ssh's, or one that runs ssh */
    bool putty_cache;        /* it looks host keys up in PuTTY's cache */
    bool putty_batch;        /* and asks nobody */
    bool putty_no_agent;     /* nor an agent */
    const char *remark;      /* of the failed command: what does not count here; NULL */
    const char *missing_key; /* its -i, which ssh goes on without; NULL */
    char *host_copy;         /* owns user and host of a positional user@host */
    char *key_copy;          /* owns key where --fix made another file of it */
    SPF_LIST(char *) copies; /* own file names in which a ~ was expanded */
    unsigned default_line[SPF_OPTIONS_MAX]; /* by the same: the line of the file of defaults */
    const char *given[SPF_OPTIONS_MAX]; /* by the table's rows: the value, "" where it has none */
};

/* Options that nothing was read into yet, with their defaults. */
void spf_options_init(struct spf_options *options);
void spf_options_clear(struct spf_options *options);

/* Does it choose instances by what they are: --all, --tag, --vpc? */
bool spf_options_select(const struct spf_options *options);
/* Does the command line ask for more than the one target that its options name? */
bool spf_options_list(const struct spf_options *options);

/* The checks that mean nothing without a key. */
#define SPF_CHECKS_WITH_KEY                                                          \
    (SPF_CHECK_BIT(KEY_FILE) | SPF_CHECK_BIT(KEY_MODE) | SPF_CHECK_BIT(KEY_FORMAT) | \
     SPF_CHECK_BIT(SSH_AUTH) | SPF_CHECK_BIT(SSH_SESSION))
