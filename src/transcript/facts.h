#pragma once

#include "base/shape.h"

/* A line of the text that a check rests on. */
struct spf_transcript_line {
    int64_t number;
    char check[32]; /* the check's id */
    char text[300]; /* clean and cut */
};
extern const struct spf_shape spf_transcript_line_shape;

/*
 * What a pasted text says beside the groups that live probes fill as well. Texts are clean and cut.
 * There only where a transcript is judged.
 */
struct spf_transcript_facts {
    char client[100]; /* "OpenSSH_9.2p1 Debian-2+deb12u7"; "" if it does not say */
    int64_t attempts; /* to log in */
    int64_t lines;    /* of the text */
    bool private_key; /* somebody pasted a private key with it */
    bool host_named;
    bool user_named;
    bool certificate;     /* a certificate of a key was offered */
    bool windows;         /* the client ran there: its advice is that of Windows */
    char stopped_at[32];  /* the check at which the last attempt ended; "" at none that is known */
    char named[64];       /* the cause that the text itself names for it, an id; "" none */
    char words[300];      /* the line that decided; "" none */
    char key_mode[8];     /* "0644", where the client complains of it */
    char harmless[300];   /* a line that looks like a failure and is none; "" none */
    char candidates[300]; /* causes that are all reported so: ids between commas */
    SPF_LIST(struct spf_transcript_line) shown;
};
extern const struct spf_shape spf_transcript_shape;
