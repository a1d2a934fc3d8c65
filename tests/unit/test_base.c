#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <stdio.h>

#include "base/encoding.h"
#include "heap.h"
#include "unit.h"

#include "base/clock.h"
#include "base/ip.h"
#include "base/json.h"
#include "base/secret.h"
#include "base/shape.h"
#include "base/text.h"
#include "platform/shell.h"

/* In malloc(3)'s place (ld(1), --wrap). */
void *__wrap_malloc(size_t size);
void *__real_malloc(size_t size);
static bool memory_is_out;

void *__wrap_malloc(size_t size)
{
    return memory_is_out ? NULL : __real_malloc(size);
}

static void check_clean(const char *in, size_t len, const char *want)
{
    char out[64];

    spf_clean(out, sizeof out, in, len);
    ck_assert_str_eq(out, want);
}

START_TEST(outside_text_is_made_visible)
{
    check_clean("plain \xc3\xa9", 8, "plain \xc3\xa9");
    check_clean("\x1b[2J\x07", 5, "\\x1b[2J\\x07");
    check_clean("a\0b", 3, "a\\x00b");
    check_clean("\xc2\x9b", 2, "\\x9b");                    /* C1 as UTF-8 */
    check_clean("\x9b", 1, "\xef\xbf\xbd");                 /* C1 as a byte */
    check_clean("\xe2\x80\xae", 3, "\\u202e");              /* right-to-left override */
    check_clean("\xef\xbf\xbe", 3, "\\ufffe");              /* a noncharacter, unknown to XML */
    check_clean("\xf0\x9f\xbf\xbf", 4, "\\u1ffff");         /* another one */
    check_clean("\xc0\x80", 2, "\xef\xbf\xbd\xef\xbf\xbd"); /* overlong NUL */
    check_clean("\xed\xa0\x80", 3, "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"); /* surrogate */
    check_clean("l1\r\nl2\t", 7, "l1\\r\\nl2\\t");
}
END_TEST

/* What the API calls a thing may be the answer itself: it is there without memory, too. */
START_TEST(outside_text_is_there_without_memory)
{
    static const char in[] = "a key pair's name of more than sixty-four bytes, which is no short "
                             "one, but one that the API allows\n";
    char out[sizeof in];

    memory_is_out = true;
    spf_clean(out, sizeof out, in, strlen(in));
    memory_is_out = false;
    ck_assert_uint_eq(strlen(out), sizeof out - 1);
    ck_assert_int_eq(strncmp(out, in, 80), 0);
}
END_TEST

START_TEST(lines_become_one)
{
    static const char in[] = "\n Welcome \r\n\n\tto the\x1b[1m lab\n";
    char out[64];

    spf_clean_lines(out, sizeof out, in, strlen(in));
    ck_assert_str_eq(out, "Welcome / to the\\x1b[1m lab");
    spf_clean_lines(out, sizeof out, "\n\n", 2);
    ck_assert_str_eq(out, "");
}
END_TEST

START_TEST(a_cut_is_marked_and_spares_characters)
{
    char out[8];

    spf_clean(out, sizeof out, "abcdefgh", 8);
    ck_assert_str_eq(out, "abcd...");
    spf_clean(out, sizeof out, "abcdefg", 7);
    ck_assert_str_eq(out, "abcdefg");
    spf_clean(out, sizeof out,
              "abc\xe2\x82\xac"
              "efgh",
              10);
    ck_assert_str_eq(out, "abc...");
}
END_TEST

static void check_shell(const char *word, const char *want)
{
    struct spf_buf buf;

    spf_buf_init(&buf, 200);
    spf_buf_add_path(&buf, word);
    ck_assert_str_eq(buf.data, want);
    spf_buf_clear(&buf);
}

/* What sh makes of the quoted word; printf(1) ends it with a mark, so that nothing is stripped. */
static void check_through_sh(const char *word)
{
    char got[100] = "";
    struct spf_buf buf;
    FILE *sh;

    spf_buf_init(&buf, 1000);
    spf_buf_addstr(&buf, "printf %s. ");
    spf_buf_add_shell(&buf, word);
    if (word[strlen(word) - 1] == '\n') {
        ck_assert(spf_buf_failed(&buf)); /* the one that no quotes can hold */
    } else {
        ck_assert(!spf_buf_failed(&buf) && spf_is_clean(buf.data));
        ck_assert_ptr_nonnull(sh = popen(buf.data, "r"));
        (void)!fread(got, 1, sizeof got - 1, sh);
        ck_assert_int_eq(pclose(sh), 0);
        ck_assert_msg(strncmp(got, word, strlen(word)) == 0 && strcmp(got + strlen(word), ".") == 0,
                      "%s", buf.data);
    }
    spf_buf_clear(&buf);
}

START_TEST(sh_reads_what_was_quoted)
{
    char word[12];

    srand(1);
    for (int i = 0; i < 300; i++) {
        int len = 1 + rand() % 10;

        for (int k = 0; k < len; k++) {
            word[k] = (char)(1 + rand() % 255);
        }
        if (i % 3 == 0) {
            word[rand() % len] = "'\\%-$`\"\n~ "[rand() % 10];
        }
        word[len] = '\0';
        check_through_sh(word);
    }
    check_through_sh("-\x1b");
    check_through_sh("100%\x1b\\033");
}
END_TEST

/* A record with half a character in it would not be UTF-8. */
START_TEST(cuts_end_at_a_character)
{
    static const char text[] = "ab\xe8\xae\xbf\xf0\x9f\x98\x80\xc3\xa9z\x80\x80\x80\x80";
    char out[sizeof text];
    char same[sizeof text];

    for (size_t size = 1; size < sizeof text - 4; size++) {
        spf_copy(out, size, text);
        ck_assert_msg(spf_is_clean(out), "%zu", size);
        spf_format(same, size, "%s", text);
        ck_assert_str_eq(same, out);
        ck_assert_uint_ge(strlen(out) + 4, size);
    }
    /* what is no character is cut anywhere, and all of it */
    ck_assert(!spf_copy_whole(out, sizeof text - 1, text));
    ck_assert_uint_eq(strlen(out), sizeof text - 2);
    ck_assert(spf_copy_whole(out, sizeof out, text));
}
END_TEST

START_TEST(words_survive_a_shell)
{
    check_shell("key.pem", "key.pem");
    check_shell("my key.pem", "'my key.pem'");
    check_shell("it's", "'it'\\''s'");
    check_shell("-i", "./-i");
    check_shell("a\nb'\\", "\"$(printf 'a\\012b\\047\\\\')\"");
    check_shell("~/my key", "~/'my key'");
    check_shell("~", "~");
    check_shell("$(reboot)", "'$(reboot)'");
    check_shell("~x", "'~x'");
    check_shell("", "''");
}
END_TEST

START_TEST(base64_both_ways)
{
    static const struct {
        const char *text;
        long len;
    } cases[] = {{"", 0},     {"QQ==", 1},  {"QUI=", 2},   {"QUJD", 3},    {"QQ", 1},    {"Q", -1},
                 {"QQ=", -1}, {"Q!==", -1}, {"QQ==Q", -1}, {"QU JD\n", 3}, {"QUJDRA", 4}};
    uint8_t out[8];

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ck_assert_msg(spf_base64_decode(cases[i].text, strlen(cases[i].text), out, sizeof out) ==
                          cases[i].len,
                      "%s", cases[i].text);
    }
    ck_assert_int_eq(spf_base64_decode("QUJDREVGR0hJ", 12, out, sizeof out), -1);
}
END_TEST

START_TEST(cidrs_hold_addresses)
{
    static const struct {
        const char *cidr, *ip;
        bool holds;
    } cases[] = {
        {"0.0.0.0/0", "203.0.113.7", true},
        {"0.0.0.0/0", "2001:db8::1", false},
        {"::/0", "203.0.113.7", false},
        {"10.0.0.0/8", "10.255.0.1", true},
        {"10.1.2.3/8", "10.9.9.9", true},
        {"192.168.1.128/25", "192.168.1.127", false},
        {"192.168.1.128/25", "192.168.1.128", true},
        {"198.51.100.7", "198.51.100.7", true},
        {"198.51.100.7", "198.51.100.8", false},
        {"2001:db8::/33", "2001:db8:8000::", false},
        {"2001:db8::/33", "2001:db8:7fff::1", true},
        {"255.255.255.255/31", "255.255.255.254", true},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct spf_cidr cidr;
        struct spf_ip ip;

        ck_assert(spf_cidr_parse(cases[i].cidr, &cidr));
        ck_assert(spf_ip_parse(cases[i].ip, &ip));
        ck_assert_msg(spf_cidr_holds(&cidr, &ip) == cases[i].holds, "%s in %s", cases[i].ip,
                      cases[i].cidr);
    }
    ck_assert(!spf_cidr_parse("10.0.0.0/33", &(struct spf_cidr){0}));
    ck_assert(!spf_cidr_parse("10.0.0.0/", &(struct spf_cidr){0}));
    ck_assert(!spf_cidr_parse("10.0.0/8", &(struct spf_cidr){0}));
    ck_assert(!spf_cidr_parse("10.0.0.0/-1", &(struct spf_cidr){0}));
}
END_TEST

START_TEST(times_of_the_cloud)
{
    char out[SPF_UTC_SIZE];

    ck_assert_int_eq(spf_utc_parse("1970-01-01T00:01Z"), 60);
    ck_assert_int_eq(spf_utc_parse("2017-12-10T04:04:05Z"), 1512878645);
    ck_assert_int_eq(spf_utc_parse("2017-12-10T04:04:05.123Z"), 1512878645);
    ck_assert_int_eq(spf_utc_parse("2017-12-10 04:04:05"), -1);
    ck_assert_int_eq(spf_utc_parse(""), -1);
    ck_assert_int_eq(spf_utc_parse("2017-13-10T04:04Z"), -1);
    spf_utc_format(1512878645, out);
    ck_assert_str_eq(out, "2017-12-10T04:04:05Z");
}
END_TEST

/* What RFC 8259 calls JSON, and what readers of other habits take for it. */
START_TEST(json_from_outside)
{
    static const char *const good[] = {"{}",
                                       " [1] \n",
                                       "5",
                                       "-0.5e+10",
                                       "[0,-0,10,1E2,true,false,null]",
                                       "\"x\"",
                                       "{\"a\":{\"b\":[1,\"2\"]}}",
                                       "{\"a\":{\"a\":1},\"b\":{\"a\":2}}",
                                       "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\"",
                                       "\"\\ud83d\\ude00\"",
                                       "\"\xc3\xa9\xf0\x9f\x98\x80\x7f\"",
                                       "[\"a:b\",\"{\\\"c\\\":1}\"]",
                                       "[99999999999999999999,1e400]"};
    static const char *const bad[] = {
        "", "{", "{} x", "<html>", "{\"a\":}", "[1", "\xff", "\xef\xbb\xbf{}",
        /* commas, comments, quotes */
        "[1,]", "{\"a\":1,}", "[,1]", "[1 2]", "/* x */ {}", "{} // x", "{\"a\":/**/1}", "['a']",
        "{'a':1}", "{a:1}",
        /* words and numbers */
        "NaN", "[nan]", "[Infinity]", "[-Infinity]", "[True]", "[TRUE]", "[NULL]", "[nUll]",
        "[tru]", "[truefalse]", "[01]", "[-01]", "[5.]", "[.5]", "[-.5]", "[1e]", "[1e+]", "[1.e5]",
        "[+1]", "[0x5]", "[-]", "[1_000]", "[1.2.3]",
        /* strings: bare control characters, what is not UTF-8, half characters, U+0000 */
        "\"a\tb\"", "\"a\nb\"", "\"\x01\"", "\"\xc0\xaf\"", "\"\xed\xa0\x80\"",
        "\"\xf4\x90\x80\x80\"", "\"\xe9\"", "\"\\ud800\"", "\"\\ud800x\"", "\"\\ud800\\n\"",
        "\"\\udc00\"", "\"\\ud800\\ud800\"", "\"\\u00\"", "\"\\x41\"", "\"a\\u0000b\"",
        "{\"a\\u0000b\":1}",
        /* one name, two meanings */
        "{\"a\":1,\"a\":2}", "{\"a\":1,\"\\u0061\":2}", "[{\"b\":{\"a\":1,\"c\":2,\"a\":1}}]",
        /* blanks of other alphabets */
        "[1,\v2]", "[1,\f2]", "{}\xc2\xa0"};

    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct json_object *json = spf_json_parse(good[i], strlen(good[i]));

        ck_assert_msg(json != NULL, "%s", good[i]);
        json_object_put(json);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        ck_assert_msg(spf_json_parse(bad[i], strlen(bad[i])) == NULL, "%s", bad[i]);
    }
    ck_assert_ptr_null(spf_json_parse("[\"a\0b\"]", 7));
    ck_assert_ptr_null(spf_json_parse("[1]\0", 4));
}
END_TEST

/* Go's encoding/json is as strict about form, but not about names, and mends text. */
START_TEST(json_as_go_reads_it)
{
    static const char text[] = "{\"Mode\":\"AK\",\"x\":\"Mode\",\"mode\":\"StsToken\","
                               "\"Profiles\":[{\"NAME\":\"A:B\"}],\"y\":\"\\ud800\"}";
    static const char *const bad[] = {"{\"a\":1,}", "[NaN]",    "['a']", "[01]",
                                      "\"a\nb\"",   "// x\n{}", "{} x",  "{\"a\\u0000\":1}"};
    struct json_object *json = spf_json_parse_as_go(text, sizeof text - 1);

    ck_assert_ptr_nonnull(json);
    ck_assert_str_eq(spf_json_text(json, "mode"), "StsToken");
    ck_assert_str_eq(spf_json_text(json, "x"), "Mode");
    ck_assert_str_eq(spf_json_text(spf_json_item(spf_json_get(json, "profiles"), 0), "name"),
                     "A:B");
    json_object_put(json);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        ck_assert_msg(spf_json_parse_as_go(bad[i], strlen(bad[i])) == NULL, "%s", bad[i]);
    }
}
END_TEST

START_TEST(numbers_are_never_clamped)
{
    static const char text[] = "{\"big\":99999999999999999999,\"small\":-99999999999999999999,"
                               "\"most\":9223372036854775807,\"half\":18446744073709551615,"
                               "\"text\":\"99999999999999999999\",\"fine\":\"7\",\"real\":5.0}";
    static const char *const doubtful[] = {"big", "small", "most", "half", "text", "real"};
    struct json_object *json = spf_json_parse(text, sizeof text - 1);

    for (size_t i = 0; i < sizeof doubtful / sizeof *doubtful; i++) {
        ck_assert_msg(spf_json_number(json, doubtful[i], INT64_MAX - 1, -7) == -7, "%s",
                      doubtful[i]);
    }
    ck_assert_int_eq(spf_json_number(json, "fine", INT64_MAX, -7), 7);
    json_object_put(json);
}
END_TEST

struct inner {
    char id[8];
};
struct outer {
    char name[8];
    char *blob;
    int64_t size;
    bool flag;
    enum { RED, GREEN } colour;
    struct spf_ip ip;
    SPF_LIST(struct inner) list;
};
static const char *colour_name(unsigned value)
{
    return value == RED ? "red" : value == GREEN ? "green" : NULL;
}
struct holder {
    struct spf_secret *key;
};

static const struct spf_field inner_fields[] = {SPF_SHAPE_TEXT(struct inner, id)};
static const struct spf_shape inner_shape = SPF_SHAPE(struct inner, inner_fields);
static const struct spf_field outer_fields[] = {SPF_SHAPE_TEXT(struct outer, name),
                                                SPF_SHAPE_STRING(struct outer, blob),
                                                SPF_SHAPE_NUMBER(struct outer, size),
                                                SPF_SHAPE_BOOL(struct outer, flag),
                                                SPF_SHAPE_ENUM(struct outer, colour, colour_name),
                                                SPF_SHAPE_IP(struct outer, ip),
                                                SPF_SHAPE_LIST(struct outer, list, &inner_shape)};
static const struct spf_shape outer_shape = SPF_SHAPE(struct outer, outer_fields);

struct search {
    const char *shifted; /* each character one less: the test itself must not hold the text */
    size_t len;
    int found;
};

static void search_block(const char *from, const char *to, void *context)
{
    struct search *search = context;

    for (const char *at = from; (size_t)(to - at) >= search->len; at++) {
        size_t same = 0;

        while (same < search->len && at[same] == search->shifted[same] + 1) {
            same++;
        }
        search->found += same == search->len;
    }
}

static int in_heap(const char *shifted, size_t len)
{
    struct search search = {shifted, len, 0};
    bool any = heap_each_block(search_block, &search);

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) /* its heap is elsewhere */
    (void)any;
#else
    ck_assert(any);
#endif
    return search.found;
}

/* A token that came in pieces, was parsed and was dropped: freed memory must not hold it. */
START_TEST(freed_memory_holds_no_secret)
{
    static const char shifted[] = "bm`qx,ne,sgd,gd`o"; /* each character one less */
    enum { LEN = sizeof shifted - 1, TIMES = 40 };
    char piece[LEN];
    struct json_object *json;
    struct spf_buf buf;

    for (size_t i = 0; i < LEN; i++) {
        piece[i] = (char)(shifted[i] + 1);
    }
    spf_buf_init(&buf, 100000);
    spf_buf_addstr(&buf, "{\"SecurityToken\": \"");
    for (int i = 0; i < TIMES; i++) {
        spf_buf_add(&buf, piece, LEN);
    }
    spf_buf_addstr(&buf, "\"}");
    json = spf_json_parse(buf.data, buf.len);
    ck_assert_uint_eq(strlen(spf_json_text(json, "SecurityToken")), (size_t)LEN * TIMES);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) /* its heap is elsewhere */
    ck_assert_int_ge(in_heap(shifted, LEN), 2 * TIMES);
#endif
    spf_json_wipe(json);
    spf_buf_clear(&buf);
    ck_assert_int_eq(in_heap(shifted, LEN), 0);
}
END_TEST

START_TEST(shapes_write_what_they_read)
{
    struct outer a = {.name = "n", .size = 7, .flag = true, .colour = GREEN};
    struct outer b = {0};
    struct json_object *json;

    a.blob = strdup("blob");
    ck_assert(spf_ip_parse("10.0.0.1", &a.ip));
    for (int i = 0; i < 5; i++) {
        struct inner *item = SPF_APPEND(&a.list);

        ck_assert_ptr_nonnull(item);
        item->id[0] = (char)('a' + i);
    }
    json = spf_shape_write(&outer_shape, &a, NULL);
    ck_assert_int_eq(spf_shape_read(&outer_shape, json, &b).code, SPF_OK);
    ck_assert_str_eq(b.name, "n");
    ck_assert_str_eq(b.blob, "blob");
    ck_assert(b.size == 7 && b.flag && b.colour == GREEN && spf_ip_equal(&a.ip, &b.ip));
    ck_assert_uint_eq(b.list.count, 5);
    ck_assert_str_eq(b.list.items[4].id, "e");
    json_object_put(json);
    spf_shape_clear(&outer_shape, &a);
    spf_shape_clear(&outer_shape, &b);
    ck_assert_uint_eq(b.list.count, 0);
}
END_TEST

/* Nothing that could not be read back is written; nor is it fallen into. */
START_TEST(shapes_write_no_value_without_a_name)
{
    struct outer a = {.name = "n", .colour = GREEN + 1};

    ck_assert_ptr_null(spf_shape_write(&outer_shape, &a, NULL));
    memset(&a.colour, 0xff, sizeof a.colour);
    ck_assert_ptr_null(spf_shape_write(&outer_shape, &a, NULL));
    /* json-c makes these of whatever is larger. */
    a.colour = GREEN;
    a.size = INT64_MAX;
    ck_assert_ptr_null(spf_shape_write(&outer_shape, &a, NULL));
    a.size = INT64_MIN;
    ck_assert_ptr_null(spf_shape_write(&outer_shape, &a, NULL));
}
END_TEST

START_TEST(numbers_stay_in_their_bounds)
{
    static const struct {
        const char *text;
        int64_t value;
    } cases[] = {
        {"0", 0},
        {"7", 7},
        {"-7", -7},
        {"1000", 1000},
        {"1001", -5},
        {"-1001", -5},
        {"", -5},
        {"-", -5},
        {"+1", -5},
        {" 1", -5},
        {"1x", -5},
        {"1.5", -5},
        {"99999999999999999999", -5},
        {"-9223372036854775808", -5},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ck_assert_int_eq(spf_decimal(cases[i].text, 1000, -5), cases[i].value);
    }
    ck_assert_int_eq(spf_decimal("9223372036854775808", INT64_MAX, 0), 0);
    ck_assert(spf_decimal("9223372036854775807", INT64_MAX, 0) == INT64_MAX);
}
END_TEST

START_TEST(shapes_share_secrets_and_never_write_them)
{
    static const struct spf_field fields[] = {SPF_SHAPE_SECRET(struct holder, key)};
    static const struct spf_shape shape = SPF_SHAPE(struct holder, fields);
    struct holder one = {.key = spf_secret_new("k3y", 3)};
    struct holder other;
    struct json_object *json = spf_shape_write(&shape, &one, NULL);

    ck_assert_int_eq(json_object_object_length(json), 0);
    json_object_object_add(json, "key", json_object_new_string("another"));
    ck_assert(spf_shape_copy(&shape, &one, &other));
    ck_assert_ptr_eq(one.key, other.key);
    spf_shape_clear(&shape, &one);
    ck_assert_ptr_null(one.key);
    ck_assert_str_eq(spf_secret_text(other.key), "k3y");
    spf_shape_clear(&shape, &other);
    ck_assert_int_eq(spf_shape_read(&shape, json, &other).code, SPF_OK);
    ck_assert_ptr_null(other.key);
    json_object_put(json);
}
END_TEST

START_TEST(shapes_refuse_what_is_not_theirs)
{
    static const char *const bad[] = {"[]",
                                      "{\"name\":\"12345678\"}",
                                      "{\"name\":5}",
                                      "{\"size\":\"5\"}",
                                      "{\"colour\":\"blue\"}",
                                      "{\"list\":[5]}",
                                      "{\"list\":{}}",
                                      "{\"size\":99999999999999999999}",
                                      "{\"ip\":\"x\"}"};

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct json_object *json = spf_json_parse(bad[i], strlen(bad[i]));
        struct outer value = {0};

        ck_assert_ptr_nonnull(json);
        ck_assert_msg(spf_shape_read(&outer_shape, json, &value).code == SPF_ERR_INVALID, "%s",
                      bad[i]);
        ck_assert_ptr_null(value.blob);
        json_object_put(json);
    }
}
END_TEST

int main(void)
{
    return unit_main("base", (const TTest *const[]){outside_text_is_made_visible,
                                                    outside_text_is_there_without_memory,
                                                    lines_become_one,
                                                    a_cut_is_marked_and_spares_characters,
                                                    words_survive_a_shell,
                                                    sh_reads_what_was_quoted,
                                                    cuts_end_at_a_character,
                                                    base64_both_ways,
                                                    cidrs_hold_addresses,
                                                    times_of_the_cloud,
                                                    json_from_outside,
                                                    json_as_go_reads_it,
                                                    numbers_are_never_clamped,
                                                    freed_memory_holds_no_secret,
                                                    shapes_write_what_they_read,
                                                    shapes_write_no_value_without_a_name,
                                                    numbers_stay_in_their_bounds,
                                                    shapes_share_secrets_and_never_write_them,
                                                    shapes_refuse_what_is_not_theirs,
                                                    NULL});
}
