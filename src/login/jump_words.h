#pragma once

#include "net/facts.h"

/* What the ssh of a jump host, or a ProxyCommand, says on its standard error. */
enum spf_jump_end {
    SPF_JUMP_GOES_ON,
    SPF_JUMP_LATE, /* its time is over */
    SPF_JUMP_OVER, /* ssh is */
};

/* What ssh logs (jump_log.h), so far, becomes facts. False: the outcome is not decided yet. Pure,
 * and never fails for its input. */
bool spf_jump_read(const char *text, size_t len, enum spf_jump_end end,
                   struct spf_tcp_facts *facts);

/*
 * What the log of a master shows of its login, for all that go through it: the last jump host's
 * address and the like, and software, as the log has it. False: it is not logged in yet.
 */
bool spf_jump_read_login(const char *text, size_t len, struct spf_tcp_facts *facts,
                         char software[64]);

/* The jump host has answered that it opens no channel; words and software as in spf_jump_refusal.
 */
void spf_jump_note_refusal(const char *software, const char *words, struct spf_tcp_facts *facts);

/* Why the server of a jump host opened no channel, by what ssh prints of it: the reason code's
 * words, then the server's own. software: its identification's. SPF_TCP_JUMP_NO_CONNECTION where it
 * does not say. */
enum spf_tcp_outcome spf_jump_refusal(const char *software, const char *words);

/* What a ProxyCommand said before it ended: its last line becomes the error, and if the catalogue
 * knows a message in it (it may be an ssh), that the cause. Pure, too. */
void spf_proxy_read(const char *text, size_t len, struct spf_tcp_facts *facts);
