#pragma once

#include "net/facts.h"
#include "openssh/jump_line.h"
#include "platform/child.h"

/* What the programs that lead through a jump host have in common. */

#define SPF_JUMP_GRACE_MS 200 /* to end, once asked to */

/* Closes the descriptor, if there is one, and forgets it. */
void spf_jump_close_end(int *fd);
/* The last of a chain connects to the target. An address of its own is what the rules see. */
void spf_jump_note_last_hop(const struct spf_jump_line *line, struct spf_tcp_facts *facts);
/* What such an ssh finds in its environment beside what all of ours do; borrows from line. */
void spf_jump_add_environment(struct spf_child_environment *environment,
                              const struct spf_jump_line *line);
