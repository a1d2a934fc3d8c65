#include <string.h>

#include "base/clock.h"
#include "base/json_build.h"
#include "base/shortage.h"
#include "pipeline/slots.h"
#include "report/changes.h"
#include "report/fleet.h"
#include "report/json.h"

/*
 * The report for programs: exactly the members of sshpreflight-json(5), every one in every mode, in
 * a fixed order. json-c keeps the order in which members are added.
 */
#define SCHEMA "sshpreflight.report/1"

/* The evidence that readers may rely on: present in every report, null where it is not known. */
static const char *const promised[SPF_CHECK_COUNT][9] = {
    [SPF_CHECK_KEY_MODE] = {"mode", "owner", "openssh_accepts"},
    [SPF_CHECK_KEY_FORMAT] = {"format", "algorithm", "bits", "fingerprint_sha256",
                              "fingerprint_md5", "openssh_accepts", "putty_accepts", "encrypted"},
    [SPF_CHECK_CLOUD_ACCESS] = {"source", "account", "principal"},
    [SPF_CHECK_CLOUD_INSTANCE] = {"state", "request_id"},
    [SPF_CHECK_CLOUD_SECURITY_GROUP] = {"rule", "group", "policy", "priority", "trace",
                                        "near_misses"},
    [SPF_CHECK_CLOUD_KEY_PAIR] = {"name", "match"},
    [SPF_CHECK_SSH_BANNER] = {"software", "before"},
    [SPF_CHECK_SSH_HANDSHAKE] = {"kex", "host_key_algorithm", "cipher_in", "cipher_out", "mac_in",
                                 "mac_out"},
    [SPF_CHECK_SSH_HOST_KEY] = {"fingerprint_sha256", "verified_by", "known_hosts_line"},
    [SPF_CHECK_SSH_AUTH] = {"methods", "stage"},
    [SPF_CHECK_SSH_SESSION] = {"forced_command", "output"},
};

static void add_text(struct json_object *object, const char *name, const char *text)
{
    spf_json_add(object, name, spf_clean_json(text));
}

/* A line to paste: whole, or null. */
static void add_command(struct json_object *object, const char *name, const char *line)
{
    bool good = line != NULL && spf_is_clean(line);

    spf_json_add(object, name, good ? spf_json_string(line) : NULL);
}

static void add_number(struct json_object *object, const char *name, int64_t number)
{
    spf_json_add(object, name, spf_json_integer(number < 0 ? 0 : number));
}

/* The value of a {slot}; null where there is none. */
static void add_slot(struct json_object *object, const char *name, const struct spf_run *run,
                     const char *slot)
{
    const struct spf_view view = {run->target, &run->facts, run->results};
    struct spf_buf buf;

    spf_buf_init(&buf, 4000);
    add_text(object, name,
             spf_slots_expand(&buf, slot, SPF_SLOT_TEXT, &view, NULL) ? buf.data : NULL);
    spf_buf_clear(&buf);
}

static struct json_object *checks_json(spf_checks checks)
{
    struct json_object *list = spf_json_array();

    for (size_t i = 0; i < SPF_CHECK_COUNT; i++) {
        if (checks >> i & 1) {
            spf_json_append(list, spf_json_string(spf_check_table[i].id));
        }
    }
    return list;
}

static struct json_object *remedies_json(const spf_advice_list *remedies)
{
    struct json_object *list = spf_json_array();

    for (size_t i = 0; i < remedies->count; i++) {
        struct json_object *remedy = spf_json_object();

        add_text(remedy, "cause", spf_findings[remedies->items[i].cause].id);
        add_text(remedy, "text", remedies->items[i].text);
        add_command(remedy, "command", remedies->items[i].command);
        add_text(remedy, "impact", remedies->items[i].impact);
        spf_json_append(list, remedy);
    }
    return list;
}

static struct json_object *evidence_json(const struct spf_run *run, enum spf_check_id check)
{
    struct json_object *found = run->results[check].evidence;
    struct json_object *evidence = spf_json_object();

    for (size_t i = 0; promised[check][i] != NULL; i++) {
        struct json_object *value = NULL;

        json_object_object_get_ex(found, promised[check][i], &value);
        spf_json_add(evidence, promised[check][i], json_object_get(value));
    }
    if (run->results[check].incomplete) {
        spf_ran_short();
    }
    if (found == NULL) {
        return evidence;
    }
    json_object_object_foreach(found, name, value)
    {
        if (!json_object_object_get_ex(evidence, name, NULL)) {
            spf_json_add(evidence, name, json_object_get(value));
        }
    }
    return evidence;
}

static const char *because(const struct spf_result *result)
{
    if (result->status != SPF_SKIP) {
        return NULL;
    }
    if (result->skip_reason == SPF_SKIP_NOT_SELECTED) {
        return "not-selected";
    }
    if (result->skip_reason == SPF_SKIP_NOT_APPLICABLE) {
        return "not-applicable";
    }
    return spf_check_table[result->because].id;
}

static struct json_object *check_json(const struct spf_run *run, enum spf_check_id check)
{
    const struct spf_result *result = &run->results[check];
    struct json_object *object = spf_json_object();
    spf_advice_list remedies = {0};
    struct spf_buf words;

    spf_buf_init(&words, 1000);
    spf_words(&words, run, check);
    if (result->finding != SPF_NO_FINDING) {
        spf_advise(run, check, result->finding, &remedies);
    }

    add_text(object, "id", spf_check_table[check].id);
    add_text(object, "status", spf_status_name(result->status));
    add_text(object, "cause", spf_findings[result->finding].id);
    add_text(object, "summary", words.data);
    add_text(object, "because", because(result));
    spf_json_add(object, "evidence", evidence_json(run, check));
    spf_json_add(object, "remedies", remedies_json(&remedies));
    if (run->target->from_transcript && SPF_CLOUD_CHECKS >> check & 1 &&
        result->status != SPF_SKIP) {
        add_text(object, "source", "live");
    }
    add_number(object, "duration_ms",
               result->status == SPF_SKIP ? 0 : result->concluded_ms - result->started_ms);
    spf_advice_clear(&remedies);
    spf_buf_clear(&words);
    return object;
}

static struct json_object *echo_json(const struct spf_run *run)
{
    const struct spf_target *target = run->target;
    struct json_object *object = spf_json_object();

    add_text(object, "instance_id",
             run->facts.instance.id[0] != '\0' ? run->facts.instance.id : target->instance_id);
    add_text(object, "instance_name",
             run->facts.instance.name[0] ? run->facts.instance.name : NULL);
    add_slot(object, "region_id", run, "{region}");
    add_text(object, "profile", target->profile);
    if (target->alias != NULL) {
        add_text(object, "host", target->alias);
    } else if (target->host != NULL && strcmp(target->host, SPF_UNNAMED_HOST) == 0) {
        add_text(object, "host", NULL);
    } else {
        add_slot(object, "host", run, "{host}");
    }
    add_slot(object, "address", run, "{address}");
    add_number(object, "port", target->port);
    add_text(object, "user", strcmp(target->user, SPF_UNNAMED_USER) != 0 ? target->user : NULL);
    add_text(object, "key_file", target->key_path);
    add_text(object, "jump", target->jump);
    add_slot(object, "source_ip", run, "{source_ip}");
    return object;
}

static struct json_object *comes_of_json(const struct spf_report_target *target)
{
    const char *id;
    enum spf_thing thing = spf_thing_of(target, &id);
    struct json_object *object;

    if (thing == SPF_THING_NONE) {
        return NULL;
    }
    object = spf_json_object();
    add_text(object, "kind", spf_thing_name(thing));
    add_text(object, "id", id);
    return object;
}

struct json_object *spf_report_target_json(const struct spf_report_target *target)
{
    const struct spf_diagnosis *d = target->diagnosis;
    struct json_object *object = spf_json_object();
    struct json_object *list;
    bool found = d->cause != SPF_NO_FINDING;

    spf_json_add(object, "target", echo_json(target->run));
    add_text(object, "verdict", spf_verdict_name(d->verdict));
    add_text(object, "cause", spf_findings[d->cause].id);
    add_text(object, "check", found ? spf_check_table[d->check].id : NULL);
    spf_json_add(object, "comes_of", comes_of_json(target));
    add_text(object, "permanence", found ? spf_permanence_name(d->permanence) : NULL);

    list = spf_json_array();
    for (size_t i = 0; i < d->further_count; i++) {
        spf_json_append(list, spf_json_string(spf_findings[d->further[i]].id));
    }
    spf_json_add(object, "further_causes", list);

    list = spf_json_array();
    for (size_t i = 0; i < d->candidates.count; i++) {
        const struct spf_candidate *candidate = &d->candidates.items[i];
        struct json_object *item = spf_json_object();

        add_text(item, "cause", spf_findings[candidate->cause].id);
        add_text(item, "text", candidate->text);
        add_text(item, "tell_apart", candidate->tell_apart);
        spf_json_append(list, item);
    }
    spf_json_add(object, "candidates", list);
    add_text(object, "inside", d->inside);

    add_text(object, "summary", d->summary);
    spf_json_add(object, "remedies", remedies_json(&d->remedies));
    spf_json_add(object, "supporting", checks_json(d->supporting));
    spf_json_add(object, "contradicting", checks_json(d->contradicting));

    list = spf_json_object();
    add_command(list, "openssh", d->openssh);
    add_command(list, "putty", d->putty);
    add_command(list, "putty_prepare", d->putty_prepare);
    add_text(list, "putty_settings", d->putty_settings);
    spf_json_add(object, "connect", list);
    add_number(object, "duration_ms", target->duration_ms);

    list = spf_json_array();
    for (size_t i = 0; i < SPF_CHECK_COUNT; i++) {
        spf_json_append(list, check_json(target->run, (enum spf_check_id)i));
    }
    spf_json_add(object, "checks", list);
    spf_json_add(object, "changes", spf_changes_json(target));
    return object;
}

static void add_left_out(struct json_object *list, const struct spf_report_left_out *lines,
                         size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct json_object *line = spf_json_object();

        add_text(line, "where", lines[i].where);
        add_text(line, "why", lines[i].why);
        spf_json_append(list, line);
    }
}

struct json_object *spf_left_out_json(const struct spf_report *report)
{
    struct json_object *list = spf_json_array();

    add_left_out(list, report->lacks, report->lacks_count);
    add_left_out(list, report->left_out, report->left_out_count);
    return list;
}

/* The -V line of the ssh that was evaluated: all targets of a run are on the same machine. */
static const char *ssh_line(const struct spf_report *report)
{
    for (size_t i = 0; i < report->count; i++) {
        const char *line = report->targets[i].run->facts.openssh.line;

        if (line[0] != '\0') {
            return line;
        }
    }
    return NULL;
}

void spf_report_json(struct spf_buf *buf, const struct spf_report *report)
{
    struct json_object *root = spf_json_object();
    struct json_object *object;
    struct json_object *targets;
    const char *text;
    char started[SPF_UTC_SIZE];
    char replayed[SPF_UTC_SIZE];

    add_text(root, "schema", SCHEMA);
    object = spf_json_object();
    add_text(object, "name", "sshpreflight");
    add_text(object, "version", SPF_VERSION);
    add_text(object, "ssh", ssh_line(report));
    spf_json_add(root, "tool", object);
    spf_utc_format(report->started_utc, started);
    add_text(root, "started_at", started);
    spf_utc_format(report->replayed_utc, replayed);
    add_text(root, "replayed_from", report->replayed_utc != 0 ? replayed : NULL);
    add_text(root, "source",
             report->replayed_utc != 0                                              ? "record"
             : report->count > 0 && report->targets[0].run->target->from_transcript ? "transcript"
                                                                                    : "live");
    add_number(root, "duration_ms", report->duration_ms);
    add_text(root, "verdict", spf_verdict_name(spf_report_verdict(report)));
    add_number(root, "exit_status", report->exit_status);
    spf_json_add(root, "summary", spf_fleet_json(report));
    spf_json_add(root, "baseline", spf_baseline_json(report));
    spf_json_add(root, "left_out", spf_left_out_json(report));
    targets = spf_json_array();
    for (size_t i = 0; i < report->count; i++) {
        spf_json_append(targets, spf_report_target_json(&report->targets[i]));
    }
    spf_json_add(root, "targets", targets);

    text = json_object_to_json_string_ext(root,
                                          JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE);
    if (text != NULL) {
        spf_buf_addstr(buf, text);
    } else {
        buf->failed = true;
    }
    spf_buf_addch(buf, '\n');
    json_object_put(root);
}
