#pragma once

#include "base/ip.h"
#include "base/shape.h"

/*
 * The room of the local key: what can be known of a key file and of this machine (here), how it is
 * learnt (cache.h; file.h, read.h and a reader for each container, readers.h), what it means
 * (check.c). facts.c, check.c and describe.c belong to the core and include base and pipeline; the
 * readers use libcrypto. A container format is added as a reader, with a word in enum
 * spf_key_container; a kind of damage in plain.h and text.c.
 */

/* What can be known about this machine and the person at it. */
struct spf_own_address {
    struct spf_ip ip;
    int64_t bits; /* prefix length of the interface */
};

struct spf_local_environment_facts {
    int64_t euid;
    bool no_user_entry; /* the user id is not in the password database: ssh refuses to run */
    bool ipv6_global;   /* there is a route to global IPv6 */
    bool agent_running; /* SSH_AUTH_SOCK answers */
    SPF_LIST(struct spf_own_address)
    own; /* addresses of the interfaces that are up, but loopback */
};
extern const struct spf_shape spf_local_environment_shape;

enum spf_key_outcome {
    SPF_KEY_READ,
    SPF_KEY_ABSENT,
    SPF_KEY_NOT_A_FILE, /* a directory, FIFO, device, socket */
    SPF_KEY_UNREADABLE,
    SPF_KEY_ZERO_BYTES,
    SPF_KEY_HUGE,
};

enum spf_key_container {
    SPF_CONTAINER_NONE, /* not recognised */
    SPF_CONTAINER_PKCS1,
    SPF_CONTAINER_PKCS8,
    SPF_CONTAINER_PKCS8_ENCRYPTED,
    SPF_CONTAINER_SEC1,
    SPF_CONTAINER_DSA,
    SPF_CONTAINER_OPENSSH,
    SPF_CONTAINER_PPK2,
    SPF_CONTAINER_PPK3,
    SPF_CONTAINER_PPK_NEWER,
    SPF_CONTAINER_PUBLIC,
    SPF_CONTAINER_CERTIFICATE,
    SPF_CONTAINER_DER,    /* PKCS#1, PKCS#8 or SEC1 without PEM around it */
    SPF_CONTAINER_PFX,    /* PKCS#12 */
    SPF_CONTAINER_SSHCOM, /* of ssh.com's and Tectia's */
    SPF_CONTAINER_SSH1,
    SPF_CONTAINER_DROPBEAR,     /* Dropbear's own binary format */
    SPF_CONTAINER_PGP,          /* OpenPGP secret keys, armoured or binary */
    SPF_CONTAINER_GPG_AGENT,    /* an S-expression of gpg-agent's private-keys-v1.d */
    SPF_CONTAINER_XML,          /* .NET's RSAKeyValue */
    SPF_CONTAINER_JWK,          /* RFC 7517 */
    SPF_CONTAINER_JKS,          /* a Java key store */
    SPF_CONTAINER_JCEKS,        /* one of the JCE's */
    SPF_CONTAINER_PVK,          /* Microsoft's */
    SPF_CONTAINER_MSBLOB,       /* Microsoft's PRIVATEKEYBLOB */
    SPF_CONTAINER_SSH2_PRIVATE, /* "BEGIN SSH2 PRIVATE KEY", as RFC 4716 has it for public keys */
};

/* What a file that some ssh loads needs of it; which ones do: openssh/key_support.h. */
enum spf_key_needs {
    SPF_NEEDS_NOTHING,
    SPF_NEEDS_ED25519_PKCS8,
    SPF_NEEDS_ED25519_PKCS8_V2, /* with the public key of RFC 5958 */
    SPF_NEEDS_PKCS8_V2,
    SPF_NEEDS_DSA,
    SPF_NEEDS_MLDSA44_ED25519,
    SPF_NEEDS_LEGACY_CIPHER, /* encrypted with a cipher that OpenSSL 3 has put aside */
    SPF_NEEDS_ED25519_COPY,  /* the second copy of the public key in it is another one */
};

/* "pkcs1", "openssh", "ppk3": as records and the evidence of key.format have it. */
const char *spf_container_name(enum spf_key_container container);

/* What an authority says in a certificate (OpenSSH PROTOCOL.certkeys). */
#define SPF_FOR_EVER (INT64_MAX - 1) /* the largest number that a record holds (base/shape.h) */

struct spf_certificate_facts {
    bool host;                         /* a host's, which no user logs in with */
    bool in_time;                      /* valid when it was read, by our clock */
    bool over;                         /* it was not any more */
    int64_t valid_after, valid_before; /* seconds since the epoch; SPF_FOR_EVER */
    char principals[512];              /* between commas; "" any user, cut with "..." */
};

/*
 * The key file, from its bytes (fstat(2) on the descriptor that was read). `damage` names the cause
 * that the reader found, an id of the catalogue's key.format part, "" where the file is in good
 * shape.
 */
struct spf_key_facts {
    enum spf_key_outcome outcome;
    char error[128]; /* strerror(3)'s words, for unreadable */
    char kind[32];   /* "directory", "FIFO": for what is not a file */
    bool from_stdin;
    bool from_agent; /* not in a file: an agent listed the key */
    int64_t size;    /* bytes */
    int64_t mode;    /* permission bits, 07777 */
    int64_t owner_uid;
    char owner[64];    /* the user's name, or the uid's digits */
    bool mine;         /* the owner is who runs this: the one case in which ssh checks the mode */
    bool dir_writable; /* its directory lets others replace it (sticky directories do not) */
    char dir[256];
    char file_system[16]; /* "vfat": one that keeps no modes; "" for all others */
    bool read_only;       /* its file system is mounted so: the mode cannot be changed either */
    bool acl; /* an access control list names more users; its mask shows as group bits */
    /* Windows, where ssh looks at the file's access list and not at a mode: */
    bool by_list;
    bool owner_trusted;  /* the owner is this user, Administrators, SYSTEM or TrustedInstaller */
    char strangers[200]; /* other accounts that an entry allows something; "" none */
    /* which file it was that was read, for who opens it again; in no record */
    uint64_t device;
    uint64_t inode;

    enum spf_key_container container;
    char damage[40];
    char detail[200];   /* what exactly, in plain words; no bytes of the key */
    char algorithm[40]; /* "ssh-rsa", "ecdsa-sha2-nistp256", "ssh-ed25519"; "" unknown */
    int64_t bits;
    char sha256[64];   /* "SHA256:…" of the public blob; "" if it is unavailable */
    char md5[64];      /* "MD5:aa:bb…" */
    char *public_blob; /* base64 of the SSH wire format (RFC 4253 section 6.6), no key type before
                          it */
    bool encrypted;
    char legacy_cipher[32]; /* "DES-CBC": one that OpenSSL 3 has in its legacy provider only; "" */
    bool openssh_accepts;   /* would `ssh -i` of some OpenSSH from 9.2 on load these bytes? (mode
                               apart) */
    enum spf_key_needs needs; /* and of which one */
    bool putty_accepts;       /* would PuTTY 0.78 */
    bool repairable;          /* the damage loses nothing: a good copy can be written */
    int64_t agent_keys;       /* how many keys the ssh-agent holds; -1: none answers */
    bool in_agent;            /* this key is one of them */
    bool usable;              /* we can sign with it: the login key is at hand */
    char certificate[1024];   /* a certificate of this key beside it, which ssh -i offers after the
                                 key itself; "" none */
    struct spf_certificate_facts certified; /* what it says */
    /* The key as a login uses it (OpenSSH's container, no passphrase), NULL if it can't be used;
     * and the certificate beside it, base64 as in its line, NULL if there is none: no secret, but
     * its key ID may be a person's name. In no record. */
    struct spf_secret *login;
    struct spf_secret *certificate_line;
};
extern const struct spf_shape spf_key_shape;

/*
 * The file gives no key to sign with, but the ssh-agent holds that very key: ssh lets the agent
 * sign then (ssh_config(5), IdentityFile; sshconnect2.c, pubkey_prepare).
 */
bool spf_key_agent_signs(const struct spf_key_facts *key);
/* Is it a PPK, of any version? */
bool spf_container_is_ppk(enum spf_key_container container);
/* Is it a PPK that PuTTY can use? */
bool spf_key_is_for_putty(const struct spf_key_facts *key);
/* What to call that agent: of a PPK on Windows it is Pageant. */
const char *spf_key_agent_name(const struct spf_key_facts *key);

/* The answer to --find-key and --key-dir: where the private key of the bound key pair is. */
struct spf_found_key_facts {
    char path[1024];        /* "" if no file looked at is it */
    bool by_name;           /* only the file's name is that of the pair (--key-dir) */
    bool encrypted;         /* it needs its passphrase */
    char public_only[1024]; /* a .pub file that matches without its private key; "" none */
    char folder[1024];      /* where was looked */
    int64_t looked_at;      /* files */
    int64_t unclear;        /* of them: encrypted ones whose public key nothing shows */
    bool all;               /* false: there were more files than are looked at */
};
extern const struct spf_shape spf_found_key_shape;
