#pragma once

/* What is ssh's on our command line: its options, and the command that failed. */
#include "cli/options.h"
#include "openssh/command.h"
#include "openssh/destination.h"

/*
 * -o: an option of ssh_config(5), as ssh takes it on its command line. It is judged by ssh itself
 * (ssh -G); the text is kept, not borrowed.
 */
SPF_MUST_USE struct spf_error spf_take_ssh_option(struct spf_options *options, const char *text);

/* A copy that lives as long as the options; NULL: no memory. */
const char *spf_options_keep(struct spf_options *options, const char *text);

/* How many there are. */
size_t spf_ssh_words(const struct spf_options *options);

/* A positional word: where to log in (openssh/destination.h). */
SPF_MUST_USE struct spf_error spf_take_destination(struct spf_options *options, const char *word);

/* A file with a leading ~ as ssh expands it. *path is file itself, or belongs to options. */
SPF_MUST_USE
struct spf_error spf_expand_home(struct spf_options *options, const char *file, const char **path);

/* A letter that ssh has and we do not: kept where it bears on the login, else accepted. word: the
 * one it stands in. */
SPF_MUST_USE
struct spf_error spf_take_ssh_letter(struct spf_options *options, const struct spf_letter *letter,
                                     const char *value);

/*
 * The failed command: `sshpreflight [options] ssh -p 2222 root@host`, or after --. *argv: what it
 * comes to, as words of our own command line; the list is the caller's to free, the words belong to
 * options.
 */
SPF_MUST_USE
struct spf_error spf_take_command(struct spf_options *options, char **words, size_t count,
                                  char ***argv, int *argc);

/* The same of one word that holds a whole line: it is split as a shell does. */
SPF_MUST_USE struct spf_error spf_take_command_line(struct spf_options *options, const char *line,
                                                    char ***argv, int *argc);

/* One more word that lines to rerun repeat; borrowed. */
void spf_options_repeat(struct spf_options *options, const char *word);

/* As they stand there, whatever was typed: "--region", "--profile", each before its value. */
extern const char spf_region_word[], spf_profile_word[];

/* Of the values of the one or the other that stand there this one alone is left; NULL: none. */
void spf_options_repeat_own(struct spf_options *options, const char *name, const char *value);
