#include "login/algorithm_check.h"

#include <string.h>

#include "login/implementations.h"
#include "login/offers.h"
#include "login/own_option.h"

/* The types of keys that the server is known to take, "a,b"; NULL: not known. */
static const char *types_of(const struct spf_view *view)
{
    const char *server = view->facts->handshake->server_sig_algs;

    return server != NULL ? server
                          : spf_implementation_of(view->facts->identification->software)->key_types;
}

/*
 * What helps where the server takes no signature that ssh makes by itself: an older one of the same
 * key (a server without EXT_INFO knows no other of RSA), or a key of another type.
 */
static void note_ways_out(const struct spf_view *view, const char *types, struct spf_result *result)
{
    static const char *const usable[][2] = {
        {"ssh-ed25519", "ed25519"},
        {"ecdsa-sha2-nistp256", "ecdsa"},
        {"rsa-sha2-512", "rsa"},
        {"rsa-sha2-256", "rsa"},
    };
    const char *key = view->facts->key->algorithm;

    if (strcmp(key, "ssh-rsa") == 0 && (types == NULL || spf_names_have(types, "ssh-rsa"))) {
        spf_note_text(result, "signature_algorithm", "ssh-rsa");
    }
    for (size_t i = 0; i < sizeof usable / sizeof *usable; i++) {
        if (strcmp(usable[i][0], key) != 0 &&
            (types == NULL || spf_names_have(types, usable[i][0]))) {
            spf_note_text(result, "usable_type", usable[i][1]);
            return;
        }
    }
}

void spf_algorithm_note(const struct spf_view *view, struct spf_result *result)
{
    const char *server = view->facts->handshake->server_sig_algs;
    const char *types = types_of(view);

    spf_note_text(result, "server_sig_algs", server);
    if (server == NULL && types != NULL) {
        spf_note_text(result, "server_key_types", types);
    }
    note_ways_out(view, types, result);
}

/* PubkeyAcceptedAlgorithms leaves out all names of the key that the server is known to take. */
static bool is_own_option(const struct spf_view *view, const char *types, struct spf_result *result)
{
    static const char keyword[] = "PubkeyAcceptedAlgorithms";
    const char *accepted = view->facts->ssh_config->accepted_algorithms;
    const bool is_rsa = strcmp(view->facts->key->algorithm, "ssh-rsa") == 0;
    const char *ours = is_rsa ? "rsa-sha2-512,rsa-sha2-256" : view->facts->key->algorithm;
    char name[300];
    char lacks[80];
    char options[120];

    if (view->target->ssh_config == NULL || accepted == NULL || types == NULL ||
        spf_names_common(ours, accepted, lacks, sizeof lacks) ||
        !spf_names_common(ours, types, lacks, sizeof lacks)) {
        return false;
    }
    spf_format(options, sizeof options, "-o %s=+%s", keyword, lacks);
    spf_note_text(result, "own_options", options);
    spf_own_option_note(view, keyword, result);
    spf_say(result,
            "%s leaves out %s, which this key needs and the server takes: ssh does not offer it",
            spf_own_option_name(view, keyword, name, sizeof name), lacks);
    return true;
}

struct spf_opinion spf_algorithm_judge(const struct spf_view *view, struct spf_result *result)
{
    const char *types = types_of(view);

    if (view->target->ssh_config != NULL && strcmp(view->facts->key->algorithm, "ssh-rsa") == 0 &&
        spf_names_have(view->facts->ssh_config->accepted_algorithms, "ssh-rsa")) {
        spf_say(result, "the ssh configuration allows signatures with SHA-1, which ssh would make "
                        "and this program does not");
        return spf_lowered(SPF_AUTH_ALGORITHM_REFUSED, SPF_UNKNOWN);
    }
    if (is_own_option(view, types, result)) {
        return spf_concludes(SPF_AUTH_ALGORITHM_REFUSED);
    }
    if (types != NULL) {
        spf_say(result,
                "there is no signature algorithm that both ssh and the server allow for a key of "
                "type %s (the server knows %s); the key itself was not evaluated",
                view->facts->key->algorithm, types);
    } else {
        spf_say(result,
                "there is no signature algorithm that both ssh and the server allow for a key of "
                "type %s; the key itself was not evaluated",
                view->facts->key->algorithm);
    }
    return spf_concludes(SPF_AUTH_ALGORITHM_REFUSED);
}
