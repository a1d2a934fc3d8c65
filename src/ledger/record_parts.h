#pragma once

#include "base/shape.h"
#include "pipeline/facts.h"
#include "pipeline/target.h"

/* What the writer and the reader of records share (record_shapes.c). */

#define SPF_RECORD_SCHEMA "sshpreflight.record/1"

/* What was asked of a target, with the strings that it borrows. */
struct spf_recorded_target {
    struct spf_target target;
    struct asked *asked;
    const char **other_options; /* of asked, as a target has them; NULL ends */
};

/* The caller puts them; NULL: no memory, or a value that could not be read back. */
struct json_object *spf_recorded_target_write(const struct spf_target *target,
                                              const struct spf_shape_filter *filter);
struct json_object *spf_recorded_failure_write(const struct spf_failure *failure,
                                               const struct spf_shape_filter *filter);

/* The JSON is hostile. SPF_ERR_INVALID says what is wrong; cleared by the caller in any case. */
SPF_MUST_USE
struct spf_error spf_recorded_target_read(struct json_object *json,
                                          struct spf_recorded_target *recorded);
void spf_recorded_target_clear(struct spf_recorded_target *recorded);
/* not-recorded where the account is damaged. */
struct spf_failure spf_recorded_failure_read(struct json_object *json);
