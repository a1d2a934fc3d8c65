#include "report/merge_parts.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/language.h"

#define PARTS_MAX     100000
#define REMARKS_SHOWN 20

static struct spf_error no_memory(void)
{
    return spf_error(SPF_ERR_NOMEM, "out of memory");
}

struct spf_merge *spf_merge_new(void)
{
    return calloc(1, sizeof(struct spf_merge));
}

void spf_merge_free(struct spf_merge *merge)
{
    if (merge == NULL)
        return;
    for (size_t i = 0; i < merge->runs.count; i++) {
        struct spf_part_run *run = &merge->runs.items[i];

        for (size_t k = 0; k < run->targets.count; k++)
            json_object_put(run->targets.items[k]);
        free(run->targets.items);
        json_object_put(run->end);
    }
    for (size_t i = 0; i < merge->texts.count; i++)
        free(merge->texts.items[i]);
    free(merge->texts.items);
    free(merge->lacks.items);
    free(merge->runs.items);
    free(merge->targets.items);
    free(merge->first);
    spf_fleet_members_clear(&merge->members);
    free(merge);
}

/* ---- a line ------------------------------------------------------------------------------- */

static bool verdict_of(struct json_object *line, enum spf_verdict *verdict)
{
    const char *name = spf_json_text(line, "verdict");

    for (int i = SPF_VERDICT_PASS; i <= SPF_VERDICT_UNKNOWN; i++) {
        *verdict = (enum spf_verdict)i;
        if (strcmp(name, spf_verdict_name(*verdict)) == 0)
            return true;
    }
    return false;
}

/* What is wrong with a target's line; NULL: nothing. */
static const char *judge_target(struct json_object *line)
{
    const char *cause = spf_json_text(line, "cause");
    enum spf_verdict verdict;

    if (!verdict_of(line, &verdict))
        return _("says no verdict");
    if (cause[0] != '\0' && spf_finding_by_id(cause) == SPF_NO_FINDING)
        return _("names a cause that this version does not know");
    if (!json_object_is_type(spf_json_get(line, "target"), json_type_object) ||
        !json_object_is_type(spf_json_get(line, "checks"), json_type_array) ||
        !json_object_is_type(spf_json_get(line, "remedies"), json_type_array))
        return _("lacks the target, its checks or its remedies");
    return NULL;
}

static bool is_name(const char *text)
{
    return strlen(text) == 16 && strspn(text, "0123456789abcdef") == 16;
}

/* "3/10" */
static bool read_part(const char *text, unsigned *part, unsigned *parts)
{
    size_t len = strcspn(text, "/");
    char first[12];

    if (text[len] == '\0' ||
        !spf_format(first, sizeof first, "%.*s", (int)(len < 11 ? len : 0), text))
        return false;
    *part = (unsigned)spf_decimal(first, PARTS_MAX, 0);
    *parts = (unsigned)spf_decimal(text + len + 1, PARTS_MAX, 0);
    return *part >= 1 && *part <= *parts && *parts <= PARTS_MAX;
}

/* The run that a line is of: one that has ended takes no more lines. */
static struct spf_part_run *run_of(struct spf_merge *merge, size_t from, unsigned part,
                                   const char *name, const char *started)
{
    struct spf_part_run *run;

    for (size_t i = merge->runs.count; i-- > from;) {
        run = &merge->runs.items[i];
        if (run->part == part && strcmp(run->name, name) == 0 && run->end == NULL)
            return run;
    }
    run = SPF_APPEND(&merge->runs);
    if (run == NULL)
        return NULL;
    run->part = part;
    run->place = merge->runs.count;
    (void)spf_copy(run->name, sizeof run->name, name);
    (void)spf_copy(run->started, sizeof run->started, started);
    return run;
}

/* Parts of other targets, or of another number, are no parts of the same fleet. */
static struct spf_error judge_fleet(struct spf_merge *merge, const char *file, unsigned parts,
                                    const char *selection)
{
    if (merge->first == NULL) {
        merge->first = strdup(file);
        merge->parts = parts;
        (void)spf_copy(merge->selection, sizeof merge->selection, selection);
        return merge->first != NULL ? spf_ok() : no_memory();
    }
    if (merge->parts != parts)
        return spf_usage(
            "%s is of a split into %u, %s of one into %u: they are not parts of one fleet",
            merge->first, merge->parts, file, parts);
    if (strcmp(merge->selection, selection) != 0)
        return spf_usage("%s and %s are parts of different targets or checks (selection %s and "
                         "%s): they are not one fleet",
                         merge->first, file, merge->selection, selection);
    return spf_ok();
}

/* Takes the line over in any case. *wrong: why it does not count; NULL: it does. */
static struct spf_error take_line(struct spf_merge *merge, size_t from, const char *file,
                                  struct json_object *line, const char **wrong)
{
    const char *schema = spf_json_text(line, "schema"), *name = spf_json_text(line, "run");
    const char *selection = spf_json_text(line, "selection");
    const char *started = spf_json_text(line, "started_at");
    bool is_end = strcmp(schema, "sshpreflight.shard/1") == 0;
    struct json_object **place = NULL;
    struct spf_error error;
    unsigned part, parts;
    struct spf_part_run *run;

    *wrong = NULL;
    if (line == NULL)
        *wrong = _("is not JSON");
    else if (!is_end && strcmp(schema, "sshpreflight.target/1") != 0)
        *wrong = _("is not a line of ndjson of sshpreflight");
    else if (!read_part(spf_json_text(line, "shard"), &part, &parts) || !is_name(name) ||
             !is_name(selection) || strlen(started) != SPF_UTC_SIZE - 1)
        *wrong = _("is not of a part (--shard)");
    else if (!is_end)
        *wrong = judge_target(line);
    error = *wrong == NULL ? judge_fleet(merge, file, parts, selection) : spf_ok();
    if (*wrong != NULL || error.code != SPF_OK) {
        json_object_put(line);
        return error;
    }
    run = run_of(merge, from, part, name, started);
    if (run != NULL)
        place = is_end ? &run->end : SPF_APPEND(&run->targets);
    if (place == NULL) {
        json_object_put(line);
        return no_memory();
    }
    *place = line;
    return spf_ok();
}

struct spf_error spf_merge_add(struct spf_merge *merge, const char *name, const char *text,
                               size_t len, struct spf_buf *remarks)
{
    struct spf_error error = spf_ok();
    const char *end = text + len;
    size_t from = merge->runs.count; /* the runs of other files are others */

    for (size_t number = 1; text < end && error.code == SPF_OK; number++) {
        const char *feed = memchr(text, '\n', (size_t)(end - text));
        size_t size = (size_t)((feed != NULL ? feed : end) - text);
        const char *wrong = NULL;

        if (size > 0)
            error = take_line(merge, from, name, spf_json_parse(text, size), &wrong);
        if (wrong != NULL && merge->remarks++ < REMARKS_SHOWN)
            spf_buf_addf(remarks, _("%s line %zu %s, and does not count\n"), name, number, wrong);
        text += size + (feed != NULL);
    }
    return error;
}

/* ---- which run of a part counts ----------------------------------------------------------- */

static int64_t promised(const struct spf_part_run *run)
{
    return run->end != NULL ? spf_json_number(run->end, "targets", SPF_LIST_MAX, -1) : -1;
}

static bool is_whole(const struct spf_part_run *run)
{
    return promised(run) == (int64_t)run->targets.count;
}

/* By part; the one that counts first. */
static int by_worth(const void *a, const void *b)
{
    const struct spf_part_run *one = a, *other = b;
    int order = (one->part > other->part) - (one->part < other->part);

    if (order == 0)
        order = (int)is_whole(other) - (int)is_whole(one);
    if (order == 0)
        order = strcmp(other->started, one->started);
    return order != 0 ? order : (one->place < other->place) - (one->place > other->place);
}

static int by_target(const void *a, const void *b)
{
    static const char *const names[] = {"instance_id", "host", "user", "key_file", "jump"};
    struct json_object *one = spf_json_get(*(struct json_object *const *)a, "target");
    struct json_object *other = spf_json_get(*(struct json_object *const *)b, "target");
    int64_t port = spf_json_number(one, "port", 65535, 0);
    int64_t other_port = spf_json_number(other, "port", 65535, 0);
    int order = 0;

    for (size_t i = 0; order == 0 && i < sizeof names / sizeof *names; i++) {
        order = strcmp(spf_json_text(one, names[i]), spf_json_text(other, names[i]));
    }
    return order != 0 ? order : (port > other_port) - (port < other_port);
}

static const char *keep(struct spf_merge *merge, const char *text)
{
    char **place = SPF_APPEND(&merge->texts);

    return place != NULL ? *place = strdup(text) : NULL;
}

static bool add_lack(struct spf_merge *merge, const char *where, const char *why)
{
    struct spf_report_left_out *lack = SPF_APPEND(&merge->lacks);

    if (lack == NULL)
        return false;
    *lack = (struct spf_report_left_out){keep(merge, where), keep(merge, why)};
    return lack->where != NULL && lack->why != NULL;
}

/* Nothing is there of the parts from first to last. */
static bool add_missing(struct spf_merge *merge, unsigned first, unsigned last)
{
    char where[60];

    if (first > last)
        return true;
    if (first == last)
        (void)spf_format(where, sizeof where, _("part %u/%u"), first, merge->parts);
    else
        (void)spf_format(where, sizeof where, _("parts %u/%u to %u/%u"), first, merge->parts, last,
                         merge->parts);
    return add_lack(merge, where, first == last ? _("is missing") : _("are missing"));
}

static bool add_half(struct spf_merge *merge, const struct spf_part_run *run)
{
    char where[40], why[120];

    (void)spf_format(where, sizeof where, _("part %u/%u"), run->part, merge->parts);
    if (promised(run) < 0)
        (void)spf_format(why, sizeof why, _("was ended half-way: %zu of its targets are here"),
                         run->targets.count);
    else
        (void)spf_format(why, sizeof why, _("is not whole: it had %lld targets, and %zu are here"),
                         (long long)promised(run), run->targets.count);
    return add_lack(merge, where, why);
}

static bool take_run(struct spf_merge *merge, const struct spf_part_run *run)
{
    struct json_object *lines = spf_json_get(run->end, "left_out");
    int64_t took = spf_json_number(run->end, "duration_ms", INT64_C(86400000), 0);

    for (size_t i = 0; i < run->targets.count; i++) {
        struct json_object **target = SPF_APPEND(&merge->targets);

        if (target == NULL)
            return false;
        *target = run->targets.items[i];
    }
    if (merge->started[0] == '\0' || strcmp(run->started, merge->started) < 0)
        memcpy(merge->started, run->started, sizeof merge->started);
    if (took > merge->duration_ms)
        merge->duration_ms = took;
    if (spf_json_count(lines) > spf_json_count(merge->left_out))
        merge->left_out = lines; /* each part has read the same list */
    return is_whole(run) || add_half(merge, run);
}

/* ---- what the targets say ----------------------------------------------------------------- */

static void add_title(struct spf_buf *title, struct json_object *target)
{
    const char *id = spf_json_text(target, "instance_id");
    const char *host = spf_json_text(target, "host");
    int64_t port = spf_json_number(target, "port", 65535, 22);

    if (id[0] != '\0') {
        const char *name = spf_json_text(target, "instance_name");

        spf_buf_add_clean(title, id, strlen(id), 100);
        if (name[0] != '\0') {
            spf_buf_addstr(title, " (");
            spf_buf_add_clean(title, name, strlen(name), 130);
            spf_buf_addch(title, ')');
        }
        return;
    }
    if (host[0] != '\0') {
        const char *user = spf_json_text(target, "user");

        spf_buf_add_clean(title, user, strlen(user), 100);
        spf_buf_addch(title, '@');
    } else {
        host = spf_json_text(target, "key_file");
        port = 22;
    }
    spf_buf_add_clean(title, host, strlen(host), 300);
    if (port != 22)
        spf_buf_addf(title, _(" port %lld"), (long long)port);
}

static const char *text_or_null(struct json_object *object, const char *name)
{
    const char *text = spf_json_text(object, name);

    return text[0] != '\0' ? text : NULL;
}

/* Into the groups and the tally. */
static bool count_target(struct spf_merge *merge, struct json_object *line)
{
    struct json_object *target = spf_json_get(line, "target"),
                       *checks = spf_json_get(line, "checks");
    const char *cause = spf_json_text(line, "cause");
    struct spf_fleet_member member = {.cause = cause[0] != '\0' ? spf_finding_by_id(cause)
                                                                : SPF_NO_FINDING};
    int found = -1;
    struct spf_buf title;
    bool whole;

    (void)verdict_of(line, &member.verdict);
    for (size_t i = 0; i < spf_json_count(checks); i++) {
        struct json_object *check = spf_json_item(checks, i);
        const char *status = spf_json_text(check, "status");
        const char *of_check = spf_json_text(check, "cause");

        merge->tally.fails |= strcmp(status, "fail") == 0;
        merge->tally.unknowns |= strcmp(status, "unknown") == 0;
        merge->tally.warns |=
            strcmp(status, "warn") == 0 && !spf_findings[spf_finding_by_id(of_check)].advisory;
        if (found < 0 && cause[0] != '\0' && strcmp(of_check, cause) == 0) {
            found = spf_check_by_id(spf_json_text(check, "id"));
            member.evidence = spf_json_get(check, "evidence");
        }
    }
    merge->tally.targets++;
    merge->tally.verdicts[member.verdict]++;
    spf_buf_init(&title, 600);
    add_title(&title, target);
    whole = spf_fleet_add(&merge->members, title.data, &member,
                          (enum spf_check_id)(found >= 0 ? found : 0),
                          text_or_null(target, "key_file"), text_or_null(target, "jump"));
    spf_buf_clear(&title);
    return whole;
}

struct spf_error spf_merge_finish(struct spf_merge *merge, bool strict, unsigned fail_over)
{
    unsigned last = 0;
    bool good = true;

    if (merge->runs.count == 0)
        return spf_usage("there is no part in what is given: a part is written with --shard K/N "
                         "--format ndjson");
    qsort(merge->runs.items, merge->runs.count, sizeof *merge->runs.items, by_worth);
    for (size_t i = 0; good && i < merge->runs.count; i++) {
        const struct spf_part_run *run = &merge->runs.items[i];

        if (run->part == last)
            continue; /* it ran more than once */
        good = add_missing(merge, last + 1, run->part - 1) && take_run(merge, run);
        last = run->part;
    }
    good = good && add_missing(merge, last + 1, merge->parts);
    if (merge->targets.count > 0)
        qsort(merge->targets.items, merge->targets.count, sizeof *merge->targets.items, by_target);
    for (size_t i = 0; good && i < merge->targets.count; i++)
        good = count_target(merge, merge->targets.items[i]);
    merge->exit_status = spf_tally_exit_status(&merge->tally, strict, fail_over);
    if (merge->lacks.count > 0 || (merge->exit_status == 0 && spf_json_count(merge->left_out) > 0))
        merge->exit_status = 2;
    return good ? spf_ok() : no_memory();
}

int spf_merge_exit_status(const struct spf_merge *merge)
{
    return merge->exit_status;
}
