/*
 * The catalogue of causes as xgettext(1) can read it: this file is preprocessed, not compiled. See
 * template.sh.
 */
#define REMEDY(text, command, impact) TEXT(text)
#define FINDING(symbol, id, check, status, permanence, sentence, meaning, ...) \
    TEXT(sentence) TEXT(meaning) __VA_ARGS__
#define ADVISORY FINDING
#include "pipeline/findings.def"
