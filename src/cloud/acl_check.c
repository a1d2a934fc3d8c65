#include <string.h>

#include "base/language.h"
#include "cloud/acl.h"
#include "cloud/any_source.h"
#include "cloud/judging.h"

/* Does the vSwitch's network ACL, which keeps no state, pass the SYN in and the reply out? */

/* What one reading of the entries says. */
struct verdict {
    struct spf_acl_decision in;
    struct spf_acl_replies client_out; /* to the ports that the client may have */
    struct spf_acl_replies out;        /* to any port that anybody may have */
};

/* Does this machine itself choose the port that the entries see? */
static bool is_ours(const struct spf_view *view, const struct spf_ip *source)
{
    const struct spf_local_environment_facts *here = view->facts->local_environment;

    for (size_t i = 0; i < here->own.count && view->target->jump == NULL; i++) {
        if (spf_ip_equal(&here->own.items[i].ip, source)) {
            return true;
        }
    }
    return false;
}

static struct verdict decide(const struct spf_view *view, const struct spf_ip *source,
                             uint16_t port, enum spf_reading reading)
{
    const struct spf_acl_facts *acl = view->facts->network_acl;
    struct verdict verdict = {
        .in = spf_acl_inward(acl, source, port, reading),
        .out = spf_acl_outward(acl, source, SPF_EPHEMERAL_FIRST, SPF_EPHEMERAL_LAST, reading),
    };

    /* behind a NAT, or of another machine, it may be any */
    verdict.client_out = is_ours(view, source)
                             ? spf_acl_outward(acl, source, SPF_LINUX_EPHEMERAL_FIRST,
                                               SPF_LINUX_EPHEMERAL_LAST, reading)
                             : verdict.out;
    return verdict;
}

/* Will the two be reported alike? */
static bool are_alike(const struct verdict *a, const struct verdict *b)
{
    if (!a->in.accepted || !b->in.accepted) {
        return a->in.accepted == b->in.accepted;
    }
    if (a->client_out.denied == 0 || b->client_out.denied == 0) {
        return a->client_out.denied == b->client_out.denied;
    }
    return (a->out.accepted > 0) == (b->out.accepted > 0);
}

static void note_entry(struct spf_result *result, const struct spf_acl_entry *entry)
{
    spf_note_text(result, "entry", entry != NULL ? entry->id : NULL);
    if (entry != NULL) {
        spf_note_text(result, "entry_name", entry->name[0] != '\0' ? entry->name : entry->id);
    }
}

static const char *name_of(const struct spf_acl_entry *entry)
{
    if (entry == NULL) {
        return _("its default");
    }
    return entry->name[0] != '\0' ? entry->name : entry->id;
}

static struct spf_opinion unresolved(const struct spf_view *view, const struct spf_path *path,
                                     const struct spf_ip *source, struct spf_result *result)
{
    const struct spf_acl_facts *acl = view->facts->network_acl;
    bool ours = is_ours(view, source);
    const struct spf_acl_entry *entry = spf_acl_doubt(
        acl, source, path->port, ours ? SPF_LINUX_EPHEMERAL_FIRST : SPF_EPHEMERAL_FIRST,
        ours ? SPF_LINUX_EPHEMERAL_LAST : SPF_EPHEMERAL_LAST);
    const char *doubt = N_("an entry could not be understood");

    /* Where the client's own ports are alike, others decide between a warning and a failure. */
    if (entry == NULL) {
        entry = spf_acl_doubt(acl, source, path->port, SPF_EPHEMERAL_FIRST, SPF_EPHEMERAL_LAST);
    }
    if (entry != NULL && entry->doubt[0] != '\0') {
        doubt = entry->doubt;
    }
    spf_note_text(result, "doubt", doubt);
    if (entry != NULL && entry->id[0] != '\0') {
        note_entry(result, entry);
        spf_say(result, "it depends on entry %s of network ACL %s: %s", name_of(entry), acl->id,
                spf_tr(doubt));
    } else {
        spf_say(result, "it depends on an entry of network ACL %s: %s", acl->id, spf_tr(doubt));
    }
    return spf_concludes(SPF_ACL_ENTRY_UNRESOLVED);
}

static struct spf_opinion judge_source(const struct verdict *verdict, const struct spf_path *path,
                                       const struct spf_view *view, struct spf_result *result)
{
    const struct spf_acl_facts *acl = view->facts->network_acl;

    if (!verdict->in.accepted) {
        note_entry(result, verdict->in.entry);
        spf_say(result, "network ACL %s drops what comes in to port %u (%s)", acl->id,
                (unsigned)path->port, name_of(verdict->in.entry));
        return spf_concludes(SPF_ACL_DENIES_INBOUND);
    }
    if (verdict->client_out.denied == 0) {
        spf_say(result, "passed by network ACL %s, both ways", acl->id);
        return spf_passes();
    }
    note_entry(result, verdict->client_out.entry);
    spf_note_number(result, "denied_port", verdict->client_out.denied_first);
    /* Where only some of a client's ports get no reply, a login works now and then: a warning. */
    if (verdict->out.accepted > 0) {
        spf_say(result, "network ACL %s drops replies to some client ports, %d for one (%s)",
                acl->id, verdict->client_out.denied_first, name_of(verdict->client_out.entry));
        return spf_lowered(SPF_ACL_DENIES_RETURN, SPF_WARN);
    }
    spf_say(result, "network ACL %s lets the connection in but drops every reply (%s)", acl->id,
            name_of(verdict->out.entry));
    return spf_concludes(SPF_ACL_DENIES_RETURN);
}

static bool cut_all(struct spf_any_source *any, const struct spf_acl_facts *acl)
{
    for (size_t i = 0; i < acl->ingress.count; i++) {
        if (!spf_any_source_cut(any, &acl->ingress.items[i].cidr.cidr)) {
            return false;
        }
    }
    for (size_t i = 0; i < acl->egress.count; i++) {
        if (!spf_any_source_cut(any, &acl->egress.items[i].cidr.cidr)) {
            return false;
        }
    }
    return true;
}

/* The two readings of the entries for one source; what is denied is denied even in the lax one. */
static struct spf_opinion judge_readings(const struct spf_ip *source, const struct spf_path *path,
                                         const struct spf_view *view, struct spf_result *result)
{
    const struct verdict strict = decide(view, source, path->port, SPF_STRICT);
    const struct verdict lax = decide(view, source, path->port, SPF_LAX);

    if (!are_alike(&strict, &lax)) {
        return unresolved(view, path, source, result);
    }
    return judge_source(&lax, path, view, result);
}

/* For a source that is not known: certain only where every source is treated alike. */
static struct spf_opinion judge_any_source(const struct spf_path *path, const struct spf_view *view,
                                           struct spf_result *result)
{
    const struct spf_acl_facts *acl = view->facts->network_acl;
    struct spf_opinion opinion;
    struct spf_any_source any;
    struct verdict first[2] = {{{0}}};
    bool alike =
        spf_any_source_init(&any, path->dialled.ip.family, path->internet) && cut_all(&any, acl);

    for (size_t i = 0; alike && i < any.addresses.count; i++) {
        for (int reading = SPF_STRICT; reading <= SPF_LAX; reading++) {
            struct verdict verdict =
                decide(view, &any.addresses.items[i], path->port, (enum spf_reading)reading);

            if (i == 0) {
                first[reading] = verdict;
            }
            alike = alike && are_alike(&verdict, &first[reading]);
        }
    }
    if (alike && any.addresses.count > 0) {
        opinion = judge_readings(&any.addresses.items[0], path, view, result);
    } else {
        opinion = spf_source_unknown(SPF_ACL_SOURCE_UNKNOWN, view, result);
    }
    spf_any_source_clear(&any);
    return opinion;
}

/*
 * A network ACL does not see what comes by an elastic IP in cut-through mode, which a
 * secondary interface may have. Asked only where that changes the answer.
 */
static void pass_if_bypassed(const struct spf_view *view, const struct spf_path *path,
                             struct spf_result *result, struct spf_opinion *opinion)
{
    const struct spf_interface *interface =
        spf_cloud_interface(view->facts->instance, &path->dialled);
    struct spf_opinion wants;

    if (path->dialled.class != SPF_CLASS_ELASTIC || interface == NULL || interface->primary ||
        opinion->finding == SPF_NO_FINDING) {
        return;
    }
    if (spf_lacks(view, SPF_GROUP_GATEWAY, &wants)) {
        if (wants.kind == SPF_OPINION_WANTS) {
            *opinion = wants;
        }
        return;
    }
    if (!view->facts->gateway->cut_through) {
        return;
    }
    spf_say(result, "network ACL %s does not apply: the elastic IP (EIP) is in cut-through mode",
            view->facts->network_acl->id);
    *opinion = spf_passes();
}

static struct spf_opinion judge_path(const struct spf_view *view, const struct spf_path *path,
                                     struct spf_result *result)
{
    struct spf_opinion opinion;

    opinion = path->source.family == 0 ? judge_any_source(path, view, result)
                                       : judge_readings(&path->source, path, view, result);
    pass_if_bypassed(view, path, result, &opinion);
    return opinion;
}

struct spf_opinion spf_judge_cloud_network_acl(const struct spf_view *view,
                                               struct spf_result *result)
{
    const struct spf_acl_facts *acl = view->facts->network_acl;
    struct spf_opinion opinion;
    struct spf_path path;

    spf_note_null(result, "acl");
    if (spf_path_or_lacks(view, SPF_GROUP_NETWORK_ACL, &path, &opinion)) {
        return opinion;
    }
    if (!acl->bound) {
        if (acl->vswitch[0] != '\0') {
            spf_note_thing(result, SPF_THING_VSWITCH, "vswitch", acl->vswitch);
        }
        spf_say(result, "no network ACL");
        return spf_passes();
    }
    spf_note_thing(result, SPF_THING_ACL, "acl", acl->id);
    spf_note_thing(result, SPF_THING_VSWITCH, "vswitch", acl->vswitch);
    spf_note_source(result, view, &path);
    if (!path.internet && spf_cidr_holds(&acl->vswitch_cidr.cidr, &path.source)) {
        spf_say(result, "network ACL %s does not apply between members of %s", acl->id,
                acl->vswitch);
        return spf_passes();
    }
    opinion = judge_path(view, &path, result);
    /* Between members of one vSwitch no ACL applies; whether we are one may be in doubt. */
    if (!path.internet && acl->vswitch_cidr.cidr.ip.family == 0 &&
        opinion.kind == SPF_OPINION_CONCLUDES && opinion.status != SPF_PASS) {
        spf_note_text(result, "doubt", "the CidrBlock of the vSwitch");
        spf_say(result, "whether network ACL %s applies is not known: the block of %s is \"%s\"",
                acl->id, acl->vswitch, acl->vswitch_cidr.text);
        return spf_concludes(SPF_ACL_ENTRY_UNRESOLVED);
    }
    return opinion;
}
