#include <netinet/in.h>
#include <string.h>

#include "base/encoding.h"
#include "base/language.h"
#include "base/text.h"
#include "base/wire.h"
#include "login/console_proof.h"
#include "login/offers.h"
#include "login/own_option.h"
#include "openssh/known_hosts_judge.h"
#include "pipeline/check.h"

static void note_line(struct spf_result *result, const struct spf_known_host *line)
{
    struct spf_buf text;

    if (line == NULL) {
        spf_note_null(result, "known_hosts_line");
        return;
    }
    spf_buf_init(&text, 600);
    spf_buf_addf(&text, line->line > 0 ? "%s:%lld" : "%s", line->file, (long long)line->line);
    spf_note_text(result, "known_hosts_line", text.data);
    spf_buf_clear(&text);
}

static void note_verified(struct spf_result *result, const char *by)
{
    result->verified = true;
    spf_note_text(result, "verified_by", by);
}

/* StrictHostKeyChecking, of the configuration that is used; "" for what ssh does without it.
 * PuTTY's programs ask, but for -batch. */
static const char *strictness(const struct spf_view *view)
{
    if (view->target->putty_batch) {
        return "yes";
    }
    return view->target->ssh_config != NULL ? view->facts->ssh_config->strict : "";
}

/* With StrictHostKeyChecking no ssh only warns, and logs in by key (sshconnect.c, check_host_key).
 */
static struct spf_opinion even_so(const struct spf_view *view, enum spf_finding finding,
                                  struct spf_result *result)
{
    if (strcmp(strictness(view), "no") != 0) {
        return spf_concludes(finding);
    }
    spf_say(result,
            "the host key is %s; ssh only warns of it, because the ssh configuration has "
            "StrictHostKeyChecking no",
            finding == SPF_HOST_KEY_REVOKED ? _("revoked") : _("not the one that is known"));
    return spf_lowered(finding, SPF_WARN);
}

/*
 * Several servers behind one address, each with a key of its own, show now this one and now that.
 * One more connection tells, where ssh makes it itself. True: *opinion is the check's.
 */
static bool judge_next_key(const struct spf_view *view, struct spf_result *result,
                           struct spf_opinion *opinion)
{
    const char *shown = view->facts->handshake->host_key_sha256;
    const struct spf_host_key_again_facts *again = view->facts->host_key_again;
    const struct spf_group_state *state = &view->facts->group[SPF_GROUP_HOST_KEY_AGAIN];
    const struct spf_known_host *line;
    enum spf_host_key_verdict verdict;

    if (spf_target_is_proxied(view->target) ||
        (state->phase == SPF_FAILED && state->failure->cause != SPF_SYSTEM_ERROR)) {
        return false;
    }
    if (spf_lacks(view, SPF_GROUP_HOST_KEY_AGAIN, opinion)) {
        return true;
    }
    spf_note_text(result, "next_fingerprint", again->sha256[0] != '\0' ? again->sha256 : NULL);
    if (again->blob == NULL || strcmp(again->sha256, shown) == 0) {
        return false;
    }
    verdict = spf_known_hosts_judge(view->facts->known_hosts, again->blob, &line);
    spf_say(result, "one connection was shown %s, the next one %s (%s)", shown, again->sha256,
            verdict == SPF_VERDICT_KNOWN ? _("the known key") : _("not known, either"));
    *opinion = even_so(view, SPF_HOST_KEY_FLIPS, result);
    return true;
}

/*
 * Another key is known, on this line (NULL: of a transcript, which does not show it). Only the
 * console can say that the new one is right.
 */
static struct spf_opinion judge_changed(const struct spf_view *view,
                                        const struct spf_known_host *line,
                                        struct spf_result *result)
{
    struct spf_opinion opinion;
    char number[24] = ""; /* PuTTY's cache has one key of a type */

    if (spf_console_may_help(view, &opinion)) {
        return opinion;
    }
    switch (spf_proof_of(view)) {
    case SPF_PROOF_SAME:
        note_verified(result, "console");
        /* proved: it is the machine that is meant, so a key may be shown to it */
        return spf_but_holds(spf_concludes(SPF_HOST_KEY_REBUILT));
    case SPF_PROOF_OTHER:
        return spf_concludes(SPF_HOST_KEY_NOT_OF_INSTANCE);
    case SPF_PROOF_NONE:
        break;
    }
    if (line != NULL && judge_next_key(view, result, &opinion)) {
        return opinion;
    }
    if (line != NULL) {
        if (line->line > 0) {
            spf_format(number, sizeof number, ":%lld", (long long)line->line);
        }
        spf_say(result, "the host key has changed: %s%s holds %s, and the server shows %s",
                line->file, number, line->sha256, view->facts->handshake->host_key_sha256);
    }
    return even_so(view, SPF_HOST_KEY_CHANGED, result);
}

/* The line that known_hosts would have. A key's type is not its signature's (RFC 8332 section 3).
 */
static void note_pin(const struct spf_view *view, struct spf_result *result)
{
    const struct spf_handshake_facts *shown = view->facts->handshake;
    struct spf_buf line;

    if (shown->host_key_blob == NULL || view->facts->known_hosts->name[0] == '\0') {
        return;
    }
    spf_buf_init(&line, 2000);
    spf_buf_addf(&line, "%s %s %s", view->facts->known_hosts->name,
                 spf_starts_with(shown->host_key_algorithm, "rsa-sha2") ? "ssh-rsa"
                                                                        : shown->host_key_algorithm,
                 shown->host_key_blob);
    if (!spf_buf_failed(&line)) {
        spf_note_text(result, "pin_line", line.data);
    }
    spf_buf_clear(&line);
}

/* What PuTTY makes of the key, which looks into no known_hosts; "": it knows none of this host. */
static const char *note_putty(const struct spf_view *view, struct spf_result *result)
{
    const struct spf_known_hosts_facts *known = view->facts->known_hosts;
    const char *blob = view->facts->handshake->host_key_blob;
    const char *verdict = "";

    for (size_t i = 0; blob != NULL && i < known->putty.count; i++) {
        const struct spf_known_host *key = &known->putty.items[i];

        if (strcmp(key->blob, blob) == 0) {
            verdict = "known";
        } else if (verdict[0] == '\0' &&
                   strcmp(spf_host_key_kind(key->algorithm),
                          spf_host_key_kind(view->facts->handshake->host_key_algorithm)) == 0) {
            verdict = "changed";
        }
    }
    if (verdict[0] != '\0') {
        spf_note_text(result, "putty", verdict);
    }
    return verdict;
}

/* Of a key that ssh does not know; what the console says counts for more. */
static void say_of_putty(const struct spf_view *view, enum spf_proof proof,
                         struct spf_result *result)
{
    const char *verdict = note_putty(view, result);
    const char *sha256 = view->facts->handshake->host_key_sha256;

    if (proof == SPF_PROOF_NONE && strcmp(verdict, "known") == 0) {
        spf_say(result, "%s is not in known_hosts, but it is the key that PuTTY knows for the host",
                sha256);
    } else if (proof == SPF_PROOF_NONE && strcmp(verdict, "changed") == 0) {
        spf_say(result,
                "%s is not in known_hosts, and PuTTY knows another one for the host and will warn "
                "of it",
                sha256);
    }
}

/* PuTTY's programs ask about a key that is not in their cache, and in batch mode end. */
static struct spf_opinion judge_unknown_to_putty(const struct spf_view *view, enum spf_proof proof,
                                                 struct spf_result *result)
{
    const char *shown = view->facts->handshake->host_key_sha256;

    if (proof == SPF_PROOF_SAME) {
        note_verified(result, "console");
    }
    if (view->target->putty_batch) {
        spf_say(result,
                "%s is not in PuTTY's cache, and PuTTY reads no known_hosts; with -batch it asks "
                "nobody, and ends",
                shown);
        return spf_but_holds(spf_concludes(SPF_HOST_KEY_UNKNOWN));
    }
    spf_say(result, "%s is not in PuTTY's cache, and PuTTY reads no known_hosts: it will ask",
            shown);
    return spf_lowered(SPF_HOST_KEY_UNKNOWN, SPF_WARN);
}

/* No key is known. The console is used if it is there, but nothing waits for it. */
static struct spf_opinion judge_unknown(const struct spf_view *view, struct spf_result *result)
{
    const struct spf_known_hosts_facts *known = view->facts->known_hosts;
    enum spf_proof proof = spf_proof_of(view);
    bool certified = false;

    if (proof == SPF_PROOF_OTHER) {
        return spf_concludes(SPF_HOST_KEY_NOT_OF_INSTANCE);
    }
    if (view->target->putty_cache) {
        return judge_unknown_to_putty(view, proof, result);
    }
    note_pin(view, result);
    if (proof == SPF_PROOF_SAME) {
        note_verified(result, "console");
        spf_say(result,
                "%s is not in known_hosts, but it is the key that the instance printed on its "
                "console",
                view->facts->handshake->host_key_sha256);
    }
    say_of_putty(view, proof, result);
    for (size_t i = 0; proof == SPF_PROOF_NONE && i < known->lines.count; i++) {
        if (known->lines.items[i].marker != SPF_MARKER_CERT_AUTHORITY) {
            continue;
        }
        certified = true;
        spf_say(result,
                "%s is not known by itself; known_hosts trusts certificates of an authority "
                "for it, which ssh asks for and this program does not",
                known->name);
        break;
    }
    if (!certified && view->target->ssh_config == NULL &&
        spf_facts_have(view->facts, SPF_GROUP_SSH_CONFIG) &&
        strcmp(view->facts->ssh_config->strict, "yes") == 0) {
        spf_say(result,
                "the host key is not known yet: your ssh configuration, which was not used, has "
                "StrictHostKeyChecking yes, so a plain ssh refuses");
    }
    if (strcmp(strictness(view), "yes") != 0) { /* then ssh asks, or adds it by itself */
        return spf_lowered(SPF_HOST_KEY_UNKNOWN, SPF_WARN);
    }
    if (certified) {
        return spf_lowered(SPF_HOST_KEY_UNKNOWN, SPF_UNKNOWN);
    }
    spf_say(result,
            "the host key is not known, and the ssh configuration has StrictHostKeyChecking yes: "
            "ssh refuses to go on");
    return spf_but_holds(spf_concludes(SPF_HOST_KEY_UNKNOWN));
}

/* The modulus of an RSA key (RFC 4253 section 6.6: name, e, n) in bits; 0 for another one. */
static int64_t rsa_bits(const char *text)
{
    uint8_t blob[8192];
    long len = spf_base64_decode(text, strlen(text), blob, sizeof blob);
    struct spf_reader reader = spf_reader(blob, len > 0 ? (size_t)len : 0);
    struct spf_bytes modulus = {NULL, 0};

    if (spf_bytes_are(spf_reader_string(&reader), "ssh-rsa")) {
        (void)spf_reader_string(&reader); /* e */
        modulus = spf_bytes_magnitude(spf_reader_string(&reader));
    }
    return (int64_t)(8 * modulus.len) - (modulus.len > 0 ? __builtin_clz(modulus.at[0]) - 24 : 0);
}

/* What the configuration says before any known_hosts file counts; false: nothing. */
static bool is_decided(const struct spf_view *view, struct spf_result *result,
                       struct spf_opinion *opinion)
{
    const struct spf_ssh_config_facts *config = view->facts->ssh_config;
    const char *blob = view->facts->handshake->host_key_blob;
    int64_t bits = blob != NULL ? rsa_bits(blob) : 0;
    char options[40];
    struct spf_ip ip;

    if (view->target->ssh_config == NULL) {
        return false;
    }
    if (bits > 0 && bits < config->required_rsa) {
        spf_say(result,
                "the server's RSA key has %lld bits, and the ssh configuration has "
                "RequiredRSASize %lld: ssh refuses to go on",
                (long long)bits, (long long)config->required_rsa);
        spf_own_option_note(view, "RequiredRSASize", result);
        spf_format(options, sizeof options, "-o RequiredRSASize=%lld", (long long)bits);
        spf_note_text(result, "own_options", options);
        *opinion = spf_concludes(SPF_SSH_CONFIG_UNUSABLE);
        return true;
    }
    if (config->trusts_loopback && config->host_key_alias[0] == '\0' &&
        !spf_target_is_proxied(view->target) && spf_ip_parse(view->facts->tcp->address, &ip) &&
        (ip.family == 4 ? ip.octets[0] == 127
                        : memcmp(ip.octets, &in6addr_loopback, sizeof ip.octets) == 0)) {
        spf_say(result, "not compared: the ssh configuration has NoHostAuthenticationForLocalhost");
        *opinion = spf_passes();
        return true;
    }
    return false;
}

/* Files that were not read: true if ssh's verdict may depend on one. */
static bool note_unread(const struct spf_known_hosts_facts *known, struct spf_result *result,
                        char *words, size_t size)
{
    bool hangs = false;

    words[0] = '\0';
    for (size_t i = 0; i < known->unread.count; i++) {
        const struct spf_unread_file *file = &known->unread.items[i];

        if (words[0] == '\0' || (file->ssh_reads && !hangs)) {
            spf_format(words, size, "%s could not be read: %s", file->file, file->why);
        }
        hangs |= file->ssh_reads;
    }
    if (words[0] != '\0') {
        spf_note_text(result, "unread", words);
    }
    return hangs;
}

/* Of a transcript: the client has compared, and said what it found. */
static struct spf_opinion judge_reported(const struct spf_view *view, struct spf_result *result)
{
    const struct spf_known_hosts_facts *known = view->facts->known_hosts;
    const char *verdict = known->client_verdict;

    note_line(result, known->lines.count > 0 ? &known->lines.items[0] : NULL);
    if (strcmp(verdict, "changed") == 0) {
        return judge_changed(view, NULL, result);
    }
    if (strcmp(verdict, "revoked") == 0) {
        return spf_concludes(SPF_HOST_KEY_REVOKED);
    }
    if (strcmp(verdict, "refused") == 0) {
        return spf_concludes(SPF_HOST_KEY_UNKNOWN);
    }
    if (strcmp(verdict, "unknown") == 0) {
        return spf_but_holds(spf_concludes(SPF_HOST_KEY_UNKNOWN));
    }
    spf_say(result, "the client accepted the host key");
    return spf_passes();
}

/*
 * Are all lines that speak of the host of a key type that this machine's ssh does not know (DSA for
 * 10.0, ML-DSA before 10.6)? Then it skips them, and the host is as unknown as without (hostfile.c,
 * hostkeys_foreach_file). ssh is asked only where a type is not one that every ssh has.
 */
static bool lines_are_beyond_ssh(const struct spf_view *view, bool *waits,
                                 struct spf_opinion *opinion)
{
    static const char everywhere[] = "ssh-ed25519,ssh-rsa,ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,"
                                     "ecdsa-sha2-nistp521";
    const struct spf_known_hosts_facts *known = view->facts->known_hosts;
    const struct spf_openssh_algorithms_facts *ssh = view->facts->openssh_algorithms;

    *waits = false;
    for (size_t i = 0; i < known->lines.count; i++) {
        if (spf_names_have(everywhere, known->lines.items[i].algorithm)) {
            return false;
        }
    }
    if (known->lines.count == 0 ||
        view->facts->group[SPF_GROUP_OPENSSH_ALGORITHMS].phase == SPF_FAILED) {
        return false;
    }
    if (spf_lacks(view, SPF_GROUP_OPENSSH_ALGORITHMS, opinion)) {
        *waits = true;
        return false;
    }
    for (size_t i = 0; i < known->lines.count; i++) {
        if (ssh->known_host_keys == NULL ||
            spf_names_have(ssh->known_host_keys, known->lines.items[i].algorithm)) {
            return false;
        }
    }
    return true;
}

/* The lines that speak of the host have another key. */
static struct spf_opinion judge_other_key(const struct spf_view *view,
                                          const struct spf_known_host *line,
                                          struct spf_result *result)
{
    struct spf_opinion opinion;
    bool waits;

    if (lines_are_beyond_ssh(view, &waits, &opinion)) {
        spf_say(result,
                "the host key is not known: %s line %lld has one of the type %s, which "
                "this machine's ssh does not know and skips",
                line->file, (long long)line->line, line->algorithm);
        return judge_unknown(view, result);
    }
    if (waits) {
        return opinion;
    }
    spf_note_text(result, "known_fingerprint", line->sha256);
    spf_note_text(result, "known_hosts_file", line->file);
    return judge_changed(view, line, result);
}

static struct spf_opinion judge_known(const struct spf_view *view,
                                      const struct spf_known_host *line, const char *unread,
                                      struct spf_result *result)
{
    note_verified(result, "known-hosts");
    if (view->target->putty_cache) {
        spf_say(result, "host key known, in PuTTY's cache (%s)", line->file);
        return spf_passes();
    }
    spf_say(result, "host key known, %s line %lld%s%s", line->file, (long long)line->line,
            unread[0] != '\0' ? "; " : "", unread);
    if (strcmp(note_putty(view, result), "changed") == 0) {
        spf_say(result, "host key known, %s line %lld; PuTTY knows another one and will warn of it",
                line->file, (long long)line->line);
    }
    return spf_passes();
}

/*
 * Revoked for the host without its port, and unknown with it: ssh shouts, and then asks whether to
 * go on (sshconnect.c, check_host_key).
 */
static struct spf_opinion judge_revoked_bare(const struct spf_view *view,
                                             const struct spf_known_host *line,
                                             struct spf_result *result)
{
    if (spf_proof_of(view) == SPF_PROOF_OTHER) {
        return spf_concludes(SPF_HOST_KEY_NOT_OF_INSTANCE);
    }
    if (strcmp(strictness(view), "yes") == 0) {
        spf_say(result,
                "%s line %lld marks the host key as revoked for the host without its port, and no "
                "line has it with the port: ssh refuses to go on (StrictHostKeyChecking yes)",
                line->file, (long long)line->line);
        return spf_concludes(SPF_HOST_KEY_REVOKED);
    }
    spf_say(
        result,
        "%s line %lld marks the host key as revoked for the host without its port; ssh warns of "
        "that, and then goes on as with a key that it does not know",
        line->file, (long long)line->line);
    return spf_lowered(SPF_HOST_KEY_REVOKED, SPF_WARN);
}

/* By the files, as far as they could be read. */
static struct spf_opinion judge_by_files(const struct spf_view *view,
                                         enum spf_host_key_verdict verdict,
                                         const struct spf_known_host *line, const char *unread,
                                         struct spf_result *result)
{
    switch (verdict) {
    case SPF_VERDICT_REVOKED:
        return even_so(view, SPF_HOST_KEY_REVOKED, result);
    case SPF_VERDICT_REVOKED_BARE:
        return judge_revoked_bare(view, line, result);
    case SPF_VERDICT_CHANGED:
        return judge_other_key(view, line, result);
    case SPF_VERDICT_UNKNOWN:
        if (unread[0] != '\0') {
            spf_say(result, "the host key is not known: %s (ssh passes it over without a word)",
                    unread);
        }
        return judge_unknown(view, result);
    case SPF_VERDICT_KNOWN:
        break;
    }
    return judge_known(view, line, unread, result);
}

/* Is the host key the known one? As ssh judges it, from the lines that speak of the host. */
struct spf_opinion spf_judge_ssh_host_key(const struct spf_view *view, struct spf_result *result)
{
    const struct spf_handshake_facts *shown = view->facts->handshake;
    const struct spf_known_hosts_facts *known = view->facts->known_hosts;
    const struct spf_known_host *line = NULL;
    const char *offers[SPF_OFFER_LISTS];
    enum spf_host_key_verdict verdict;
    struct spf_opinion opinion;
    char unread[400];
    bool hangs;

    spf_note_null(result, "fingerprint_sha256");
    spf_note_null(result, "verified_by");
    spf_note_null(result, "known_hosts_line");
    if (spf_lacks(view, SPF_GROUP_HANDSHAKE, &opinion) ||
        spf_lacks(view, SPF_GROUP_KNOWN_HOSTS, &opinion)) {
        return opinion;
    }

    if (known->client_verdict[0] != '\0') {
        spf_note_text(result, "fingerprint_sha256",
                      shown->host_key_sha256[0] != '\0' ? shown->host_key_sha256 : NULL);
        return judge_reported(view, result);
    }
    verdict = spf_known_hosts_judge(known, shown->host_key_blob != NULL ? shown->host_key_blob : "",
                                    &line);
    spf_note_text(result, "fingerprint_sha256", shown->host_key_sha256);
    spf_note_text(result, "host_key_algorithm", shown->host_key_algorithm);
    note_line(result, line);
    hangs = note_unread(known, result, unread, sizeof unread);
    if (is_decided(view, result, &opinion)) {
        return opinion;
    }
    spf_offers_of(view->target->ssh_config != NULL ? view->facts->ssh_config : NULL, NULL, offers);
    /* with StrictHostKeyChecking no, ssh goes on whatever is found */
    if (strcmp(strictness(view), "no") != 0) {
        if (spf_known_hosts_by_certificate(known, shown, offers[SPF_OFFER_HOST_KEYS], verdict)) {
            return spf_concludes(SPF_HOST_KEY_BY_CERTIFICATE);
        }
        if (hangs && verdict != SPF_VERDICT_REVOKED) {
            spf_say(result, "%s, so what ssh would say of the host key is not known", unread);
            return spf_concludes(SPF_KNOWN_HOSTS_UNREAD);
        }
    }
    return judge_by_files(view, verdict, line, unread, result);
}
