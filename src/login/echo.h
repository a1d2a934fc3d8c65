#pragma once

#include "login/link.h"

/*
 * Does a session start? A channel is opened. Then, where no forced command can be met, one exec of
 * `echo` with a random word in two halves, AAAA''BBBB: if they come back joined, a shell runs
 * commands; whoever only repeats the command leaves the quotes in. Behind the word the echo has so
 * many dots that the request and its answer fill a packet each. Whatever else comes is kept,
 * bounded, for what it says.
 */
#define SPF_ECHO_DOTS_MAX 4096 /* shells, and servers, take commands of twice that */
struct spf_echo {
    char word[40];   /* joined */
    char quoted[48]; /* as sent */
    char command[SPF_ECHO_DOTS_MAX + 96];
    const char *software;   /* of the identification line; borrowed */
    bool careful;           /* nothing is run where a forced command might run instead */
    bool withheld;          /* so the channel is only opened */
    bool asked, started;    /* the command is sent; the server has taken it */
    bool asking_sftp, sftp; /* it has not: is it for file transfer only? */
    bool peer;              /* $SSH_CONNECTION was asked for, else $HOME */
    bool options_seen, forced_command, no_pty;
    char heard[16384]; /* the beginning, and what came last */
    size_t len;
    size_t total;
    size_t errors; /* of total: those on standard error */
    bool flooded;  /* so much, and no answer, that no more is read */
    int exit_status;
};

/*
 * software: the server's (borrowed). careful: the echo runs only where the server is known to
 * announce forced commands (implementations.h), and has announced none; elsewhere nothing is
 * requested on the channel. peer: the echo also says which address the server sees us at, as
 * OpenSSH tells every session. full: bytes of a full-size segment. False: no random bytes.
 */
SPF_MUST_USE bool spf_echo_init(struct spf_echo *echo, const char *software, bool careful,
                                bool peer, size_t full);
/* Goes on. DONE: the word and the dots are back, or the output has ended; AGAIN with flooded: give
 * it up. */
enum spf_link_state spf_echo_step(struct spf_echo *echo, struct spf_link *link);
/* The facts, once a step has said other than AGAIN; of an outcome REFUSED or CLOSED not how. */
void spf_echo_finish(struct spf_echo *echo, enum spf_link_state state,
                     struct spf_session_facts *facts);
void spf_echo_give_up(struct spf_echo *echo, struct spf_session_facts *facts);

/*
 * Does the text have a shell's answer? The joined word stands anywhere: start-up files may leave
 * their last line open, and may set a title. As it was sent it must be a line of its own (cmd.exe
 * knows no such quotes). The word after it goes to more, cut; "" if there is none.
 */
bool spf_echo_answers(const struct spf_echo *echo, const char *text, size_t len, char *more,
                      size_t size);
/* X of cloud-init's `Please login as the user "X" rather than the user "root".`; false if not said.
 */
bool spf_echo_other_user(const char *text, char *out, size_t size);
