#include "list.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct json_object *lab_copy(struct json_object *item)
{
    struct json_object *copy = NULL;
    json_object_deep_copy(item, &copy, NULL);
    return lab_need(copy);
}

static bool text_fits(const char *wanted, const char *text, enum lab_match match)
{
    if (match == LAB_MATCH_WILDCARD) {
        return fnmatch(wanted, text, 0) == 0;
    }
    return strcmp(wanted, text) == 0;
}

/* Does any value that the field leads to fit? A list on the way means any of its elements. */
static bool field_fits(struct json_object *value, const char *field, const char *wanted,
                       enum lab_match match)
{
    if (json_object_is_type(value, json_type_array)) {
        for (size_t i = 0; i < json_object_array_length(value); i++) {
            if (field_fits(json_object_array_get_idx(value, i), field, wanted, match)) {
                return true;
            }
        }
        return false;
    }
    if (value == NULL) {
        return false;
    }
    if (*field == '\0') {
        return text_fits(wanted, json_object_get_string(value), match);
    }

    char name[64];
    size_t size = strcspn(field, ".");
    snprintf(name, sizeof(name), "%.*s", (int)size, field);
    field += size + (field[size] == '.');
    return field_fits(lab_member(value, name), field, wanted, match);
}

static bool any_numbered_fits(struct json_object *item, const struct lab_filter *filter,
                              const struct lab_pairs *query, bool *asked)
{
    size_t size = strlen(filter->param);

    for (size_t i = 0; i < query->count; i++) {
        const char *name = query->item[i].name;
        if (strncmp(name, filter->param, size) != 0 || name[size] != '.') {
            continue;
        }
        *asked = true;
        if (field_fits(item, filter->field, query->item[i].value, LAB_MATCH_EXACT)) {
            return true;
        }
    }
    return false;
}

/* Tag.1.Key and Tag.1.Value, or any value; field leads to the list of TagKey and TagValue. */
static bool tags_fit(struct json_object *item, const struct lab_filter *filter,
                     const struct lab_request *request)
{
    struct json_object *tags = lab_member(lab_member(item, filter->field), filter->param);

    for (int n = 1; n <= 20; n++) {
        char name[40];
        bool fits = false;
        snprintf(name, sizeof(name), "%s.%d.Key", filter->param, n);
        const char *key = lab_request_param(request, name);
        snprintf(name, sizeof(name), "%s.%d.Value", filter->param, n);
        const char *value = lab_request_param(request, name);
        if (key == NULL) {
            continue;
        }
        for (size_t i = 0; tags != NULL && i < json_object_array_length(tags); i++) {
            struct json_object *tag = json_object_array_get_idx(tags, i);
            fits = fits || (strcmp(lab_text(tag, "TagKey"), key) == 0 &&
                            (value == NULL || strcmp(lab_text(tag, "TagValue"), value) == 0));
        }
        if (!fits) {
            return false;
        }
    }
    return true;
}

static bool filter_fits(struct json_object *item, const struct lab_filter *filter,
                        const struct lab_request *request)
{
    const char *value = lab_request_param(request, filter->param);
    bool fits = false;

    if (filter->match == LAB_MATCH_TAGS) {
        return tags_fit(item, filter, request);
    }
    if (filter->match == LAB_MATCH_NUMBERED) {
        bool asked = false;
        fits = any_numbered_fits(item, filter, &request->query, &asked);
        return fits || !asked;
    }
    if (value == NULL || value[0] == '\0') {
        return true;
    }
    if (filter->match != LAB_MATCH_JSON_ARRAY) {
        return field_fits(item, filter->field, value, filter->match);
    }

    struct json_object *wanted = json_tokener_parse(value);
    for (size_t i = 0; wanted != NULL && i < json_object_array_length(wanted) && !fits; i++) {
        fits = field_fits(item, filter->field,
                          json_object_get_string(json_object_array_get_idx(wanted, i)),
                          LAB_MATCH_EXACT);
    }
    json_object_put(wanted);
    return fits;
}

/* A list in one string must be a JSON array of 1 to 100 texts. */
static bool arrays_are_sound(const struct lab_list *list, const struct lab_call *call,
                             struct lab_reply *reply)
{
    for (const struct lab_filter *filter = list->filters; filter->param != NULL; filter++) {
        const char *value = lab_request_param(call->request, filter->param);
        if (filter->match != LAB_MATCH_JSON_ARRAY || value == NULL || value[0] == '\0') {
            continue;
        }
        struct json_object *array = json_tokener_parse(value);
        bool sound = json_object_is_type(array, json_type_array) &&
                     json_object_array_length(array) >= 1 && json_object_array_length(array) <= 100;
        json_object_put(array);
        if (!sound) {
            lab_reply_error(reply, call->request, 400, "InvalidParameter",
                            "The specified parameter \"%s\" is not valid.", filter->param);
            return false;
        }
    }
    return true;
}

/* A whole number from the parameter within its limits, or the default; false with the error. */
static bool number_param(const struct lab_call *call, const char *name, long min, long max,
                         long absent, long *number, struct lab_reply *reply)
{
    const char *text = lab_request_param(call->request, name);
    char *end;

    *number = absent;
    if (text == NULL || text[0] == '\0') {
        return true;
    }
    errno = 0;
    *number = strtol(text, &end, 10);
    if (errno == 0 && *end == '\0' && *number >= min && *number <= max) {
        return true;
    }
    lab_reply_error(reply, call->request, 400, "InvalidParameter",
                    "The specified parameter \"%s\" is not valid.", name);
    return false;
}

/* A token is good for the same parameters only: it carries their sum (FNV-1a). */
static unsigned long params_sum(const struct lab_request *request)
{
    unsigned long sum = 14695981039346656037UL;

    for (size_t i = 0; i < request->query.count; i++) {
        const struct lab_pair *pair = &request->query.item[i];
        unsigned long one = 14695981039346656037UL;
        if (strcmp(pair->name, "NextToken") == 0) {
            continue;
        }
        for (const char *c = pair->name; *c; c++) {
            one = (one ^ (unsigned char)*c) * 1099511628211UL;
        }
        for (const char *c = pair->value; *c; c++) {
            one = (one ^ (unsigned char)*c) * 1099511628211UL;
        }
        sum ^= one; /* whatever their order */
    }
    return sum;
}

struct json_object *lab_list_token_page(const struct lab_call *call, struct json_object *all,
                                        long min, long max, long default_size,
                                        struct lab_reply *reply)
{
    const char *token = lab_request_param(call->request, "NextToken");
    unsigned long sum = params_sum(call->request);
    unsigned long token_sum = sum;
    size_t count = json_object_array_length(all);
    size_t from = 0;
    size_t size;
    long wanted;
    char next[64] = "";
    int used = 0;

    if (!number_param(call,
                      lab_request_param(call->request, "MaxResult") != NULL ? "MaxResult"
                                                                            : "MaxResults",
                      min, max, default_size, &wanted, reply)) {
        return NULL;
    }
    if (token != NULL && token[0] != '\0' &&
        (sscanf(token, "AAAA%16lx%zx%n", &token_sum, &from, &used) != 2 || token[used] != '\0' ||
         token_sum != sum || from >= count)) {
        lab_reply_error(reply, call->request, 400, "InvalidParameter.NextToken",
                        "The specified parameter \"NextToken\" is not valid.");
        return NULL;
    }
    size = (size_t)wanted;
    if (call->world->page_limit > 0 && size > call->world->page_limit) {
        size = call->world->page_limit;
    }
    struct json_object *page = lab_need(json_object_new_array());
    for (size_t i = from; i < count && i < from + size; i++) {
        json_object_array_add(page, lab_copy(json_object_array_get_idx(all, i)));
    }
    if (from + size < count) {
        snprintf(next, sizeof(next), "AAAA%016lx%zx", sum, from + size);
    } else if (call->world->pages_in_a_circle && size < count) { /* back to the second page */
        snprintf(next, sizeof(next), "AAAA%016lx%zx", sum, size);
    }
    json_object_object_add(reply->body, "NextToken", json_object_new_string(next));
    return page;
}

static struct json_object *number_page(const struct lab_list *list, const struct lab_call *call,
                                       struct json_object *all, struct lab_reply *reply)
{
    size_t count = json_object_array_length(all);
    long number;
    long size;

    if (!number_param(call, "PageNumber", 1, 1L << 30, 1, &number, reply) ||
        !number_param(call, "PageSize", 1, list->page_size_max, list->default_size, &size, reply)) {
        return NULL;
    }
    struct json_object *page = lab_need(json_object_new_array());
    size_t from = (size_t)(number - 1) * (size_t)size;
    for (size_t i = from; i < count && i < from + (size_t)size; i++) {
        json_object_array_add(page, lab_copy(json_object_array_get_idx(all, i)));
    }
    if (list->page_size_max > 0) {
        json_object_object_add(reply->body, "PageNumber", json_object_new_int64(number));
        json_object_object_add(reply->body, "PageSize", json_object_new_int64(size));
    }
    return page;
}

bool lab_list_serve(const struct lab_list *list, const struct lab_call *call,
                    struct lab_reply *reply)
{
    struct json_object *section = lab_member(call->region, list->section);
    struct json_object_iter at;
    bool by_token =
        list->token_max > 0 &&
        (list->page_size_max == 0 || lab_request_param(call->request, "MaxResults") != NULL ||
         lab_request_param(call->request, "NextToken") != NULL);

    if (!arrays_are_sound(list, call, reply)) {
        return false;
    }
    struct json_object *all = lab_need(json_object_new_array());
    if (section != NULL) {
        json_object_object_foreachC(section, at)
        {
            bool fits = true;
            for (const struct lab_filter *filter = list->filters; fits && filter->param != NULL;
                 filter++) {
                fits = filter_fits(at.val, filter, call->request);
            }
            if (fits) {
                json_object_array_add(all, json_object_get(at.val));
            }
        }
    }
    struct json_object *page = by_token
                                   ? lab_list_token_page(call, all, list->token_min,
                                                         list->token_max, list->default_size, reply)
                                   : number_page(list, call, all, reply);
    if (page != NULL) {
        struct json_object *outer = lab_need(json_object_new_object());
        json_object_object_add(outer, list->inner, page);
        json_object_object_add(reply->body, list->outer, outer);
        json_object_object_add(reply->body, "TotalCount",
                               json_object_new_int64((int64_t)json_object_array_length(all)));
    }
    json_object_put(all);
    return page != NULL;
}
