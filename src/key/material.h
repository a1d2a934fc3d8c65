#pragma once

#include <openssl/evp.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/secret.h"
#include "base/wire.h"
#include "key/facts.h"

/*
 * A key taken out of its container: what the containers have in common.
 *
 * payload is the private key as OpenSSH's container holds it: the type's name and its numbers
 * (OpenSSH PROTOCOL.key section 3; sshkey.c: sshkey_private_serialize), without comment and
 * padding.
 */
/* Room for an RSA key of 16384 bits and for certificates of sensible size. */
#define SPF_KEY_BLOB_MAX 8192

struct spf_key_material {
    char algorithm[40];
    int64_t bits;
    uint8_t blob[SPF_KEY_BLOB_MAX]; /* public key, RFC 4253 section 6.6, as ssh writes it */
    size_t blob_len;                /* 0: unknown */
    struct spf_secret *payload;     /* NULL: only the public key is known */
    bool foreign;      /* of a type that only the blob's name is known of (spf_foreign_type) */
    bool proved;       /* the numbers don't show it, but a signature did: RSA of three primes */
    bool uneven;       /* a number is wrong that signing can do without: a signature proved it */
    bool copy_differs; /* Ed25519: the public key after the seed is another one */
    bool e_is_one;     /* RSA: anybody can sign */
    struct spf_certificate_facts certified; /* of a certificate */
};

/* How the private numbers and the public ones go together. */
enum spf_fit {
    SPF_FIT_BROKEN, /* no signature of it would be accepted */
    SPF_FIT_UNEVEN, /* OpenSSL, and so ssh, signs in spite of a wrong number; others refuse the key
                     */
    SPF_FIT_GOOD,
};

/* How reading a container ended. */
enum spf_reading {
    SPF_READING_DONE,
    SPF_READING_NOT_THIS,         /* another container, or none */
    SPF_READING_TRUNCATED,        /* it ends too early */
    SPF_READING_CORRUPT,          /* bytes are wrong */
    SPF_READING_WANTS_PASSPHRASE, /* well-formed as far as one can see without it */
    SPF_READING_WRONG_PASSPHRASE,
    SPF_READING_TOO_COSTLY,    /* its key derivation would take longer than we are willing to */
    SPF_READING_LEGACY_CIPHER, /* encrypted so that OpenSSL 3 can't decrypt it (legacy_cipher) */
    SPF_READING_UNSUPPORTED,
    SPF_READING_MISMATCH, /* public and private key belong to different keys */
    SPF_READING_NO_MEMORY,
};

/* What a reader of one container makes of some bytes. Zero-initialised means nothing yet. */
struct spf_key_contents {
    enum spf_key_container container;
    bool encrypted;
    struct spf_key_material material;
    bool pkcs8_v2;           /* with the public key of RFC 5958 */
    char legacy_cipher[32];  /* "DES-CBC" */
    struct spf_bytes base64; /* of a line with a public key: that word in the text that was read */
    struct spf_secret *certificate; /* of a PPK that has one: its blob; NULL none */
    const char *refused; /* why OpenSSH refuses what is otherwise whole, in words; NULL */
    char detail[160];    /* what is wrong or unsupported, in plain words; no bytes of the key */
};

void spf_contents_clear(struct spf_key_contents *contents);
/* Notes the detail and returns the reading, for the reader's returns. */
enum spf_reading spf_reads(struct spf_key_contents *contents, enum spf_reading reading,
                           const char *fmt, ...) SPF_PRINTF(3, 4);

void spf_material_clear(struct spf_key_material *material);

/*
 * Takes the public key from an SSH blob; false if it is not a well-formed key. Of a certificate
 * the plain key within is taken, as ssh-keygen -l does.
 */
bool spf_material_set_blob(struct spf_key_material *material, struct spf_bytes blob);
/* Is this a type of key that we know of, be it only by its name (spf_foreign_type)? */
bool spf_material_knows(const char *algorithm);

/*
 * Key types that some SSH programs have, but not OpenSSH 9.2 or we: what is said of one, NULL for
 * all other names. And takes such a blob as it is; false if its type is none of these.
 */
const char *spf_foreign_type(const char *algorithm);
bool spf_material_set_foreign(struct spf_key_material *material, struct spf_bytes blob);

/*
 * Reads type and numbers of a private key in OpenSSH's order from reader, and fills the material
 * from them. The reader is then after them, at the comment.
 */
enum spf_reading spf_material_from_openssh(struct spf_reader *reader,
                                           struct spf_key_material *material);

/* From PuTTY's two blobs (PuTTY manual, appendix C.3). */
enum spf_reading spf_material_from_putty(const char *algorithm, struct spf_bytes public_blob,
                                         struct spf_bytes private_blob,
                                         struct spf_key_material *material);

/* From a key of libcrypto; SPF_READING_UNSUPPORTED for kinds that SSH has no name for. */
enum spf_reading spf_material_from_pkey(EVP_PKEY *pkey, struct spf_key_contents *contents);

/* Do the private numbers belong to the public ones? Of a key with a payload, and not a FIDO key. */
bool spf_material_fits(const struct spf_key_material *material);
/* The same as PuTTY sees it, which computes RSA's coefficient again (rsa.c, rsa_verify). */
bool spf_material_fits_putty(const struct spf_key_material *material);
/* The same as OpenSSL sees it: where numbers don't match, a signature decides. */
enum spf_fit spf_material_fit(const struct spf_key_material *material);

/* Can this process sign with it, and libssh use it for a login? Of a key with a payload. */
bool spf_material_signs(const struct spf_key_material *material);

/*
 * The unencrypted OpenSSH container as text, which ssh, ssh-keygen and libssh read alike. NULL
 * without private key or memory. The comment is empty: comments are outside text.
 */
struct spf_secret *spf_material_write(const struct spf_key_material *material);
