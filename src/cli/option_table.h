#pragma once

#include "cli/options.h"

/*
 * The one table of options: parsing, --help, the library and the manual's test read its rows. A row
 * says where the value goes and what it may be; only what is more than a value has a function.
 */
enum spf_option_type {
    SPF_OPTION_FLAG,   /* takes no value: sets a bool */
    SPF_OPTION_SET,    /* takes no value: sets an unsigned to `least` */
    SPF_OPTION_TEXT,   /* a const char * */
    SPF_OPTION_FILE,   /* the same, with ~ expanded as ssh does it */
    SPF_OPTION_FILES,  /* appended to a list of SPF_LIST_OPTION_MAX, which NULL ends */
    SPF_OPTION_NUMBER, /* an unsigned from least to most */
    SPF_OPTION_CHOICE, /* an unsigned: which of `words` */
    SPF_OPTION_OTHER,  /* what `take` makes of it */
};

enum spf_option_kind {
    SPF_OPTION_WHAT, /* what is asked; lines to rerun are given it by what was found */
    SPF_OPTION_HOW,  /* how to ask: lines to rerun repeat it */
    SPF_OPTION_HERE, /* of the command line: means nothing to the library, nor to a line to rerun */
};

struct spf_option_row {
    const char *name;     /* long; NULL: only a letter */
    int letter;           /* 0: none */
    const char *argument; /* NULL: takes no value; "[=...": may be left out, "" is taken then */
    const char *help;
    enum spf_option_kind kind;
    enum spf_option_type type;
    size_t offset; /* in struct spf_options */
    /* A second one adds to the first (or its function knows what it means); else it is an error,
     * unless it says the same. Rows of the same field exclude each other likewise. */
    bool adds;
    unsigned least;
    unsigned most;
    const char *const *words; /* NULL ends */
    struct spf_error (*take)(struct spf_options *options, const char *argument);
    bool whole_run; /* it is the same for all targets: not in a line of a list */
    bool in_config; /* may stand in the file of defaults (cli/defaults.h) */
    bool secret;    /* the value may hold a password: no error repeats it */
};

extern const struct spf_option_row spf_option_rows[];
extern const size_t spf_option_count;

bool spf_option_may_lack_value(const struct spf_option_row *row);
/* "--timeout", or "-4". */
void spf_option_name(const struct spf_option_row *row, char name[40]);

/* By its long name; NULL: there is none. */
const struct spf_option_row *spf_option_named(const char *name);
/* What a row of the same field as this one was given before; NULL: none was. */
const struct spf_option_row *spf_option_given(const struct spf_options *options,
                                              const struct spf_option_row *row);

/* A whole decimal number from least to most, or one of words, which NULL ends; name begins the
 * sentence of an error. */
SPF_MUST_USE
struct spf_error spf_option_number(const char *name, const char *text, unsigned least,
                                   unsigned most, unsigned *value);
SPF_MUST_USE
struct spf_error spf_option_choose(const char *name, const char *text, const char *const *words,
                                   unsigned *choice);
