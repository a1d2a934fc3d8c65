#include "diagnosis/candidates.h"

#include <stdlib.h>
#include <string.h>

#include "base/language.h"
#include "diagnosis/candidate_table.h"
#include "diagnosis/predicates.h"
#include "login/implementations.h"
#include "openssh/version.h"
#include "pipeline/slots.h"

/*
 * Where the evidence leaves several explanations. Priors only break ties (they come from support
 * statistics and issue trackers); what the facts say goes first.
 */
#define GRACE_MIN_MS 900 /* the least LoginGraceTime is a second */

struct ask {
    const struct spf_run *run;
    int64_t now_utc;
    struct spf_diagnosis *d;
};

static char *filled(const struct ask *ask, const char *template)
{
    struct spf_view view = spf_view_of(ask->run);
    struct spf_buf buf;

    spf_buf_init(&buf, 1000);
    if (!spf_slots_expand(&buf, template, SPF_SLOT_TEXT, &view,
                          &ask->run->results[ask->d->check])) {
        spf_buf_clear(&buf);
        return NULL;
    }
    return spf_buf_take(&buf);
}

static char *paste_of(const struct ask *ask)
{
    struct spf_view view = spf_view_of(ask->run);
    struct spf_buf buf;

    spf_buf_init(&buf, 1000);
    if (!spf_slots_expand(&buf, spf_look_inside, SPF_SLOT_COMMAND, &view,
                          &ask->run->results[ask->d->check])) {
        spf_buf_clear(&buf);
        return NULL;
    }
    return spf_buf_take(&buf);
}

static void suggest(const struct ask *ask, enum spf_finding cause)
{
    const struct spf_suggestion *row = spf_suggestions;
    char *text = NULL;
    char *tell_apart = NULL;
    struct spf_candidate *candidate;

    for (size_t i = 0; i < ask->d->candidates.count; i++) {
        if (ask->d->candidates.items[i].cause == cause) {
            return;
        }
    }
    for (; tell_apart == NULL && row < spf_suggestions + spf_suggestion_count; row++) {
        if (row->cause != cause || (tell_apart = filled(ask, row->tell_apart)) == NULL) {
            continue;
        }
        text = row->text != NULL ? filled(ask, row->text) : NULL;
        if (text == NULL && (text = filled(ask, spf_findings[cause].sentence)) == NULL) {
            free(tell_apart); /* a later row has a text that needs less */
            tell_apart = NULL;
        }
    }
    if (text != NULL && tell_apart != NULL &&
        (candidate = SPF_APPEND(&ask->d->candidates)) != NULL) {
        *candidate = (struct spf_candidate){cause, text, tell_apart};
        return;
    }
    free(text);
    free(tell_apart);
}

/* The template, or otherwise where one of its values is not known. */
static char *filled_or(const struct ask *ask, const char *template, const char *otherwise)
{
    struct spf_view view = spf_view_of(ask->run);
    struct spf_buf buf;

    spf_buf_init(&buf, 1000);
    if (!spf_slots_fill(&buf, template, &view, NULL)) {
        spf_buf_clear(&buf);
        spf_buf_init(&buf, 1000);
        spf_buf_addstr(&buf, otherwise);
    }
    return spf_buf_take(&buf);
}

/* A transcript names its candidates itself; of some the catalogue has no more than their meaning.
 */
static void suggest_reported(const struct ask *ask)
{
    const char *list = ask->run->facts.transcript->candidates;
    char id[64];

    for (; *list != '\0'; list += strcspn(list, ","), list += *list == ',') {
        enum spf_finding cause;
        size_t before = ask->d->candidates.count;
        struct spf_candidate *candidate;

        if (!spf_format_whole(id, sizeof id, "%.*s", (int)strcspn(list, ","), list)) {
            continue;
        }
        cause = spf_finding_by_id(id);
        if (cause == SPF_NO_FINDING) {
            continue;
        }
        suggest(ask, cause);
        if (ask->d->candidates.count > before ||
            (candidate = SPF_APPEND(&ask->d->candidates)) == NULL) {
            continue;
        }
        *candidate = (struct spf_candidate){cause, filled_or(ask, spf_findings[cause].sentence, id),
                                            filled_or(ask, spf_findings[cause].meaning, id)};
    }
}

static const struct spf_instance_facts *instance_of(const struct spf_run *run)
{
    return spf_facts_have(&run->facts, SPF_GROUP_INSTANCE) ? run->facts.instance : NULL;
}

static void suggest_booting(const struct ask *ask)
{
    const struct spf_instance_facts *instance = instance_of(ask->run);

    if (instance != NULL && instance->started > 0 && ask->now_utc >= instance->started &&
        ask->now_utc - instance->started < SPF_BOOT_TAKES_S) {
        suggest(ask, SPF_INSTANCE_STILL_BOOTING);
    }
}

/* What the guest itself printed is more than a guess. */
static void suggest_trouble(const struct ask *ask)
{
    if (spf_event_now(ask->run->facts.events, ask->run->facts.instance->seen) != NULL) {
        suggest(ask, SPF_SYSTEM_EVENT);
    }
    if (ask->run->facts.console->trouble.count > 0) {
        suggest(ask, SPF_GUEST_IN_TROUBLE);
    }
}

/* An address that this machine's own hosts file or proxy gave; localhost is nobody's mistake. */
static void suggest_wrong_address(const struct ask *ask)
{
    const struct spf_tcp_facts *tcp = ask->run->facts.tcp;

    if (spf_has(ask->run, SPF_CHECK_NET_PORT, SPF_ADDRESS_PLACEHOLDER)) {
        suggest(ask, SPF_ADDRESS_PLACEHOLDER);
    }
    if (tcp->lookup.hosts_line[0] != '\0' && !spf_starts_with(tcp->address, "127.") &&
        strcmp(tcp->address, "::1") != 0) {
        suggest(ask, SPF_HOSTS_FILE_SHADOWS);
    }
}

static void explain_silence(const struct ask *ask)
{
    const struct spf_run *run = ask->run;

    suggest_booting(ask);
    suggest_trouble(ask);
    if (spf_has(run, SPF_CHECK_CLOUD_SECURITY_GROUP, SPF_SG_SOURCE_UNKNOWN)) {
        suggest(ask, SPF_SG_SOURCE_EXCLUDED);
    } else if (!spf_fine(run, SPF_CHECK_CLOUD_SECURITY_GROUP)) {
        suggest(ask, SPF_SG_NO_RULE);
        suggest(ask, SPF_SG_SOURCE_EXCLUDED);
    }
    if (!spf_fine(run, SPF_CHECK_CLOUD_ADDRESS)) {
        suggest(ask, SPF_ADDRESS_NOT_OF_INSTANCE);
    }
    suggest(ask, SPF_GUEST_DROPS_PACKETS);
    suggest(ask, SPF_OWN_NETWORK_BLOCKS);
    if (ask->d->cause == SPF_PATH_BLOCKED_PAST_SECURITY_GROUP) {
        suggest(ask, SPF_CLOUD_FIREWALL_BLOCKS);
    }
    suggest(ask, SPF_ACCEPT_QUEUE_FULL);
}

static const struct spf_image_facts *image_of(const struct spf_run *run)
{
    return spf_facts_have(&run->facts, SPF_GROUP_IMAGE) && run->facts.image->known
               ? run->facts.image
               : NULL;
}

static bool image_has_ecs_user(const struct spf_run *run)
{
    return image_of(run) != NULL && image_of(run)->login_as_non_root;
}

/* The image's own user is another one, or the user asked for is none that images come with. */
static bool user_is_doubtful(const struct spf_run *run)
{
    const struct spf_instance_facts *instance = instance_of(run);
    bool root = strcmp(run->target->user, "root") == 0;

    return !root || image_has_ecs_user(run) ||
           (instance != NULL &&
            (instance->login_as_non_root || spf_starts_with(instance->image, "m-")));
}

/* Made after the instance started, so bound while it ran; only a restart installs it then. */
static bool pair_is_newer_than_boot(const struct spf_run *run)
{
    const struct spf_instance_facts *instance = instance_of(run);

    return instance != NULL && spf_facts_have(&run->facts, SPF_GROUP_KEY_PAIR) &&
           instance->started > 0 && run->facts.key_pair->created > instance->started;
}

/* What only sshd's log inside distinguishes: the client gets the same refusal. */
static void suggest_inside(const struct ask *ask)
{
    suggest(ask, SPF_AUTHORIZED_KEYS_IGNORED);
    suggest(ask, SPF_USER_NOT_ALLOWED);
    suggest(ask, SPF_ACCOUNT_LOCKED);
    suggest(ask, SPF_ACCOUNT_EXPIRED);
    suggest(ask, SPF_KEY_LINE_BROKEN);
    suggest(ask, SPF_KEY_LINE_EXCLUDES);
    suggest(ask, SPF_KEY_AGAINST_POLICY);
}

static void explain_refusal(const struct ask *ask)
{
    const struct spf_run *run = ask->run;
    bool proved = spf_pair_is_proved(run);
    const struct spf_handshake_facts *handshake = run->facts.handshake;
    /* What the console shows to be installed is stronger than what the image is said to lack. */
    enum spf_finding not_installed = image_of(run) != NULL && image_of(run)->without_cloud_init &&
                                             !spf_boot_authorized(run, NULL)
                                         ? SPF_IMAGE_WITHOUT_CLOUD_INIT
                                         : SPF_KEY_PAIR_NOT_INSTALLED;

    if (run->results[ask->d->check].certificate_unfit) { /* known from here */
        suggest(ask, SPF_CERTIFICATE_REFUSED);
    } else {
        ask->d->inside = paste_of(ask);
    }
    /* sshd counts a refused query, but not ssh's first request, "none" (auth2.c, userauth_finish)
     */
    if (strstr(run->facts.query->error, "Too many authentication failures") != NULL) {
        suggest(ask, SPF_AUTH_PUBLICKEY_DISABLED);
        suggest(ask, SPF_AUTH_TOO_MANY);
    }
    if (spf_boot_authorized(run, run->target->user)) {
        suggest_inside(ask); /* it was installed for the right user */
    } else if (spf_boot_authorized(run, NULL)) {
        suggest(ask, SPF_USER_NOT_OF_IMAGE);
    }
    if (proved && (not_installed == SPF_IMAGE_WITHOUT_CLOUD_INIT || pair_is_newer_than_boot(run) ||
                   spf_boot_left_key_out(run) ||
                   (instance_of(run) != NULL && instance_of(run)->metadata_disabled))) {
        suggest(ask, not_installed);
    }
    suggest_booting(ask);
    suggest_trouble(ask);
    if (proved && user_is_doubtful(run)) {
        suggest(ask, SPF_USER_NOT_OF_IMAGE);
    }
    suggest(ask, SPF_CERTIFICATE_REFUSED); /* where there is one */
    suggest(ask, proved ? not_installed : SPF_KEY_PAIR_DIFFERENT);
    suggest(ask, SPF_USER_NOT_OF_IMAGE);
    suggest(ask, SPF_AUTHORIZED_KEYS_IGNORED);
    suggest_inside(ask);
    if (handshake->server_sig_algs == NULL) {
        suggest(ask, SPF_AUTH_ALGORITHM_REFUSED);
    }
}

/*
 * sshd ended the connection in the moment in which it had accepted the signature: its unprivileged
 * half says yes, and then the privileged one refuses (monitor.c), which is what becomes of root
 * under PermitRootLogin forced-commands-only with a key that has no command.
 */
static void explain_early_end(const struct ask *ask)
{
    const struct spf_run *run = ask->run;
    const struct spf_session_facts *session = run->facts.session;
    bool at_once =
        (session->ending.kind == SPF_ENDING_CLOSED || session->ending.kind == SPF_ENDING_RESET) &&
        strcmp(session->ending.last_message, "SSH_MSG_USERAUTH_SUCCESS") == 0;

    if (!spf_facts_have(&run->facts, SPF_GROUP_SESSION) || !at_once) {
        return;
    }
    if (strcmp(run->target->user, "root") == 0 && !session->forced_command) {
        suggest(ask, SPF_ROOT_FOR_COMMANDS_ONLY);
    }
    if (strcmp(run->target->user, "root") != 0) { /* whose session says so (sshd.c) */
        suggest(ask, SPF_CHROOT_UNUSABLE);
    }
    suggest(ask, SPF_SESSION_LIMITED);
}

/* sshd had said yes to the key, and ended the connection when it had signed. */
static bool ended_at_signature(const struct spf_run *run)
{
    return run->facts.query->outcome == SPF_AUTH_ACCEPTED &&
           spf_facts_have(&run->facts, SPF_GROUP_SIGNATURE) &&
           run->facts.signature->outcome == SPF_AUTH_ENDED;
}

/* All end the connection without a word; since which version, NEWS of OpenSSH says. */
static void explain_disconnect(const struct ask *ask)
{
    const char *software = ask->run->facts.identification->software;
    const int64_t version = spf_openssh_version_of(software);

    if (!spf_is_sshd(software)) {
        return;
    }
    if (ended_at_signature(ask->run)) { /* RefuseConnection comes before any answer (auth2.c) */
        suggest(ask, SPF_AUTH_ACCOUNT_DENIED);
        if (ask->run->facts.signature->elapsed_ms >= GRACE_MIN_MS) {
            suggest(ask, SPF_LOGIN_GRACE_EXCEEDED);
        }
        return;
    }
    if (ask->run->facts.query->elapsed_ms >= GRACE_MIN_MS) {
        suggest(ask, SPF_LOGIN_GRACE_EXCEEDED);
    }
    if (version == 0 || version >= 909) {
        suggest(ask, SPF_CONNECTION_REFUSED_BY_RULE);
    }
    suggest(ask, SPF_LOGIN_GRACE_EXCEEDED);
}

/* The port is open, and nobody speaks. */
static void explain_mute(const struct ask *ask)
{
    if (ask->run->facts.identification->flow.unacked > 0) {
        suggest(ask, SPF_FLOW_FILTERED);
    }
    suggest_booting(ask);
    suggest_trouble(ask);
    suggest(ask, SPF_FLOW_FILTERED);
    suggest(ask, SPF_ACCEPT_QUEUE_FULL);
}

void spf_suggest_candidates(const struct spf_run *run, int64_t now_utc, struct spf_diagnosis *d)
{
    struct ask ask = {run, now_utc, d};

    suggest_reported(&ask);
    if (d->check == SPF_CHECK_NET_PORT || d->check == SPF_CHECK_SSH_BANNER ||
        d->check == SPF_CHECK_SSH_HOST_KEY) {
        suggest_wrong_address(&ask);
    }
    switch (d->cause) {
    case SPF_PORT_SILENT:
    case SPF_PATH_BLOCKED_PAST_SECURITY_GROUP:
        explain_silence(&ask);
        break;
    case SPF_PORT_REFUSED:
        suggest_booting(&ask);
        suggest_trouble(&ask);
        break;
    case SPF_SSH_SILENT:
        explain_mute(&ask);
        break;
    case SPF_SSH_CLOSED_EARLY:
    case SPF_PORT_RESET:
        suggest_booting(&ask);
        suggest_trouble(&ask);
        suggest(&ask, SPF_FLOW_FILTERED);
        break;
    case SPF_INSTANCE_STOPPED:
    case SPF_INSTANCE_STOPPING:
    case SPF_INSTANCE_STARTING:
        suggest_trouble(&ask);
        break;
    case SPF_AUTH_KEY_REFUSED:
    case SPF_KEY_REFUSED_THOUGH_BOUND:
        explain_refusal(&ask);
        break;
    case SPF_HANDSHAKE_TIMEOUT:
        if (run->facts.handshake->ending.flow.unacked > 0) {
            suggest(&ask, SPF_FLOW_FILTERED);
        }
        break;
    case SPF_AUTH_DISCONNECTED:
        explain_disconnect(&ask);
        break;
    case SPF_SESSION_REFUSED:
        explain_early_end(&ask);
        break;
    case SPF_HOST_KEY_CHANGED:
        suggest(&ask, SPF_HOST_KEY_REBUILT);
        suggest(&ask, SPF_ADDRESS_ANSWERS_AS_OTHER_HOST);
        break;
    default:
        break;
    }
}
