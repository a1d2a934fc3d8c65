#pragma once

#include "base/text.h"
#include "login/facts.h"
#include "pipeline/target.h"

#define SPF_JUMP_HOPS_MAX  8
#define SPF_JUMP_WORDS_MAX 48

/* What a jump host's name says; "" where it says nothing. */
struct spf_jump_place {
    char user[256], host[300], port[8];
};

/*
 * Takes [ssh://][user@]host[:port] to pieces, as ssh does (misc.c, parse_ssh_uri): an IPv6 address
 * with a port stands in brackets, which ssh takes off, as the shell that it runs takes quotes off.
 */
void spf_jump_split(const char *name, struct spf_jump_place *place);

/*
 * The command line of the ssh that carries a connection through jump hosts. With several, each ssh
 * is the ProxyCommand of the next one, as ssh -J does it; but every one gets our options, where ssh
 * would pass none on: no known_hosts is written at any of them.
 */
struct spf_jump_line {
    char *words[SPF_JUMP_WORDS_MAX + 1];        /* of the outermost ssh; ends with NULL */
    char *variables[SPF_JUMP_HOPS_MAX];         /* NAME=value for its environment; NULL ends */
    struct spf_ssh_hop hops[SPF_JUMP_HOPS_MAX]; /* in the order passed */
    size_t hop_count;
    int64_t ssh_version; /* this machine's (openssh/version.h) */
    const char *socket;  /* of a master, borrowed; NULL: it carries one connection */
};

/*
 * To host and target->port through target->jump. config: what the user's ssh says of the hops, if
 * it was asked; else NULL. False: no memory, or too many hops. To be cleared in any case.
 */
SPF_MUST_USE
bool spf_jump_line_make(struct spf_jump_line *line, const struct spf_target *target,
                        const struct spf_ssh_config_facts *config, int64_t ssh_version,
                        const char *host);

/*
 * The same without a destination: it logs in at the last jump host and waits at this control socket
 * (ssh_config(5), ControlMaster) for whoever wants a connection beyond it. It is started by sh, and
 * ends as soon as nobody holds the other end of its standard input open. What the user's
 * configuration says of control sockets does not hold for it. socket: a path without anything that
 * ssh would expand.
 */
SPF_MUST_USE
bool spf_jump_line_make_master(struct spf_jump_line *line, const struct spf_target *target,
                               const struct spf_ssh_config_facts *config, int64_t ssh_version,
                               const char *socket);

/*
 * ssh ends with "jumphost loop via HOST" where a host is to be reached through one that is called
 * like it, with the same port and user (ssh.c, main). True: via receives that HOST. host: as in
 * spf_jump_line_make.
 */
bool spf_jump_line_loops(const struct spf_jump_line *line, const struct spf_target *target,
                         const char *host, char via[300]);

void spf_jump_line_clear(struct spf_jump_line *line);
