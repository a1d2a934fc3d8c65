#pragma once

#include <stdbool.h>

#include "openssh/file_transfer.h"
#include "openssh/shell_words.h"

/* What a typed command means to its login; command.h reads it. */
struct spf_ssh_command {
    struct spf_words words; /* options of sshpreflight that mean the same */
    enum spf_file_transfer transfer;
    bool openssh;        /* ssh connects, which reads ssh_config(5); else PuTTY or WinSCP */
    bool putty_cache;    /* it is one of PuTTY's, which looks a host key up in PuTTY's cache */
    bool putty_batch;    /* and asks nobody (-batch) */
    bool putty_no_agent; /* and asks no agent (-noagent) */
    char error[400];     /* why there are none, in a sentence for a person; "" */
    char remark[400];    /* what of the command is not taken into account; "" for nothing */
    /* ssh's -i, where there is no such file: ssh warns of the first such and goes on without; "" */
    char missing_key[1024];
};

/* What a one-letter option of ssh, scp or sftp means to the login. */
enum spf_letter_effect {
    SPF_LETTER_IDLE,     /* nothing */
    SPF_LETTER_OPTION,   /* the same as sshpreflight's option `text` */
    SPF_LETTER_KEYWORD,  /* the same as -o with the keyword `text` of ssh_config(5) */
    SPF_LETTER_KEY,      /* an IdentityFile */
    SPF_LETTER_FILE,     /* the configuration; of several the last */
    SPF_LETTER_SFTP,     /* files go through the subsystem sftp */
    SPF_LETTER_TIMES,    /* times of files are kept; ssh's letter of a port */
    SPF_LETTER_EXEC,     /* a command runs at the other end; with a value: if that is a path */
    SPF_LETTER_NO_LOGIN, /* the program does something else then: `text` */
};

struct spf_letter {
    char letter;
    bool value; /* it takes one */
    enum spf_letter_effect effect;
    const char *text;
};
