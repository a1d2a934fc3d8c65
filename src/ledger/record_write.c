#include "base/shortage.h"
#include "ledger/record.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/json_build.h"
#include "ledger/record_parts.h"
#include "platform/home.h"
#include "report/json.h"

#define FLAGS JSON_C_TO_STRING_NOSLASHESCAPE

static void add_text(struct json_object *object, const char *name, const char *text)
{
    if (text[0] != '\0') {
        spf_json_add(object, name, spf_json_string(text));
    }
}

static void add_time(struct json_object *object, const char *name, int64_t utc)
{
    char text[SPF_UTC_SIZE];

    spf_utc_format(utc, text);
    spf_json_add(object, name, spf_json_string(text));
}

/* Puts the object. */
static void add_json(struct spf_buf *buf, struct json_object *object, int flags)
{
    const char *text = object != NULL ? json_object_to_json_string_ext(object, flags) : NULL;

    if (text != NULL && !spf_was_short()) { /* rather no record than one with members missing */
        spf_buf_addstr(buf, text);
    } else {
        buf->failed = true;
    }
    json_object_put(object);
}

/* Where a text names a home directory of ours it gets "~" instead. */
static char *hide_homes(const void *homes, const char *text)
{
    return spf_homes_hide(homes, text);
}

/* One group that was asked for; NULL: it could not be written. */
static struct json_object *group_json(const struct spf_run *run, int i,
                                      const struct spf_shape_filter *filter)
{
    const struct spf_group_state *state = &run->facts.group[i];
    const struct spf_group_info *info = &spf_groups_info[i];
    const void *facts = spf_facts_read(&run->facts, (enum spf_group)i);
    bool present = state->phase == SPF_PRESENT;
    struct json_object *group = spf_json_object();
    struct json_object *content = present ? spf_shape_write(info->shape, facts, filter)
                                          : spf_recorded_failure_write(state->failure, filter);

    if (group == NULL || content == NULL) {
        json_object_put(group);
        json_object_put(content);
        return NULL;
    }
    spf_json_add(group, "ms", spf_json_integer(state->done_ms - state->asked_ms));
    spf_json_add(group, present ? "facts" : "failure", content);
    return group;
}

/* Only the groups that were asked for: what was not is not-recorded in a replay. NULL: one could
 * not be written. */
static struct json_object *groups_json(const struct spf_run *run,
                                       const struct spf_shape_filter *filter)
{
    struct json_object *groups = spf_json_object();
    struct json_object *session;

    for (int i = 0; groups != NULL && i < SPF_GROUP_COUNT; i++) {
        enum spf_group_phase phase = run->facts.group[i].phase;
        struct json_object *group;

        if (phase != SPF_PRESENT && phase != SPF_FAILED) {
            continue;
        }
        group = group_json(run, i, filter);
        if (group == NULL) {
            json_object_put(groups);
            return NULL;
        }
        spf_json_add(groups, spf_groups_info[i].name, group);
    }
    /* What a command printed is the server's business; its meaning is in the facts. */
    session = spf_json_path(groups, "session.facts");
    if (session != NULL) {
        json_object_object_del(session, "output");
    }
    return groups;
}

static struct json_object *target_json(const struct spf_report_target *reported)
{
    struct spf_homes homes;
    const struct spf_shape_filter filter = {hide_homes, &homes};
    struct json_object *one = spf_json_object();
    struct json_object *target;
    struct json_object *groups;

    spf_homes_find(&homes);
    target = spf_recorded_target_write(reported->run->asked, &filter);
    groups = groups_json(reported->run, &filter);
    if (one == NULL || target == NULL || groups == NULL) {
        json_object_put(one);
        json_object_put(target);
        json_object_put(groups);
        return NULL;
    }
    spf_json_add(one, "target", target);
    spf_json_add(one, "groups", groups);
    if (reported->place > 0) { /* they are written as they are done */
        spf_json_add(one, "place", spf_json_integer((int64_t)reported->place));
    }
    add_time(one, "recorded_at", reported->judged_utc != 0 ? reported->judged_utc : spf_utc_now());
    spf_json_add(one, "duration_ms", spf_json_integer(reported->duration_ms));
    return one;
}

static struct json_object *head_json(const struct spf_report *report, size_t asked)
{
    struct json_object *head = spf_json_object();
    char shard[32];

    spf_json_add(head, "schema", spf_json_string(SPF_RECORD_SCHEMA));
    spf_json_add(head, "version", spf_json_string(SPF_VERSION));
    add_time(head, "started_at", report->started_utc);
    spf_json_add(head, "asked", spf_json_integer((int64_t)asked));
    spf_format(shard, sizeof shard, "%u/%u", report->shard, report->shards);
    if (report->shards > 0) {
        add_text(head, "shard", shard);
    }
    add_text(head, "run", report->run);
    add_text(head, "selection", report->selection);
    if (report->left_out_count > 0) {
        spf_json_add(head, "left_out", spf_left_out_json(report));
    }
    return head;
}

void spf_record_begin(struct spf_buf *buf, const struct spf_report *report, size_t asked)
{
    add_json(buf, head_json(report, asked), JSON_C_TO_STRING_PLAIN | FLAGS);
    if (buf->len > 0 && buf->data[buf->len - 1] == '}') {
        buf->len--;
    }
    spf_buf_addstr(buf, ",\"targets\":[\n");
}

void spf_record_add(struct spf_buf *buf, const struct spf_report_target *target, bool first)
{
    (void)spf_was_short();
    if (!first) {
        spf_buf_addch(buf, ',');
    }
    add_json(buf, target_json(target), JSON_C_TO_STRING_PLAIN | FLAGS);
    spf_buf_addch(buf, '\n');
}

void spf_record_end(struct spf_buf *buf)
{
    char now[SPF_UTC_SIZE];

    spf_utc_format(spf_utc_now(), now);
    spf_buf_addf(buf, "],\"recorded_at\":\"%s\"}\n", now);
}

/* That of one target is for people as well. */
static void write_single(struct spf_buf *buf, const struct spf_report *report)
{
    struct json_object *root;
    struct json_object *targets;
    struct json_object *target;

    (void)spf_was_short();
    root = head_json(report, 1);
    targets = spf_json_array();
    target = target_json(&report->targets[0]);
    buf->failed |= target == NULL;
    add_time(root, "recorded_at", spf_utc_now());
    spf_json_append(targets, target);
    spf_json_add(root, "targets", targets);
    add_json(buf, root, JSON_C_TO_STRING_PRETTY | FLAGS);
}

void spf_record_write(struct spf_buf *buf, const struct spf_report *report)
{
    if (report->count == 1) {
        write_single(buf, report);
        return;
    }
    spf_record_begin(buf, report, report->count);
    for (size_t i = 0; i < report->count; i++) {
        spf_record_add(buf, &report->targets[i], i == 0);
    }
    spf_record_end(buf);
}
