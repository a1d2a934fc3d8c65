#include <stdlib.h>
#include <string.h>

#include "base/language.h"
#include "diagnosis/parts.h"
#include "login/implementations.h"
#include "openssh/version.h"

/*
 * Where the evidence leaves several explanations. Priors only break ties (they come from support
 * statistics and issue trackers); what the facts say goes first.
 */
#define GRACE_MIN_MS 900 /* the least LoginGraceTime is a second */

/* Of the rows of an explanation the first whose values are known. text NULL, or with a value that
 * is not known: the catalogue's sentence. Both are templates (pipeline/slots.h). */
static const struct suggestion {
    enum spf_finding cause;
    const char *text;
    const char *tell_apart;
} suggestions[] = {
    {SPF_SG_SOURCE_EXCLUDED, N_("The security group allows other addresses, but not yours"),
     N_("Find out your public address (a router or NAT may change it), and run again with "
        "--source-ip "
        "and that address")},
    {SPF_SG_NO_RULE, N_("No security group rule allows port {port}"),
     N_("{?no_instance}Run again with --instance and the instance's id: its rules are then read "
        "and "
        "evaluated")},
    {SPF_SG_NO_RULE, N_("No security group rule allows port {port}"),
     N_("They could not be read here: look at the inbound rules of the instance's security groups "
        "in "
        "the ECS console")},
    {SPF_ADDRESS_NOT_OF_INSTANCE, N_("{host} is not, or no longer, the address of your instance"),
     N_("Compare it with the instance's present address in the console, or run again with "
        "--instance "
        "instead of the address")},
    {SPF_INSTANCE_STILL_BOOTING, NULL, N_("Wait two minutes and run again: then it answers")},
    {SPF_SYSTEM_EVENT, NULL,
     N_("Look at the event in the ECS console (Events): it says when it is over")},
    {SPF_GUEST_IN_TROUBLE, NULL,
     N_("Look at the rest of it in the ECS console (Get System Logs), or at the screen itself "
        "(VNC)")},
    {SPF_GUEST_DROPS_PACKETS, NULL,
     N_("Log in through Workbench, Session Manager or VNC and look at `iptables -S`, `nft list "
        "ruleset` "
        "or `firewall-cmd --list-all`")},
    {SPF_OWN_NETWORK_BLOCKS, NULL,
     N_("Try from another network (a phone's), or another server on port {port}: if nothing at all "
        "answers on that port, it is your network")},
    {SPF_HOSTS_FILE_SHADOWS, NULL,
     N_("Compare with `dig +short {given_host}`, which does not read that file")},
    {SPF_FLOW_FILTERED, NULL,
     N_("Try another network (a phone's), or another port of the server, 443 for one: if it works "
        "there, it is the network; a connection from inside the cloud (Workbench) rules the server "
        "out")},
    {SPF_ACCEPT_QUEUE_FULL, NULL,
     N_("Inside, `ss -ltn` shows Recv-Q above Send-Q for port {port}; from here, another port of "
        "the "
        "host that is closed refuses at once")},
    {SPF_ADDRESS_PLACEHOLDER, NULL,
     N_("Look for a proxy or VPN program on this machine, and give the server's real address")},
    {SPF_PATH_MTU,
     N_("Large packets are lost between this machine and {host}, and nothing says so: its path "
        "MTU"),
     N_("{?no_mtu}Let this machine send smaller packets (`ip link set dev eth0 mtu 1200`) and try "
        "again: if it works, that was it")},
    {SPF_CLOUD_FIREWALL_BLOCKS, NULL,
     N_("Look at Cloud Firewall in the console, if your account uses it: its log names what it "
        "dropped")},
    {SPF_USER_NOT_OF_IMAGE,
     N_("The console shows that this key was installed for {console_user}, not for {user}"),
     N_("Run again with -l {console_user}")},
    {SPF_USER_NOT_OF_IMAGE,
     N_("The key pair is installed for ecs-user: a pair goes to the one user that was chosen when "
        "the "
        "instance was created, root or ecs-user"),
     N_("Run again with -l ecs-user, which image {image_with_ecs_user} supports")},
    {SPF_USER_NOT_OF_IMAGE, NULL,
     N_("Run again with the user that the image was made for: -l {usual_user}, for one")},
    {SPF_IMAGE_WITHOUT_CLOUD_INIT, NULL,
     N_("Log in another way and look for cloud-init: `cloud-init --version`, `ls "
        "/var/log/cloud-init.log`")},
    {SPF_KEY_PAIR_NOT_INSTALLED,
     N_("The key pair was bound after the last start of the instance, which was at {started}"),
     N_("Compare the time when the pair was bound (ActionTrail, or who did it) with the last start "
        "of "
        "the "
        "instance: a pair that was bound later is installed at the next restart")},
    {SPF_KEY_PAIR_DIFFERENT, N_("The key is not the one that is installed for {user}"),
     N_("{?no_instance}Compare its fingerprint with `ssh-keygen -lf ~{user}/.ssh/authorized_keys` "
        "on "
        "the server; with --instance the bound key pair is compared from here")},
    {SPF_KEY_PAIR_DIFFERENT, N_("The key is not the one that is installed for {user}"),
     N_("Compare its fingerprint with `ssh-keygen -lf ~{user}/.ssh/authorized_keys` on the "
        "server")},
    {SPF_AUTHORIZED_KEYS_IGNORED, NULL,
     N_("{?sshd}Log in another way and look at sshd's log (`journalctl -u sshd -u ssh`, or "
        "auth.log "
        "or "
        "secure "
        "in /var/log): it says \"bad ownership or modes\"; `sshd -T | grep -i authorizedkeysfile` "
        "names "
        "the file that is read")},
    {SPF_USER_NOT_ALLOWED, NULL,
     N_("{?sshd}sshd's log says \"User {user} from ... not allowed because ...\", or \"Invalid "
        "user "
        "{user}\" "
        "where there is no such account")},
    {SPF_ACCOUNT_LOCKED, NULL,
     N_("{?sshd}`passwd -S {user}` inside shows L, and sshd's log says \"User {user} not allowed "
        "because "
        "account "
        "is locked\"; `usermod -p '*' {user}` lets keys in again, and no password")},
    {SPF_KEY_LINE_BROKEN, NULL,
     N_("{?sshd}`ssh-keygen -lf ~{user}/.ssh/authorized_keys` inside lists every line that is "
        "whole, "
        "and "
        "this "
        "key is not among them; `sshd -T -C user={user}` names the file")},
    {SPF_KEY_LINE_EXCLUDES, NULL,
     N_("{?sshd}sshd's log says \"with correct key but not from a permitted host\" for from=, and "
        "only "
        "\"Refused by key options\" for expiry-time=")},
    {SPF_KEY_AGAINST_POLICY, NULL,
     N_("{?sshd}sshd's log says \"not in PubkeyAcceptedAlgorithms\", \"Invalid key length\" or "
        "\"revoked by "
        "file\"")},
    {SPF_ROOT_FOR_COMMANDS_ONLY, NULL,
     N_("{?sshd}sshd's log says \"ROOT LOGIN REFUSED\"; try another user (-l {usual_user}), or "
        "look "
        "inside: "
        "`sshd -T | grep -i permitrootlogin` shows forced-commands-only, and prohibit-password "
        "there "
        "lets root in")},
    {SPF_SESSION_LIMITED, NULL,
     N_("{?sshd}sshd's log says why it ended (\"fork: Resource temporarily unavailable\", "
        "pam_limits, "
        "\"No "
        "space left\"); the instance's own figures are in the ECS console")},
    {SPF_AUTH_ALGORITHM_REFUSED,
     N_("The server refuses the algorithm of this key, not the key itself"),
     N_("{?sshd}Try an Ed25519 key, or look at PubkeyAcceptedAlgorithms in sshd_config on the "
        "server")},
    {SPF_AUTH_ALGORITHM_REFUSED,
     N_("The server refuses the algorithm of this key, not the key itself"),
     N_("{?no_sshd}Try a key of another type")},
    {SPF_CONNECTION_REFUSED_BY_RULE, NULL,
     N_("{?sshd}sshd's log says \"administratively prohibited connection\"; `sshd -T -C "
        "user={user} | "
        "grep -i refuseconnection` shows it")},
    {SPF_LOGIN_GRACE_EXCEEDED, NULL,
     N_("{?sshd}sshd's log says \"Timeout before authentication\"; `sshd -T | grep -i "
        "logingracetime` shows the limit")},
    {SPF_AUTH_TOO_MANY, N_("The server lets nobody try at all (MaxAuthTries 0)"),
     N_("Run `ssh -v`: if it is cut off before it offers a key, no key would have done")},
    {SPF_AUTH_PUBLICKEY_DISABLED,
     N_("The server offers no login by key, and cuts the connection at the first try (MaxAuthTries "
        "1)"),
     N_("Run `ssh -v`: the first line \"Authentications that can continue\" then lacks publickey")},
    {SPF_HOST_KEY_REBUILT, N_("The system was installed again, and made itself a new host key"),
     N_("Look in the instance's console output (ECS console, Get System Logs) for the fingerprint "
        "{fingerprint_sha256}: only if it is there, the machine is yours, and the line that "
        "known_hosts has may be replaced")},
    {SPF_ADDRESS_ANSWERS_AS_OTHER_HOST, N_("Another machine answers at {address}"),
     N_("Compare {address} with the instance's present address in the console: addresses move")},
};

/*
 * What of the account, its authorized_keys, sshd's settings and its log distinguishes the
 * candidates. sshd is not in the PATH of every shell; sshd-session logs since OpenSSH 9.8.
 */
static const char inside[] =
    "{?sshd}u={user}; f=$(getent passwd $u | cut -d: -f6)/.ssh/authorized_keys; passwd -S $u; "
    "namei -l $f; ssh-keygen -lf $f; $(command -v sshd || echo /usr/sbin/sshd) -T -C "
    "user=$u,host=h,addr=::1 | grep -iE '^(authorizedkeys|pubkey|permitroot|allow|deny|strict|"
    "revoked)'; journalctl -n 20 --no-pager -t sshd -t sshd-session || tail -n 20 "
    "/var/log/auth.log";

const char *spf_candidate_template(size_t i)
{
    const size_t rows = sizeof suggestions / sizeof *suggestions;

    if (i < 2 * rows)
        return i % 2 == 0                        ? suggestions[i / 2].tell_apart
               : suggestions[i / 2].text != NULL ? suggestions[i / 2].text
                                                 : "";
    return i == 2 * rows ? inside : NULL;
}

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
    if (!spf_slots_expand(&buf, inside, SPF_SLOT_COMMAND, &view,
                          &ask->run->results[ask->d->check])) {
        spf_buf_clear(&buf);
        return NULL;
    }
    return spf_buf_take(&buf);
}

static void suggest(const struct ask *ask, enum spf_finding cause)
{
    const struct suggestion *row = suggestions;
    char *text = NULL, *tell_apart = NULL;
    struct spf_candidate *candidate;

    for (size_t i = 0; i < ask->d->candidates.count; i++)
        if (ask->d->candidates.items[i].cause == cause)
            return;
    for (; !tell_apart && row < suggestions + sizeof suggestions / sizeof *suggestions; row++) {
        if (row->cause != cause || !(tell_apart = filled(ask, row->tell_apart)))
            continue;
        text = row->text ? filled(ask, row->text) : NULL;
        if (!text)
            text = filled(ask, spf_findings[cause].sentence);
    }
    if (text && tell_apart && (candidate = SPF_APPEND(&ask->d->candidates))) {
        *candidate = (struct spf_candidate){cause, text, tell_apart};
        return;
    }
    free(text);
    free(tell_apart);
}

/* The template with what is known. */
static char *filled_as_far_as_known(const struct ask *ask, const char *template)
{
    struct spf_view view = spf_view_of(ask->run);
    struct spf_buf buf;

    spf_buf_init(&buf, 1000);
    (void)spf_slots_fill(&buf, template, &view, NULL);
    return spf_buf_take(&buf);
}

/* A transcript names its candidates itself; of some the catalogue has no more than their meaning.
 */
static void suggest_reported(const struct ask *ask)
{
    const char *list = ask->run->facts.transcript.candidates;
    char id[64];

    for (; *list != '\0'; list += strcspn(list, ","), list += *list == ',') {
        enum spf_finding cause;
        size_t before = ask->d->candidates.count;
        struct spf_candidate *candidate;

        if (!spf_format(id, sizeof id, "%.*s", (int)strcspn(list, ","), list))
            continue;
        cause = spf_finding_by_id(id);
        if (cause == SPF_NO_FINDING)
            continue;
        suggest(ask, cause);
        if (ask->d->candidates.count > before ||
            (candidate = SPF_APPEND(&ask->d->candidates)) == NULL)
            continue;
        *candidate =
            (struct spf_candidate){cause, filled_as_far_as_known(ask, spf_findings[cause].sentence),
                                   filled_as_far_as_known(ask, spf_findings[cause].meaning)};
    }
}

static const struct spf_instance_facts *instance_of(const struct spf_run *run)
{
    return spf_facts_have(&run->facts, SPF_GROUP_INSTANCE) ? &run->facts.instance : NULL;
}

static void suggest_booting(const struct ask *ask)
{
    const struct spf_instance_facts *instance = instance_of(ask->run);

    if (instance && instance->started > 0 && ask->now_utc >= instance->started &&
        ask->now_utc - instance->started < SPF_BOOT_TAKES_S)
        suggest(ask, SPF_INSTANCE_STILL_BOOTING);
}

/* What the guest itself printed is more than a guess. */
static void suggest_trouble(const struct ask *ask)
{
    if (spf_event_now(&ask->run->facts.events, ask->run->facts.instance.seen) != NULL)
        suggest(ask, SPF_SYSTEM_EVENT);
    if (ask->run->facts.console.trouble.count > 0)
        suggest(ask, SPF_GUEST_IN_TROUBLE);
}

/* An address that this machine's own hosts file or proxy gave; localhost is nobody's mistake. */
static void suggest_wrong_address(const struct ask *ask)
{
    const struct spf_tcp_facts *tcp = &ask->run->facts.tcp;

    if (spf_has(ask->run, SPF_CHECK_NET_PORT, SPF_ADDRESS_PLACEHOLDER))
        suggest(ask, SPF_ADDRESS_PLACEHOLDER);
    if (tcp->lookup.hosts_line[0] != '\0' && !spf_starts_with(tcp->address, "127.") &&
        strcmp(tcp->address, "::1") != 0)
        suggest(ask, SPF_HOSTS_FILE_SHADOWS);
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
    if (!spf_fine(run, SPF_CHECK_CLOUD_ADDRESS))
        suggest(ask, SPF_ADDRESS_NOT_OF_INSTANCE);
    suggest(ask, SPF_GUEST_DROPS_PACKETS);
    suggest(ask, SPF_OWN_NETWORK_BLOCKS);
    if (ask->d->cause == SPF_PATH_BLOCKED_PAST_SECURITY_GROUP)
        suggest(ask, SPF_CLOUD_FIREWALL_BLOCKS);
    suggest(ask, SPF_ACCEPT_QUEUE_FULL);
}

static const struct spf_image_facts *image_of(const struct spf_run *run)
{
    return spf_facts_have(&run->facts, SPF_GROUP_IMAGE) && run->facts.image.known
               ? &run->facts.image
               : NULL;
}

static bool image_has_ecs_user(const struct spf_run *run)
{
    return image_of(run) && image_of(run)->login_as_non_root;
}

/* The image's own user is another one, or the user asked for is none that images come with. */
static bool user_is_doubtful(const struct spf_run *run)
{
    const struct spf_instance_facts *instance = instance_of(run);
    bool root = strcmp(run->target->user, "root") == 0;

    return !root || image_has_ecs_user(run) ||
           (instance && (instance->login_as_non_root || spf_starts_with(instance->image, "m-")));
}

/* Made after the instance started, so bound while it ran; only a restart installs it then. */
static bool pair_is_newer_than_boot(const struct spf_run *run)
{
    const struct spf_instance_facts *instance = instance_of(run);

    return instance && spf_facts_have(&run->facts, SPF_GROUP_KEY_PAIR) && instance->started > 0 &&
           run->facts.key_pair.created > instance->started;
}

/* What only sshd's log inside distinguishes: the client gets the same refusal. */
static void suggest_inside(const struct ask *ask)
{
    suggest(ask, SPF_AUTHORIZED_KEYS_IGNORED);
    suggest(ask, SPF_USER_NOT_ALLOWED);
    suggest(ask, SPF_ACCOUNT_LOCKED);
    suggest(ask, SPF_KEY_LINE_BROKEN);
    suggest(ask, SPF_KEY_LINE_EXCLUDES);
    suggest(ask, SPF_KEY_AGAINST_POLICY);
}

static void explain_refusal(const struct ask *ask)
{
    const struct spf_run *run = ask->run;
    bool proved = spf_pair_is_proved(run);
    const struct spf_handshake_facts *handshake = &run->facts.handshake;
    /* What the console shows to be installed is stronger than what the image is said to lack. */
    enum spf_finding not_installed =
        image_of(run) && image_of(run)->without_cloud_init && !spf_boot_authorized(run, NULL)
            ? SPF_IMAGE_WITHOUT_CLOUD_INIT
            : SPF_KEY_PAIR_NOT_INSTALLED;

    /* sshd counts a refused query, but not ssh's first request, "none" (auth2.c, userauth_finish)
     */
    if (strstr(run->facts.query.error, "Too many authentication failures")) {
        suggest(ask, SPF_AUTH_PUBLICKEY_DISABLED);
        suggest(ask, SPF_AUTH_TOO_MANY);
    }
    if (spf_boot_authorized(run, run->target->user))
        suggest_inside(ask); /* it was installed for the right user */
    else if (spf_boot_authorized(run, NULL))
        suggest(ask, SPF_USER_NOT_OF_IMAGE);
    if (proved &&
        (not_installed == SPF_IMAGE_WITHOUT_CLOUD_INIT || pair_is_newer_than_boot(run) ||
         spf_boot_left_key_out(run) || (instance_of(run) && instance_of(run)->metadata_disabled)))
        suggest(ask, not_installed);
    suggest_booting(ask);
    suggest_trouble(ask);
    if (proved && user_is_doubtful(run))
        suggest(ask, SPF_USER_NOT_OF_IMAGE);
    suggest(ask, proved ? not_installed : SPF_KEY_PAIR_DIFFERENT);
    suggest(ask, SPF_USER_NOT_OF_IMAGE);
    suggest(ask, SPF_AUTHORIZED_KEYS_IGNORED);
    suggest_inside(ask);
    if (!handshake->server_sig_algs)
        suggest(ask, SPF_AUTH_ALGORITHM_REFUSED);
}

/*
 * sshd ended the connection in the moment in which it had accepted the signature: its unprivileged
 * half says yes, and then the privileged one refuses (monitor.c), which is what becomes of root
 * under PermitRootLogin forced-commands-only with a key that has no command.
 */
static void explain_early_end(const struct ask *ask)
{
    const struct spf_run *run = ask->run;
    const struct spf_session_facts *session = &run->facts.session;
    bool at_once =
        (session->ending.kind == SPF_ENDING_CLOSED || session->ending.kind == SPF_ENDING_RESET) &&
        strcmp(session->ending.last_message, "SSH_MSG_USERAUTH_SUCCESS") == 0;

    if (!spf_facts_have(&run->facts, SPF_GROUP_SESSION) || !at_once)
        return;
    if (strcmp(run->target->user, "root") == 0 && !session->forced_command)
        suggest(ask, SPF_ROOT_FOR_COMMANDS_ONLY);
    suggest(ask, SPF_SESSION_LIMITED);
}

/* Both end the connection without a word; since which version, NEWS of OpenSSH says. */
static void explain_disconnect(const struct ask *ask)
{
    const char *software = ask->run->facts.identification.software;
    const int64_t version = spf_openssh_version_of(software);

    if (!spf_is_sshd(software))
        return;
    if (ask->run->facts.query.elapsed_ms >= GRACE_MIN_MS)
        suggest(ask, SPF_LOGIN_GRACE_EXCEEDED);
    if (version == 0 || version >= 909)
        suggest(ask, SPF_CONNECTION_REFUSED_BY_RULE);
    suggest(ask, SPF_LOGIN_GRACE_EXCEEDED);
}

void spf_suggest_candidates(const struct spf_run *run, int64_t now_utc, struct spf_diagnosis *d)
{
    struct ask ask = {run, now_utc, d};

    suggest_reported(&ask);
    if (d->check == SPF_CHECK_NET_PORT || d->check == SPF_CHECK_SSH_BANNER ||
        d->check == SPF_CHECK_SSH_HOST_KEY)
        suggest_wrong_address(&ask);
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
        if (run->facts.identification.flow.unacked > 0)
            suggest(&ask, SPF_FLOW_FILTERED);
        suggest_booting(&ask);
        suggest_trouble(&ask);
        suggest(&ask, SPF_FLOW_FILTERED);
        suggest(&ask, SPF_ACCEPT_QUEUE_FULL);
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
        d->inside = paste_of(&ask);
        break;
    case SPF_HANDSHAKE_TIMEOUT:
        if (run->facts.handshake.ending.flow.unacked > 0)
            suggest(&ask, SPF_FLOW_FILTERED);
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
