/* Parts that were read (merge.c) as a report: the lines of ndjson say enough for these formats. */
#include <string.h>

#include "base/json.h"
#include "base/language.h"
#include "report/merge_parts.h"

bool spf_merge_knows(enum spf_format format)
{
    return format == SPF_FORMAT_TEXT || format == SPF_FORMAT_JSON || format == SPF_FORMAT_NDJSON;
}

static void add(struct json_object *object, const char *name, struct json_object *value)
{
    if (json_object_object_add(object, name, value) != 0)
        json_object_put(value);
}

static void end_json(struct spf_buf *buf, struct json_object *object, int flags)
{
    const char *text =
        json_object_to_json_string_ext(object, flags | JSON_C_TO_STRING_NOSLASHESCAPE);

    if (text != NULL)
        spf_buf_addf(buf, "%s\n", text);
    else
        buf->failed = true;
    json_object_put(object);
}

/* A target's line as one of a whole run, or (bare) as in "targets" of the JSON report. */
static struct json_object *target_json(struct json_object *line, bool bare)
{
    static const char *const of_run[] = {"schema", "version", "started_at", "replayed_from",
                                         "shard",  "run",     "selection",  NULL};
    struct json_object *target = json_object_new_object();

    json_object_object_foreach(line, name, value)
    {
        size_t i = 0;

        while (of_run[i] != NULL && strcmp(of_run[i], name) != 0)
            i++;
        if (of_run[i] == NULL || !bare)
            add(target, name, i >= 4 && of_run[i] != NULL ? NULL : json_object_get(value));
    }
    return target;
}

static struct json_object *left_out_json(const struct spf_merge *merge)
{
    struct json_object *list = spf_left_out_json(merge->lacks.items, merge->lacks.count);

    for (size_t i = 0; i < spf_json_count(merge->left_out); i++) {
        struct json_object *line = spf_json_item(merge->left_out, i);
        const struct spf_report_left_out one = {spf_json_text(line, "where"),
                                                spf_json_text(line, "why")};
        struct json_object *clean = spf_left_out_json(&one, 1);

        (void)json_object_array_add(list, json_object_get(spf_json_item(clean, 0)));
        json_object_put(clean);
    }
    return list;
}

static enum spf_verdict worst(const struct spf_merge *merge)
{
    if (merge->tally.verdicts[SPF_VERDICT_FAIL] > 0)
        return SPF_VERDICT_FAIL;
    return merge->tally.verdicts[SPF_VERDICT_UNKNOWN] > 0 || merge->lacks.count > 0
               ? SPF_VERDICT_UNKNOWN
               : SPF_VERDICT_PASS;
}

static void render_json(struct spf_buf *buf, const struct spf_merge *merge)
{
    struct json_object *root = json_object_new_object(), *tool = json_object_new_object();
    struct json_object *targets = json_object_new_array();

    add(tool, "name", json_object_new_string("sshpreflight"));
    add(tool, "version", json_object_new_string(SPF_VERSION));
    add(tool, "ssh", NULL); /* each machine has its own */
    add(root, "schema", json_object_new_string("sshpreflight.report/1"));
    add(root, "tool", tool);
    add(root, "started_at", json_object_new_string(merge->started));
    add(root, "replayed_from", NULL);
    add(root, "source", json_object_new_string("live"));
    add(root, "duration_ms", json_object_new_int64(merge->duration_ms));
    add(root, "verdict", json_object_new_string(spf_verdict_name(worst(merge))));
    add(root, "exit_status", json_object_new_int(merge->exit_status));
    add(root, "summary", spf_fleet_json(&merge->members));
    add(root, "left_out", left_out_json(merge));
    for (size_t i = 0; i < merge->targets.count; i++)
        (void)json_object_array_add(targets, target_json(merge->targets.items[i], true));
    add(root, "targets", targets);
    end_json(buf, root, JSON_C_TO_STRING_PRETTY);
}

/* A line a target; of one that does not pass also what to do, with -v all that can be done. */
static void add_target(struct spf_page *page, const struct spf_fleet_member *member,
                       struct json_object *line)
{
    static const enum spf_status of_verdict[] = {[SPF_VERDICT_PASS] = SPF_PASS,
                                                 [SPF_VERDICT_FAIL] = SPF_FAIL,
                                                 [SPF_VERDICT_UNKNOWN] = SPF_UNKNOWN};
    enum spf_status status = of_verdict[member->verdict];
    struct json_object *remedies = spf_json_get(line, "remedies");
    size_t count = page->style->detail < 0 ? 0 : spf_json_count(remedies);

    if (count > 1 && page->style->detail == 0)
        count = 1;

    if (status == SPF_PASS && page->style->detail < 0)
        return;
    spf_page_put(page, spf_status_ink(status), spf_symbol(status, page->style));
    spf_page_put(page, SPF_INK_PLAIN, " ");
    page->indent = page->column;
    spf_page_put(page, SPF_INK_BOLD, member->title);
    spf_page_put(page, SPF_INK_PLAIN, ": ");
    spf_page_flow(page, SPF_INK_PLAIN, spf_json_text(line, "summary"));
    spf_page_line(page);
    for (size_t i = 0; status != SPF_PASS && i < count; i++) {
        struct json_object *remedy = spf_json_item(remedies, i);
        const char *command = spf_json_text(remedy, "command");

        spf_page_tab(page, 4);
        page->indent = 4;
        spf_page_flow(page, SPF_INK_PLAIN, spf_json_text(remedy, "text"));
        spf_page_line(page);
        if (command[0] == '\0')
            continue;
        spf_page_tab(page, 6);
        spf_page_put(page, SPF_INK_CYAN, command);
        spf_page_line(page);
    }
}

static void render_text(struct spf_buf *buf, const struct spf_merge *merge,
                        const struct spf_style *style)
{
    struct spf_page page = {buf, style, 0, 0};
    char lack[200];

    for (size_t i = 0; i < merge->targets.count; i++)
        add_target(&page, &merge->members.items[i], merge->targets.items[i]);
    spf_fleet_text(&page, &merge->members);
    for (size_t i = 0; i < spf_json_count(merge->left_out); i++) {
        struct json_object *line = spf_json_item(merge->left_out, i);
        const struct spf_report_left_out one = {spf_json_text(line, "where"),
                                                spf_json_text(line, "why")};

        spf_left_out_text(&page, &one, 1);
    }
    if (merge->lacks.count == 0)
        return;
    spf_page_line(&page);
    spf_page_put(&page, SPF_INK_RED, _("This is not the whole fleet:"));
    spf_page_line(&page);
    for (size_t i = 0; i < merge->lacks.count; i++) {
        spf_page_tab(&page, 2);
        page.indent = 6;
        (void)spf_format(lack, sizeof lack, "%s %s", merge->lacks.items[i].where,
                         merge->lacks.items[i].why);
        spf_page_flow(&page, SPF_INK_YELLOW, lack);
        spf_page_line(&page);
    }
}

void spf_merge_render(struct spf_buf *buf, enum spf_format format, const struct spf_merge *merge,
                      const struct spf_style *style)
{
    if (format == SPF_FORMAT_JSON)
        render_json(buf, merge);
    else if (format == SPF_FORMAT_TEXT)
        render_text(buf, merge, style);
    for (size_t i = 0; format == SPF_FORMAT_NDJSON && i < merge->targets.count; i++)
        end_json(buf, target_json(merge->targets.items[i], false), JSON_C_TO_STRING_PLAIN);
}
