#include "cloud/aliyun/http/sign.h"

#include <stdio.h>

#include "base/json.h"
#include "unit.h"

/* What the official SDK signed, and the worked example of the official page. */
#define VECTORS TEST_LAB "/signature-vectors.json"

static struct json_object *read_vectors(void)
{
    struct json_object *root = json_object_from_file(VECTORS);

    ck_assert_ptr_nonnull(root);
    return root;
}

static size_t pairs_of(struct json_object *object, struct spf_sign_pair *pairs)
{
    size_t count = 0;

    json_object_object_foreach(object, name, value)
    {
        ck_assert_uint_lt(count, SPF_SIGN_MAX);
        pairs[count++] = (struct spf_sign_pair){name, json_object_get_string(value)};
    }
    return count;
}

static void check_vector(struct json_object *vector)
{
    struct spf_sign_pair query[SPF_SIGN_MAX];
    struct spf_sign_pair headers[SPF_SIGN_MAX];
    const char *secret_text = spf_json_text(vector, "access_key_secret");
    struct spf_secret *secret = spf_secret_new(secret_text, strlen(secret_text));
    struct spf_sign_request request = {
        .method = spf_json_text(vector, "method"),
        .query = query,
        .headers = headers,
    };
    char string_to_sign[SPF_SIGN_TEXT_SIZE];
    char hash[65];
    const char *body = spf_json_text(vector, "body");
    struct spf_buf authorization;

    request.query_count = pairs_of(spf_json_get(vector, "query"), query);
    request.header_count = pairs_of(spf_json_get(vector, "headers"), headers);
    spf_buf_init(&authorization, 4096);
    ck_assert(spf_sign(&request, spf_json_text(vector, "access_key_id"), secret, &authorization,
                       string_to_sign));
    ck_assert_msg(strcmp(authorization.data, spf_json_text(vector, "authorization")) == 0, "%s: %s",
                  spf_json_text(vector, "name"), authorization.data);
    ck_assert_str_eq(string_to_sign, spf_json_text(vector, "string_to_sign"));
    ck_assert(spf_sha256_hex(body, strlen(body), hash));
    ck_assert_str_eq(hash, spf_json_text(vector, "content_sha256"));
    spf_buf_clear(&authorization);
    spf_secret_free(secret);
}

START_TEST(every_vector)
{
    struct json_object *root = read_vectors();
    struct json_object *vectors = spf_json_get(root, "vectors");

    ck_assert_uint_eq(spf_json_count(vectors), 17);
    for (size_t i = 0; i < spf_json_count(vectors); i++) {
        check_vector(spf_json_item(vectors, i));
    }
    json_object_put(root);
}
END_TEST

START_TEST(query_is_sorted_and_encoded)
{
    const struct spf_sign_pair query[] = {
        {"Tag.2.Key", "b"}, {"Tag.10.Key", "a c"}, {"Empty", ""}, {"Tag.1.Key", "*~/+\xc3\xa9"}};
    struct spf_buf buf;

    spf_buf_init(&buf, 1000);
    spf_sign_add_query(&buf, query, 4);
    ck_assert_str_eq(buf.data, "Empty=&Tag.1.Key=%2A~%2F%2B%C3%A9&Tag.10.Key=a%20c&Tag.2.Key=b");
    spf_buf_clear(&buf);
}
END_TEST

START_TEST(too_many_parameters_fail)
{
    static struct spf_sign_pair query[SPF_SIGN_MAX + 1];
    struct spf_buf buf;

    spf_buf_init(&buf, 100);
    spf_sign_add_query(&buf, query, SPF_SIGN_MAX + 1);
    ck_assert(spf_buf_failed(&buf));
    spf_buf_clear(&buf);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {every_vector, query_is_sorted_and_encoded,
                                  too_many_parameters_fail, NULL};

    return unit_main("aliyun_sign", tests);
}
