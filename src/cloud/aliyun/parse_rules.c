#include "cloud/aliyun/parse.h"
#include "cloud/aliyun/parse_common.h"
#include "cloud/rules.h"

/*
 * Security groups, the lists that their rules name, and network ACLs. What an entry says that
 * cannot be understood is not dropped and not guessed: the entry carries it as in doubt, in words.
 */

/* The words of a doubt: "its Priority is 5.0". The first one stays. */
static void note_doubt(char *doubt, size_t size, const char *name, struct json_object *value)
{
    char text[120];
    struct spf_buf words;

    if (doubt[0] != '\0') {
        return;
    }
    spf_buf_init(&words, 400);
    if (value == NULL) {
        spf_buf_addf(&words, "it has no %s", name);
    } else {
        spf_buf_addf(&words, "its %s is ", name);
    }
    if (value != NULL) {
        const char *json = json_object_to_json_string_ext(
            value, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);

        spf_buf_add_clean(&words, json, strlen(json), 60);
    }
    spf_clean(text, sizeof text, words.data, strlen(words.data));
    spf_copy(doubt, size, text);
    spf_buf_clear(&words);
}

/* What of an entry can be in doubt, and its words. */
struct doubts {
    bool *part;
    char *words;
    size_t size;
};

/* A text that fits; null and absent are "". Else "", and in doubt. */
static void take_text(struct json_object *json, const char *name, char *out, size_t size,
                      const struct doubts *doubts)
{
    struct json_object *member = spf_json_get(json, name);
    const char *text = spf_json_text(json, name);

    spf_clean(out, size, text, strlen(text));
    if (member == NULL ||
        (json_object_is_type(member, json_type_string) && strcmp(out, text) == 0)) {
        return;
    }
    out[0] = '\0';
    *doubts->part = true;
    note_doubt(doubts->words, doubts->size, name, member);
}

/* One of two words; else in doubt. */
static void take_policy(struct json_object *json, enum spf_policy *policy,
                        const struct doubts *doubts)
{
    struct json_object *member = spf_json_get(json, "Policy");
    const char *word =
        json_object_is_type(member, json_type_string) ? spf_json_text(json, "Policy") : "";

    *policy = spf_same_word(word, "accept") ? SPF_POLICY_ACCEPT : SPF_POLICY_DROP;
    if (spf_same_word(word, "accept") || spf_same_word(word, "drop")) {
        return;
    }
    *doubts->part = true;
    note_doubt(doubts->words, doubts->size, "Policy", member);
}

/* A number in decimal digits, as a number or as text; 1 if there is none. */
static bool whole(struct json_object *json, const char *name, int64_t *value)
{
    struct json_object *member = spf_json_get(json, name);
    const char *text = spf_json_text(json, name);
    size_t len = strlen(text);

    *value = 1;
    if (member == NULL || (json_object_is_type(member, json_type_string) && len == 0)) {
        return true;
    }
    if (json_object_is_type(member, json_type_int)) {
        return spf_json_whole(member, value);
    }
    if (!json_object_is_type(member, json_type_string) || len > 3 || text[0] == '0' ||
        strspn(text, "0123456789") != len) {
        return false;
    }
    *value = spf_json_number(json, name, 999, 1);
    return true;
}

/* 1 to 100; 110 was the last one of old. */
static void take_priority(struct json_object *json, int64_t *priority, const struct doubts *doubts)
{
    if (whole(json, "Priority", priority) &&
        ((*priority >= 1 && *priority <= 100) || *priority == 110)) {
        return;
    }
    *priority = 1;
    *doubts->part = true;
    note_doubt(doubts->words, doubts->size, "Priority", spf_json_get(json, "Priority"));
}

/* A word or its number, as "TCP" and 6. */
static void take_protocol(struct json_object *json, const char *name, char *out, size_t size,
                          const struct doubts *doubts)
{
    struct json_object *member = spf_json_get(json, name);

    if (json_object_is_type(member, json_type_int)) {
        take(json, name, out, size);
    } else {
        take_text(json, name, out, size, doubts);
    }
    if (spf_protocol_parse(out) != SPF_PROTOCOL_UNKNOWN) {
        return;
    }
    *doubts->part = true;
    note_doubt(doubts->words, doubts->size, name, member);
}

/* Empty where the entry may leave it out; else in doubt if it is no range. */
static void take_ports(struct json_object *json, const char *name, bool may_lack,
                       struct spf_ports *ports, const struct doubts *doubts)
{
    char text[64];

    take_text(json, name, text, sizeof text, doubts);
    spf_ports_set(ports, text);
    if (ports->understood || (may_lack && text[0] == '\0')) {
        return;
    }
    *doubts->part = true;
    note_doubt(doubts->words, doubts->size, name, spf_json_get(json, name));
}

static void take_block(struct json_object *json, const char *name, bool may_lack,
                       struct spf_block *block, const struct doubts *doubts)
{
    char text[64];

    take_text(json, name, text, sizeof text, doubts);
    spf_block_set(block, text);
    if (block->cidr.ip.family != 0 || (may_lack && text[0] == '\0')) {
        return;
    }
    *doubts->part = true;
    note_doubt(doubts->words, doubts->size, name, spf_json_get(json, name));
}

/* Of two members for the two families one is filled. */
static void take_either(struct json_object *json, const char *ipv4, const char *ipv6,
                        struct spf_block *block, const struct doubts *doubts)
{
    struct spf_block other;

    take_block(json, ipv4, true, block, doubts);
    take_block(json, ipv6, true, &other, doubts);
    if (block->text[0] != '\0' && other.text[0] != '\0') {
        *doubts->part = true;
        note_doubt(doubts->words, doubts->size, ipv6, spf_json_get(json, ipv6));
    } else if (other.text[0] != '\0') {
        *block = other;
    }
}

static void take_source(struct json_object *json, struct spf_rule *rule, const struct doubts *match)
{
    take_either(json, "SourceCidrIp", "Ipv6SourceCidrIp", &rule->source, match);
    take_text(json, "SourceGroupId", rule->source_group, sizeof rule->source_group, match);
    take_text(json, "SourcePrefixListId", rule->source_prefix_list, sizeof rule->source_prefix_list,
              match);
    TAKE(json, "SourceGroupOwnerId", rule->source_owner);
    if (rule->source_owner[0] == '\0') { /* the same number by its example, or an account's name */
        TAKE(json, "SourceGroupOwnerAccount", rule->source_owner);
    }
    if (rule->source.text[0] != '\0' || rule->source_group[0] != '\0' ||
        rule->source_prefix_list[0] != '\0') {
        return;
    }
    rule->match_in_doubt = true;
    note_doubt(match->words, match->size, "source that is understood", NULL);
}

/* Empty: both. */
static void take_network(struct json_object *json, struct spf_rule *rule,
                         const struct doubts *match)
{
    take_text(json, "NicType", rule->network, sizeof rule->network, match);
    if (rule->network[0] != '\0' && !spf_same_word(rule->network, "internet") &&
        !spf_same_word(rule->network, "intranet")) {
        rule->match_in_doubt = true;
        note_doubt(match->words, match->size, "NicType", spf_json_get(json, "NicType"));
    }
}

static void take_rule(struct json_object *json, bool classic, struct spf_rule *rule)
{
    const struct doubts match = {&rule->match_in_doubt, rule->doubt, sizeof rule->doubt};
    const struct doubts policy = {&rule->policy_in_doubt, rule->doubt, sizeof rule->doubt};
    const struct doubts priority = {&rule->priority_in_doubt, rule->doubt, sizeof rule->doubt};
    bool all;

    TAKE(json, "SecurityGroupRuleId", rule->id);
    take_policy(json, &rule->policy, &policy);
    take_priority(json, &rule->priority, &priority);
    take_protocol(json, "IpProtocol", rule->protocol, sizeof rule->protocol, &match);
    take_text(json, "PortRangeListId", rule->port_list, sizeof rule->port_list, &match);
    all = spf_same_word(rule->protocol, "all") || rule->port_list[0] != '\0' ||
          spf_protocol_parse(rule->protocol) == SPF_PROTOCOL_OTHER;
    take_ports(json, "PortRange", all, &rule->ports, &match);
    take_ports(json, "SourcePortRange", true, &rule->source_ports, &match);
    take_source(json, rule, &match);
    take_either(json, "DestCidrIp", "Ipv6DestCidrIp", &rule->destination, &match);
    if (classic) {
        take_network(json, rule, &match);
    }
    TAKE(json, "Description", rule->description);
}

/* What is no rule that can be read may be any. */
static void take_no_rule(const char *doubt, struct spf_rule *rule)
{
    rule->priority = 1;
    rule->policy_in_doubt = rule->priority_in_doubt = rule->match_in_doubt = true;
    spf_copy(rule->protocol, sizeof rule->protocol, "all");
    spf_copy(rule->doubt, sizeof rule->doubt, doubt);
}

/* Outgoing rules do not concern us; a direction that is neither may be ours. */
static bool is_outgoing(struct json_object *item)
{
    return spf_same_word(spf_json_text(item, "Direction"), "egress");
}

static void take_direction(struct json_object *item, struct spf_rule *rule)
{
    struct json_object *direction = spf_json_get(item, "Direction");
    const char *word = spf_json_text(item, "Direction");

    /* Only incoming ones were asked for, so it need not say so. */
    if (direction == NULL || spf_same_word(word, "ingress") ||
        (json_object_is_type(direction, json_type_string) && word[0] == '\0')) {
        return;
    }
    rule->match_in_doubt = true;
    note_doubt(rule->doubt, sizeof rule->doubt, "Direction", direction);
}

bool spf_doubt_rules(struct spf_rules_facts *facts, const char *group, const char *doubt)
{
    struct spf_rule *rule = SPF_APPEND(&facts->rules);

    if (rule == NULL) {
        return false;
    }
    spf_copy(rule->group, sizeof rule->group, group);
    take_no_rule(doubt, rule);
    return true;
}

static struct spf_group_of_rules *group_with(struct spf_rules_facts *facts, const char *id)
{
    struct spf_group_of_rules *group;

    for (size_t i = 0; i < facts->groups.count; i++) {
        if (strcmp(facts->groups.items[i].id, id) == 0) {
            return &facts->groups.items[i];
        }
    }
    group = SPF_APPEND(&facts->groups);
    if (group != NULL) {
        spf_copy(group->id, sizeof group->id, id);
    }
    return group;
}

static struct spf_error take_rules(struct json_object *list, const char *group, bool classic,
                                   struct spf_rules_facts *facts)
{
    for (size_t i = 0; i < spf_json_count(list); i++) {
        struct json_object *item = spf_json_item(list, i);
        struct spf_rule *rule;
        char doubt[80];

        if (is_outgoing(item)) {
            continue;
        }
        if (facts->rules.count >= SPF_RULES_MAX) {
            return spf_error(SPF_ERR_TOO_BIG, "more than %d security group rules", SPF_RULES_MAX);
        }
        rule = SPF_APPEND(&facts->rules);
        if (rule == NULL) {
            return spf_no_memory();
        }
        spf_copy(rule->group, sizeof rule->group, group);
        if (json_object_is_type(item, json_type_object)) {
            take_rule(item, classic, rule);
            take_direction(item, rule);
        } else {
            spf_format(doubt, sizeof doubt, "item %zu of its Permissions is no object", i + 1);
            take_no_rule(doubt, rule);
        }
    }
    return spf_ok();
}

struct spf_error spf_parse_group(struct json_object *reply, bool classic,
                                 struct spf_rules_facts *facts, char next[SPF_NEXT_SIZE])
{
    struct json_object *list = spf_json_path(reply, "Permissions.Permission");
    const char *inner = spf_json_text(reply, "InnerAccessPolicy");
    struct spf_group_of_rules *group;
    struct spf_error error;
    char id[80];

    TAKE(reply, "SecurityGroupId", id);
    if (id[0] == '\0') {
        return lacks("SecurityGroupId");
    }
    group = group_with(facts, id);
    if (group == NULL) {
        return spf_no_memory();
    }
    TAKE(reply, "SecurityGroupName", group->name);
    group->inner_accept = spf_same_word(inner, "accept");
    group->inner_in_doubt = !group->inner_accept && !spf_same_word(inner, "drop");
    if (!json_object_is_type(list, json_type_array) &&
        !spf_doubt_rules(facts, id, "the reply has no list of its rules")) {
        return spf_no_memory();
    }
    error = take_rules(list, id, classic, facts);
    if (error.code != SPF_OK) {
        return error;
    }
    /* The token goes back as it came, so it is not cleaned; one that does not fit is no token. */
    if (!spf_copy_whole(next, SPF_NEXT_SIZE, spf_json_text(reply, "NextToken"))) {
        return spf_error(SPF_ERR_TOO_BIG, "a page token of more than %d bytes", SPF_NEXT_SIZE);
    }
    return spf_ok();
}

/* A list without entries matches nobody; one whose entries are missing is no list. */
static struct spf_error check_list(struct json_object *entries)
{
    if (!json_object_is_type(entries, json_type_array)) {
        return lacks("Entries");
    }
    if (spf_json_count(entries) > ENTRIES_MAX) {
        return spf_error(SPF_ERR_TOO_BIG, "a list of more than %d entries", ENTRIES_MAX);
    }
    return spf_ok();
}

static void doubt_entry(struct spf_named_list *list, const char *name, struct json_object *value)
{
    char words[120] = "";

    note_doubt(words, sizeof words, name, value);
    if (list->doubt[0] == '\0') {
        spf_format(list->doubt, sizeof list->doubt, "an entry of its list %.40s: %s", list->id,
                   words);
    }
}

struct spf_error spf_parse_prefix_list(struct json_object *reply, struct spf_named_list *list)
{
    struct json_object *entries = spf_json_path(reply, "Entries.Entry");
    struct spf_error error = check_list(entries);

    if (error.code != SPF_OK) {
        return error;
    }
    for (size_t i = 0; i < spf_json_count(entries); i++) {
        struct spf_block *block = SPF_APPEND(&list->blocks);

        if (block == NULL) {
            return spf_no_memory();
        }
        spf_block_set(block, spf_json_text(spf_json_item(entries, i), "Cidr"));
        if (block->cidr.ip.family == 0) {
            doubt_entry(list, "Cidr", spf_json_get(spf_json_item(entries, i), "Cidr"));
        }
    }
    list->resolved = true;
    return spf_ok();
}

/* Here, unlike anywhere else, Entries is the array itself. */
struct spf_error spf_parse_port_list(struct json_object *reply, struct spf_named_list *list)
{
    struct json_object *entries = spf_json_get(reply, "Entries");
    struct spf_error error = check_list(entries);

    if (error.code != SPF_OK) {
        return error;
    }
    for (size_t i = 0; i < spf_json_count(entries); i++) {
        struct spf_ports *ports = SPF_APPEND(&list->ports);

        if (ports == NULL) {
            return spf_no_memory();
        }
        spf_ports_set(ports, spf_json_text(spf_json_item(entries, i), "PortRange"));
        if (!ports->understood) {
            doubt_entry(list, "PortRange", spf_json_get(spf_json_item(entries, i), "PortRange"));
        }
    }
    list->resolved = true;
    return spf_ok();
}

static void take_entry(struct json_object *item, const char *peer, struct spf_acl_entry *entry)
{
    const struct doubts match = {&entry->match_in_doubt, entry->doubt, sizeof entry->doubt};
    const struct doubts policy = {&entry->policy_in_doubt, entry->doubt, sizeof entry->doubt};
    bool other;

    TAKE(item, "NetworkAclEntryId", entry->id);
    TAKE(item, "NetworkAclEntryName", entry->name);
    take_policy(item, &entry->policy, &policy);
    take_protocol(item, "Protocol", entry->protocol, sizeof entry->protocol, &match);
    other = spf_protocol_parse(entry->protocol) == SPF_PROTOCOL_OTHER;
    take_ports(item, "Port", other, &entry->ports, &match);
    take_block(item, peer, other, &entry->cidr, &match);
    entry->ipv6 = spf_same_word(spf_json_text(item, "IpVersion"), "ipv6");
}

static struct spf_error take_entries(struct json_object *list, const char *what, const char *peer,
                                     void *entries)
{
    bool missing = !json_object_is_type(list, json_type_array);

    if (spf_json_count(list) > ACL_ENTRIES_MAX) {
        return spf_error(SPF_ERR_TOO_BIG, "a network ACL of more than %d entries", ACL_ENTRIES_MAX);
    }
    for (size_t i = 0; i < spf_json_count(list) + missing; i++) {
        struct json_object *item = spf_json_item(list, i);
        struct spf_acl_entry *entry = spf_list_append(entries, sizeof *entry);

        if (entry == NULL) {
            return spf_no_memory();
        }
        if (json_object_is_type(item, json_type_object)) {
            take_entry(item, peer, entry);
            continue;
        }
        entry->policy_in_doubt = entry->match_in_doubt = true;
        if (missing) {
            spf_format(entry->doubt, sizeof entry->doubt, "the reply has no list of %s", what);
        } else {
            spf_format(entry->doubt, sizeof entry->doubt, "item %zu of %s is no object", i + 1,
                       what);
        }
    }
    return spf_ok();
}

struct spf_error spf_parse_acl(struct json_object *reply, struct spf_acl_facts *facts)
{
    struct json_object *acl = spf_json_get(reply, "NetworkAclAttribute");
    struct spf_error error;

    if (!json_object_is_type(acl, json_type_object)) {
        return lacks("NetworkAclAttribute");
    }
    TAKE(acl, "NetworkAclName", facts->name);
    error = take_entries(spf_json_path(acl, "IngressAclEntries.IngressAclEntry"), "inbound entries",
                         "SourceCidrIp", &facts->ingress);
    if (error.code == SPF_OK) {
        error = take_entries(spf_json_path(acl, "EgressAclEntries.EgressAclEntry"),
                             "outbound entries", "DestinationCidrIp", &facts->egress);
    }
    return error;
}
