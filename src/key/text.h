#pragma once

#include "base/secret.h"
#include "base/text.h"
#include "key/plain.h"

struct spf_key_text {
    unsigned damage;    /* bits, 1 << enum spf_damage */
    bool no_end;        /* the end of the key is missing */
    unsigned strange;   /* characters in the base64 that don't belong there */
    const char *escape; /* which kind of escapes, in words; NULL none */
    char label[120];    /* what is wrong with the label, in words */
    struct spf_secret
        *clean; /* the first private key as it should have been; NULL: there is none */
};

/* The id of the cause ("key-crlf") and a few words for the detail ("Windows line ends"). */
const char *spf_damage_cause(enum spf_damage damage);
const char *spf_damage_words(enum spf_damage damage);

/*
 * Finds the first private key in any text (PEM, OpenSSH's container or PPK), however the text
 * around and between has suffered, and writes it again as its own program would have. Whether the
 * result is a key is for the readers to say. Pure. False: no memory.
 */
SPF_MUST_USE bool spf_key_text_clean(struct spf_bytes file, struct spf_key_text *text);
void spf_key_text_clear(struct spf_key_text *text);
