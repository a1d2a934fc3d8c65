#pragma once

#include "openssh/command_reader.h"

/* ssh's own (ssh.c, the call of getopt); NULL for a letter that ssh does not have. */
const struct spf_letter *spf_ssh_letter(int letter);
/* All of them; an entry with letter 0 ends. */
extern const struct spf_letter spf_ssh_letters[];

/* "ssh -p 2222 -i k": the remote shell that another program would run; its options are taken. */
bool spf_command_take_remote_shell(struct spf_command_reader *reader, const char *line,
                                   const char *where);

/* Each reads the command line of its program. False with the error set. */
bool spf_command_ssh(struct spf_command_reader *reader);
bool spf_command_scp(struct spf_command_reader *reader);
bool spf_command_sftp(struct spf_command_reader *reader);
bool spf_command_ssh_copy_id(struct spf_command_reader *reader);
bool spf_command_rsync(struct spf_command_reader *reader);
bool spf_command_git(struct spf_command_reader *reader);
bool spf_command_mosh(struct spf_command_reader *reader);
bool spf_command_ansible(struct spf_command_reader *reader);
bool spf_command_plink(struct spf_command_reader *reader); /* putty, too */
bool spf_command_pscp(struct spf_command_reader *reader);
bool spf_command_psftp(struct spf_command_reader *reader);
bool spf_command_winscp(struct spf_command_reader *reader);
