#pragma once

#include "base/error.h"
#include "base/ip.h"

/* How a word names an instance. */
enum spf_instance_word {
    SPF_WORD_ID,      /* i-…, in lower case */
    SPF_WORD_ADDRESS, /* one of its addresses, as the API lists them */
    SPF_WORD_NAME,    /* by the rules for an InstanceName (RunInstances): 2 to 128 characters */
};

/* The word without blanks around it; ip (may be NULL) is set for an address. SPF_ERR_USAGE says
 * what the word is instead and shows the form. Pure. */
SPF_MUST_USE struct spf_error spf_instance_word(const char *word, enum spf_instance_word *kind,
                                                struct spf_ip *ip);
