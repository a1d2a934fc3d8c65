#include "login/console_proof.h"

#include <string.h>

const char *spf_host_key_kind(const char *algorithm)
{
    static const char *const kinds[] = {"ed25519", "ecdsa", "rsa"};

    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (strcasestr(algorithm, kinds[i]) != NULL) {
            return kinds[i];
        }
    }
    return algorithm;
}

enum spf_proof spf_proof_of(const struct spf_view *view)
{
    const struct spf_console_facts *console = view->facts->console;
    const struct spf_handshake_facts *shown = view->facts->handshake;
    enum spf_proof proof = SPF_PROOF_NONE;

    if (view->facts->group[SPF_GROUP_CONSOLE].phase != SPF_PRESENT) {
        return SPF_PROOF_NONE;
    }
    for (size_t i = 0; i < console->host_keys.count; i++) {
        const struct spf_console_host_key *key = &console->host_keys.items[i];

        if (strcmp(key->sha256, shown->host_key_sha256) == 0) {
            return SPF_PROOF_SAME;
        }
        if (console->boot_seen && strcmp(spf_host_key_kind(key->algorithm),
                                         spf_host_key_kind(shown->host_key_algorithm)) == 0) {
            proof = SPF_PROOF_OTHER;
        }
    }
    return proof;
}

bool spf_console_may_help(const struct spf_view *view, struct spf_opinion *opinion)
{
    const struct spf_result *instance = &view->results[SPF_CHECK_CLOUD_INSTANCE];
    enum spf_group_phase phase = view->facts->group[SPF_GROUP_CONSOLE].phase;

    if (view->target->instance_id == NULL) {
        return false;
    }
    *opinion = instance->status == SPF_PENDING ? spf_waits() : spf_wants(SPF_GROUP_BIT(CONSOLE));
    return instance->status == SPF_PENDING ||
           (instance->holds && (phase == SPF_ABSENT || phase == SPF_ASKED));
}
