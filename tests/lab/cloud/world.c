#include "world.h"

#include <err.h>
#include <string.h>

struct json_object *lab_member(struct json_object *object, const char *name)
{
    struct json_object *value = NULL;

    if (json_object_is_type(object, json_type_object)) {
        json_object_object_get_ex(object, name, &value);
    }
    return value;
}

const char *lab_text(struct json_object *object, const char *name)
{
    struct json_object *value = lab_member(object, name);
    return value != NULL ? json_object_get_string(value) : "";
}

void lab_world_load(struct lab_world *world, const char *file)
{
    world->root = json_object_from_file(file);
    if (world->root == NULL) {
        errx(64, "%s: %s", file, json_util_get_last_err());
    }
    if (!json_object_is_type(lab_member(world->root, "regions"), json_type_object)) {
        errx(64, "%s: no \"regions\"", file);
    }
    world->page_limit = (unsigned)json_object_get_int(lab_member(world->root, "page_limit"));
    world->pages_in_a_circle =
        json_object_get_boolean(lab_member(world->root, "pages_in_a_circle"));
    world->clock_offset_s = json_object_get_int64(lab_member(world->root, "clock_offset_s"));
}

struct json_object *lab_world_access_key(const struct lab_world *world, const char *id)
{
    struct json_object *list = lab_member(world->root, "access_keys");

    if (!json_object_is_type(list, json_type_array)) {
        return NULL;
    }
    for (size_t i = 0; i < json_object_array_length(list); i++) {
        struct json_object *key = json_object_array_get_idx(list, i);
        if (strcmp(lab_text(key, "AccessKeyId"), id) == 0) {
            return key;
        }
    }
    return NULL;
}

struct json_object *lab_world_region(const struct lab_world *world, struct json_object *access_key,
                                     const char *id)
{
    struct json_object *own = lab_member(access_key, "regions");

    return lab_member(own != NULL ? own : lab_member(world->root, "regions"), id);
}
