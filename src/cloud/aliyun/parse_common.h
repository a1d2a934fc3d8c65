#pragma once

#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"

/* What the files of the parser share: bounds, and how a member becomes a field. */

/* More than an instance can have: ten interfaces with twenty addresses each, and ten groups each.
 */
#define ADDRESSES_MAX  400
#define INTERFACES_MAX 50
#define GROUPS_MAX     100
/* More than any count, page or priority; two of them multiplied are still a number. */
#define ITEMS_MAX 1000000000
/* Mbit/s. */
#define SPF_BANDWIDTH_MAX ITEMS_MAX
#define ENTRIES_MAX       1000
/* Twenty by default, on request some hundreds. */
#define ACL_ENTRIES_MAX 400

/* Cleans and cuts: what the API writes is shown to people. */
#define TAKE(json, name, member) take((json), (name), (member), sizeof(member))

static inline void take(struct json_object *json, const char *name, char *out, size_t size)
{
    const char *text = spf_json_text(json, name);

    spf_clean(out, size, text, strlen(text));
}

static inline int64_t take_time(struct json_object *json, const char *name)
{
    int64_t utc = spf_utc_parse(spf_json_text(json, name));

    return utc > 0 ? utc : 0;
}

static inline struct spf_error lacks(const char *what)
{
    return spf_error(SPF_ERR_INVALID, "the API's reply has no %s", what);
}

/* A list item that is a string itself: {"SecurityGroupId": ["sg-…"]}. */
static inline const char *item_text(struct json_object *array, size_t index)
{
    struct json_object *item = spf_json_item(array, index);

    return json_object_is_type(item, json_type_string) ? json_object_get_string(item) : "";
}

static inline bool append_id(void *list, const char *text)
{
    struct spf_id *id = spf_list_append(list, sizeof *id);

    if (id == NULL) {
        return false;
    }
    spf_clean(id->id, sizeof id->id, text, strlen(text));
    return true;
}
