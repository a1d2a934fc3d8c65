#include "openssh/shell_words.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/language.h"
#include "base/text.h"

#define WORD_MAX 8192
#define NAME_MAX 128

/* The line where it is read, and the word that is being made. */
struct lexer {
    const char *at;
    char *(*lookup)(const char *name);
    struct spf_buf word;
    bool in_word; /* '' is a word, too */
    const char *why;
};

static bool refuse(struct lexer *lexer, const char *why)
{
    lexer->why = why;
    return false;
}

/* At $NAME or ${NAME}. */
static bool expand(struct lexer *lexer)
{
    bool braced = lexer->at[1] == '{';
    const char *name = lexer->at + (braced ? 2 : 1);
    const char *value;
    const char *end = name;
    char copy[NAME_MAX];

    while (isalnum((unsigned char)*end) || *end == '_') {
        end++;
    }
    if (end == name && !braced && *name != '(' && strchr("*@#?-$!", *name) == NULL) {
        spf_buf_addch(&lexer->word, *lexer->at++); /* a dollar sign */
        return true;
    }
    if (end == name || isdigit((unsigned char)*name) || (braced && *end != '}') ||
        (size_t)(end - name) >= sizeof copy) {
        return refuse(lexer, _("it has a $ expansion that only the shell can do"));
    }
    memcpy(copy, name, (size_t)(end - name));
    copy[end - name] = '\0';
    if ((value = lexer->lookup(copy)) == NULL) {
        return refuse(lexer, _("it has a variable that is not in the environment"));
    }
    spf_buf_addstr(&lexer->word, value);
    lexer->at = end + braced;
    return true;
}

/* At the opening quote. */
static bool take_quoted(struct lexer *lexer)
{
    char quote = *lexer->at++;

    lexer->in_word = true;
    while (*lexer->at != quote) {
        if (*lexer->at == '\0') {
            return refuse(lexer, _("a quote is not closed"));
        }
        if (quote == '"' && *lexer->at == '`') {
            return refuse(lexer, _("it has a command substitution"));
        }
        if (quote == '"' && *lexer->at == '$') {
            if (!expand(lexer)) {
                return false;
            }
            continue;
        }
        if (quote == '"' && *lexer->at == '\\' && lexer->at[1] != '\0' &&
            strchr("$`\"\\\n", lexer->at[1]) != NULL) {
            lexer->at++;
        }
        spf_buf_addch(&lexer->word, *lexer->at++);
    }
    lexer->at++;
    return true;
}

/* At < or >: the operator and the word after it are no words of the command. */
static bool take_redirection(struct lexer *lexer)
{
    struct spf_buf kept = lexer->word;
    bool good = true;

    lexer->at += strspn(lexer->at, "<>&|");
    lexer->at += strspn(lexer->at, " \t");
    spf_buf_init(&lexer->word, WORD_MAX);
    while (good && *lexer->at != '\0' && strchr(" \t\r\n;|&<>", *lexer->at) == NULL) {
        if (*lexer->at == '\'' || *lexer->at == '"') {
            good = take_quoted(lexer);
        } else {
            lexer->at += lexer->at[0] == '\\' && lexer->at[1] != '\0' ? 2 : 1;
        }
    }
    spf_buf_clear(&lexer->word);
    lexer->word = kept;
    return good;
}

static bool end_word(struct lexer *lexer, struct spf_words *words)
{
    bool good = !lexer->in_word ||
                (!spf_buf_failed(&lexer->word) && spf_words_add(words, lexer->word.data));

    spf_buf_clear(&lexer->word);
    lexer->in_word = false;
    return good ? true : refuse(lexer, _("a word of it is too long"));
}

/* One character outside of quotes, or what it begins. False: the command ends, or why says more. */
static bool take(struct lexer *lexer, struct spf_words *words)
{
    char c = *lexer->at;

    if (c == ' ' || c == '\t') {
        lexer->at++;
        return end_word(lexer, words);
    }
    if (c == '\0' || strchr("\r\n;|&()", c) != NULL || (c == '#' && !lexer->in_word)) {
        (void)end_word(lexer, words);
        return false;
    }
    if (c == '<' || c == '>') {
        bool number =
            lexer->in_word && lexer->word.data[strspn(lexer->word.data, "0123456789")] == '\0';

        if (number) { /* of a descriptor */
            spf_buf_clear(&lexer->word);
            lexer->in_word = false;
        }
        if (!end_word(lexer, words) || !take_redirection(lexer)) {
            return false;
        }
        lexer->in_word = false;
        return true;
    }
    if (c == '\'' || c == '"') {
        return take_quoted(lexer);
    }
    if (c == '`') {
        return refuse(lexer, _("it has a command substitution"));
    }
    if (c == '$' && (lexer->at[1] == '\'' || lexer->at[1] == '"')) {
        return refuse(lexer, _("it has a $ quote that only the shell can read"));
    }
    if (c == '\\' && lexer->at[1] == '\n') {
        lexer->at += 2;
        return true;
    }
    lexer->in_word = true;
    if (c == '$') {
        return expand(lexer);
    }
    if (c == '\\' && lexer->at[1] != '\0') {
        lexer->at++;
    }
    spf_buf_addch(&lexer->word, *lexer->at++);
    return true;
}

bool spf_shell_words(const char *line, char *(*lookup)(const char *name), struct spf_words *words,
                     const char **why)
{
    struct lexer lexer = {.at = line, .lookup = lookup};

    spf_buf_init(&lexer.word, WORD_MAX);
    lexer.at += strspn(lexer.at, " \t\r\n");
    while (take(&lexer, words)) {
        continue;
    }
    spf_buf_clear(&lexer.word);
    *why = lexer.why;
    return lexer.why == NULL;
}

bool spf_words_add(struct spf_words *words, const char *word)
{
    char **copy = SPF_APPEND(&words->list);

    return copy != NULL && (*copy = strdup(word)) != NULL;
}

void spf_words_clear(struct spf_words *words)
{
    for (size_t i = 0; i < words->list.count; i++) {
        free(words->list.items[i]);
    }
    free(words->list.items);
    *words = (struct spf_words){0};
}
