#include <errno.h>
#include <string.h>

#include "base/json_build.h"
#include "base/language.h"
#include "base/text.h"
#include "net/port_parts.h"

static void note_attempts(struct spf_result *result, const struct spf_tcp_facts *tcp)
{
    struct json_object *list = spf_json_array();

    for (size_t i = 0; list != NULL && i < tcp->before.count; i++) {
        struct json_object *attempt = spf_json_object();

        spf_json_add(attempt, "address", spf_clean_json(tcp->before.items[i].address));
        spf_json_add(attempt, "error", spf_clean_json(tcp->before.items[i].error));
        spf_json_add(attempt, "elapsed_ms", spf_json_integer(tcp->before.items[i].elapsed_ms));
        spf_json_append(list, attempt);
    }
    spf_note_json(result, "tried_before", list);
}

/* " in 12 ms", " in 3.0 s"; "" for a transcript, which does not say. */
static const char *duration(int64_t ms, bool seconds, char text[32])
{
    text[0] = '\0';
    if (ms >= 0 && seconds) {
        spf_format(text, 32, _(" in %.1f s"), (double)ms / 1000);
    } else if (ms >= 0) {
        spf_format(text, 32, _(" in %lld ms"), (long long)ms);
    }
    return text;
}

/* Of a chain, the one that connects to the target. */
static const char *last_hop(const struct spf_tcp_facts *tcp)
{
    const char *comma = strrchr(tcp->jump, ',');

    return comma != NULL ? comma + 1 : tcp->jump;
}

static struct spf_opinion judge_silence(const struct spf_view *view, struct spf_result *result)
{
    const struct spf_tcp_facts *tcp = view->facts->tcp;
    char took[32];

    if (tcp->jump[0]) {
        spf_say(result, "the jump host %s gets no answer from %s port %u%s", last_hop(tcp),
                tcp->address, (unsigned)view->target->port, duration(tcp->elapsed_ms, true, took));
    } else if (tcp->cut_short) {
        spf_say(result,
                "no answer from %s port %u after %.1f s (as the cloud checks above explain; not "
                "waiting longer)",
                tcp->address, (unsigned)view->target->port, (double)tcp->elapsed_ms / 1000);
    } else if (tcp->drops.late) {
        spf_say(result,
                "no answer from %s port %u%s: the packets are dropped on the way or by this "
                "machine's own firewall; the drop counters were read too late to tell which",
                tcp->address, (unsigned)view->target->port, duration(tcp->elapsed_ms, true, took));
        return spf_lowered(SPF_PORT_SILENT, SPF_UNKNOWN);
    } else {
        spf_say(result, "no answer from %s port %u%s: the packets are dropped on the way",
                tcp->address, (unsigned)view->target->port, duration(tcp->elapsed_ms, true, took));
    }
    return spf_concludes(SPF_PORT_SILENT);
}

/*
 * ARP or neighbour discovery without an answer is EHOSTUNREACH as well, but the kernel's own: no
 * ICMP message came with it (tcp_ipv4.c, tcp_v4_err keeps one since Linux 5.8).
 */
static bool is_unanswered_locally(const struct spf_tcp_facts *tcp)
{
    return strcmp(tcp->error, strerror(EHOSTUNREACH)) == 0;
}

static const char *whose_firewall(const struct spf_tcp_facts *tcp)
{
    if (tcp->icmp_from[0] == '\0') {
        return _("a firewall forbids it, on the way or here");
    }
    return strcmp(tcp->icmp_from, tcp->address) == 0 ? "a firewall forbids it, on that host"
                                                     : "a firewall forbids it, on the way";
}

static struct spf_opinion judge_unreachable(const struct spf_view *view, struct spf_result *result)
{
    const struct spf_tcp_facts *tcp = view->facts->tcp;

    if (tcp->jump[0]) {
        spf_say(result, "the jump host %s cannot reach %s port %u: %s", last_hop(tcp), tcp->address,
                (unsigned)view->target->port, tcp->error);
        return spf_concludes(SPF_PORT_UNREACHABLE);
    }
    if (tcp->icmp_from[0] != '\0' &&
        tcp->icmp_type == (strchr(tcp->address, ':') != NULL ? 3 : 11)) {
        spf_say(result,
                "%s port %u cannot be reached: a routing loop (ICMP \"time exceeded\" "
                "from %s; see it with `traceroute %s`)",
                tcp->address, (unsigned)view->target->port, tcp->icmp_from, tcp->address);
        return spf_concludes(SPF_PORT_UNREACHABLE);
    }
    spf_say(result, "%s port %u cannot be reached: %s (%s)", tcp->address,
            (unsigned)view->target->port, tcp->error,
            tcp->local ? _("this machine's own routing says so, no packet left it")
            : tcp->outcome == SPF_TCP_FORBIDDEN ? whose_firewall(tcp)
            : is_unanswered_locally(tcp)
                ? _("no ICMP came: nothing on the local network answers for this address")
                : _("a router or the host says so"));
    return spf_concludes(SPF_PORT_UNREACHABLE);
}

/* Which jump host it was, and what ssh did there. */
static void note_hop(const struct spf_tcp_facts *tcp, struct spf_result *result)
{
    const struct {
        const char *name, *value;
    } notes[] = {
        {"jump_hop", tcp->jump_hop},
        {"jump_login", tcp->jump_login},
        {"jump_known_hosts_line", tcp->jump_known_hosts_line},
        {"jump_keys", tcp->jump_keys},
    };

    for (size_t i = 0; i < sizeof notes / sizeof *notes; i++) {
        if (notes[i].value[0] != '\0') {
            spf_note_text(result, notes[i].name, notes[i].value);
        }
    }
}

/* ssh says at the jump host what it says anywhere; the catalogue knows it. */
static struct spf_opinion judge_jump(const struct spf_view *view, struct spf_result *result)
{
    const struct spf_tcp_facts *tcp = view->facts->tcp;
    const bool lacks_key = view->target->key_path != NULL && !view->target->key_configured &&
                           !view->target->from_transcript && spf_tcp_jump_lacked_key(tcp);
    const char *cause = tcp->jump_cause;
    size_t len = strlen(tcp->error);

    if (len > 0 && tcp->error[len - 1] == '.') {
        len--; /* a sentence of ssh's within one of ours */
    }
    spf_note_text(result, "jump_cause", cause[0] ? cause : NULL);
    note_hop(tcp, result);
    spf_say(result, "ssh does not get through the jump host %s; %s%.*s%s%s%s%s",
            tcp->jump_hop[0] ? tcp->jump_hop : tcp->jump,
            len > 0 ? _("it says: ") : _("no answer came in time"), (int)len, tcp->error,
            cause[0] ? _(" (see ") : "", cause, cause[0] ? ")" : "",
            lacks_key ? _("; -i is for the target: the jump host is offered only the agent's keys "
                          "and its own configuration's, and there was none to offer")
                      : "");
    return spf_concludes(SPF_JUMP_FAILED);
}

static struct spf_opinion judge_proxy(const struct spf_tcp_facts *tcp, struct spf_result *result)
{
    spf_note_text(result, "jump_cause", tcp->jump_cause[0] ? tcp->jump_cause : NULL);
    spf_say(result, "nothing comes through the ProxyCommand %s%s%s%s%s", tcp->proxy,
            tcp->error[0] ? ": " : "", tcp->error, tcp->jump_cause[0] ? _("; see ") : "",
            tcp->jump_cause);
    return spf_concludes(SPF_PROXY_COMMAND_FAILED);
}

/* Of the configuration that was not to be used: a plain ssh refuses it. */
static bool is_configuration_broken(const struct spf_view *view)
{
    return view->target->ssh_config == NULL && spf_facts_have(view->facts, SPF_GROUP_SSH_CONFIG) &&
           view->facts->ssh_config->broken[0] != '\0';
}

/* What the user's ssh configuration has for this host: used, or beside what was checked. */
static const char *note_configuration(const struct spf_view *view, struct spf_result *result)
{
    const char *says = view->facts->ssh_config->says;

    if (!spf_facts_have(view->facts, SPF_GROUP_SSH_CONFIG)) {
        return NULL;
    }
    if (is_configuration_broken(view)) {
        spf_note_text(result, "ssh_config_error", view->facts->ssh_config->broken);
    }
    if (says[0] == '\0') {
        return NULL;
    }
    spf_note_text(result, view->target->ssh_config != NULL ? "ssh_config" : "ssh_config_unused",
                  says);
    return view->target->ssh_config != NULL ? NULL : says;
}

static void say_open(const struct spf_view *view, struct spf_result *result)
{
    const struct spf_tcp_facts *tcp = view->facts->tcp;
    unsigned port = view->target->port;
    const char *through = tcp->jump[0] ? tcp->jump : tcp->proxy;
    char took[32];

    (void)duration(tcp->elapsed_ms, false, took);
    if (view->target->from_transcript && !view->target->port_given) {
        spf_say(result, through[0] ? "%s answers through %s" : "%s answers", tcp->address, through);
        return;
    }
    if (tcp->jump[0] || tcp->proxy[0]) {
        spf_say(result, "%s port %u answers through %s%s%s", tcp->address, port, through,
                took[0] ? "," : "", took);
    } else {
        spf_say(result, "%s port %u%s", tcp->address, port, took[0] ? took : _(" answers"));
    }
}

/*
 * Since 10.6 ssh refuses these two characters in a user name on its command line, by -l, user@ and
 * -o alike, but not in its configuration; seen by running. A key of PuTTY's is not for ssh.
 */
static bool is_user_refused(const struct spf_view *view, struct spf_opinion *opinion)
{
    const struct spf_target *target = view->target;
    const struct spf_facts *facts = view->facts;
    const enum spf_group key =
        target->key_dir != NULL && target->key_path == NULL ? SPF_GROUP_FOUND_KEY : SPF_GROUP_KEY;

    if (!target->user_given || target->from_transcript || strpbrk(target->user, "\\$") == NULL) {
        return false;
    }
    if ((spf_lacks(view, key, opinion) || spf_lacks(view, SPF_GROUP_OPENSSH, opinion)) &&
        opinion->kind == SPF_OPINION_WANTS) {
        return true;
    }
    *opinion = spf_but_holds(spf_concludes(SPF_USER_NAME_REFUSED));
    return spf_facts_have(facts, SPF_GROUP_OPENSSH) && facts->openssh->version >= 1006 &&
           strcmp(facts->key->damage, "key-is-ppk") != 0;
}

static bool lacks_user_entry(const struct spf_view *view)
{
    return spf_facts_have(view->facts, SPF_GROUP_LOCAL_ENVIRONMENT) &&
           view->facts->local_environment->no_user_entry;
}

static void note_connection(const struct spf_view *view, struct spf_result *result)
{
    const struct spf_tcp_facts *tcp = view->facts->tcp;

    spf_note_text(result, "address", tcp->address[0] ? tcp->address : NULL);
    if (!view->target->from_transcript || view->target->port_given) {
        spf_note_number(result, "port", view->target->port);
    }
    spf_note_text(result, "own_address", tcp->own_address[0] ? tcp->own_address : NULL);
    if (tcp->elapsed_ms >= 0) {
        spf_note_number(result, "elapsed_ms", tcp->elapsed_ms);
    }
    spf_note_text(result, "error", tcp->error[0] ? tcp->error : NULL);
    spf_port_note_here(tcp, result);
    note_attempts(result, tcp);
    if (tcp->jump[0]) {
        spf_note_text(result, "jump", tcp->jump);
        spf_note_text(result, "jump_address", tcp->jump_address[0] ? tcp->jump_address : NULL);
    }
    if (tcp->proxy[0]) {
        spf_note_text(result, "proxy_command", tcp->proxy);
    }
}

static struct spf_opinion judge_refusal(const struct spf_view *view, struct spf_result *result)
{
    const struct spf_tcp_facts *tcp = view->facts->tcp;

    if (tcp->jump[0]) {
        spf_say(result, "%s refuses connections to port %u from the jump host %s", tcp->address,
                (unsigned)view->target->port, last_hop(tcp));
    } else if (spf_starts_with(tcp->error, "ICMP")) {
        spf_say(result,
                "%s refuses connections to port %u, by ICMP: so does a firewall (REJECT), "
                "while a port where nothing listens resets",
                tcp->address, (unsigned)view->target->port);
    }
    return spf_concludes(SPF_PORT_REFUSED);
}

/* There is no connection. */
static struct spf_opinion judge_closed(const struct spf_view *view, struct spf_result *result)
{
    const struct spf_tcp_facts *tcp = view->facts->tcp;

    switch (tcp->outcome) {
    case SPF_TCP_REFUSED:
        return judge_refusal(view, result);
    case SPF_TCP_SILENT:
        return judge_silence(view, result);
    case SPF_TCP_UNREACHABLE:
    case SPF_TCP_FORBIDDEN:
        return judge_unreachable(view, result);
    case SPF_TCP_RESET:
        return spf_concludes(SPF_PORT_RESET);
    case SPF_TCP_UNRESOLVED:
        if (tcp->jump[0] == '\0') {
            return spf_port_judge_name(tcp, result);
        }
        spf_say(result, "the jump host %s knows no address of the name %s: %s", last_hop(tcp),
                tcp->address, tcp->error);
        return spf_concludes(SPF_HOST_UNRESOLVED);
    case SPF_TCP_JUMP_FAILED:
        return judge_jump(view, result);
    case SPF_TCP_JUMP_NO_CONNECTION:
        note_hop(tcp, result);
        spf_say(result, "the jump host %s lets you in, but has no connection to %s port %u: %s",
                last_hop(tcp), tcp->address, (unsigned)view->target->port, tcp->error);
        return spf_concludes(SPF_JUMP_NO_CONNECTION);
    case SPF_TCP_JUMP_FORBIDS:
        note_hop(tcp, result);
        if (tcp->jump_hop[0]) {
            spf_say(result, "the jump host %s lets you in, but forwards no connections: %s",
                    tcp->jump_hop, tcp->error);
        }
        return spf_concludes(SPF_JUMP_FORWARDING_REFUSED);
    case SPF_TCP_PROXY_FAILED:
        return judge_proxy(tcp, result);
    case SPF_TCP_OPEN:
        break;
    }
    return spf_passes();
}

/* There is a connection. unused: what the ssh configuration, which was not used, has for the host;
 * NULL. */
static struct spf_opinion judge_open(const struct spf_view *view, const char *unused,
                                     struct spf_result *result)
{
    const struct spf_tcp_facts *tcp = view->facts->tcp;
    struct spf_opinion opinion;

    if (lacks_user_entry(view)) {
        spf_note_number(result, "euid", view->facts->local_environment->euid);
        spf_say(result,
                "the port answers, but ssh refuses to run here: user id %lld has no entry in the "
                "password database",
                (long long)view->facts->local_environment->euid);
        return spf_but_holds(spf_concludes(SPF_NO_USER_ENTRY));
    }
    if (is_user_refused(view, &opinion)) {
        return opinion;
    }
    say_open(view, result);
    if (tcp->jump_key_unknown) {
        return spf_concludes(SPF_JUMP_HOST_KEY_UNKNOWN);
    }
    if (is_configuration_broken(view)) {
        spf_say(result, "%s port %u in %lld ms; but a plain ssh refuses your configuration: %s",
                tcp->address, (unsigned)view->target->port, (long long)tcp->elapsed_ms,
                view->facts->ssh_config->broken);
        return spf_concludes(SPF_SSH_CONFIG_BROKEN);
    }
    if (!spf_target_is_proxied(view->target) &&
        (spf_port_judge_placeholder(view, result, false, &opinion) ||
         spf_port_judge_detour(view, result, &opinion))) {
        return opinion;
    }
    if (unused == NULL) {
        return spf_passes();
    }
    spf_say(result,
            "%s port %u in %lld ms; your ssh configuration, which was not used, has for it: %s",
            tcp->address, (unsigned)view->target->port, (long long)tcp->elapsed_ms, unused);
    return spf_concludes(SPF_SSH_CONFIG_DIFFERS);
}

/*
 * Does TCP connect? Silence, refusal and unreachability are kept apart because their remedies are:
 * dropped on the way, refused by the host, or no way at all.
 */
struct spf_opinion spf_judge_net_port(const struct spf_view *view, struct spf_result *result)
{
    const struct spf_tcp_facts *tcp = view->facts->tcp;
    const struct spf_result *address = &view->results[SPF_CHECK_CLOUD_ADDRESS];
    struct spf_opinion opinion;
    const char *unused;

    if (view->target->host == NULL && address->status == SPF_PENDING) {
        return spf_waits();
    }
    if (view->target->host == NULL && !address->holds) {
        return spf_skips(SPF_CHECK_CLOUD_ADDRESS);
    }
    if (spf_lacks(view, SPF_GROUP_TCP, &opinion)) {
        return opinion;
    }
    note_connection(view, result);
    unused = note_configuration(view, result);
    if (tcp->outcome == SPF_TCP_OPEN) {
        return judge_open(view, unused, result);
    }
    if (!spf_target_is_proxied(view->target) &&
        (spf_port_judge_here(view, result, &opinion) ||
         spf_port_judge_placeholder(view, result, true, &opinion))) {
        return opinion;
    }
    return judge_closed(view, result);
}
