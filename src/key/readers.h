#pragma once

#include "key/material.h"

/*
 * One reader for each family of containers. Each judges the bytes exactly as they are, by the rules
 * of the program whose container it is: what it refuses, that program refuses. All are pure, block
 * only for key derivation, and leave in *contents what they have learnt whatever they return (the
 * caller clears it). passphrase NULL or empty: none is at hand.
 */

/* "openssh-key-v1", by the rules of OpenSSH 9.2 (sshkey.c: sshkey_parse_private2; PROTOCOL.key). */
enum spf_reading spf_openssh_read(struct spf_bytes text, const struct spf_secret *passphrase,
                                  struct spf_key_contents *contents);
/* The public key of a container that starts with its magic, base64 removed. */
enum spf_reading spf_openssh_read_binary(struct spf_bytes binary,
                                         const struct spf_secret *passphrase,
                                         struct spf_key_contents *contents);

/* Every PEM that libcrypto's PEM_read_bio_PrivateKey takes, which is what OpenSSH calls. */
enum spf_reading spf_pem_read(struct spf_bytes text, const struct spf_secret *passphrase,
                              struct spf_key_contents *contents);

/* PPK 1 to 3, by the rules of PuTTY 0.78 (sshpubk.c: ppk_load_s; PuTTY manual, appendix C). */
enum spf_reading spf_ppk_read(struct spf_bytes text, const struct spf_secret *passphrase,
                              struct spf_key_contents *contents);

/*
 * A public key or certificate in any of its shapes: a line of authorized_keys or of a .pub file,
 * RFC 4716, PEM. SPF_READING_NOT_THIS if it is none.
 */
enum spf_reading spf_public_read(struct spf_bytes text, struct spf_key_contents *contents);
