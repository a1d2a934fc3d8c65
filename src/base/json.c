#include "base/json.h"

#include <ctype.h>
#include <json-c/printbuf.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define DEPTH_MAX 32

/*
 * json-c reads numbers, words and strings more kindly than RFC 8259 even in its strict mode, which
 * in 0.18 refuses all text beyond ASCII, and since then integers beyond 64 bits. So the tokens and
 * the commas before a bracket are looked at here, and the rest of the grammar is left to json-c in
 * its usual mode.
 */
struct lexer {
    char *at;
    const char *end;
    bool as_go;
    size_t names;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* The four hexadecimal digits of \uXXXX, of which at is the backslash; -1: there are none. */
static long escaped_unit(const char *at, const char *end)
{
    char digits[5] = "";
    char *stop;
    long unit;

    if (end - at < 6 || at[0] != '\\' || at[1] != 'u') {
        return -1;
    }
    memcpy(digits, at + 2, 4);
    unit = strtol(digits, &stop, 16);
    return isxdigit((unsigned char)digits[0]) && stop == digits + 4 ? unit : -1;
}

/* One escape sequence; its length, 0 if it is none. */
static size_t escape(const struct lexer *lexer)
{
    long unit;
    long low;

    if (lexer->end - lexer->at >= 2 && lexer->at[1] != '\0' &&
        strchr("\"\\/bfnrt", lexer->at[1]) != NULL) {
        return 2;
    }
    unit = escaped_unit(lexer->at, lexer->end);
    if (unit <= 0) {
        return 0;
    }
    if (unit < 0xd800 || unit > 0xdfff) {
        return 6;
    }
    low = escaped_unit(lexer->at + 6, lexer->end);
    if (unit < 0xdc00 && low >= 0xdc00 && low <= 0xdfff) {
        return 12;
    }
    return lexer->as_go ? 6 : 0;
}

static bool string(struct lexer *lexer)
{
    for (lexer->at++; lexer->at < lexer->end && *lexer->at != '"';) {
        uint32_t code;
        size_t len;

        if ((unsigned char)*lexer->at < 0x20) {
            return false;
        }
        if (*lexer->at == '\\') {
            len = escape(lexer);
        } else {
            len = spf_utf8_decode(lexer->at, (size_t)(lexer->end - lexer->at), &code);
        }
        if (len == 0 && (*lexer->at == '\\' || !lexer->as_go)) {
            return false;
        }
        lexer->at += len > 0 ? len : 1;
    }
    return lexer->at++ < lexer->end;
}

/* A string before a colon is a name. */
static bool name_or_string(struct lexer *lexer)
{
    char *begin = lexer->at;

    if (!string(lexer)) {
        return false;
    }
    for (const char *next = lexer->at; next < lexer->end; next++) {
        if (*next == ':') {
            lexer->names++;
            for (char *c = begin; lexer->as_go && c < lexer->at; c++) {
                if (*c >= 'A' && *c <= 'Z') {
                    *c = (char)(*c - 'A' + 'a');
                }
            }
        }
        if (!is_blank(*next)) {
            break;
        }
    }
    return true;
}

static size_t digits(struct lexer *lexer)
{
    const char *begin = lexer->at;

    while (lexer->at < lexer->end && *lexer->at >= '0' && *lexer->at <= '9') {
        lexer->at++;
    }
    return (size_t)(lexer->at - begin);
}

static bool skip(struct lexer *lexer, const char *any)
{
    if (lexer->at == lexer->end || *lexer->at == '\0' || strchr(any, *lexer->at) == NULL) {
        return false;
    }
    lexer->at++;
    return true;
}

static bool number(struct lexer *lexer)
{
    (void)skip(lexer, "-");
    if (!skip(lexer, "0") && digits(lexer) == 0) {
        return false;
    }
    if (skip(lexer, ".") && digits(lexer) == 0) {
        return false;
    }
    if (skip(lexer, "eE")) {
        (void)skip(lexer, "+-");
        return digits(lexer) > 0;
    }
    return true;
}

static bool number_or_word(struct lexer *lexer)
{
    static const char *const words[] = {"true", "false", "null"};
    size_t left = (size_t)(lexer->end - lexer->at);

    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        size_t len = strlen(words[i]);

        if (left >= len && memcmp(lexer->at, words[i], len) == 0) {
            lexer->at += len;
            return true;
        }
    }
    return number(lexer);
}

/* Whatever json-c would make of "01", it is two numbers with nothing between them. */
static bool is_at_delimiter(const struct lexer *lexer)
{
    return lexer->at == lexer->end || is_blank(*lexer->at) ||
           (*lexer->at != '\0' && strchr(",]}", *lexer->at) != NULL);
}

/* json-c would take a comma that nothing follows. */
static bool comma(struct lexer *lexer)
{
    const char *next = ++lexer->at;

    while (next < lexer->end && is_blank(*next)) {
        next++;
    }
    return next < lexer->end && *next != ']' && *next != '}';
}

static bool are_tokens(struct lexer *lexer)
{
    while (lexer->at < lexer->end) {
        bool ok = true;

        if (*lexer->at == '"') {
            ok = name_or_string(lexer);
        } else if (*lexer->at == ',') {
            ok = comma(lexer);
        } else if (is_blank(*lexer->at) ||
                   (*lexer->at != '\0' && strchr("{}[]:", *lexer->at) != NULL)) {
            lexer->at++;
        } else {
            ok = number_or_word(lexer) && is_at_delimiter(lexer);
        }
        if (!ok) {
            return false;
        }
    }
    return true;
}

/* How many members there are: fewer than names in the text where one object has a name twice. */
static size_t members(struct json_object *json)
{
    size_t count = 0;

    if (json_object_is_type(json, json_type_array)) {
        for (size_t i = 0; i < json_object_array_length(json); i++) {
            count += members(json_object_array_get_idx(json, i));
        }
    } else if (json_object_is_type(json, json_type_object)) {
        json_object_object_foreach(json, name, member)
        {
            (void)name;
            count += 1 + members(member);
        }
    }
    return count;
}

static struct json_object *parse(const char *text, size_t len)
{
    struct json_tokener *tokener = json_tokener_new_ex(DEPTH_MAX);
    struct json_object *json = NULL;
    size_t end;
    bool whole;

    if (tokener == NULL) {
        return NULL;
    }
    if (printbuf_memset(tokener->pb, (int)len, 0, 1) == 0) {
        json = json_tokener_parse_ex(tokener, text, (int)len);
    }
    end = json_tokener_get_parse_end(tokener);
    /* A lone number has no end of its own until a blank follows it. */
    if (json_tokener_get_error(tokener) == json_tokener_continue) {
        json_object_put(json);
        json = json_tokener_parse_ex(tokener, " ", 1);
        end = len;
    }
    while (end < len && is_blank(text[end])) {
        end++;
    }
    whole = end == len && json_tokener_get_error(tokener) == json_tokener_success;
    /* Each string went through this; it was given room for all, so that it never left a copy. */
    explicit_bzero(tokener->pb->buf, (size_t)tokener->pb->size);
    json_tokener_free(tokener);
    if (!whole) {
        spf_json_wipe(json);
        return NULL;
    }
    return json;
}

static struct json_object *check_and_parse(char *text, size_t len, bool as_go)
{
    struct lexer lexer = {.at = text, .end = text + len, .as_go = as_go};
    struct json_object *json;

    if (!are_tokens(&lexer)) {
        return NULL;
    }
    json = parse(text, len);
    if (json != NULL && !as_go && members(json) != lexer.names) {
        spf_json_wipe(json);
        return NULL;
    }
    return json;
}

struct json_object *spf_json_parse(const char *text, size_t len)
{
    /* Only Go's names are written to. */
    return len > INT_MAX ? NULL : check_and_parse((char *)(uintptr_t)text, len, false);
}

struct json_object *spf_json_parse_as_go(const char *text, size_t len)
{
    struct json_object *json = NULL;
    char *copy = len > INT_MAX ? NULL : malloc(len + 1);

    if (copy != NULL) {
        memcpy(copy, text, len);
        json = check_and_parse(copy, len, true);
        explicit_bzero(copy, len); /* such files hold secrets */
        free(copy);
    }
    return json;
}

struct json_object *spf_json_get(struct json_object *object, const char *name)
{
    struct json_object *member = NULL;

    if (!json_object_is_type(object, json_type_object)) {
        return NULL;
    }
    (void)json_object_object_get_ex(object, name, &member);
    return member;
}

struct json_object *spf_json_path(struct json_object *object, const char *path)
{
    char name[128];

    while (object != NULL && *path != '\0') {
        size_t len = strcspn(path, ".");

        if (len >= sizeof name) {
            return NULL;
        }
        memcpy(name, path, len);
        name[len] = '\0';
        object = spf_json_get(object, name);
        path += len + (path[len] == '.');
    }
    return object;
}

size_t spf_json_count(struct json_object *array)
{
    return json_object_is_type(array, json_type_array) ? json_object_array_length(array) : 0;
}

struct json_object *spf_json_item(struct json_object *array, size_t index)
{
    return index < spf_json_count(array) ? json_object_array_get_idx(array, index) : NULL;
}

const char *spf_json_text(struct json_object *object, const char *name)
{
    struct json_object *member = spf_json_get(object, name);

    switch (json_object_get_type(member)) {
    case json_type_string:
    case json_type_int:
    case json_type_double: {
        const char *text = json_object_get_string(member);

        return text != NULL ? text : "";
    }
    default:
        return "";
    }
}

bool spf_json_whole(struct json_object *number, int64_t *value)
{
    if (!json_object_is_type(number, json_type_int)) {
        return false;
    }
    *value = json_object_get_int64(number);
    return *value != INT64_MAX && *value != INT64_MIN;
}

int64_t spf_json_number(struct json_object *object, const char *name, int64_t max, int64_t fallback)
{
    struct json_object *member = spf_json_get(object, name);

    if (!json_object_is_type(member, json_type_int) &&
        !json_object_is_type(member, json_type_string)) {
        return fallback;
    }
    return spf_decimal(spf_json_text(object, name), max, fallback);
}

bool spf_json_bool(struct json_object *object, const char *name)
{
    struct json_object *member = spf_json_get(object, name);

    if (json_object_is_type(member, json_type_boolean)) {
        return json_object_get_boolean(member);
    }
    return spf_same_word(spf_json_text(object, name), "true");
}

static void wipe(struct json_object *value)
{
    if (json_object_is_type(value, json_type_string)) {
        /* json-c's own memory, which it only lends: nobody reads the value again. */
        explicit_bzero((char *)(uintptr_t)json_object_get_string(value),
                       (size_t)json_object_get_string_len(value));
    } else if (json_object_is_type(value, json_type_array)) {
        for (size_t i = 0; i < json_object_array_length(value); i++) {
            wipe(json_object_array_get_idx(value, i));
        }
    } else if (json_object_is_type(value, json_type_object)) {
        json_object_object_foreach(value, name, member)
        {
            (void)name;
            wipe(member);
        }
    }
}

void spf_json_wipe(struct json_object *root)
{
    wipe(root);
    json_object_put(root);
}
