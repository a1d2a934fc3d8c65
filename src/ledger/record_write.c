#include "ledger/record.h"

#include "base/clock.h"
#include "base/json.h"
#include "ledger/record_parts.h"
#include "platform/home.h"
#include "report/json.h"

#define FLAGS JSON_C_TO_STRING_NOSLASHESCAPE

static void add(struct json_object *object, const char *name, struct json_object *value)
{
    if (json_object_object_add(object, name, value) != 0)
        json_object_put(value);
}

static void add_text(struct json_object *object, const char *name, const char *text)
{
    if (text[0] != '\0')
        add(object, name, json_object_new_string(text));
}

static void add_time(struct json_object *object, const char *name, int64_t utc)
{
    char text[SPF_UTC_SIZE];

    spf_utc_format(utc, text);
    add(object, name, json_object_new_string(text));
}

/* Puts the object. */
static void add_json(struct spf_buf *buf, struct json_object *object, int flags)
{
    const char *text = object != NULL ? json_object_to_json_string_ext(object, flags) : NULL;

    if (text != NULL)
        spf_buf_addstr(buf, text);
    else
        buf->failed = true;
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
    const void *facts = (const char *)&run->facts + info->offset;
    bool present = state->phase == SPF_PRESENT;
    struct json_object *group = json_object_new_object();
    struct json_object *content = present ? spf_shape_write(info->shape, facts, filter)
                                          : spf_recorded_failure_write(&state->failure, filter);

    if (group == NULL || content == NULL) {
        json_object_put(group);
        json_object_put(content);
        return NULL;
    }
    add(group, "ms", json_object_new_int64(state->done_ms - state->asked_ms));
    add(group, present ? "facts" : "failure", content);
    return group;
}

/* Only the groups that were asked for: what was not is not-recorded in a replay. NULL: one could
 * not be written. */
static struct json_object *groups_json(const struct spf_run *run,
                                       const struct spf_shape_filter *filter)
{
    struct json_object *groups = json_object_new_object(), *session;

    for (int i = 0; groups != NULL && i < SPF_GROUP_COUNT; i++) {
        enum spf_group_phase phase = run->facts.group[i].phase;
        struct json_object *group;

        if (phase != SPF_PRESENT && phase != SPF_FAILED)
            continue;
        group = group_json(run, i, filter);
        if (group == NULL) {
            json_object_put(groups);
            return NULL;
        }
        add(groups, spf_groups_info[i].name, group);
    }
    /* What a command printed is the server's business; its meaning is in the facts. */
    session = spf_json_path(groups, "session.facts");
    if (session != NULL)
        json_object_object_del(session, "output");
    return groups;
}

static struct json_object *target_json(const struct spf_report_target *reported)
{
    struct spf_homes homes;
    const struct spf_shape_filter filter = {hide_homes, &homes};
    struct json_object *one = json_object_new_object(), *target, *groups;

    spf_homes_find(&homes);
    target = spf_recorded_target_write(reported->run->asked, &filter);
    groups = groups_json(reported->run, &filter);
    if (one == NULL || target == NULL || groups == NULL) {
        json_object_put(one);
        json_object_put(target);
        json_object_put(groups);
        return NULL;
    }
    add(one, "target", target);
    add(one, "groups", groups);
    if (reported->place > 0) /* they are written as they are done */
        add(one, "place", json_object_new_int64((int64_t)reported->place));
    add_time(one, "recorded_at", reported->judged_utc != 0 ? reported->judged_utc : spf_utc_now());
    add(one, "duration_ms", json_object_new_int64(reported->duration_ms));
    return one;
}

static struct json_object *head_json(const struct spf_report *report, size_t asked)
{
    struct json_object *head = json_object_new_object();
    char shard[32];

    add(head, "schema", json_object_new_string(SPF_RECORD_SCHEMA));
    add(head, "version", json_object_new_string(SPF_VERSION));
    add_time(head, "started_at", report->started_utc);
    add(head, "asked", json_object_new_int64((int64_t)asked));
    (void)spf_format(shard, sizeof shard, "%u/%u", report->shard, report->shards);
    if (report->shards > 0)
        add_text(head, "shard", shard);
    add_text(head, "run", report->run);
    add_text(head, "selection", report->selection);
    if (report->left_out_count > 0)
        add(head, "left_out", spf_left_out_json(report));
    return head;
}

void spf_record_begin(struct spf_buf *buf, const struct spf_report *report, size_t asked)
{
    add_json(buf, head_json(report, asked), JSON_C_TO_STRING_PLAIN | FLAGS);
    if (buf->len > 0 && buf->data[buf->len - 1] == '}')
        buf->len--;
    spf_buf_addstr(buf, ",\"targets\":[\n");
}

void spf_record_add(struct spf_buf *buf, const struct spf_report_target *target, bool first)
{
    if (!first)
        spf_buf_addch(buf, ',');
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
    struct json_object *root = head_json(report, 1), *targets = json_object_new_array();
    struct json_object *target = target_json(&report->targets[0]);

    buf->failed |= target == NULL;
    add_time(root, "recorded_at", spf_utc_now());
    (void)json_object_array_add(targets, target);
    add(root, "targets", targets);
    add_json(buf, root, JSON_C_TO_STRING_PRETTY | FLAGS);
}

void spf_record_write(struct spf_buf *buf, const struct spf_report *report)
{
    if (report->count == 1) {
        write_single(buf, report);
        return;
    }
    spf_record_begin(buf, report, report->count);
    for (size_t i = 0; i < report->count; i++)
        spf_record_add(buf, &report->targets[i], i == 0);
    spf_record_end(buf);
}
