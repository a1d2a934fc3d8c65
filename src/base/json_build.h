#pragma once

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Building JSON. json-c ends the process when it is given an object that memory ran out for; these
 * take NULL, and note the shortage (base/error.h), so that whoever writes the whole asks once at
 * the end. Where one returns NULL there was no memory.
 */
struct json_object *spf_json_object(void);
struct json_object *spf_json_array(void);
struct json_object *spf_json_string(const char *text); /* UTF-8; NULL is null */
struct json_object *spf_json_string_len(const char *text, size_t len);
struct json_object *spf_json_integer(int64_t number);
struct json_object *spf_json_boolean(bool value);
/* The value, NULL being null, becomes the object's, also where it could not be added. */
void spf_json_add(struct json_object *object, const char *name, struct json_object *value);
void spf_json_append(struct json_object *array, struct json_object *value);
