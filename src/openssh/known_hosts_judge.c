#include "openssh/known_hosts_judge.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "login/offers.h"

/* One look over the lines that name the host with its port, or only those that name it bare. */
static enum spf_host_key_verdict judge_lines(const struct spf_known_hosts_facts *facts,
                                             const char *blob, bool without_port,
                                             const struct spf_known_host **line)
{
    enum spf_host_key_verdict verdict = SPF_VERDICT_UNKNOWN;

    for (size_t i = 0; i < facts->lines.count; i++) {
        const struct spf_known_host *host = &facts->lines.items[i];
        bool same = host->blob != NULL && strcmp(host->blob, blob) == 0;

        if (host->without_port != without_port) {
            continue;
        }
        if (host->marker == SPF_MARKER_REVOKED && same) {
            *line = host;
            return SPF_VERDICT_REVOKED;
        }
        if (host->marker != SPF_MARKER_NONE || verdict == SPF_VERDICT_KNOWN) {
            continue;
        }
        *line = host;
        verdict = same ? SPF_VERDICT_KNOWN : SPF_VERDICT_CHANGED;
    }
    return verdict;
}

enum spf_host_key_verdict spf_known_hosts_judge(const struct spf_known_hosts_facts *facts,
                                                const char *blob,
                                                const struct spf_known_host **line)
{
    enum spf_host_key_verdict verdict;

    *line = NULL;
    verdict = judge_lines(facts, blob, false, line);
    if (verdict != SPF_VERDICT_UNKNOWN) {
        return verdict;
    }
    /* sshconnect.c, check_host_key: an unknown "[host]:port" that matches as "host" will do; where
     * that is revoked, it says so, and goes on with the unknown one */
    switch (judge_lines(facts, blob, true, line)) {
    case SPF_VERDICT_KNOWN:
        return SPF_VERDICT_KNOWN;
    case SPF_VERDICT_REVOKED:
        return SPF_VERDICT_REVOKED_BARE;
    default:
        *line = NULL;
        return SPF_VERDICT_UNKNOWN;
    }
}

#define CERTIFICATE "-cert-v01"

static bool is_certificate(const char *algorithm)
{
    return strstr(algorithm, CERTIFICATE) != NULL;
}

/* The type of key that an algorithm signs with: all of RSA's are "ssh-rsa" (RFC 8332), and a
 * certificate is of the key within it (PROTOCOL.certkeys). */
static void key_type(const char *algorithm, char *out, size_t size)
{
    const char *end = strstr(algorithm, CERTIFICATE);

    if (spf_starts_with(algorithm, "rsa-sha2-")) {
        spf_copy(out, size, "ssh-rsa");
    } else if (end == NULL) {
        spf_copy(out, size, algorithm);
    } else {
        spf_format(out, size, "%.*s%s", (int)(end - algorithm), algorithm,
                   spf_starts_with(algorithm, "sk-") ? end + strlen(CERTIFICATE) : "");
    }
}

/* hostfile.c, lookup_key_in_hostkeys_by_type: the first key of the type, and it is not revoked. */
static bool knows_type(const struct spf_known_hosts_facts *facts, const char *algorithm)
{
    const struct spf_known_host *first = NULL;
    char type[80];

    key_type(algorithm, type, sizeof type);
    for (size_t i = 0; i < facts->lines.count && first == NULL; i++) {
        const struct spf_known_host *host = &facts->lines.items[i];

        if (host->marker == SPF_MARKER_NONE && !host->without_port &&
            strcmp(host->algorithm, type) == 0) {
            first = host;
        }
    }
    for (size_t i = 0; i < facts->lines.count && first != NULL; i++) {
        const struct spf_known_host *host = &facts->lines.items[i];

        if (host->marker == SPF_MARKER_REVOKED && !host->without_port && host->blob != NULL &&
            first->blob != NULL && strcmp(host->blob, first->blob) == 0) {
            return false;
        }
    }
    return first != NULL;
}

static bool has_authority(const struct spf_known_hosts_facts *facts, bool without_port_too)
{
    for (size_t i = 0; i < facts->lines.count; i++) {
        const struct spf_known_host *host = &facts->lines.items[i];

        if (host->marker == SPF_MARKER_CERT_AUTHORITY &&
            (without_port_too || !host->without_port)) {
            return true;
        }
    }
    return false;
}

char *spf_known_hosts_order(const struct spf_known_hosts_facts *facts, const char *algorithms)
{
    char *copy = strdup(algorithms);
    char *state = NULL;
    struct spf_buf first;
    struct spf_buf last;
    bool verbatim = false;

    if (copy == NULL) {
        return NULL;
    }
    spf_buf_init(&first, 8192);
    spf_buf_init(&last, 8192);
    for (char *name = strtok_r(copy, ",", &state); name != NULL && !verbatim;
         name = strtok_r(NULL, ",", &state)) {
        bool known = knows_type(facts, name);
        bool wanted = known || (is_certificate(name) && has_authority(facts, false));
        struct spf_buf *to = wanted ? &first : &last;

        verbatim = known && first.len == 0 && last.len == 0;
        spf_buf_addf(to, "%s%s", to->len > 0 ? "," : "", name);
    }
    if (first.len > 0 && last.len > 0) {
        spf_buf_addch(&first, ',');
    }
    spf_buf_addstr(&first, last.data);
    spf_buf_clear(&last);
    free(copy);
    if (!verbatim) {
        return spf_buf_take(&first);
    }
    spf_buf_clear(&first);
    return strdup(algorithms);
}

/* The type of the key in the certificate that ssh would ask this server for; "" none. */
static void certificate_of(const struct spf_known_hosts_facts *facts, const char *plain,
                           const char *theirs, char *out, size_t size)
{
    static const char certificates[] =
        "ssh-ed25519-cert-v01@openssh.com,ecdsa-sha2-nistp256-cert-v01@openssh.com,"
        "ecdsa-sha2-nistp384-cert-v01@openssh.com,ecdsa-sha2-nistp521-cert-v01@openssh.com,"
        "sk-ssh-ed25519-cert-v01@openssh.com,sk-ecdsa-sha2-nistp256-cert-v01@openssh.com,"
        "rsa-sha2-512-cert-v01@openssh.com,rsa-sha2-256-cert-v01@openssh.com,";
    char *order = NULL;
    char chosen[80];
    struct spf_buf all;

    out[0] = '\0';
    spf_buf_init(&all, SPF_NAMES_MAX + sizeof certificates);
    spf_buf_addstr(&all, certificates);
    spf_buf_addstr(&all, plain);
    if (!spf_buf_failed(&all)) {
        order = spf_known_hosts_order(facts, all.data);
    }
    if (order != NULL && spf_names_common(order, theirs, chosen, sizeof chosen) &&
        is_certificate(chosen)) {
        key_type(chosen, out, size);
    }
    free(order);
    spf_buf_clear(&all);
}

bool spf_known_hosts_by_certificate(const struct spf_known_hosts_facts *facts,
                                    const struct spf_handshake_facts *shown, const char *plain,
                                    enum spf_host_key_verdict verdict)
{
    char certified[80];
    char type[80];
    bool same, authority = has_authority(facts, true), revoked = false;

    key_type(shown->host_key_algorithm, type, sizeof type);
    if (shown->server_host_keys == NULL) { /* its offer was not seen: it may have one */
        spf_copy(certified, sizeof certified, type);
    } else {
        certificate_of(facts, plain, shown->server_host_keys, certified, sizeof certified);
    }
    if (certified[0] == '\0') {
        return false;
    }
    same = strcmp(type, certified) == 0;
    for (size_t i = 0; i < facts->lines.count; i++) {
        const struct spf_known_host *host = &facts->lines.items[i];

        revoked |= host->marker == SPF_MARKER_REVOKED && host->blob != NULL &&
                   (shown->host_key_blob == NULL || strcmp(host->blob, shown->host_key_blob) != 0);
    }
    switch (verdict) {
    case SPF_VERDICT_REVOKED: /* the key in the certificate counts as well */
        return !same;
    case SPF_VERDICT_UNKNOWN:
        return revoked;
    case SPF_VERDICT_KNOWN: /* where no authority matches, the key itself is looked at */
        return !same || revoked;
    case SPF_VERDICT_CHANGED:
        return !same || authority;
    case SPF_VERDICT_REVOKED_BARE:
        return !same || authority || revoked;
    }
    return true;
}
