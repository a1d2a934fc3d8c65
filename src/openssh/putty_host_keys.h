#pragma once

#include "login/facts.h"

/*
 * Host keys as PuTTY knows them: under "TYPE@PORT:HOST" (its windows/storage.c, hostkey_regname)
 * the numbers of the key in hexadecimal, between commas (its crypto/rsa.c and ecc-ssh.c,
 * cache_str): "0xE,0xN" of "rsa2", "0xX,0xY" of Ed25519, "nistp256,0xX,0xY" of ECDSA.
 */

/* The blob of such a key, base64, to be freed; algorithm as SSH names it. NULL: it is none. */
char *spf_putty_host_key(const char *algorithm, const char *numbers);

/* Adds what is stored for the host: to the lines, where they are what the program goes by, else to
 * facts->putty. False: no memory. */
bool spf_putty_gather(struct spf_known_hosts_facts *facts, const char *host, uint16_t port,
                      bool as_lines);
