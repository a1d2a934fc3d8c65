#include <string.h>

#include "base/clock.h"
#include "base/json_build.h"
#include "base/json_write.h"
#include "base/shortage.h"
#include "pipeline/slots.h"
#include "report/changes.h"
#include "report/fleet.h"
#include "report/json.h"

/*
 * The report for programs: exactly the members of sshpreflight-json(5), every one in every mode, in
 * a fixed order. json-c keeps the order in which members are added.
 */
#define SCHEMA     "sshpreflight.report/1"
#define TARGET_MAX (64u << 20)

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

static void add_text(struct spf_buf *out, const char *name, const char *text)
{
    spf_json_write_clean(out, name, text);
}

/* A line to paste: whole, or null. */
static void add_command(struct spf_buf *out, const char *name, const char *line)
{
    spf_json_write_text(out, name, line != NULL && spf_is_clean(line) ? line : NULL);
}

static void add_number(struct spf_buf *out, const char *name, int64_t number)
{
    spf_json_write_number(out, name, number < 0 ? 0 : number);
}

/* The value of a {slot}; null where there is none. */
static void add_slot(struct spf_buf *out, const char *name, const struct spf_run *run,
                     const char *slot)
{
    const struct spf_view view = {run->target, &run->facts, run->results};
    struct spf_buf buf;

    spf_buf_init(&buf, 4000);
    add_text(out, name, spf_slots_expand(&buf, slot, SPF_SLOT_TEXT, &view, NULL) ? buf.data : NULL);
    spf_buf_clear(&buf);
}

static void add_checks(struct spf_buf *out, const char *name, spf_checks checks)
{
    spf_json_open(out, name, '[');
    for (size_t i = 0; i < SPF_CHECK_COUNT; i++) {
        if (checks >> i & 1) {
            spf_json_write_text(out, NULL, spf_check_table[i].id);
        }
    }
    spf_json_close(out, ']');
}

static void add_remedies(struct spf_buf *out, const spf_advice_list *remedies)
{
    spf_json_open(out, "remedies", '[');
    for (size_t i = 0; i < remedies->count; i++) {
        spf_json_open(out, NULL, '{');
        add_text(out, "cause", spf_findings[remedies->items[i].cause].id);
        add_text(out, "text", remedies->items[i].text);
        add_command(out, "command", remedies->items[i].command);
        add_text(out, "impact", remedies->items[i].impact);
        spf_json_close(out, '}');
    }
    spf_json_close(out, ']');
}

static bool is_promised(enum spf_check_id check, const char *name)
{
    for (size_t i = 0; promised[check][i] != NULL; i++) {
        if (strcmp(promised[check][i], name) == 0) {
            return true;
        }
    }
    return false;
}

static void add_evidence(struct spf_buf *out, const struct spf_run *run, enum spf_check_id check)
{
    const struct spf_notes *notes = run->results[check].evidence;
    const char *name;

    spf_json_open(out, "evidence", '{');
    for (size_t i = 0; promised[check][i] != NULL; i++) {
        spf_notes_write(notes, promised[check][i], out);
    }
    if (run->results[check].incomplete) {
        spf_ran_short();
    }
    for (size_t at = 0; (name = spf_notes_next(notes, &at)) != NULL;) {
        if (!is_promised(check, name)) {
            spf_notes_write(notes, name, out);
        }
    }
    spf_json_close(out, '}');
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

static void add_check(struct spf_buf *out, const struct spf_run *run, enum spf_check_id check)
{
    const struct spf_result *result = &run->results[check];
    spf_advice_list remedies = {0};
    struct spf_buf words;

    spf_buf_init(&words, 1000);
    spf_words(&words, run, check);
    if (result->finding != SPF_NO_FINDING) {
        spf_advise(run, check, result->finding, &remedies);
    }

    spf_json_open(out, NULL, '{');
    add_text(out, "id", spf_check_table[check].id);
    add_text(out, "status", spf_status_name(result->status));
    add_text(out, "cause", spf_findings[result->finding].id);
    add_text(out, "summary", words.data);
    add_text(out, "because", because(result));
    add_evidence(out, run, check);
    add_remedies(out, &remedies);
    if (run->target->from_transcript && SPF_CLOUD_CHECKS >> check & 1 &&
        result->status != SPF_SKIP) {
        add_text(out, "source", "live");
    }
    add_number(out, "duration_ms",
               result->status == SPF_SKIP ? 0 : result->concluded_ms - result->started_ms);
    spf_json_close(out, '}');
    spf_advice_clear(&remedies);
    spf_buf_clear(&words);
}

static void add_echo(struct spf_buf *out, const struct spf_run *run)
{
    const struct spf_target *target = run->target;
    uint64_t asked = run->asked->identity;
    char identity[SPF_IDENTITY_SIZE];

    spf_json_open(out, "target", '{');
    spf_json_write_text(out, "identity", asked != 0 ? spf_identity_format(asked, identity) : NULL);
    add_text(out, "instance_id",
             run->facts.instance->id[0] != '\0' ? run->facts.instance->id : target->instance_id);
    add_text(out, "instance_name", run->facts.instance->name[0] ? run->facts.instance->name : NULL);
    add_slot(out, "region_id", run, "{region}");
    add_text(out, "profile", target->profile);
    if (target->alias != NULL) {
        add_text(out, "host", target->alias);
    } else if (target->host != NULL && strcmp(target->host, SPF_UNNAMED_HOST) == 0) {
        add_text(out, "host", NULL);
    } else {
        add_slot(out, "host", run, "{host}");
    }
    add_slot(out, "address", run, "{address}");
    add_number(out, "port", target->port);
    add_text(out, "user", strcmp(target->user, SPF_UNNAMED_USER) != 0 ? target->user : NULL);
    add_text(out, "key_file", target->key_path);
    add_text(out, "jump", target->jump);
    add_slot(out, "source_ip", run, "{source_ip}");
    spf_json_close(out, '}');
}

static void add_comes_of(struct spf_buf *out, const struct spf_report_target *target)
{
    const char *id;
    enum spf_thing thing = spf_thing_of(target, &id);

    if (thing == SPF_THING_NONE) {
        spf_json_write_text(out, "comes_of", NULL);
        return;
    }
    spf_json_open(out, "comes_of", '{');
    add_text(out, "kind", spf_thing_name(thing));
    add_text(out, "id", id);
    spf_json_close(out, '}');
}

static void add_candidates(struct spf_buf *out, const struct spf_diagnosis *d)
{
    spf_json_open(out, "candidates", '[');
    for (size_t i = 0; i < d->candidates.count; i++) {
        const struct spf_candidate *candidate = &d->candidates.items[i];

        spf_json_open(out, NULL, '{');
        add_text(out, "cause", spf_findings[candidate->cause].id);
        add_text(out, "text", candidate->text);
        add_text(out, "tell_apart", candidate->tell_apart);
        spf_json_close(out, '}');
    }
    spf_json_close(out, ']');
}

static void add_connect(struct spf_buf *out, const struct spf_diagnosis *d)
{
    spf_json_open(out, "connect", '{');
    add_command(out, "openssh", d->openssh);
    add_command(out, "putty", d->putty);
    add_command(out, "putty_prepare", d->putty_prepare);
    add_text(out, "putty_settings", d->putty_settings);
    spf_json_close(out, '}');
}

void spf_report_target_members(struct spf_buf *out, const struct spf_report_target *target)
{
    const struct spf_diagnosis *d = target->diagnosis;
    struct json_object *changes = spf_changes_json(target);
    bool found = d->cause != SPF_NO_FINDING;

    add_echo(out, target->run);
    add_text(out, "verdict", spf_verdict_name(d->verdict));
    add_text(out, "cause", spf_findings[d->cause].id);
    add_text(out, "check", found ? spf_check_table[d->check].id : NULL);
    add_comes_of(out, target);
    add_text(out, "permanence", found ? spf_permanence_name(d->permanence) : NULL);
    spf_json_open(out, "further_causes", '[');
    for (size_t i = 0; i < d->further_count; i++) {
        spf_json_write_text(out, NULL, spf_findings[d->further[i]].id);
    }
    spf_json_close(out, ']');
    add_candidates(out, d);
    add_text(out, "inside", d->inside);

    add_text(out, "summary", d->summary);
    add_remedies(out, &d->remedies);
    add_checks(out, "supporting", d->supporting);
    add_checks(out, "contradicting", d->contradicting);
    add_connect(out, d);
    add_number(out, "duration_ms", target->duration_ms);

    spf_json_open(out, "checks", '[');
    for (size_t i = 0; i < SPF_CHECK_COUNT; i++) {
        add_check(out, target->run, (enum spf_check_id)i);
    }
    spf_json_close(out, ']');
    spf_json_write(out, "changes", changes);
    json_object_put(changes);
}

/* NULL: no memory. */
static struct json_object *target_json(const struct spf_report_target *target)
{
    struct json_object *object = NULL;
    struct spf_buf text;

    spf_buf_init(&text, TARGET_MAX);
    spf_json_open(&text, NULL, '{');
    spf_report_target_members(&text, target);
    spf_json_close(&text, '}');
    if (!spf_buf_failed(&text)) {
        object = json_tokener_parse(text.data);
    }
    spf_buf_clear(&text);
    if (object == NULL) {
        spf_ran_short();
    }
    return object;
}

static void json_text(struct json_object *object, const char *name, const char *text)
{
    spf_json_add(object, name, spf_clean_json(text));
}

static void add_left_out(struct json_object *list, const struct spf_report_left_out *lines,
                         size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct json_object *line = spf_json_object();

        json_text(line, "where", lines[i].where);
        json_text(line, "why", lines[i].why);
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
        const char *line = report->targets[i].run->facts.openssh->line;

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

    json_text(root, "schema", SCHEMA);
    object = spf_json_object();
    json_text(object, "name", "sshpreflight");
    json_text(object, "version", SPF_VERSION);
    json_text(object, "ssh", ssh_line(report));
    spf_json_add(root, "tool", object);
    spf_utc_format(report->started_utc, started);
    json_text(root, "started_at", started);
    spf_utc_format(report->replayed_utc, replayed);
    json_text(root, "replayed_from", report->replayed_utc != 0 ? replayed : NULL);
    json_text(root, "source",
              report->replayed_utc != 0                                              ? "record"
              : report->count > 0 && report->targets[0].run->target->from_transcript ? "transcript"
                                                                                     : "live");
    spf_json_add(root, "duration_ms", spf_json_integer(report->duration_ms));
    json_text(root, "verdict", spf_verdict_name(spf_report_verdict(report)));
    spf_json_add(root, "exit_status", spf_json_integer(report->exit_status));
    spf_json_add(root, "summary", spf_fleet_json(report));
    spf_json_add(root, "baseline", spf_baseline_json(report));
    spf_json_add(root, "left_out", spf_left_out_json(report));
    targets = spf_json_array();
    for (size_t i = 0; i < report->count; i++) {
        spf_json_append(targets, target_json(&report->targets[i]));
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
