#pragma once

#include <stdbool.h>
#include <stddef.h>

/*
 * One answer of `ssh -G` for many targets, where the configuration is the same for all hosts and
 * users (config_alike.h): a process for each of thousands costs more than all the rest of a login.
 * One asks first, the others wait for what it learns. In the loop's thread.
 */
struct spf_ssh_answers;

struct spf_ssh_answers *spf_ssh_answers_new(void); /* NULL: no memory */
/* Nobody may wait any more. Takes NULL. */
void spf_ssh_answers_free(struct spf_ssh_answers *answers);

/* Embedded by whoever asks. */
struct spf_ssh_asker {
    /* Called once: the answer, borrowed for the call; NULL: it has to ask ssh itself. */
    void (*answered)(struct spf_ssh_asker *asker, const char *says, size_t len);
    void *owner;
    /* the answers' own: */
    struct spf_ssh_question *question; /* NULL: it neither waits nor asks first */
    struct spf_ssh_asker *next;
};

enum spf_ssh_turn {
    SPF_SSH_ASK,       /* as if there were nobody else: targets differ, or memory ran out */
    SPF_SSH_ASK_FIRST, /* with -v, and then spf_ssh_answers_give or _leave */
    SPF_SSH_WAIT,      /* answered is called, or was within this call */
};

/* words: of the command line, up to a NULL, but for what may differ: the host, and the user's name.
 */
enum spf_ssh_turn spf_ssh_answers_ask(struct spf_ssh_answers *answers, const char *const *words,
                                      struct spf_ssh_asker *asker);

/* From whoever asked first: what holds for all (config_shared.h), which is copied; NULL: ssh said
 * nothing of that kind. */
void spf_ssh_answers_give(struct spf_ssh_asker *asker, const char *says, size_t len);

/* It is gone. Where it asked first, the others ask for themselves. Takes one that never asked. */
void spf_ssh_answers_leave(struct spf_ssh_asker *asker);
