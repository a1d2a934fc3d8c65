#include "openssh/config_answers.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define WORDS_MAX 4096

struct spf_ssh_question {
    struct spf_ssh_question *next;
    char *words;
    struct spf_ssh_asker *first, *waiting; /* first: asks ssh; NULL: it has been asked */
    char *says;                            /* NULL: targets differ */
    size_t len;
};

struct spf_ssh_answers {
    struct spf_ssh_question *questions; /* few: targets differ in port and jump host */
};

struct spf_ssh_answers *spf_ssh_answers_new(void)
{
    return calloc(1, sizeof(struct spf_ssh_answers));
}

static void free_question(struct spf_ssh_question *question)
{
    free(question->words);
    free(question->says);
    free(question);
}

void spf_ssh_answers_free(struct spf_ssh_answers *answers)
{
    if (answers == NULL) {
        return;
    }
    for (struct spf_ssh_question *next; answers->questions != NULL; answers->questions = next) {
        next = answers->questions->next;
        free_question(answers->questions);
    }
    free(answers);
}

/* The question of these words, new if nobody has put it. NULL: no memory. */
static struct spf_ssh_question *find(struct spf_ssh_answers *answers, const char *const *words)
{
    struct spf_ssh_question *question;
    struct spf_buf key;

    spf_buf_init(&key, WORDS_MAX);
    for (; *words != NULL; words++) {
        spf_buf_addf(&key, "%s\n", *words);
    }
    for (question = answers->questions; question != NULL; question = question->next) {
        if (!spf_buf_failed(&key) && strcmp(question->words, key.data) == 0) {
            spf_buf_clear(&key);
            return question;
        }
    }
    question = calloc(1, sizeof *question);
    if (question != NULL) {
        question->words = spf_buf_take(&key);
    }
    spf_buf_clear(&key);
    if (question == NULL || question->words == NULL) {
        free(question);
        return NULL;
    }
    question->next = answers->questions;
    answers->questions = question;
    return question;
}

enum spf_ssh_turn spf_ssh_answers_ask(struct spf_ssh_answers *answers, const char *const *words,
                                      struct spf_ssh_asker *asker)
{
    const struct spf_ssh_question *before = answers->questions;
    struct spf_ssh_question *question = find(answers, words);

    if (question == NULL) {
        return SPF_SSH_ASK;
    }
    if (question != before && question == answers->questions) {
        question->first = asker;
        asker->question = question;
        return SPF_SSH_ASK_FIRST;
    }
    if (question->first != NULL) {
        asker->question = question;
        asker->next = question->waiting;
        question->waiting = asker;
        return SPF_SSH_WAIT;
    }
    if (question->says == NULL) {
        return SPF_SSH_ASK;
    }
    asker->answered(asker, question->says, question->len);
    return SPF_SSH_WAIT;
}

void spf_ssh_answers_give(struct spf_ssh_asker *asker, const char *says, size_t len)
{
    struct spf_ssh_question *question = asker->question;

    asker->question = NULL;
    question->first = NULL;
    if (says != NULL) {
        question->says = strndup(says, len);
    }
    question->len = len;
    while (question->waiting != NULL) {
        struct spf_ssh_asker *next = question->waiting;

        question->waiting = next->next;
        next->question = NULL;
        next->answered(next, question->says, question->len);
    }
}

void spf_ssh_answers_leave(struct spf_ssh_asker *asker)
{
    struct spf_ssh_asker **link;

    if (asker->question == NULL) {
        return;
    }
    if (asker->question->first == asker) {
        spf_ssh_answers_give(asker, NULL, 0);
        return;
    }
    for (link = &asker->question->waiting; *link != asker; link = &(*link)->next) {
    }
    *link = asker->next;
    asker->question = NULL;
}
