#pragma once

#include "pipeline/check.h"

/* What ssh.auth says of the certificate beside the key, or of that in the agent. Pure. */

/* Evidence: its file, where there is one. */
void spf_certificate_note(const struct spf_view *view, struct spf_result *result);

#define SPF_ASKED_SIZE (sizeof((struct spf_key_facts *)0)->certificate + 32)

/* "this key", or the certificate, where that was the last to be asked about; text may hold it. */
const char *spf_asked_key(const struct spf_view *view, char text[SPF_ASKED_SIZE]);
/* The same without an article. */
const char *spf_asked_key_bare(const struct spf_view *view, char text[SPF_ASKED_SIZE]);

/*
 * The key alone is refused, and ssh -i would offer the certificate beside it next
 * (PROTOCOL.certkeys). That it names other principals does not rule it out:
 * AuthorizedPrincipalsFile may map them.
 */
struct spf_opinion spf_certificate_judge(const struct spf_view *view, struct spf_result *result);
