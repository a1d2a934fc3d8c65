#ifndef SPF_OPENSSH_COMMAND_H
#define SPF_OPENSSH_COMMAND_H

#include <stdbool.h>

#include "openssh/file_transfer.h"
#include "openssh/shell_words.h"

/*
 * A command that logs in by SSH, as somebody typed it, read the way its program reads its command
 * line: ssh, scp, sftp, ssh-copy-id, rsync, git, mosh, ansible; plink, pscp, psftp, putty, winscp.
 * The command is never run. Pure, but for variables of the environment in nested commands
 * (rsync -e, GIT_SSH_COMMAND), which are looked up.
 */
struct spf_ssh_command {
    struct spf_words words; /* options of sshpreflight that mean the same */
    enum spf_file_transfer transfer;
    bool openssh;     /* ssh connects, which reads ssh_config(5); else PuTTY or WinSCP */
    char error[400];  /* why there are none, in a sentence for a person; "" */
    char remark[400]; /* what of the command is not taken into account; "" for nothing */
};

/*
 * Do these words begin with the name or path of such a program, after assignments (A=b) and what
 * may precede a command (time, exec, env, sudo, ...), and does anything follow it?
 */
bool spf_command_is_one(const char *const *words, size_t count);

/* Fills command, which is cleared in any case with spf_command_clear. */
void spf_command_read(const char *const *words, size_t count, struct spf_ssh_command *command);
void spf_command_clear(struct spf_ssh_command *command);

/* What a one-letter option of ssh, scp or sftp means to the login. */
enum spf_letter_effect {
    SPF_LETTER_IDLE,     /* nothing */
    SPF_LETTER_OPTION,   /* the same as sshpreflight's option `text` */
    SPF_LETTER_KEYWORD,  /* the same as -o with the keyword `text` of ssh_config(5) */
    SPF_LETTER_KEY,      /* an IdentityFile */
    SPF_LETTER_FILE,     /* the configuration; of several the last */
    SPF_LETTER_SFTP,     /* files go through the subsystem sftp */
    SPF_LETTER_EXEC,     /* a command runs at the other end; with a value: if that is a path */
    SPF_LETTER_NO_LOGIN, /* the program does something else then: `text` */
};

struct spf_letter {
    char letter;
    bool value; /* it takes one */
    enum spf_letter_effect effect;
    const char *text;
};

/* ssh's own (ssh.c, the call of getopt); NULL for a letter that ssh does not have. */
const struct spf_letter *spf_ssh_letter(int letter);
/* All of them; an entry with letter 0 ends. */
extern const struct spf_letter spf_ssh_letters[];

#endif
