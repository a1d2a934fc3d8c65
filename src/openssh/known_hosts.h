#pragma once

#include "login/facts.h"

/*
 * known_hosts files as OpenSSH reads them (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT; hostfile.c and
 * sshconnect.c of 9.2): patterns, negation, hashed names, ports, markers. Pure: it is given texts.
 */

/* Sets facts->name: the host in lower case, and "[host]:port" for a port other than 22. */
void spf_known_hosts_name(struct spf_known_hosts_facts *facts, const char *host, uint16_t port);

/*
 * Appends the lines of a file's text that speak of facts->name; where that has a port, those of the
 * bare host too. Lines that ssh cannot read are skipped, as ssh does; where one of them is of a
 * shape that shows what was meant (no host, the host twice, a fingerprint), facts->unread says so.
 * False: no memory.
 */
SPF_MUST_USE
bool spf_known_hosts_read(struct spf_known_hosts_facts *facts, const char *file, const char *text,
                          size_t len);

/* One line of it, without its newline. */
SPF_MUST_USE
bool spf_known_hosts_read_line(struct spf_known_hosts_facts *facts, const char *file,
                               int64_t number, const char *text, size_t len);
/* Keeps that a file was not read, or not to its end. False: no memory. */
SPF_MUST_USE
bool spf_known_hosts_miss(struct spf_known_hosts_facts *facts, const char *file, bool ssh_reads,
                          const char *why);
