#include <stdlib.h>
#include <string.h>

#include "base/json_write.h"
#include "evidence.h"
#include "unit.h"

/* As an object, and written straight. */
static void shows(const struct spf_notes *notes, const char *expected)
{
    struct json_object *object = json_object_new_object();
    struct spf_buf buf;
    const char *name;

    spf_notes_fill(notes, object);
    ck_assert_str_eq(json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN |
                                                                JSON_C_TO_STRING_NOSLASHESCAPE),
                     expected);
    json_object_put(object);
    spf_buf_init(&buf, 4000);
    spf_json_open(&buf, NULL, '{');
    for (size_t at = 0; (name = spf_notes_next(notes, &at)) != NULL;) {
        spf_notes_write(notes, name, &buf);
    }
    spf_json_close(&buf, '}');
    ck_assert_str_eq(buf.data, expected);
    spf_buf_clear(&buf);
}

/* Whatever JSON a check notes comes out as it went in. */
START_TEST(every_kind_of_value)
{
    static const char all[] =
        "{\"text\":\"a\\\"b\\\\n/\xc3\xa9\",\"empty\":\"\",\"null\":null,\"yes\":true,\"no\":false,"
        "\"zero\":0,\"small\":-9223372036854775808,\"large\":9223372036854775807,"
        "\"larger\":18446744073709551615,\"real\":1.50,\"list\":[1,\"null\",{}],\"object\":{\"a\":"
        "null}}";
    struct json_object *values = json_tokener_parse(all);
    struct spf_notes *notes = NULL;

    ck_assert_ptr_nonnull(values);
    json_object_object_foreach(values, name, value)
    {
        ck_assert(spf_notes_add(&notes, name, json_object_get(value)));
    }
    json_object_put(values);
    shows(notes, all);
    free(notes);
}
END_TEST

/* The last of a name counts, at the first one's place. */
START_TEST(names_keep_their_places)
{
    struct spf_notes *notes = NULL;

    shows(notes, "{}");
    ck_assert(spf_notes_add_text(&notes, "a", "1"));
    ck_assert(spf_notes_add_number(&notes, "b", -2));
    ck_assert(spf_notes_add_text(&notes, "c", "null"));
    ck_assert(spf_notes_add(&notes, "a", json_object_new_boolean(true)));
    shows(notes, "{\"a\":true,\"b\":-2,\"c\":\"null\"}");
    free(notes);
}
END_TEST

/* Sentences quote texts and numbers. */
START_TEST(quoted)
{
    struct spf_notes *notes = NULL;

    ck_assert_ptr_null(spf_notes_text(notes, "a"));
    ck_assert(spf_notes_add_text(&notes, "a", "first"));
    ck_assert(spf_notes_add_text(&notes, "a", "x"));
    ck_assert(spf_notes_add_number(&notes, "b", 22));
    ck_assert(spf_notes_add(&notes, "c", NULL));
    ck_assert(spf_notes_add(&notes, "d", json_object_new_array()));
    ck_assert(spf_notes_add(&notes, "e", json_object_new_boolean(false)));
    ck_assert_str_eq(spf_notes_text(notes, "a"), "x");
    ck_assert_str_eq(spf_notes_text(notes, "b"), "22");
    ck_assert_ptr_null(spf_notes_text(notes, "c"));
    ck_assert_ptr_null(spf_notes_text(notes, "d"));
    ck_assert_ptr_null(spf_notes_text(notes, "e"));
    ck_assert_ptr_null(spf_notes_text(notes, "x"));
    free(notes);
}
END_TEST

/* What a check notes is cleaned, and cut. */
START_TEST(evidence_is_clean)
{
    struct spf_result result = {0};
    char text[3000];

    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    ck_assert_ptr_null(spf_result_evidence(&result));
    spf_note_text(&result, "name", "a\x1b[0m\n\"");
    spf_note_text(&result, "none", NULL);
    spf_note_text(&result, "long", text);
    ck_assert_str_eq(evidence_text(&result, "name"), "a\\x1b[0m\\n\"");
    ck_assert_ptr_null(evidence_text(&result, "none"));
    ck_assert_uint_eq(strlen(evidence_text(&result, "long")), 2000);
    ck_assert(!result.incomplete);
    spf_result_clear(&result);
    ck_assert_ptr_null(result.evidence);
}
END_TEST

int main(void)
{
    return unit_main("notes", (const TTest *const[]){every_kind_of_value, names_keep_their_places,
                                                     quoted, evidence_is_clean, NULL});
}
