#pragma once

#include <stdio.h>

#include "ledger/entry.h"
#include "ledger/record_parts.h"

/* What the files of this room share. */

#define SPF_TARGET_SCHEMA   "sshpreflight.target/1"
#define SPF_BASELINE_SCHEMA "sshpreflight.baseline/1"
#define SPF_SHARD_SCHEMA    "sshpreflight.shard/1"

/* A ledger, which ledger_read.c fills. */
struct spf_ledger_item {
    struct spf_ledger_entry shown; /* first: what others see of it */
    struct spf_recorded_target recorded;
    struct spf_target line_target;
    struct json_object *texts; /* what line_target borrows */
    long offset;               /* of its line; -1: it is an item of whole */
    size_t len;
    size_t item;
    int64_t place; /* of a record's: which of its targets it was asked as; 0: not said */
    size_t met;    /* which of the entries it is in the file */
};

struct spf_ledger {
    FILE *file; /* NULL: it is text, of which so many bytes were read */
    char *text;
    size_t text_len;
    size_t text_at;
    struct json_object *whole;
    SPF_LIST(struct spf_ledger_run) runs;
    SPF_LIST(struct spf_ledger_item *) entries;
    /* while it is read */
    struct spf_buf *remarks;
    size_t remark_count, file_run; /* the record's that the lines belong to, from 1; 0: none */
    /* the entry that was read last, from 1, and its content */
    size_t loaded;
    struct json_object *json;
};
