#include "cli/refuse.h"

#include <getopt.h>
#include <string.h>

#include "base/language.h"
#include "base/suggest.h"
#include "openssh/command_programs.h"

bool spf_suggest_option(struct spf_buf *said, const char *typed)
{
    const char *names[SPF_OPTIONS_MAX];

    for (size_t i = 0; i < spf_option_count; i++) {
        names[i] = spf_option_rows[i].name;
    }
    return spf_suggest(said, typed, "--", names, spf_option_count);
}

/* --wrong[=VALUE]: an option that there is not, or the beginning of several. */
static void say_unknown_long(struct spf_buf *said, const char *word)
{
    size_t len = strcspn(word, "=");
    unsigned shown = 0;
    char name[60];

    spf_format(name, sizeof name, "%.*s", (int)len, word);
    for (size_t i = 0; i < spf_option_count && len > 2; i++) {
        const char *other = spf_option_rows[i].name;

        if (other == NULL || strncmp(other, word + 2, len - 2) != 0) {
            continue;
        }
        spf_buf_addf(said, "%s%s--%s", shown == 0 ? name : "", shown == 0 ? _(" may be ") : ", ",
                     other);
        shown++;
    }
    if (shown > 0) {
        return;
    }
    spf_buf_addf(said, _("there is no option %s"), name);
    (void)spf_suggest_option(said, name + 2);
}

/* "-jsn", but not "-Av" nor "-oX=y". */
static bool looks_like_a_long_name(const char *word)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz-";
    size_t len = strspn(word + 1, letters);

    return word[1] != '-' && len >= 3 && (word[1 + len] == '\0' || word[1 + len] == '=');
}

/* A letter that there is not, in word: "-A", "-Av", or a long name with one hyphen. */
static void say_unknown_letter(struct spf_buf *said, int letter, const char *word)
{
    spf_buf_addf(said, _("there is no option -%c"), letter);
    if (looks_like_a_long_name(word)) {
        (void)spf_suggest_option(said, word + 1);
    }
}

struct spf_error spf_refuse_option(int option, const struct spf_option_row *row, const char *word)
{
    struct spf_error error;
    struct spf_buf said;
    char name[40] = "";

    if (row != NULL) {
        spf_option_name(row, name);
    }
    spf_buf_init(&said, 400);
    if (option == ':' && row != NULL) {
        spf_buf_addf(&said, _("%s needs a value (%s)"), name, row->argument);
    } else if (option == ':' && spf_ssh_letter(optopt) != NULL) {
        spf_buf_addf(&said, _("-%c needs a value"), optopt);
    } else if (optopt == 0) {
        say_unknown_long(&said, word);
    } else if (row == NULL) {
        say_unknown_letter(&said, optopt, word);
    } else {
        spf_buf_addf(&said, _("%s takes no value"), name);
    }
    error = spf_usage("%s", said.data);
    spf_buf_clear(&said);
    return error;
}

/* "-json" is read as letters, "-instance" even as a key: exactly a long name is one. */
static const struct spf_option_row *long_with_one_hyphen(const char *word)
{
    return word[0] == '-' && word[1] != '-' && word[1] != '\0' && strlen(word) > 2
               ? spf_option_named(word + 1)
               : NULL;
}

struct spf_error spf_judge_letters(const struct spf_option_row *row, const char *word)
{
    struct spf_error error = spf_ok();
    struct spf_buf said;

    if (word[0] != '-' || word[1] == '-') {
        return error;
    }
    if (long_with_one_hyphen(word) != NULL) {
        return spf_usage("%s is read as single letters; did you mean -%s?", word, word);
    }
    if (row != NULL || !looks_like_a_long_name(word)) {
        return error;
    }
    spf_buf_init(&said, 400);
    if (spf_suggest_option(&said, word + 1)) {
        error = spf_usage("%s is read as single letters%s", word, said.data);
    }
    spf_buf_clear(&said);
    return error;
}
