#include <string.h>

#include "base/json_build.h"
#include "base/language.h"
#include "base/text.h"
#include "login/algorithm_check.h"
#include "login/certificate_check.h"
#include "login/ending.h"
#include "login/implementations.h"
#include "login/keys_check.h"
#include "login/offers.h"
#include "login/own_option.h"
#include "pipeline/check.h"

/* Where it was decided. */
static const char offer[] = "offer";         /* the method or the algorithm is ruled out */
static const char query[] = "query";         /* the key was judged */
static const char signature[] = "signature"; /* the login was judged */

static const char unanswered[] = N_("the server does not answer the authentication");

static void note_methods(struct spf_result *result, const char *methods)
{
    struct json_object *list = spf_json_array();
    char name[64];

    while (list != NULL && *methods != '\0') {
        size_t len = strcspn(methods, ",");

        spf_format(name, sizeof name, "%.*s", (int)len, methods);
        spf_json_append(list, spf_clean_json(name));
        methods += len;
        methods += *methods == ',';
    }
    spf_note_json(result, "methods", list);
}

static struct spf_opinion decided(struct spf_result *result, const char *stage,
                                  enum spf_finding finding)
{
    spf_note_text(result, "stage", stage);
    return spf_concludes(finding);
}

/*
 * A given address may be a stranger's by now. If it is not the instance's, only a host key that is
 * proved lets us show a key there.
 */
static bool may_be_a_stranger(const struct spf_view *view)
{
    const struct spf_result *address = &view->results[SPF_CHECK_CLOUD_ADDRESS];
    const struct spf_result *host_key = &view->results[SPF_CHECK_SSH_HOST_KEY];

    return !view->target->from_transcript && view->target->host != NULL &&
           address->finding == SPF_ADDRESS_NOT_OF_INSTANCE && !host_key->verified;
}

static struct spf_opinion judge_algorithm(const struct spf_view *view, struct spf_result *result)
{
    spf_algorithm_note(view, result);
    spf_note_text(result, "stage", offer);
    return view->facts->key->certificate[0] != '\0' ? spf_certificate_judge(view, result)
                                                    : spf_algorithm_judge(view, result);
}

/* Of the keys that the configuration names, one was asked about: ssh would go on with the next. */
static const char *next_key(const struct spf_view *view)
{
    const char *key = view->target->key_path;

    return key != NULL ? spf_ssh_config_key(view->facts->ssh_config, key) : NULL;
}

static bool has_other_keys(const struct spf_view *view)
{
    const struct spf_ssh_config_facts *config = view->facts->ssh_config;

    return next_key(view) != NULL ||
           (!config->identities_only && view->facts->key->agent_keys > 0 &&
            !(view->facts->key->in_agent && view->facts->key->agent_keys == 1));
}

/* Of the keys that ssh would offer, is one not the key that was asked about? Each certificate is an
 * offer of its own. */
static bool offers_another_key(const struct spf_view *view)
{
    const struct spf_ssh_config_facts *config = view->facts->ssh_config;

    for (size_t i = 0; i < config->offers.count; i++) {
        if (strcmp(config->offers.items[i].sha256, view->facts->key->sha256) != 0) {
            return true;
        }
    }
    return false;
}

/*
 * The server wants more than one key has shown. Where another key may be that, ssh goes through all
 * its keys once more (sshconnect2.c, pubkey_reset), while this program signs with one.
 */
static struct spf_opinion judge_partial(const struct spf_view *view, struct spf_result *result)
{
    const struct spf_signature_facts *facts = view->facts->signature;
    const struct spf_target *target = view->target;
    char text[SPF_ASKED_SIZE];

    spf_note_text(result, "next_methods", facts->methods);
    spf_note_text(result, "stage", signature);
    /* PuTTY, given a key file, offers no other key; and a transcript is of one that tried them */
    if (!spf_names_have(facts->methods, "publickey") || target->from_transcript ||
        (target->no_openssh && target->key_path != NULL) ||
        (!has_other_keys(view) && !offers_another_key(view))) {
        return spf_concludes(SPF_AUTH_SECOND_FACTOR);
    }
    spf_say(result,
            "the server accepts %s for %s, but also wants a second factor (%s), which another key "
            "may be: ssh would go on with its other keys, which this program did not try",
            spf_asked_key(view, text), target->user, facts->methods);
    return spf_lowered(SPF_AUTH_SECOND_FACTOR, SPF_UNKNOWN);
}

static struct spf_opinion refused(const struct spf_view *view, const char *stage,
                                  struct spf_result *result)
{
    struct spf_opinion opinion;

    if (spf_keys_judge_refusal(view, result, &opinion)) {
        spf_note_text(result, "stage", stage);
        return opinion;
    }
    /* after a disconnect ssh, too, offers nothing more */
    if (view->facts->key->certificate[0] != '\0' &&
        (view->facts->query->of_certificate ||
         view->facts->query->ending.kind != SPF_ENDING_DISCONNECT)) {
        spf_note_text(result, "stage", stage);
        return spf_certificate_judge(view, result);
    }
    if (!view->target->key_configured || !has_other_keys(view)) {
        return decided(result, stage, SPF_AUTH_KEY_REFUSED);
    }
    spf_note_text(result, "stage", stage);
    result->next_key = next_key(view);
    if (result->next_key != NULL) {
        spf_note_text(result, "next_key_file", result->next_key);
    }
    spf_say(result,
            "the server does not accept %s for %s; ssh would try its other keys too: name one with "
            "--key",
            view->target->key_path, view->target->user);
    return spf_lowered(SPF_AUTH_KEY_REFUSED, SPF_UNKNOWN);
}

/*
 * "Permission denied ()": a refusal, and not an end of the connection, that leaves no method at
 * all. libssh's words list them, so where there was no capture to read, theirs is not an empty
 * list.
 */
static bool leaves_no_method(const char *error)
{
    static const char introduces[] = "can continue:";
    const char *list = strstr(error, introduces);

    return list != NULL &&
           list[strlen(introduces) + strspn(list + strlen(introduces), " ")] == '\0';
}

static struct spf_opinion judge_refusal(const struct spf_view *view, struct spf_result *result)
{
    const struct spf_query_facts *facts = view->facts->query;
    const char *server = view->facts->handshake->server_sig_algs;

    if ((facts->methods[0] != '\0' && !spf_names_have(facts->methods, "publickey")) ||
        (facts->methods[0] == '\0' && leaves_no_method(facts->error))) {
        return decided(result, offer, SPF_AUTH_PUBLICKEY_DISABLED);
    }
    if (server == NULL) {
        server = spf_implementation_of(view->facts->identification->software)->key_types;
    }
    if (facts->asked.count == 0 && server != NULL && facts->algorithm[0] != '\0' &&
        !facts->of_certificate && !spf_names_have(server, facts->algorithm) &&
        !(view->facts->handshake->server_sig_algs == NULL &&
          spf_names_have(server, view->facts->key->algorithm))) {
        return judge_algorithm(view, result);
    }
    if (facts->ending.kind == SPF_ENDING_DISCONNECT && facts->asked.count == 0) {
        spf_say(result,
                "the server does not accept this key for %s; it answered by disconnecting: %s",
                view->target->user, facts->error);
    }
    return refused(view, query, result);
}

static struct spf_opinion judge_disconnect(const struct spf_ending *ending, const char *error,
                                           const char *stage, struct spf_result *result)
{
    spf_note_text(result, "stage", stage);
    /* sshd counts tries a connection, and this was the first: others used it up (auth2.c) */
    if (strstr(error, "Too many authentication failures") != NULL) {
        return spf_concludes(SPF_AUTH_TOO_MANY);
    }
    spf_ending_say(result, N_("the authentication came to no answer"), ending, error);
    return spf_concludes(SPF_AUTH_DISCONNECTED);
}

static struct spf_opinion judge_stall(const struct spf_view *view, const struct spf_ending *ending,
                                      const char *error, const char *stage,
                                      struct spf_result *result)
{
    struct spf_opinion opinion;

    spf_note_text(result, "stage", stage);
    spf_flow_note(result, &ending->flow);
    if (spf_path_judge(view, result, ending, &opinion)) {
        return opinion;
    }
    spf_ending_say_late(view, result, unanswered, ending, error);
    return spf_lowered(SPF_AUTH_TIMEOUT, SPF_UNKNOWN); /* ssh goes on waiting, and may get in */
}

/*
 * PAM's account phase speaks last: sshd takes the signature, shows what PAM said as a banner, and
 * closes (auth2.c, userauth_finish, do_pam_account). A banner of sshd_config comes before any
 * answer. One without text is the last word of an sshd, too (an empty /etc/nologin).
 */
static bool is_told_off(const struct spf_view *view)
{
    const struct spf_signature_facts *facts = view->facts->signature;

    return strcmp(facts->ending.last_message, "SSH_MSG_USERAUTH_BANNER") == 0 &&
           (facts->banner[0] != '\0' || spf_is_sshd(view->facts->identification->software));
}

/* /run/nologin as systemd-user-sessions(8) and systemd-logind(8) write it, which pam_nologin(8)
 * shows. */
static bool is_of_systemd(const char *said)
{
    return strstr(said, "Unprivileged users are not permitted to log in") != NULL ||
           strstr(said, "System is booting up") != NULL ||
           strstr(said, "System is going down") != NULL;
}

static struct spf_opinion judge_told_off(const struct spf_view *view, struct spf_result *result)
{
    const char *said = view->facts->signature->banner;

    spf_say(result, "the server knows this key, but refuses the login of %s; it says: %s",
            view->target->user, said);
    if (is_of_systemd(said)) {
        return decided(result, signature, SPF_AUTH_NOT_YET);
    }
    if (strstr(said, "ccount has expired") != NULL ||
        !spf_is_sshd(view->facts->identification->software)) {
        return decided(result, signature, SPF_AUTH_LOGIN_REFUSED);
    }
    /* pam_nologin(8) shows its file to root as well, but lets root in */
    spf_say(result,
            strcmp(view->target->user, "root") == 0
                ? N_("the server knows this key, but PAM's account phase refuses %s%s%s")
                : N_("the server knows this key, but PAM's account phase refuses %s: a file "
                     "/etc/nologin or /run/nologin keeps all but root out, or another module says "
                     "no%s%s"),
            view->target->user, said[0] != '\0' ? _("; it says: ") : "", said);
    return decided(result, signature, SPF_AUTH_ACCOUNT_DENIED);
}

/*
 * Some servers say yes to a query for any key and look for it only when it has signed: the refusal
 * of a signature is then one of the key.
 */
static bool judges_by_query(const struct spf_view *view)
{
    return spf_query_proves(view->facts->identification->software, view->facts->query);
}

/* Nothing here signs with the key, or nothing was asked to: true, and *opinion is what is known
 * without a signature. */
static bool is_unsigned(const struct spf_view *view, struct spf_result *result,
                        struct spf_opinion *opinion)
{
    char text[SPF_ASKED_SIZE];

    if (spf_key_agent_signs(view->facts->key)) {
        spf_note_text(result, "signed_by", "agent");
    } else if (!view->facts->key->usable && view->facts->key->encrypted) {
        if (judges_by_query(view)) {
            spf_say(result,
                    "the server takes %s for %s; without the passphrase the login itself could not "
                    "be tried",
                    spf_asked_key(view, text), view->target->user);
        } else {
            spf_say(result,
                    "without the passphrase the login could not be tried, and the answer to the "
                    "question alone proves nothing: this server (%s) may say yes to any key",
                    view->facts->identification->software);
        }
        *opinion = spf_lowered(SPF_KEY_ENCRYPTED, SPF_UNKNOWN);
        return true;
    }
    if (!spf_key_agent_signs(view->facts->key) &&
        strcmp(view->facts->key->damage, "key-needs-device") == 0) {
        if (judges_by_query(view)) {
            spf_say(result,
                    "the server accepts %s for %s; the security key was not asked to sign, so the "
                    "login itself is untried",
                    spf_asked_key(view, text), view->target->user);
        }
        *opinion = spf_lowered(SPF_KEY_NEEDS_DEVICE, SPF_UNKNOWN);
        return true;
    }
    return false;
}

/* The server refuses a signed request. */
static struct spf_opinion judge_login_refusal(const struct spf_view *view,
                                              struct spf_result *result)
{
    const struct spf_signature_facts *facts = view->facts->signature;
    char text[SPF_ASKED_SIZE];

    if (!judges_by_query(view)) {
        spf_say(result,
                "the server does not accept this key for %s: it refused the signature%s%s (its "
                "yes to the question before proves nothing: this server, %s, may say it to any "
                "key)",
                view->target->user,
                facts->ending.kind == SPF_ENDING_DISCONNECT ? _(" and disconnected: ") : "",
                facts->ending.kind == SPF_ENDING_DISCONNECT ? facts->error : "",
                view->facts->identification->software);
        return refused(view, signature, result);
    }
    if (facts->ending.kind == SPF_ENDING_DISCONNECT) {
        spf_say(result,
                "the server knows %s, but refuses the login of %s; it answered by "
                "disconnecting: %s",
                spf_asked_key(view, text), view->target->user, facts->error);
    } else if (view->facts->query->of_certificate) {
        spf_say(result, "the server accepts %s, but refuses the login of %s",
                spf_asked_key(view, text), view->target->user);
    }
    return decided(result, signature, SPF_AUTH_LOGIN_REFUSED);
}

static struct spf_opinion judge_acceptance(const struct spf_view *view, struct spf_result *result)
{
    const struct spf_signature_facts *facts = view->facts->signature;
    char text[SPF_ASKED_SIZE];
    char signer[80] = "";

    spf_note_text(result, "stage", signature);
    if (spf_keys_too_many(view) > 0) {
        spf_note_number(result, "agent_keys", spf_keys_too_many(view));
        return spf_concludes(SPF_AGENT_KEYS_TOO_MANY);
    }
    if (view->target->session == SPF_SESSION_NEVER) {
        spf_flow_note(result, &facts->ending.flow);
    }
    if (view->facts->query->asked.count > 0) {
        spf_keys_say_accepted(view, result);
        return spf_passes();
    }
    if (spf_key_agent_signs(view->facts->key)) {
        spf_format(signer, sizeof signer, _(" (signed by %s)"),
                   spf_key_agent_name(view->facts->key));
    }
    spf_say(result, "%s accepted for %s%s%s", spf_asked_key_bare(view, text), view->target->user,
            signer,
            view->target->session == SPF_SESSION_NEVER ? spf_flow_untried(&facts->ending.flow)
                                                       : "");
    return spf_passes();
}

/* The key would do. Does a signature with it log us in? */
static struct spf_opinion judge_signature(const struct spf_view *view, struct spf_result *result)
{
    const struct spf_signature_facts *facts = view->facts->signature;
    struct spf_opinion opinion;

    spf_note_text(result, "stage", query);
    if (view->facts->query->of_certificate) {
        spf_certificate_note(view, result);
    }
    if (is_unsigned(view, result, &opinion)) {
        return opinion;
    }
    if (spf_lacks(view, SPF_GROUP_SIGNATURE, &opinion)) {
        return opinion;
    }
    if (facts->methods[0] != '\0') {
        note_methods(result, facts->methods);
    }

    switch (facts->outcome) {
    case SPF_AUTH_REFUSED:
        return judge_login_refusal(view, result);
    case SPF_AUTH_PARTIAL:
        return judge_partial(view, result);
    case SPF_AUTH_LOCAL_REFUSAL:
        return judge_algorithm(view, result);
    case SPF_AUTH_ENDED:
        if (is_told_off(view)) {
            return judge_told_off(view, result);
        }
        return judge_disconnect(&facts->ending, facts->error, signature, result);
    case SPF_AUTH_SILENT:
        return judge_stall(view, &facts->ending, facts->error, signature, result);
    case SPF_AUTH_ACCEPTED:
        break;
    }
    return judge_acceptance(view, result);
}

/* A type of key that only the user's ssh or PuTTY has: our limit, and no verdict on the login. */
static bool is_beyond_us(const struct spf_view *view, struct spf_result *result)
{
    const struct spf_key_facts *key = view->facts->key;

    if (!spf_facts_have(view->facts, SPF_GROUP_KEY) || key->usable || key->public_blob == NULL ||
        strcmp(key->damage, "key-algorithm-unsupported") != 0) {
        return false;
    }
    spf_say(result,
            "this program has no keys of type %s: whether the server accepts it is not known",
            key->algorithm);
    return true;
}

/* PubkeyAuthentication no: ssh offers none. */
static bool is_switched_off(const struct spf_view *view, struct spf_result *result)
{
    if (view->target->ssh_config == NULL || !view->facts->ssh_config->publickey_off) {
        return false;
    }
    spf_say(result, "the ssh configuration switches public keys off for this host "
                    "(PubkeyAuthentication no): ssh would not offer this one");
    spf_own_option_note(view, "PubkeyAuthentication", result);
    spf_note_text(result, "own_options", "-o PubkeyAuthentication=yes");
    return true;
}

/* RequiredRSASize (ssh_config(5)): shorter keys are as if they were not there. */
static bool is_too_short(const struct spf_view *view, struct spf_result *result)
{
    const struct spf_key_facts *key = view->facts->key;
    int64_t required = view->facts->ssh_config->required_rsa;
    char options[40];

    if (view->target->ssh_config == NULL || !spf_facts_have(view->facts, SPF_GROUP_KEY) ||
        strcmp(key->algorithm, "ssh-rsa") != 0 || key->bits == 0 || key->bits >= required) {
        return false;
    }
    spf_own_option_note(view, "RequiredRSASize", result);
    spf_format(options, sizeof options, "-o RequiredRSASize=%lld", (long long)key->bits);
    spf_note_text(result, "own_options", options);
    spf_say(result,
            "the ssh configuration has RequiredRSASize %lld, and this key has %lld bits: ssh would "
            "not offer it",
            (long long)required, (long long)key->bits);
    return true;
}

/*
 * Does the server accept this key for this user? First the query (would the key do?), and only if
 * the answer is yes the signature: so a key that is not authorised and a login that is refused are
 * distinguished (OpenSSH answers a query after a refused signature with no).
 */
struct spf_opinion spf_judge_ssh_auth(const struct spf_view *view, struct spf_result *result)
{
    const struct spf_query_facts *facts = view->facts->query;
    struct spf_opinion opinion;

    spf_note_null(result, "methods");
    spf_note_null(result, "stage");
    if (view->target->host != NULL && view->target->instance_id != NULL &&
        view->results[SPF_CHECK_CLOUD_ADDRESS].status == SPF_PENDING) {
        return spf_waits();
    }
    if (may_be_a_stranger(view)) {
        return spf_skips(SPF_CHECK_CLOUD_ADDRESS);
    }
    if (is_switched_off(view, result) || is_too_short(view, result)) {
        return spf_concludes(SPF_SSH_CONFIG_UNUSABLE);
    }
    if (is_beyond_us(view, result)) {
        return spf_lowered(SPF_KEY_ALGORITHM_UNSUPPORTED, SPF_UNKNOWN);
    }
    /* which of several keys is asked about first may be the bound pair's to say */
    if (view->facts->ssh_config->offers.count > 1 && !spf_target_has_typed_key(view->target) &&
        view->results[SPF_CHECK_CLOUD_KEY_PAIR].status == SPF_PENDING) {
        return spf_waits();
    }
    if (spf_lacks(view, SPF_GROUP_QUERY, &opinion)) {
        return opinion;
    }
    spf_keys_note(view, result);
    if (facts->methods[0] != '\0') {
        note_methods(result, facts->methods);
    }
    if (facts->algorithm[0] != '\0') {
        spf_note_text(result, "algorithm", facts->algorithm);
    }
    if (facts->none_accepted) {
        spf_note_text(result, "stage", query);
        return spf_concludes(SPF_AUTH_NONE_ACCEPTED);
    }

    switch (facts->outcome) {
    case SPF_AUTH_REFUSED:
    case SPF_AUTH_PARTIAL: /* of a query: no server should, and it is no acceptance */
        return judge_refusal(view, result);
    case SPF_AUTH_LOCAL_REFUSAL:
        return judge_algorithm(view, result);
    case SPF_AUTH_ENDED:
        return judge_disconnect(&facts->ending, facts->error, query, result);
    case SPF_AUTH_SILENT:
        return judge_stall(view, &facts->ending, facts->error, query, result);
    case SPF_AUTH_ACCEPTED:
        break;
    }
    return judge_signature(view, result);
}
