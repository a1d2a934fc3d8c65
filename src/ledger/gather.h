#pragma once

#include "ledger/parts.h"

/*
 * What the values of a file say of the runs that wrote it, and of their targets. *wrong, in words:
 * the value does not count; SPF_ERR_NOMEM else. *taken: the new entry; NULL: there is none.
 */

/* A record's beginning, each of its targets (SPF_ERR_INVALID: it is none), and its end. */
SPF_MUST_USE
struct spf_error spf_ledger_begin_record(struct spf_ledger *ledger, struct json_object *json,
                                         const char **wrong);
SPF_MUST_USE
struct spf_error spf_ledger_take_recorded(struct spf_ledger *ledger, size_t run,
                                          struct json_object *json, struct spf_ledger_item **taken);
void spf_ledger_end_record(struct spf_ledger *ledger, struct json_object *json);

/* A target's line of ndjson, and the last line of a part's. */
SPF_MUST_USE
struct spf_error spf_ledger_take_line(struct spf_ledger *ledger, struct json_object *json,
                                      struct spf_ledger_item **taken, const char **wrong);
SPF_MUST_USE
struct spf_error spf_ledger_end_lines(struct spf_ledger *ledger, struct json_object *json,
                                      const char **wrong);
