#pragma once

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Reading JSON from outside without surprises. Every getter takes NULL and any type, so a chain of
 * them needs no checks in between; "absent", null and "" all mean "none", as the cloud's API has
 * it.
 */

/*
 * Parses exactly one value, white space around it, nested at most 32 deep. NULL if it is not JSON
 * by RFC 8259 to the letter, if one object has a name twice, or a string has U+0000: whatever one
 * reader takes for A and another for B is not read at all.
 */
struct json_object *spf_json_parse(const char *text, size_t len);
/*
 * The same for files that Go's encoding/json reads (the aliyun CLI's): it knows names in any letter
 * case, takes the last of equal ones, and replaces half characters with U+FFFD. The names come out
 * with ASCII letters in lower case.
 */
struct json_object *spf_json_parse_as_go(const char *text, size_t len);

/* The member, borrowed; NULL if object is not an object or has none. */
struct json_object *spf_json_get(struct json_object *object, const char *name);
/* A path of members separated by dots: "Instances.Instance". */
struct json_object *spf_json_path(struct json_object *object, const char *path);
/* Number of items; 0 for anything that is not an array. */
size_t spf_json_count(struct json_object *array);
struct json_object *spf_json_item(struct json_object *array, size_t index);
/* The string member, borrowed; "" for none. A number is given as its digits. */
const char *spf_json_text(struct json_object *object, const char *name);
/* The whole number; false if it has a fraction or does not fit: json-c would clamp it. */
bool spf_json_whole(struct json_object *number, int64_t *value);
/* A whole number from -max to max, or a string that is one (spf_decimal); else fallback. */
int64_t spf_json_number(struct json_object *object, const char *name, int64_t max,
                        int64_t fallback);
/* true, "true", "True"; else false. */
bool spf_json_bool(struct json_object *object, const char *name);

/* Overwrites every string before the memory is given back. Takes NULL. */
void spf_json_wipe(struct json_object *root);
