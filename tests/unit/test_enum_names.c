#include "pipeline/facts.h"
#include "unit.h"

/*
 * A value without a name refuses the record (base/shape.h); each name is of one value. For every
 * enum of every group of facts.
 */

static size_t enums;

/* Of a struct that is empty but for the field: written, or refused. */
static bool is_written(const struct spf_shape *shape, const struct spf_field *field, unsigned value)
{
    char *facts = calloc(1, shape->size);
    struct json_object *json;

    ck_assert_ptr_nonnull(facts);
    memcpy(facts + field->offset, &value, sizeof value);
    json = spf_shape_write(shape, facts, NULL);
    json_object_put(json);
    free(facts);
    return json != NULL;
}

static void look_at(const struct spf_shape *shape, const char *group);

static void look_at_field(const struct spf_shape *shape, const struct spf_field *field,
                          const char *group)
{
    unsigned count = 0;

    if (field->type == SPF_FIELD_STRUCT || field->type == SPF_FIELD_LIST) {
        look_at(field->shape, group);
    }
    if (field->type != SPF_FIELD_ENUM) {
        return;
    }
    enums++;
    while (field->name_of(count) != NULL) {
        for (unsigned other = 0; other < count; other++) {
            ck_assert_msg(strcmp(field->name_of(other), field->name_of(count)) != 0, "%s.%s: %s",
                          group, field->name, field->name_of(count));
        }
        ck_assert_msg(is_written(shape, field, count), "%s.%s: %u", group, field->name, count);
        count++;
    }
    ck_assert_msg(count > 1, "%s.%s", group, field->name);
    for (unsigned value = count; value < count + 100; value++) {
        ck_assert_msg(field->name_of(value) == NULL && !is_written(shape, field, value),
                      "%s.%s: %u is %s", group, field->name, value, field->name_of(value));
    }
    ck_assert_ptr_null(field->name_of((unsigned)-1));
}

static void look_at(const struct spf_shape *shape, const char *group)
{
    for (size_t i = 0; i < shape->count; i++) {
        look_at_field(shape, &shape->fields[i], group);
    }
}

START_TEST(each_value_has_a_name_of_its_own)
{
    for (int i = 0; i < SPF_GROUP_COUNT; i++) {
        if (spf_groups_info[i].shape != NULL) {
            look_at(spf_groups_info[i].shape, spf_groups_info[i].name);
        }
    }
    ck_assert_uint_gt(enums, 20);
}
END_TEST

int main(void)
{
    return unit_main("enum names", (const TTest *const[]){each_value_has_a_name_of_its_own, NULL});
}
