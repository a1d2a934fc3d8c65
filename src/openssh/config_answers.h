#pragma once

#include <stdbool.h>
#include <stddef.h>

/*
 * One answer of `ssh -G` for many targets, where the configuration is the same for their hosts and
 * users (config_alike.h): a process for each of thousands costs more than all the rest of a login.
 * One asks first, and the others wait for what it learns; then one of each other group of sections
 * asks. In the loop's thread.
 */
struct spf_ssh_answers;

struct spf_ssh_answers *spf_ssh_answers_new(void); /* NULL: no memory */
/* Nobody may wait any more. Takes NULL. */
void spf_ssh_answers_free(struct spf_ssh_answers *answers);

/* Embedded by whoever asks. */
struct spf_ssh_asker {
    /* Called once: the answer, borrowed for the call; NULL: it has to ask ssh itself, and where it
     * has an answer then, as after SPF_SSH_ASK_FIRST. */
    void (*answered)(struct spf_ssh_asker *asker, const char *says, size_t len);
    void *owner;
    const char *host; /* the one that it asks about; borrowed */
    /* the answers' own: */
    struct spf_ssh_answer *answer; /* NULL: it neither waits nor asks first */
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

/*
 * From whoever asked first. sections: the configuration's (config_alike.h); NULL: nobody can tell
 * for whom else an answer holds. says: what holds for all that the same sections are about as its
 * host; NULL: nothing does. Both are copied.
 */
void spf_ssh_answers_give(struct spf_ssh_asker *asker, const char *sections, const char *says,
                          size_t len);

/* It is gone. Where it asked first, the others ask for themselves. Takes one that never asked. */
void spf_ssh_answers_leave(struct spf_ssh_asker *asker);
