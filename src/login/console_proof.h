#pragma once

#include "pipeline/check.h"

/* "ed25519", "rsa", "ecdsa": what cloud-init's ED25519 and ssh-ed25519 have in common. */
const char *spf_host_key_kind(const char *algorithm);

/* What the instance's console says of the key that the server shows. */
enum spf_proof {
    SPF_PROOF_NONE,
    SPF_PROOF_SAME,  /* this key was printed while the instance booted */
    SPF_PROOF_OTHER, /* this boot printed another key of the type */
};

enum spf_proof spf_proof_of(const struct spf_view *view);

/* Can the console still tell more? Then *opinion is how to come by it. */
SPF_MUST_USE
bool spf_console_may_help(const struct spf_view *view, struct spf_opinion *opinion);
