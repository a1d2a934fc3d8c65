#ifndef SPF_PIPELINE_RESULT_H
#define SPF_PIPELINE_RESULT_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "pipeline/finding.h"
#include "pipeline/target.h"

enum spf_skip_reason {
    SPF_SKIP_NEED,           /* because names a check */
    SPF_SKIP_NOT_SELECTED,   /* --only, --skip */
    SPF_SKIP_NOT_APPLICABLE, /* cloud checks without an instance */
};

/*
 * What one check found. The judge writes the evidence and the words, the pipeline the rest. Reports
 * read it.
 */
struct spf_result {
    enum spf_status status;
    enum spf_finding finding; /* SPF_NO_FINDING for pass and skip */
    bool holds;
    enum spf_skip_reason skip_reason;
    enum spf_check_id because;        /* for SPF_SKIP_NEED */
    char summary[400];                /* "" until said: then the catalogue's sentence serves */
    struct json_object *evidence;     /* an object, never NULL once initialised */
    int64_t started_ms, concluded_ms; /* monotonic */
};

void spf_result_init(struct spf_result *result);
void spf_result_clear(struct spf_result *result);
/* Forgets words and evidence, before the judge is called again. */
void spf_result_forget(struct spf_result *result);

/*
 * For judges. Evidence that cannot be stored for want of memory is left out. Texts from outside are
 * cleaned here, once. A NULL text becomes null.
 */
void spf_say(struct spf_result *result, const char *fmt, ...) SPF_PRINTF(2, 3);
void spf_note_text(struct spf_result *result, const char *name, const char *value);
void spf_note_number(struct spf_result *result, const char *name, int64_t value);
void spf_note_bool(struct spf_result *result, const char *name, bool value);
void spf_note_null(struct spf_result *result, const char *name);
/* Takes over value (a list or an object built by the judge; its texts through spf_clean_json). */
void spf_note_json(struct spf_result *result, const char *name, struct json_object *value);
/* A JSON string of cleaned text; NULL text gives NULL, which is JSON's null. */
struct json_object *spf_clean_json(const char *text);

/* The text of an evidence member, borrowed; NULL if there is none or it is not a string. */
const char *spf_evidence_text(const struct spf_result *result, const char *name);

#endif
