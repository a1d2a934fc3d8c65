#include "transcript/facts.h"

static const struct spf_field line_fields[] = {
    SPF_SHAPE_NUMBER(struct spf_transcript_line, number),
    SPF_SHAPE_TEXT(struct spf_transcript_line, check),
    SPF_SHAPE_TEXT(struct spf_transcript_line, text),
};
const struct spf_shape spf_transcript_line_shape =
    SPF_SHAPE(struct spf_transcript_line, line_fields);

static const struct spf_field facts_fields[] = {
    SPF_SHAPE_TEXT(struct spf_transcript_facts, client),
    SPF_SHAPE_NUMBER(struct spf_transcript_facts, attempts),
    SPF_SHAPE_NUMBER(struct spf_transcript_facts, lines),
    SPF_SHAPE_BOOL(struct spf_transcript_facts, private_key),
    SPF_SHAPE_BOOL(struct spf_transcript_facts, host_named),
    SPF_SHAPE_BOOL(struct spf_transcript_facts, user_named),
    SPF_SHAPE_BOOL(struct spf_transcript_facts, certificate),
    SPF_SHAPE_BOOL(struct spf_transcript_facts, windows),
    SPF_SHAPE_TEXT(struct spf_transcript_facts, stopped_at),
    SPF_SHAPE_TEXT(struct spf_transcript_facts, named),
    SPF_SHAPE_TEXT(struct spf_transcript_facts, words),
    SPF_SHAPE_TEXT(struct spf_transcript_facts, key_mode),
    SPF_SHAPE_TEXT(struct spf_transcript_facts, harmless),
    SPF_SHAPE_TEXT(struct spf_transcript_facts, candidates),
    SPF_SHAPE_LIST(struct spf_transcript_facts, shown, &spf_transcript_line_shape),
};
const struct spf_shape spf_transcript_shape = SPF_SHAPE(struct spf_transcript_facts, facts_fields);
