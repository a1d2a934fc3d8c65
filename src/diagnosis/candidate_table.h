#pragma once

#include <stddef.h>

#include "pipeline/finding.h"

/*
 * Of the rows of an explanation the first whose values are known. text NULL, or with a value that
 * is not known: the catalogue's sentence. Both are templates (pipeline/slots.h).
 */
struct spf_suggestion {
    enum spf_finding cause;
    const char *text;
    const char *tell_apart;
};
extern const struct spf_suggestion spf_suggestions[];
extern const size_t spf_suggestion_count;

/*
 * What of the account, its authorized_keys, sshd's settings and its log distinguishes the
 * candidates. sshd is not in the PATH of every shell; sshd-session logs since OpenSSH 9.8.
 */
extern const char spf_look_inside[];

/* The i-th template that the candidates are written with; NULL after the last. For the build, which
 * checks their slots. */
const char *spf_candidate_template(size_t i);
