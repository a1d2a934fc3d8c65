#include <string.h>

#include "base/json_build.h"
#include "base/language.h"
#include "base/suggest.h"
#include "report/page.h"

static void say_unknown(struct spf_buf *buf, const char *cause)
{
    const char *names[SPF_FINDING_COUNT];

    for (int i = 0; i < SPF_FINDING_COUNT; i++) {
        names[i] = spf_findings[i].id;
    }
    spf_buf_addstr(buf, _("there is no cause \""));
    spf_buf_add_clean(buf, cause, strlen(cause), 100);
    spf_buf_addch(buf, '"');
    if (!spf_suggest(buf, cause, "", names, SPF_FINDING_COUNT)) {
        spf_buf_addstr(buf, _("; sshpreflight-causes(7) lists all of them"));
    }
    spf_buf_addch(buf, '\n');
}

static const char *where(const struct spf_finding_info *info)
{
    if (strcmp(info->check, "target") == 0) {
        return _("of the target as a whole");
    }
    if (strcmp(info->check, "*") == 0) {
        return _("in any check");
    }
    if (strcmp(info->check, "cloud.*") == 0) {
        return _("in any cloud check");
    }
    return info->check;
}

/* A template with its slots as placeholders, ending in a full stop if it is a sentence. */
static void flow_template(struct spf_page *page, const char *template, const char *end)
{
    struct spf_buf plain;

    spf_buf_init(&plain, 4000);
    spf_plain_template(&plain, template);
    spf_buf_addstr(&plain, end);
    spf_page_flow(page, SPF_INK_PLAIN, plain.data);
    spf_page_line(page);
    spf_buf_clear(&plain);
}

static void add_command(struct spf_page *page, const char *command)
{
    struct spf_buf plain;

    spf_buf_init(&plain, 4000);
    spf_plain_template(&plain, command);
    spf_page_tab(page, 6);
    spf_page_put(page, SPF_INK_CYAN, plain.data);
    spf_page_line(page);
    spf_buf_clear(&plain);
}

static void explain_finding(struct spf_page *page, const struct spf_finding_info *info)
{
    char line[160];

    spf_page_put(page, SPF_INK_BOLD, info->id);
    spf_format(line, sizeof line, "  (%s; %s%s; %s)", where(info), spf_status_name(info->status),
               info->advisory ? _(", advisory") : "", spf_permanence_name(info->permanence));
    spf_page_put(page, SPF_INK_DIM, line);
    spf_page_line(page);
    spf_page_line(page);
    flow_template(page, info->sentence, _("."));
    spf_page_line(page);
    flow_template(page, info->meaning, "");
    for (const struct spf_remedy *remedy = info->remedies; remedy->text != NULL; remedy++) {
        if (remedy == info->remedies) {
            spf_page_line(page);
            spf_page_put(page, SPF_INK_BOLD, _("What to do"));
            spf_page_line(page);
        }
        page->indent = 4;
        spf_page_put(page, SPF_INK_PLAIN, "  - ");
        line[0] = '\0';
        if (remedy->impact != NULL) {
            spf_format(line, sizeof line, _(" (%s)"), spf_tr(remedy->impact));
        }
        if (remedy->command != NULL) {
            strncat(line, _(":"), sizeof line - strlen(line) - 1);
        }
        flow_template(page, remedy->text, line);
        if (remedy->command != NULL) {
            add_command(page, remedy->command);
        }
    }
    page->indent = 0;
}

bool spf_explain(struct spf_buf *buf, const char *cause, const struct spf_style *style)
{
    const struct spf_finding_info *info = &spf_findings[spf_finding_by_id(cause)];
    struct spf_page page = {buf, style, 0, 0};

    if (info->id == NULL) {
        say_unknown(buf, cause);
        return false;
    }
    explain_finding(&page, info);
    return true;
}

/* A template with its slots as placeholders; a null one is null. */
static void add_plain(struct json_object *object, const char *name, const char *template)
{
    struct spf_buf plain;

    if (template == NULL) {
        spf_json_add(object, name, NULL);
        return;
    }
    spf_buf_init(&plain, 8000);
    spf_plain_template(&plain, template);
    spf_json_add(object, name, spf_json_string(plain.data));
    spf_buf_clear(&plain);
}

bool spf_explain_json(struct spf_buf *buf, const char *cause)
{
    const struct spf_finding_info *info = &spf_findings[spf_finding_by_id(cause)];
    struct json_object *entry;
    struct json_object *remedies;

    if (info->id == NULL) {
        say_unknown(buf, cause);
        return false;
    }
    entry = spf_json_object();
    remedies = spf_json_array();
    spf_json_add(entry, "schema", spf_json_string("sshpreflight.cause/1"));
    add_plain(entry, "cause", info->id);
    add_plain(entry, "check", info->check);
    add_plain(entry, "status", spf_status_name(info->status));
    add_plain(entry, "permanence", spf_permanence_name(info->permanence));
    spf_json_add(entry, "advisory", spf_json_boolean(info->advisory));
    add_plain(entry, "summary", info->sentence);
    add_plain(entry, "meaning", info->meaning);
    spf_json_add(entry, "remedies", remedies);
    for (const struct spf_remedy *remedy = info->remedies; remedy->text != NULL; remedy++) {
        struct json_object *one = spf_json_object();

        add_plain(one, "text", remedy->text);
        add_plain(one, "command", remedy->command);
        add_plain(one, "impact", remedy->impact);
        spf_json_append(remedies, one);
    }
    spf_buf_addf(buf, "%s\n",
                 json_object_to_json_string_ext(entry, JSON_C_TO_STRING_PRETTY |
                                                           JSON_C_TO_STRING_NOSLASHESCAPE));
    json_object_put(entry);
    return true;
}

void spf_list_checks(struct spf_buf *buf, const struct spf_style *style)
{
    for (size_t i = 0; i < SPF_CHECK_COUNT; i++) {
        const struct spf_check *check = &spf_check_table[i];
        struct spf_page page = {buf, style, 0, 22};

        spf_page_put(&page, SPF_INK_BOLD, check->id);
        spf_page_tab(&page, 22);
        spf_page_flow(&page, SPF_INK_PLAIN, spf_tr(check->asks));
        spf_page_line(&page);
    }
}

void spf_list_checks_json(struct spf_buf *buf)
{
    struct json_object *json = spf_json_object();
    struct json_object *checks = spf_json_array();

    spf_json_add(json, "schema", spf_json_string("sshpreflight.checks/1"));
    spf_json_add(json, "checks", checks);
    for (size_t i = 0; i < SPF_CHECK_COUNT; i++) {
        const struct spf_check *check = &spf_check_table[i];
        struct json_object *one = spf_json_object();
        struct json_object *needs = spf_json_array();

        spf_json_add(one, "id", spf_json_string(check->id));
        spf_json_add(one, "asks", spf_json_string(check->asks));
        for (size_t k = 0; k < i; k++) {
            if (check->needs >> k & 1) {
                spf_json_append(needs, spf_json_string(spf_check_table[k].id));
            }
        }
        spf_json_add(one, "needs", needs);
        spf_json_append(checks, one);
    }
    spf_buf_addf(buf, "%s\n",
                 json_object_to_json_string_ext(json, JSON_C_TO_STRING_PRETTY |
                                                          JSON_C_TO_STRING_NOSLASHESCAPE));
    json_object_put(json);
}
