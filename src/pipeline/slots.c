#include "pipeline/slots.h"

#include <assert.h>
#include <ctype.h>
#include <string.h>

#include "base/language.h"
#include "pipeline/slot_table.h"

#define VALUE_MAX 4096

/* The templates' values from the evidence of the check at hand: the sentence and its evidence say
 * the same to the reader. Nothing is decided by it. */
static const char *noted(const struct spf_result *result, const char *name)
{
    return result != NULL ? spf_notes_text(result->evidence, name) : NULL;
}

/* NULL: there is none. query.scratch is empty. */
static const char *value_of(const struct spf_slot *slot, struct spf_slot_query *query)
{
    const char *value = noted(query->result, slot->name);

    if (value != NULL || slot->value == NULL) {
        return value;
    }
    query->option = slot->option;
    return slot->value(query);
}

/* {?name}, {?no_name}: a condition, or whether a value is known. */
static bool holds(const char *name, struct spf_slot_query *query)
{
    const struct spf_condition *condition = spf_condition_named(name);
    const bool negated = condition == NULL && spf_starts_with(name, "no_");
    const struct spf_slot *slot = negated ? spf_slot_named(name + 3) : NULL;

    if (negated) {
        condition = spf_condition_named(name + 3);
    }
    if (condition != NULL) {
        query->argument = condition->argument;
        return condition->holds(query) != negated;
    }
    return slot != NULL && value_of(slot, query) == NULL;
}

bool spf_slot_is_known(const char *name)
{
    if (name[0] != '?') {
        return spf_slot_named(name) != NULL;
    }
    name++;
    if (spf_condition_named(name) != NULL) {
        return true;
    }
    return spf_starts_with(name, "no_") &&
           (spf_condition_named(name + 3) != NULL || spf_slot_named(name + 3) != NULL);
}

/* Within quotes, where a sentence shows something to type or to look for? */
static bool in_code(const struct spf_buf *buf)
{
    bool inside = false;

    for (size_t i = 0; i < buf->len; i++) {
        inside ^= buf->data[i] == '`' || buf->data[i] == '"';
    }
    return inside;
}

/* What a transcript does not name is in a sentence "the key file", and KEY where it is typed; of a
 * user's home directory the ~ is left. */
static const char *unnamed(const char *value, const struct spf_buf *buf)
{
    static const char *const names[][2] = {
        {SPF_UNNAMED_USER, "USER"}, {SPF_UNNAMED_HOST, "HOST"}, {SPF_UNNAMED_KEY, "KEY"}};
    const bool of_home = buf->len > 0 && buf->data[buf->len - 1] == '~';

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(value, names[i][0]) == 0) {
            return in_code(buf) ? names[i][1] : of_home ? "" : spf_tr(value);
        }
    }
    return value;
}

static bool add_value(struct spf_buf *buf, const struct spf_slot *slot,
                      struct spf_slot_query *query)
{
    const bool is_text = query->use == SPF_SLOT_TEXT;
    const char *value = value_of(slot, query);

    if (value == NULL || spf_buf_failed(query->scratch)) {
        return false;
    }
    if (slot->grammar == SPF_GRAMMAR_OPTIONS) {
        return spf_slot_add_word(buf, slot->grammar, is_text ? "" : value);
    }
    if (value[0] == '\0') {
        return false;
    }
    if (!is_text) {
        return spf_slot_add_word(buf, slot->grammar, value);
    }
    value = unnamed(value, buf);
    spf_buf_add_clean(buf, value, strlen(value), VALUE_MAX);
    return true;
}

static bool expand_one(struct spf_buf *buf, const char *name, struct spf_slot_query *query)
{
    const struct spf_slot *slot = spf_slot_named(name);
    struct spf_buf scratch;
    bool good = false;

    spf_buf_init(&scratch, VALUE_MAX);
    query->scratch = &scratch;
    if (name[0] == '?') {
        good = holds(name + 1, query);
    } else if (slot != NULL) {
        good = add_value(buf, slot, query);
    }
    query->scratch = NULL;
    spf_buf_clear(&scratch);
    return good;
}

#define SLOT_NAME_SIZE 40

/* Appends the text up to the next slot and takes its name. False: there is none. */
static bool next_slot(struct spf_buf *buf, const char **template, char name[SLOT_NAME_SIZE])
{
    size_t plain = strcspn(*template, "{");
    size_t len;

    spf_buf_add(buf, *template, plain);
    *template += plain;
    len = strcspn(*template, "}");
    if ((*template)[len] == '\0' || len - 1 >= SLOT_NAME_SIZE) {
        return false; /* the build refuses a template that ends within one */
    }
    memcpy(name, *template + 1, len - 1);
    name[len - 1] = '\0';
    *template += len + 1;
    return true;
}

/* What the template goes on with; " {options}" at its end is their words. */
static const char *what_follows(const char *template, const struct spf_result *result)
{
    char name[SLOT_NAME_SIZE];
    const size_t len = strlen(template);
    const char *value = NULL;

    if (len > 3 && len < sizeof name && spf_starts_with(template, " {") &&
        strcspn(template, "}") == len - 1) {
        memcpy(name, template + 2, len - 3);
        name[len - 3] = '\0';
        value = noted(result, name);
    }
    return value != NULL ? value : template;
}

bool spf_slots_expand(struct spf_buf *buf, const char *template, enum spf_slot_use use,
                      const struct spf_view *view, const struct spf_result *result)
{
    size_t before = buf->len;
    char name[SLOT_NAME_SIZE];

    if (use == SPF_SLOT_TEXT) {
        template = spf_tr(template);
    }
    while (next_slot(buf, &template, name)) {
        struct spf_slot_query query = {
            .view = view, .result = result, .use = use, .follows = what_follows(template, result)};

        assert(spf_slot_is_known(name));
        if (!expand_one(buf, name, &query)) {
            if (before < buf->len) {
                buf->data[buf->len = before] = '\0';
            }
            return false;
        }
    }
    return !spf_buf_failed(buf);
}

static void add_capitals(struct spf_buf *buf, const char *name)
{
    for (; *name != '\0'; name++) {
        spf_buf_addch(buf, (char)toupper((unsigned char)*name));
    }
}

static void add_plain(struct spf_buf *buf, const char *name)
{
    const struct spf_slot *slot = spf_slot_named(name);

    if (slot != NULL && slot->plain != NULL) {
        spf_buf_addstr(buf, slot->plain);
    } else if (name[0] != '?') {
        add_capitals(buf, name);
    }
}

void spf_plain_template(struct spf_buf *buf, const char *template)
{
    char name[SLOT_NAME_SIZE];

    template = spf_tr(template);
    while (next_slot(buf, &template, name)) {
        add_plain(buf, name);
    }
}

bool spf_slots_fill(struct spf_buf *buf, const char *template, const struct spf_view *view,
                    const struct spf_result *result)
{
    bool known = true;
    char name[SLOT_NAME_SIZE];

    template = spf_tr(template);
    while (next_slot(buf, &template, name)) {
        struct spf_slot_query query = {
            .view = view, .result = result, .use = SPF_SLOT_TEXT, .follows = template};

        if (name[0] == '?' || expand_one(buf, name, &query)) {
            continue;
        }
        /* "...: {detail}" */
        if ((strcmp(name, "detail") == 0 || strcmp(name, "error") == 0) && buf->len >= 2 &&
            memcmp(buf->data + buf->len - 2, ": ", 2) == 0) {
            buf->data[buf->len -= 2] = '\0';
        } else {
            add_plain(buf, name);
            known = false;
        }
    }
    return known;
}
