/* base/json_write: what it writes is what json-c prints. */
#include <check.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_write.h"

static const char *as_json_c(struct json_object *value)
{
    return json_object_to_json_string_ext(value,
                                          JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
}

/* Every octet but U+0000, in an array, an object and as a name. */
START_TEST(strings_as_json_c)
{
    struct json_object *list = json_object_new_array();
    struct json_object *object = json_object_new_object();
    struct spf_buf buf;
    char text[4] = "a?z";

    for (int octet = 1; octet < 256; octet++) {
        text[1] = (char)octet;
        json_object_array_add(list, json_object_new_string(text));
        json_object_object_add(object, text, json_object_new_string(text));
    }
    json_object_array_add(list, object);
    spf_buf_init(&buf, 100000);
    spf_json_write(&buf, NULL, list);
    ck_assert_str_eq(buf.data, as_json_c(list));

    spf_buf_clear(&buf);
    spf_json_open(&buf, NULL, '{');
    json_object_object_foreach(object, name, value)
    {
        spf_json_write_text(&buf, name, json_object_get_string(value));
    }
    spf_json_close(&buf, '}');
    ck_assert_str_eq(buf.data, as_json_c(object));
    ck_assert(!spf_buf_failed(&buf));
    spf_buf_clear(&buf);
    json_object_put(list);
}
END_TEST

START_TEST(values_as_json_c)
{
    static const char text[] =
        "{\"a\":null,\"b\":true,\"c\":false,\"d\":[],\"e\":{},\"f\":[1,-1.5,[\"/\",{\"g\":0}]],"
        "\"h\":9223372036854775807,\"i\":-9223372036854775808,\"j\":18446744073709551615,"
        "\"\":\"\","
        "\"a name that is longer than any of ours, by which it is written in pieces\":\"\"}";
    struct json_object *value = json_tokener_parse(text);
    struct spf_buf buf;

    ck_assert_ptr_nonnull(value);
    spf_buf_init(&buf, 10000);
    spf_json_write(&buf, NULL, value);
    ck_assert_str_eq(buf.data, text);
    spf_buf_clear(&buf);
    json_object_put(value);
}
END_TEST

/* Lines, one after another, with commas only where something comes before on the same level. */
START_TEST(lines)
{
    struct spf_buf buf;

    spf_buf_init(&buf, 10000);
    for (int i = 0; i < 2; i++) {
        spf_json_open(&buf, NULL, '{');
        spf_json_write_number(&buf, "low", INT64_MIN);
        spf_json_write_number(&buf, "high", INT64_MAX);
        spf_json_write_number(&buf, "none", 0);
        spf_json_open(&buf, "list", '[');
        spf_json_write_text(&buf, NULL, "{");
        spf_json_write_text(&buf, NULL, NULL);
        spf_json_open(&buf, NULL, '[');
        spf_json_close(&buf, ']');
        spf_json_close(&buf, ']');
        spf_json_write(&buf, "last", NULL);
        spf_json_close(&buf, '}');
        spf_buf_addch(&buf, '\n');
    }
#define LINE                                                                 \
    "{\"low\":-9223372036854775808,\"high\":9223372036854775807,\"none\":0," \
    "\"list\":[\"{\",null,[]],\"last\":null}\n"
    ck_assert_str_eq(buf.data, LINE LINE);
    spf_buf_clear(&buf);
}
END_TEST

START_TEST(text_from_outside)
{
    struct spf_buf buf;
    char *text = malloc(SPF_JSON_TEXT_MAX + 2);
    size_t most = SPF_JSON_TEXT_MAX;

    ck_assert_ptr_nonnull(text);
    spf_buf_init(&buf, 10000);
    spf_json_write_clean(&buf, NULL, "a\x1b[1m\"\\");
    ck_assert_str_eq(buf.data, "\"a\\\\x1b[1m\\\"\\\\\"");
    spf_buf_clear(&buf);
    spf_json_write_clean(&buf, NULL, NULL);
    ck_assert_str_eq(buf.data, "null");
    for (size_t len = most; len <= most + 1; len++) {
        memset(text, 'x', len);
        text[len] = '\0';
        spf_buf_clear(&buf);
        spf_json_write_clean(&buf, NULL, text);
        ck_assert_uint_eq(buf.len, most + 2); /* quotes */
        ck_assert(buf.data[most] == (len > most ? '.' : 'x'));
    }
    spf_buf_clear(&buf);
    free(text);
}
END_TEST

/* What does not fit makes a buffer that failed. */
START_TEST(too_much)
{
    struct spf_buf buf;

    spf_buf_init(&buf, 10);
    spf_json_write_text(&buf, "name", "text");
    ck_assert(spf_buf_failed(&buf));
    spf_buf_clear(&buf);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("json_write");
    TCase *tests = tcase_create("json_write");
    SRunner *runner;
    int failed;

    tcase_add_test(tests, strings_as_json_c);
    tcase_add_test(tests, values_as_json_c);
    tcase_add_test(tests, lines);
    tcase_add_test(tests, text_from_outside);
    tcase_add_test(tests, too_much);
    suite_add_tcase(suite, tests);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
