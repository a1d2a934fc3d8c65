/* Which facts are different from those of an earlier run of the same target. */
#include "ledger/changes.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/language.h"

#define CHANGES_MOST 50

struct comparison {
    const struct spf_run *before, *now;
    const char *decides[2]; /* the rule that did, and the one that does; NULL */
    enum spf_check_id cause;
    bool has_cause;
    struct spf_changes *changes;
    bool failed;
};

/* What rests on it: the cause's own check, and there the rule that decides, before all others. */
static int rank(const struct comparison *c, enum spf_check_id check, const char *id)
{
    bool decides = false;

    for (size_t i = 0; i < 2 && id != NULL; i++) {
        decides = decides || (c->decides[i] != NULL && strcmp(c->decides[i], id) == 0);
    }
    if (!c->has_cause || check != c->cause) {
        return 3 + (int)check;
    }
    return decides ? 1 : 2;
}

static void add(struct comparison *c, const char *fact, enum spf_check_id check, const char *id,
                const char *before, const char *now, const char *fmt, ...) SPF_PRINTF(7, 8);

static void add(struct comparison *c, const char *fact, enum spf_check_id check, const char *id,
                const char *before, const char *now, const char *fmt, ...)
{
    struct spf_change *change;
    char text[600];
    char clean[700];
    va_list args;

    if (c->changes->facts.count >= CHANGES_MOST) {
        return;
    }
    change = SPF_APPEND(&c->changes->facts);
    if (change == NULL) {
        c->failed = true;
        return;
    }
    va_start(args, fmt);
    spf_vformat(text, sizeof text, fmt, args);
    va_end(args);
    spf_clean(clean, sizeof clean, text, strlen(text));
    *change = (struct spf_change){
        .fact = fact,
        .check = check,
        .rank = rank(c, check, id),
        .text = strdup(clean),
        .before = before != NULL && before[0] != '\0' ? strdup(before) : NULL,
        .now = now != NULL && now[0] != '\0' ? strdup(now) : NULL,
    };
    c->failed |= change->text == NULL;
}

/* Are the facts of the group those of the run in both? */
static bool known(const struct comparison *c, enum spf_group group)
{
    return spf_facts_have(&c->before->facts, group) && spf_facts_have(&c->now->facts, group);
}

/* A text of a group's facts: "" means something only where the group is there. */
static bool differs(const struct comparison *c, enum spf_group group, const char *before,
                    const char *now)
{
    if (!known(c, group) && (before[0] == '\0' || now[0] == '\0')) {
        return false;
    }
    return strcmp(before, now) != 0;
}

static const char *or_none(const char *text)
{
    return text[0] != '\0' ? text : _("none");
}

/* ---- rules -------------------------------------------------------------------------------- */

static const char *policy(enum spf_policy of)
{
    return of == SPF_POLICY_ACCEPT ? "accept" : "drop";
}

/* "accept TCP 22/22 from 203.0.113.0/24, priority 1" */
static void describe(const struct spf_rule *rule, char out[300])
{
    const char *source = rule->source.text[0] != '\0'    ? rule->source.text
                         : rule->source_group[0] != '\0' ? rule->source_group
                                                         : rule->source_prefix_list;
    const char *ports = rule->ports.text[0] != '\0' ? rule->ports.text : rule->port_list;

    spf_format(out, 300, "%s %s %s from %s, priority %lld", policy(rule->policy), rule->protocol,
               ports, source, (long long)rule->priority);
}

static bool same_content(const struct spf_rule *one, const struct spf_rule *other)
{
    char first[300];
    char second[300];

    describe(one, first);
    describe(other, second);
    return strcmp(first, second) == 0 &&
           strcmp(one->source_ports.text, other->source_ports.text) == 0 &&
           strcmp(one->destination.text, other->destination.text) == 0;
}

/* The same rule, by its id, or where it has none by what it says. */
static const struct spf_rule *find_rule(const struct spf_rules_facts *facts,
                                        const struct spf_rule *wanted)
{
    for (size_t i = 0; i < facts->rules.count; i++) {
        const struct spf_rule *rule = &facts->rules.items[i];

        if (strcmp(rule->group, wanted->group) == 0 &&
            (wanted->id[0] != '\0' ? strcmp(rule->id, wanted->id) == 0
                                   : same_content(rule, wanted))) {
            return rule;
        }
    }
    return NULL;
}

static bool has_group(const struct spf_rules_facts *facts, const char *id)
{
    for (size_t i = 0; i < facts->groups.count; i++) {
        if (strcmp(facts->groups.items[i].id, id) == 0) {
            return true;
        }
    }
    return false;
}

/* Rules of a group that is in both. */
static void compare_rule_lists(struct comparison *c, const struct spf_rules_facts *before,
                               const struct spf_rules_facts *now)
{
    char said[300];
    char other_said[300];

    for (size_t i = 0; i < before->rules.count; i++) {
        const struct spf_rule *rule = &before->rules.items[i];
        const struct spf_rule *other = find_rule(now, rule);

        describe(rule, said);
        if (!has_group(now, rule->group)) {
            continue;
        }
        if (other == NULL) {
            add(c, "rule", SPF_CHECK_CLOUD_SECURITY_GROUP, rule->id, said, NULL,
                _("rule %s of %s was removed: %s"), rule->id, rule->group, said);
        } else if (!same_content(rule, other)) {
            describe(other, other_said);
            add(c, "rule", SPF_CHECK_CLOUD_SECURITY_GROUP, rule->id, said, other_said,
                _("rule %s of %s was changed: %s, now %s"), rule->id, rule->group, said,
                other_said);
        }
    }
    for (size_t i = 0; i < now->rules.count; i++) {
        const struct spf_rule *rule = &now->rules.items[i];

        if (!has_group(before, rule->group) || find_rule(before, rule) != NULL) {
            continue;
        }
        describe(rule, said);
        add(c, "rule", SPF_CHECK_CLOUD_SECURITY_GROUP, rule->id, NULL, said,
            _("rule %s of %s was added: %s"), rule->id, rule->group, said);
    }
}

static void compare_rules(struct comparison *c)
{
    const struct spf_rules_facts *before = c->before->facts.rules;
    const struct spf_rules_facts *now = c->now->facts.rules;
    const char *one = c->decides[0];
    const char *other = c->decides[1];

    if (!known(c, SPF_GROUP_RULES)) {
        if (one != NULL && other != NULL && strcmp(one, other) != 0) {
            add(c, "rule", SPF_CHECK_CLOUD_SECURITY_GROUP, one, one, other,
                _("rule %s decided, now %s does"), one, other);
        }
        return;
    }
    for (size_t i = 0; i < before->groups.count; i++) {
        if (!has_group(now, before->groups.items[i].id)) {
            add(c, "security_group", SPF_CHECK_CLOUD_SECURITY_GROUP, NULL,
                before->groups.items[i].id, NULL, _("the instance left security group %s"),
                before->groups.items[i].id);
        }
    }
    for (size_t i = 0; i < now->groups.count; i++) {
        if (!has_group(before, now->groups.items[i].id)) {
            add(c, "security_group", SPF_CHECK_CLOUD_SECURITY_GROUP, NULL, NULL,
                now->groups.items[i].id, _("the instance joined security group %s"),
                now->groups.items[i].id);
        }
    }
    compare_rule_lists(c, before, now);
}

/* ---- the network ACL ---------------------------------------------------------------------- */

static void describe_entry(const struct spf_acl_entry *entry, char out[300])
{
    spf_format(out, 300, "%s %s %s %s", policy(entry->policy), entry->protocol, entry->ports.text,
               entry->cidr.text);
}

static bool has_entry(const struct spf_acl_entry *items, size_t count, const char *wanted)
{
    char said[300];

    for (size_t i = 0; i < count; i++) {
        describe_entry(&items[i], said);
        if (strcmp(said, wanted) == 0) {
            return true;
        }
    }
    return false;
}

/* Entries of one direction that the other list does not have. */
static void compare_entries(struct comparison *c, const struct spf_acl_entry *items, size_t count,
                            const struct spf_acl_entry *others, size_t other_count, bool added)
{
    const char *acl = c->now->facts.network_acl->id;
    char said[300];

    for (size_t i = 0; i < count; i++) {
        describe_entry(&items[i], said);
        if (has_entry(others, other_count, said)) {
            continue;
        }
        add(c, "acl_entry", SPF_CHECK_CLOUD_NETWORK_ACL, NULL, added ? NULL : said,
            added ? said : NULL,
            added ? _("an entry of network ACL %s was added: %s")
                  : _("an entry of network ACL %s was removed: %s"),
            acl, said);
    }
}

static void compare_acl(struct comparison *c)
{
    const struct spf_acl_facts *before = c->before->facts.network_acl;
    const struct spf_acl_facts *now = c->now->facts.network_acl;

    if (!known(c, SPF_GROUP_NETWORK_ACL)) {
        return;
    }
    if (strcmp(before->id, now->id) != 0) {
        add(c, "network_acl", SPF_CHECK_CLOUD_NETWORK_ACL, NULL, before->id, now->id,
            _("the vSwitch's network ACL was %s, now %s"), or_none(before->id), or_none(now->id));
        return;
    }
    compare_entries(c, before->ingress.items, before->ingress.count, now->ingress.items,
                    now->ingress.count, false);
    compare_entries(c, now->ingress.items, now->ingress.count, before->ingress.items,
                    before->ingress.count, true);
    compare_entries(c, before->egress.items, before->egress.count, now->egress.items,
                    now->egress.count, false);
    compare_entries(c, now->egress.items, now->egress.count, before->egress.items,
                    before->egress.count, true);
}

/* ---- the rest ----------------------------------------------------------------------------- */

static void compare_cloud(struct comparison *c)
{
    const struct spf_facts *before = &c->before->facts;
    const struct spf_facts *now = &c->now->facts;
    const char *source = c->before->results[SPF_CHECK_CLOUD_SECURITY_GROUP].source_ip;
    const char *source_now = c->now->results[SPF_CHECK_CLOUD_SECURITY_GROUP].source_ip;
    const char *address = c->before->results[SPF_CHECK_CLOUD_ADDRESS].address;
    const char *address_now = c->now->results[SPF_CHECK_CLOUD_ADDRESS].address;

    if (differs(c, SPF_GROUP_INSTANCE, before->instance->state_name, now->instance->state_name)) {
        add(c, "instance_state", SPF_CHECK_CLOUD_INSTANCE, NULL, before->instance->state_name,
            now->instance->state_name, _("the instance was %s, now it is %s"),
            or_none(before->instance->state_name), or_none(now->instance->state_name));
    }
    if (address[0] != '\0' && address_now[0] != '\0' && strcmp(address, address_now) != 0) {
        add(c, "address", SPF_CHECK_CLOUD_ADDRESS, NULL, address, address_now,
            _("the instance's address was %s, now %s"), address, address_now);
    }
    if (source[0] != '\0' && source_now[0] != '\0' && strcmp(source, source_now) != 0) {
        add(c, "source_ip", SPF_CHECK_CLOUD_SECURITY_GROUP, NULL, source, source_now,
            _("your source address was %s, now %s"), source, source_now);
    }
    compare_rules(c);
    compare_acl(c);
    if (differs(c, SPF_GROUP_KEY_PAIR, before->key_pair->name, now->key_pair->name)) {
        add(c, "key_pair", SPF_CHECK_CLOUD_KEY_PAIR, NULL, before->key_pair->name,
            now->key_pair->name, _("the bound key pair was %s, now %s"),
            or_none(before->key_pair->name), or_none(now->key_pair->name));
    }
}

static void compare_key(struct comparison *c)
{
    const struct spf_key_facts *before = c->before->facts.key;
    const struct spf_key_facts *now = c->now->facts.key;
    char mode[8];
    char mode_now[8];

    if (before->sha256[0] != '\0' && now->sha256[0] != '\0' &&
        strcmp(before->sha256, now->sha256) != 0) {
        add(c, "key", SPF_CHECK_KEY_FORMAT, NULL, before->sha256, now->sha256,
            _("the key was %s, now it is another one, %s"), before->sha256, now->sha256);
    }
    if (!known(c, SPF_GROUP_KEY)) {
        return;
    }
    if (strcmp(before->damage, now->damage) != 0) {
        add(c, "key_damage", SPF_CHECK_KEY_FORMAT, NULL, before->damage, now->damage,
            now->damage[0] != '\0' ? _("the key file was damaged (%s)")
                                   : _("the key file is no longer damaged (%s)"),
            now->damage[0] != '\0' ? now->damage : before->damage);
    }
    if (before->outcome != now->outcome) {
        add(c, "key_file", SPF_CHECK_KEY_FILE, NULL, NULL, NULL, "%s",
            now->outcome == SPF_KEY_READ ? _("the key file can be read again")
                                         : _("the key file can no longer be read"));
    }
    spf_format(mode, sizeof mode, "%04o", (unsigned)(before->mode & 07777));
    spf_format(mode_now, sizeof mode_now, "%04o", (unsigned)(now->mode & 07777));
    if (before->outcome == now->outcome && !now->by_list && before->mode != now->mode) {
        add(c, "key_mode", SPF_CHECK_KEY_MODE, NULL, mode, mode_now,
            _("the key file's mode was %s, now %s"), mode, mode_now);
    }
}

static void compare_server(struct comparison *c)
{
    const struct spf_facts *before = &c->before->facts;
    const struct spf_facts *now = &c->now->facts;
    const char *key = before->handshake->host_key_sha256;
    const char *key_now = now->handshake->host_key_sha256;
    const char *software = before->identification->software;

    if (known(c, SPF_GROUP_TCP) &&
        differs(c, SPF_GROUP_TCP, before->tcp->address, now->tcp->address) &&
        c->now->results[SPF_CHECK_CLOUD_ADDRESS].address[0] == '\0') {
        add(c, "address", SPF_CHECK_NET_PORT, NULL, before->tcp->address, now->tcp->address,
            _("the host's address was %s, now %s"), or_none(before->tcp->address),
            or_none(now->tcp->address));
    }
    if (software[0] != '\0' && now->identification->software[0] != '\0' &&
        strcmp(software, now->identification->software) != 0) {
        add(c, "software", SPF_CHECK_SSH_BANNER, NULL, software, now->identification->software,
            _("the server was %s, now %s"), software, now->identification->software);
    }
    if (key[0] != '\0' && key_now[0] != '\0' && strcmp(key, key_now) != 0) {
        add(c, "host_key", SPF_CHECK_SSH_HOST_KEY, NULL, key, key_now,
            _("the host key was %s, now it is another one, %s"), key, key_now);
    }
    if (before->query->methods[0] != '\0' && now->query->methods[0] != '\0' &&
        strcmp(before->query->methods, now->query->methods) != 0) {
        add(c, "methods", SPF_CHECK_SSH_AUTH, NULL, before->query->methods, now->query->methods,
            _("the server offered %s, now %s"), before->query->methods, now->query->methods);
    }
}

static int by_rank(const void *a, const void *b)
{
    const struct spf_change *one = a;
    const struct spf_change *other = b;

    if (one->rank != other->rank) {
        return one->rank < other->rank ? -1 : 1;
    }
    return strcmp(one->text, other->text);
}

bool spf_changes_find(const struct spf_report_target *before, const struct spf_report_target *now,
                      struct spf_changes *changes)
{
    const struct spf_diagnosis *d =
        now->diagnosis->cause != SPF_NO_FINDING ? now->diagnosis : before->diagnosis;
    struct comparison c = {
        .before = before->run,
        .now = now->run,
        .decides = {before->run->results[SPF_CHECK_CLOUD_SECURITY_GROUP].rule,
                    now->run->results[SPF_CHECK_CLOUD_SECURITY_GROUP].rule},
        .cause = d->check,
        .has_cause = d->cause != SPF_NO_FINDING,
        .changes = changes,
    };

    compare_cloud(&c);
    compare_server(&c);
    compare_key(&c);
    if (!c.failed && changes->facts.count > 0) {
        qsort(changes->facts.items, changes->facts.count, sizeof *changes->facts.items, by_rank);
    }
    return !c.failed;
}
