#pragma once

#include <stdbool.h>

/*
 * Every keyword that `ssh -G` prints, and what becomes of it here. A keyword that decides whether
 * ssh gets in is either followed or named; a configuration that sets one of the latter never makes
 * a plain pass. Source: ssh_config(5) and readconf.c of 9.2, 10.0 and 10.6, and Debian's patches.
 */
enum spf_keyword_use {
    SPF_KEYWORD_HONOURED,   /* ssh -G applied it to what it printed, or we do the same as ssh */
    SPF_KEYWORD_IRRELEVANT, /* with any value ssh gets in, or does not, just the same */
    SPF_KEYWORD_NAMED,      /* may keep ssh out (or let it in); see when */
};

/* When a named keyword counts. */
enum spf_keyword_when {
    SPF_KEYWORD_ALWAYS,
    SPF_KEYWORD_DIRECT,      /* where ssh itself connects: neither ProxyJump nor ProxyCommand */
    SPF_KEYWORD_DIRECT_NAME, /* and is given a name, not an address */
    SPF_KEYWORD_FORWARDING,  /* with ExitOnForwardFailure */
};

struct spf_openssh_keyword {
    const char *name; /* as ssh_config(5) writes it; ssh -G prints it in lower case */
    enum spf_keyword_use use;
    enum spf_keyword_when when;
    const char *harmless; /* of a named one: the values that change nothing, comma-separated */
};

/* The row of a keyword, in any case; NULL: it is in none. Static. */
const struct spf_openssh_keyword *spf_openssh_keyword(const char *name);

/* Does this value of a named keyword change whether ssh gets in? False for all others. */
bool spf_openssh_keyword_matters(const struct spf_openssh_keyword *keyword, const char *value);
