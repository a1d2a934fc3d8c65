#pragma once

#include "openssh/jump_line.h"
#include "pipeline/target.h"
#include "platform/child.h"

#define SPF_SSH_WORDS_MAX 120

/* What ssh -G is asked. */
struct spf_ssh_question {
    const struct spf_target *target;
    const char *name; /* of the target, as a user would give it to ssh */
    const char *hop;  /* the jump host that is asked about; NULL: the target itself */
    bool traced;      /* ssh says, too, which lines of its files it applies */
    /* what the words borrow beside that */
    char port[8];
    struct spf_jump_place place;
};

/* The words that ask it, at most SPF_SSH_WORDS_MAX, the host last; and what their environment
 * needs. Returns how many. */
size_t spf_ssh_question_words(struct spf_ssh_question *question, const char *words[],
                              struct spf_child_environment *environment);
