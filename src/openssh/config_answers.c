#include "openssh/config_answers.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "openssh/config_alike.h"

#define WORDS_MAX 4096

/* Of all hosts that the same sections are about. */
struct spf_ssh_answer {
    struct spf_ssh_answer *next;
    struct spf_ssh_question *question;
    char *numbers;                         /* of the sections; NULL: not known, or no memory */
    struct spf_ssh_asker *first, *waiting; /* first: asks ssh; NULL: it has been asked */
    char *says;                            /* NULL: each has to ask */
    size_t len;
};

struct spf_ssh_question {
    struct spf_ssh_question *next;
    char *words;
    bool answered;
    char *sections; /* once it is answered; NULL: each has to ask */
    struct spf_ssh_answer *answers;
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
    for (struct spf_ssh_answer *next; question->answers != NULL; question->answers = next) {
        next = question->answers->next;
        free(question->answers->numbers);
        free(question->answers->says);
        free(question->answers);
    }
    free(question->words);
    free(question->sections);
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

/* A new answer that the asker is to get. */
static enum spf_ssh_turn ask_first(struct spf_ssh_question *question, char *numbers,
                                   struct spf_ssh_asker *asker)
{
    struct spf_ssh_answer *answer = calloc(1, sizeof *answer);

    if (answer == NULL) {
        free(numbers);
        return SPF_SSH_ASK;
    }
    *answer = (struct spf_ssh_answer){
        .next = question->answers, .question = question, .numbers = numbers, .first = asker};
    question->answers = answer;
    asker->answer = answer;
    return SPF_SSH_ASK_FIRST;
}

static enum spf_ssh_turn wait_for(struct spf_ssh_answer *answer, struct spf_ssh_asker *asker)
{
    asker->answer = answer;
    asker->next = answer->waiting;
    answer->waiting = asker;
    return SPF_SSH_WAIT;
}

static char *numbers_of(const struct spf_ssh_question *question, const char *host)
{
    struct spf_buf numbers;

    spf_buf_init(&numbers, SPF_SSH_SECTIONS_MAX);
    spf_ssh_config_sections_of(question->sections, host, &numbers);
    return spf_buf_take(&numbers);
}

/* What is known of the asker's sections, once it is known what sections there are. */
static enum spf_ssh_turn join(struct spf_ssh_question *question, struct spf_ssh_asker *asker)
{
    char *numbers = question->sections != NULL ? numbers_of(question, asker->host) : NULL;
    struct spf_ssh_answer *answer = question->answers;

    if (numbers == NULL) {
        return SPF_SSH_ASK;
    }
    while (answer != NULL && (answer->numbers == NULL || strcmp(answer->numbers, numbers) != 0)) {
        answer = answer->next;
    }
    if (answer == NULL) {
        return ask_first(question, numbers, asker);
    }
    free(numbers);
    if (answer->first != NULL) {
        return wait_for(answer, asker);
    }
    if (answer->says == NULL) {
        return SPF_SSH_ASK;
    }
    asker->answered(asker, answer->says, answer->len);
    return SPF_SSH_WAIT;
}

enum spf_ssh_turn spf_ssh_answers_ask(struct spf_ssh_answers *answers, const char *const *words,
                                      struct spf_ssh_asker *asker)
{
    struct spf_ssh_question *question = find(answers, words);

    if (question == NULL) {
        return SPF_SSH_ASK;
    }
    if (question->answered) {
        return join(question, asker);
    }
    return question->answers == NULL ? ask_first(question, NULL, asker)
                                     : wait_for(question->answers, asker);
}

/* The first answer says which sections there are; one that knows others holds for nobody else. */
static bool take_sections(struct spf_ssh_answer *answer, const struct spf_ssh_asker *asker,
                          const char *sections)
{
    struct spf_ssh_question *question = answer->question;

    if (question->answered) {
        return sections != NULL && question->sections != NULL &&
               strcmp(question->sections, sections) == 0;
    }
    question->answered = true;
    if (sections != NULL) {
        question->sections = strdup(sections);
    }
    if (question->sections != NULL) {
        answer->numbers = numbers_of(question, asker->host);
    }
    return answer->numbers != NULL;
}

void spf_ssh_answers_give(struct spf_ssh_asker *asker, const char *sections, const char *says,
                          size_t len)
{
    struct spf_ssh_answer *answer = asker->answer;

    asker->answer = NULL;
    answer->first = NULL;
    if (take_sections(answer, asker, sections) && says != NULL) {
        answer->says = strndup(says, len);
        answer->len = len;
    }
    while (answer->waiting != NULL) {
        struct spf_ssh_asker *next = answer->waiting;

        answer->waiting = next->next;
        next->answer = NULL;
        if (join(answer->question, next) != SPF_SSH_WAIT) {
            next->answered(next, NULL, 0);
        }
    }
}

void spf_ssh_answers_leave(struct spf_ssh_asker *asker)
{
    struct spf_ssh_asker **link;

    if (asker->answer == NULL) {
        return;
    }
    if (asker->answer->first == asker) {
        spf_ssh_answers_give(asker, NULL, NULL, 0);
        return;
    }
    for (link = &asker->answer->waiting; *link != asker; link = &(*link)->next) {
    }
    *link = asker->next;
    asker->answer = NULL;
}
