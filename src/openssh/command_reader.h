#pragma once

#include "base/text.h"
#include "openssh/command_meaning.h"

/* What the readers of the programs' command lines (command_programs.h) stand on. */

#define SPF_COMMAND_KEYS 16

struct spf_command_reader {
    const char *const *words; /* of the program, without its name; borrowed */
    size_t count;
    size_t at;
    const char *program;                /* its name without directory and .exe */
    const char *remote_shell;           /* assigned before it: GIT_SSH_COMMAND, RSYNC_RSH; NULL */
    bool configured;                    /* it is OpenSSH that connects, which reads ssh_config(5) */
    const char *config;                 /* of -F, the last one; NULL */
    const char *keys[SPF_COMMAND_KEYS]; /* of -i, in their order */
    size_t key_count;
    bool keeps_times;              /* scp's and sftp's -p, which is ssh's port */
    const char *host;              /* as an argument of --host; NULL: none yet */
    struct spf_words kept;         /* owns words that were made */
    int (*look)(const char *path); /* spf_command_read's */
    struct spf_ssh_command *out;
};

/* Sets the error, unless there is one. Always false. */
bool spf_command_refuse(struct spf_command_reader *reader, const char *fmt, ...) SPF_PRINTF(2, 3);
void spf_command_remark(struct spf_command_reader *reader, const char *fmt, ...) SPF_PRINTF(2, 3);

/* One option of ours, with its value (NULL: none). Text of it need not live on. */
bool spf_command_add(struct spf_command_reader *reader, const char *option, const char *value);
/* The same as -o KEYWORD=VALUE. */
bool spf_command_add_keyword(struct spf_command_reader *reader, const char *keyword,
                             const char *value);
bool spf_command_add_key(struct spf_command_reader *reader, const char *path);
/* [user@]host, or ssh://...; a second one must be the same. */
bool spf_command_set_host(struct spf_command_reader *reader, const char *host);
/* A copy of len bytes that lives as long as the reader; NULL: no memory (and the error is set). */
const char *spf_command_keep(struct spf_command_reader *reader, const char *text, size_t len);

/* The next word, if it is an option "-x..." and not "-" nor "--"; else NULL, and at stays. */
const char *spf_command_next_option(struct spf_command_reader *reader);

/* The letter's meaning; NULL: the program has no such option. */
const struct spf_letter *spf_letter_of(const struct spf_letter *letters, int letter);

/*
 * Options of one letter as BSD's getopt(3) takes them, up to the first word that is none; "--" is
 * taken, too, and ends them: *ended then (may be NULL).
 */
bool spf_command_take_letters(struct spf_command_reader *reader, const struct spf_letter *letters,
                              bool *ended);

/* The value of a long option that is written with = or as the next word; NULL: word is another
 * option, or lacks it. */
const char *spf_command_long_value(struct spf_command_reader *reader, const char *word,
                                   const char *name);
/* Is it one of these options, whose value is the next word? NULL ends. */
bool spf_command_takes_next(const char *word, const char *const *names);
void spf_command_skip_value(struct spf_command_reader *reader);

/*
 * HOST:PATH as scp takes it (misc.c, colon): how long [user@]host is, brackets included; 0 for a
 * local file.
 */
size_t spf_command_remote_host(const char *word);
