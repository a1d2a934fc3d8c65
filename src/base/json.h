#ifndef SPF_BASE_JSON_H
#define SPF_BASE_JSON_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Reading JSON from outside without surprises. Every getter takes NULL and any type, so a chain of
 * them needs no checks in between; "absent", null and "" all mean "none", as the cloud's API has
 * it.
 */

/* Parses exactly one value (white space may follow), nested at most 32 deep. NULL if it is not
 * JSON. */
struct json_object *spf_json_parse(const char *text, size_t len);

/* The member, borrowed; NULL if object is not an object or has none. */
struct json_object *spf_json_get(struct json_object *object, const char *name);
/* A path of members separated by dots: "Instances.Instance". */
struct json_object *spf_json_path(struct json_object *object, const char *path);
/* Number of items; 0 for anything that is not an array. */
size_t spf_json_count(struct json_object *array);
struct json_object *spf_json_item(struct json_object *array, size_t index);
/* The string member, borrowed; "" for none. A number is given as its digits. */
const char *spf_json_text(struct json_object *object, const char *name);
/* A number, or a string that is one in decimal; else fallback. */
int64_t spf_json_number(struct json_object *object, const char *name, int64_t fallback);
/* true, "true", "True"; else false. */
bool spf_json_bool(struct json_object *object, const char *name);

#endif
