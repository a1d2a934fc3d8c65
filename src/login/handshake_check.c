#include <string.h>

#include "base/language.h"
#include "base/text.h"
#include "login/ending.h"
#include "login/offers.h"
#include "login/own_option.h"
#include "pipeline/check.h"

static const char *text_or_null(const char *text)
{
    return text != NULL && text[0] != '\0' ? text : NULL;
}

/* A category of algorithms of which no common one was found. */
struct category {
    enum spf_finding finding;
    const char *what;
    const char *option;       /* of ssh */
    enum spf_offer_list list; /* and the next one, where there is one for each direction */
    /* what OpenSSH still has, but no longer offers, best first */
    const char *legacy;
};

static const struct category categories[] = {
    [SPF_SHAKE_NO_KEX] = {SPF_HANDSHAKE_NO_COMMON_KEX, "key exchange", "KexAlgorithms",
                          SPF_OFFER_KEX,
                          "diffie-hellman-group14-sha1,"
                          "diffie-hellman-group-exchange-sha1,"
                          "diffie-hellman-group1-sha1"},
    [SPF_SHAKE_NO_HOST_KEY] = {SPF_HANDSHAKE_NO_COMMON_HOST_KEY, "host key", "HostKeyAlgorithms",
                               SPF_OFFER_HOST_KEYS, "ssh-rsa,ssh-dss"},
    [SPF_SHAKE_NO_CIPHER] = {SPF_HANDSHAKE_NO_COMMON_CIPHER, "cipher", "Ciphers",
                             SPF_OFFER_CIPHERS_OUT, "aes256-cbc,aes192-cbc,aes128-cbc,3des-cbc"},
    [SPF_SHAKE_NO_MAC] = {SPF_HANDSHAKE_NO_COMMON_MAC, "MAC", "MACs", SPF_OFFER_MACS_OUT,
                          "hmac-sha1-96,hmac-md5,hmac-md5-96"},
};

static const char *server_offer(const struct spf_handshake_facts *facts, enum spf_offer_list list)
{
    const char *const offers[SPF_OFFER_LISTS] = {
        facts->server_kex,        facts->server_host_keys, facts->server_ciphers_out,
        facts->server_ciphers_in, facts->server_macs_out,  facts->server_macs_in,
    };

    /* NOLINTNEXTLINE(clang-analyzer-core.uninitialized.UndefReturn): list is below the count */
    return offers[list];
}

/* Each direction has a cipher and a MAC of its own. */
static bool has_two(enum spf_offer_list list)
{
    return list == SPF_OFFER_CIPHERS_OUT || list == SPF_OFFER_MACS_OUT;
}

/*
 * The first category in which ssh itself and the server have nothing in common; NULL: there is
 * none, so that only our library, which has fewer, could not go on.
 */
static const struct category *first_gap(const struct spf_handshake_facts *facts,
                                        const char *const offers[SPF_OFFER_LISTS])
{
    char chosen[SPF_OFFER_LISTS][80] = {{0}};

    for (size_t i = SPF_SHAKE_NO_KEX; i < sizeof categories / sizeof *categories; i++) {
        const struct category *category = &categories[i];

        for (int list = (int)category->list; list <= (int)category->list + has_two(category->list);
             list++) {
            const char *theirs = server_offer(facts, (enum spf_offer_list)list);

            if (theirs == NULL ||
                (list >= SPF_OFFER_MACS_OUT && !spf_cipher_needs_mac(chosen[list - 2]))) {
                continue;
            }
            if (!spf_names_common(offers[list], theirs, chosen[list], sizeof chosen[list])) {
                return category;
            }
        }
    }
    return NULL;
}

/* All that this machine's ssh has of a category; NULL: not known. */
static const char *known_to_ssh(const struct spf_view *view, const struct category *category)
{
    const struct spf_openssh_algorithms_facts *ssh = view->facts->openssh_algorithms;
    const char *const known[] = {
        [SPF_OFFER_KEX] = ssh->known_kex,
        [SPF_OFFER_HOST_KEYS] = ssh->known_host_keys,
        [SPF_OFFER_CIPHERS_OUT] = ssh->known_ciphers,
        [SPF_OFFER_CIPHERS_IN] = NULL,
        [SPF_OFFER_MACS_OUT] = ssh->known_macs,
    };

    return known[category->list];
}

/* What ssh has and no longer offers, and the server does: the best of it. */
static bool find_legacy(const struct spf_view *view, const struct category *category,
                        const char *theirs, char *out, size_t size)
{
    const char *known = known_to_ssh(view, category);

    for (const char *name = category->legacy; *name != '\0'; name += *name == ',') {
        size_t len = strcspn(name, ",");

        if (spf_format_whole(out, size, "%.*s", (int)len, name) && spf_names_have(theirs, out) &&
            (known == NULL || spf_names_have(known, out))) {
            return true;
        }
        name += len;
    }
    return known != NULL && spf_names_common(known, theirs, out, size);
}

/*
 * The options of ssh that open every list in which it and the server have nothing in common: with
 * one of them alone the handshake would fail at the next. "" where options cannot do it.
 */
static void legacy_options(const struct spf_view *view, const char *const offers[SPF_OFFER_LISTS],
                           char *out, size_t size)
{
    const struct spf_handshake_facts *facts = view->facts->handshake;
    char chosen[SPF_OFFER_LISTS][80] = {{0}};

    out[0] = '\0';
    for (size_t i = SPF_SHAKE_NO_KEX; i < sizeof categories / sizeof *categories; i++) {
        const struct category *category = &categories[i];
        const char *before = "";

        for (int list = (int)category->list; list <= (int)category->list + has_two(category->list);
             list++) {
            const char *theirs = server_offer(facts, (enum spf_offer_list)list);
            size_t len = strlen(out);

            if (theirs == NULL && view->target->from_transcript) {
                continue; /* a text shows the first list without a common name alone */
            }
            if (list >= SPF_OFFER_MACS_OUT && !spf_cipher_needs_mac(chosen[list - 2])) {
                continue;
            }
            if (spf_names_common(offers[list], theirs, chosen[list], sizeof chosen[list])) {
                continue;
            }
            if (!find_legacy(view, category, theirs, chosen[list], sizeof chosen[list])) {
                out[0] = '\0';
                return;
            }
            if (before[0] == '\0') {
                spf_format(out + len, size - len, "%s-o %s=+%s", len > 0 ? " " : "",
                           category->option, chosen[list]);
            } else if (strcmp(before, chosen[list]) != 0) {
                spf_format(out + len, size - len, ",%s", chosen[list]);
            }
            before = chosen[list];
        }
    }
    /* so old a server knows RSA with SHA-1 alone, or says nothing else (RFC 8308) */
    if (out[0] != '\0' && strcmp(view->facts->key->algorithm, "ssh-rsa") == 0) {
        spf_format(out + strlen(out), size - strlen(out), " -o PubkeyAcceptedAlgorithms=+ssh-rsa");
    }
}

/*
 * Would ssh have something in common with this server, but for its configuration? Then the options
 * that give it that back, by names of ssh's own list; "" where the configuration is not the cause.
 */
static void own_options(const struct spf_view *view, const char *const offers[SPF_OFFER_LISTS],
                        char *out, size_t size)
{
    const struct spf_handshake_facts *facts = view->facts->handshake;
    const char *own[SPF_OFFER_LISTS];
    char name[80];

    out[0] = '\0';
    spf_offers_of(NULL, view->facts->openssh_algorithms, own);
    if (view->target->ssh_config == NULL || first_gap(facts, own) != NULL) {
        return;
    }
    for (size_t i = SPF_SHAKE_NO_KEX; i < sizeof categories / sizeof *categories; i++) {
        const enum spf_offer_list list = categories[i].list;
        const char *theirs = server_offer(facts, list);
        const size_t len = strlen(out);

        if (theirs != NULL && !spf_names_common(offers[list], theirs, name, sizeof name) &&
            spf_names_common(own[list], theirs, name, sizeof name)) {
            spf_format(out + len, size - len, "%s-o %s=+%s", len > 0 ? " " : "",
                       categories[i].option, name);
        }
    }
}

/* True: the configuration is the cause, and it is said. */
static bool judge_own_option(const struct spf_view *view, const struct category *category,
                             const char *const offers[SPF_OFFER_LISTS], struct spf_result *result)
{
    const char *theirs = server_offer(view->facts->handshake, category->list);
    char options[600];
    char name[300];

    own_options(view, offers, options, sizeof options);
    if (options[0] == '\0') {
        return false;
    }
    spf_note_text(result, "own_options", options);
    spf_own_option_note(view, category->option, result);
    spf_say(result,
            "%s leaves ssh no %s algorithm in common with the server, which offers %s; by itself, "
            "ssh has one",
            spf_own_option_name(view, category->option, name, sizeof name), category->what, theirs);
    return true;
}

/*
 * The measure is this machine's ssh. Records of before it was asked are judged by what OpenSSH 9.2
 * offers.
 */
static struct spf_opinion judge_no_common(const struct spf_view *view, struct spf_result *result)
{
    const struct spf_handshake_facts *facts = view->facts->handshake;
    const struct category *category = &categories[facts->outcome];
    const struct category *gap;
    const char *offers[SPF_OFFER_LISTS];
    const char *theirs;
    char legacy[80];
    char options[600];
    struct spf_opinion opinion;

    if (view->facts->group[SPF_GROUP_OPENSSH_ALGORITHMS].phase != SPF_FAILED &&
        spf_lacks(view, SPF_GROUP_OPENSSH_ALGORITHMS, &opinion)) {
        return opinion;
    }
    spf_offers_of(view->target->ssh_config != NULL ? view->facts->ssh_config : NULL,
                  view->facts->openssh_algorithms, offers);
    theirs = server_offer(facts, category->list);
    gap = first_gap(facts, offers);
    if (theirs != NULL && gap == NULL && !view->target->from_transcript) {
        spf_note_text(result, "server_offer", theirs);
        spf_note_text(result, "client_offer", offers[category->list]);
        spf_say(result,
                "the server's %s algorithms (%s) are known to ssh, but not to the library "
                "that this program uses",
                category->what, theirs);
        return spf_concludes(SPF_HANDSHAKE_BEYOND_US);
    }
    /* a transcript says which category it was, and its client may have less than what is measured
     * by */
    if (theirs != NULL && gap != NULL) {
        category = gap;
    }
    theirs = server_offer(facts, category->list);
    spf_note_text(result, "server_offer", theirs);
    spf_note_text(result, "client_offer", offers[category->list]);
    if (judge_own_option(view, category, offers, result)) {
        return spf_concludes(category->finding);
    }
    if (find_legacy(view, category, theirs, legacy, sizeof legacy)) {
        spf_note_text(result, "legacy", legacy);
    }
    legacy_options(view, offers, options, sizeof options);
    if (options[0] != '\0') {
        spf_note_text(result, "legacy_options", options);
    }
    if (text_or_null(theirs) == NULL && view->target->from_transcript) {
        spf_say(result, "the client and the server have no %s algorithm in common", category->what);
    } else if (text_or_null(theirs) == NULL) {
        spf_say(result, "the server offers no %s algorithm at all: its list is empty",
                category->what);
    } else {
        spf_say(result, "ssh and the server have no %s algorithm in common; the server offers %s",
                category->what, theirs);
    }
    return spf_concludes(category->finding);
}

/*
 * Who closes within the handshake may dislike what it received from us last: libssh's servers
 * close on an identification of more than 127 bytes (ours has 21), others on lists that they cannot
 * read.
 */
static void note_dislike(const struct spf_ending *ending, struct spf_result *result)
{
    if (ending->kind != SPF_ENDING_CLOSED && ending->kind != SPF_ENDING_RESET) {
        return;
    }
    spf_note_text(result, "may_dislike",
                  ending->last_message[0] == '\0'
                      ? "our identification line, our SSH_MSG_KEXINIT, or our address"
                      : "our lists of algorithms (SSH_MSG_KEXINIT), or our address");
}

/* A cipher that authenticates by itself (RFC 5116) has no MAC beside it; libssh then gives none, or
 * a name of its own, "aead-poly1305". */
static const char *mac_or_null(const char *name)
{
    name = text_or_null(name);
    return name == NULL || spf_starts_with(name, "aead-") ? NULL : name;
}

static struct spf_opinion judge_failure(const struct spf_view *view, struct spf_result *result)
{
    const struct spf_handshake_facts *facts = view->facts->handshake;

    if (strstr(facts->error, "too large banner") != NULL) { /* libssh takes 127 bytes, ssh 8191 */
        spf_say(result, "the server's identification line is longer than the SSH library of "
                        "this program reads; ssh reads it");
        return spf_concludes(SPF_HANDSHAKE_BEYOND_US);
    }
    note_dislike(&facts->ending, result);
    spf_ending_say(result, N_("the handshake failed"), &facts->ending, facts->error);
    if (view->facts->tcp->proxy[0] != '\0' && view->facts->identification->before[0] != '\0') {
        spf_say(result,
                "the handshake failed; the ProxyCommand %s had printed text of its own where "
                "only SSH belongs: %s",
                view->facts->tcp->proxy, view->facts->identification->before);
    }
    return spf_concludes(SPF_HANDSHAKE_FAILED);
}

static struct spf_opinion judge_timeout(const struct spf_view *view, struct spf_result *result)
{
    const struct spf_handshake_facts *facts = view->facts->handshake;
    struct spf_opinion opinion;

    spf_flow_note(result, &facts->ending.flow);
    if (spf_path_judge(view, result, &facts->ending, &opinion)) {
        return opinion;
    }
    if (view->target->from_transcript) {
        spf_ending_say(result, N_("the handshake stalls"), &facts->ending, facts->error);
        return spf_concludes(SPF_HANDSHAKE_TIMEOUT);
    }
    spf_ending_say_late(view, result, N_("the handshake is not finished"), &facts->ending,
                        facts->error);
    /* ssh goes on waiting, and may get in */
    return spf_lowered(SPF_HANDSHAKE_TIMEOUT, SPF_UNKNOWN);
}

/* What was agreed; a transcript may show none of it, or a part. */
static void say_agreed(const struct spf_handshake_facts *facts, struct spf_result *result)
{
    const char *const agreed[] = {facts->kex, facts->host_key_algorithm, facts->cipher_out,
                                  mac_or_null(facts->mac_out)};
    char text[SPF_SUMMARY_SIZE] = "";
    size_t len = 0;

    for (size_t i = 0; i < sizeof agreed / sizeof *agreed; i++) {
        if (text_or_null(agreed[i]) != NULL) {
            spf_format(text + len, sizeof text - len, "%s%s", len > 0 ? _(", ") : "", agreed[i]);
            len = strlen(text);
        }
    }
    if (facts->kex[0] == '\0' && facts->cipher_out[0] == '\0') { /* of one without -v */
        spf_say(result, "key exchange done");
    } else {
        spf_say(result, "%s", text);
    }
}

/* Is there a common key exchange, host key, cipher and MAC, and does the handshake come to its end?
 */
struct spf_opinion spf_judge_ssh_handshake(const struct spf_view *view, struct spf_result *result)
{
    const struct spf_handshake_facts *facts = view->facts->handshake;
    struct spf_opinion opinion;

    spf_note_text(result, "kex", text_or_null(facts->kex));
    spf_note_text(result, "host_key_algorithm", text_or_null(facts->host_key_algorithm));
    spf_note_text(result, "cipher_in", text_or_null(facts->cipher_in));
    spf_note_text(result, "cipher_out", text_or_null(facts->cipher_out));
    spf_note_text(result, "mac_in", mac_or_null(facts->mac_in));
    spf_note_text(result, "mac_out", mac_or_null(facts->mac_out));
    if (spf_lacks(view, SPF_GROUP_HANDSHAKE, &opinion)) {
        return opinion;
    }

    switch (facts->outcome) {
    case SPF_SHAKE_NO_KEX:
    case SPF_SHAKE_NO_HOST_KEY:
    case SPF_SHAKE_NO_CIPHER:
    case SPF_SHAKE_NO_MAC:
        return judge_no_common(view, result);
    case SPF_SHAKE_FAILED:
        return judge_failure(view, result);
    case SPF_SHAKE_TIMEOUT:
        return judge_timeout(view, result);
    case SPF_SHAKE_DONE:
        break;
    }
    say_agreed(facts, result);
    return spf_passes();
}
