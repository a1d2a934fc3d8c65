#ifndef SPF_DIAGNOSIS_PASTED_WORDS_H
#define SPF_DIAGNOSIS_PASTED_WORDS_H

/* The words of the clients that pasted.c knows. */
#include "diagnosis/pasted.h"

/* What a line does to what is known. */
enum effect {
    DECIDES,     /* it names the outcome */
    SUGGESTS,    /* so does it, where nothing better is said: the clients' general words */
    KEY_TROUBLE, /* the key file was not used; matters if the login is refused */
    OFFERED,     /* a key was offered */
    FROM_AGENT,  /* a key was offered that an agent holds */
    UNSIGNED,    /* the client could not use the private half */
    ACCEPTED,    /* the server would take the key (RFC 4252 section 7) */
    PARTIAL,
    NO_ALGORITHM,
    FORWARDED,  /* it was a forwarding that the server did not open */
    CONTINUES,  /* the methods that can continue, named */
    IDENTIFIED, /* the server's identification came */
    DENIED,
    REFUSED, /* a key was offered and refused; what comes next may say more */
    ASKS,    /* for a password, where no key let us in */
    AUTHENTICATED,
    EXITED,   /* a command's exit status, named */
    CONNECTS, /* another attempt begins */
};

struct phrase {
    const char *words, *then; /* then NULL: nothing more */
    enum effect effect;
    enum spf_finding cause;
    enum spf_finding candidates[SPF_PASTED_CANDIDATES];
};

/* The first that the line has, NULL if none; *behind is then what stands behind its words. */
const struct phrase *spf_pasted_phrase(const char *line, const char **behind);

#endif
