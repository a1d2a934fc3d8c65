#pragma once

#include "ledger/restored.h"

/*
 * A line of ndjson becomes what it was written from: results and a diagnosis. The facts behind them
 * are not in it, so that what was said of a check is kept as it was said (struct spf_said).
 */
/* What is wrong with a target's line of ndjson; NULL: nothing. */
const char *spf_line_judge(struct json_object *json);
/* Was an answer still awaited when it was written? */
bool spf_line_is_open(struct json_object *json);
/* The target that it names, with strings of json. */
struct spf_target spf_line_target(struct json_object *json);
/* Takes json over. False: no memory. */
SPF_MUST_USE
bool spf_line_restore(struct json_object *json, const struct spf_target *target,
                      struct spf_restored *restored);
void spf_line_free(struct spf_line *line);
