#include "base/text.h"
#include "cloud/aliyun/http/endpoint.h"
#include "cloud/aliyun/http/endpoint_cache.h"
#include "cloud/aliyun/identity/words.h"
#include "cloud/instance_word.h"
#include "unit.h"

/* Words of the command line and of configurations that name something of the cloud. */

/* ---- an instance ----------------------------------------------------------------------------- */

START_TEST(what_names_an_instance)
{
    static const struct {
        const char *word;
        int kind;         /* -1: refused */
        const char *says; /* part of the refusal */
    } cases[] = {
        {"i-bp1a2b3c4d5e6f7g8h9i", SPF_WORD_ID, NULL},
        {"i-x", SPF_WORD_ID, NULL},
        {"i-", SPF_WORD_NAME, NULL},
        {"i-BP1A2B3C4D5E", -1, "lower-case letters"},
        {"I-bp1a2b3c4d5e", -1, "lower-case letters"},
        {"I-bp1", SPF_WORD_NAME, NULL},
        {"I_bp1a2b3c4d5e", SPF_WORD_NAME, NULL},
        {"I-bp1a2b3c4d.5e", SPF_WORD_NAME, NULL},
        {"i-bp1a2b3c4d5e6f7g8h9i_", SPF_WORD_NAME, NULL},
        {"i-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", -1,
         "lower-case letters"},
        {"203.0.113.9", SPF_WORD_ADDRESS, NULL},
        {"2001:db8::1", SPF_WORD_ADDRESS, NULL},
        {"web-1", SPF_WORD_NAME, NULL},
        {"z:_.-,9", SPF_WORD_NAME, NULL},
        {"\xe7\xbd\x91\xe7\xab\x99", SPF_WORD_NAME, NULL},
        {"w", -1, "a name or an address"},
        {"", -1, "a name or an address"},
        {"1web", -1, "a name or an address"},
        {"web*", -1, "a name or an address"},
        {"web 1", -1, "a name or an address"},
        {"we{b", -1, "a name or an address"},
        {"we@b", -1, "a name or an address"},
        {"web\xff", -1, "a name or an address"},
        {"we[b", -1, "a name or an address"},
        {"acs:ecs:cn-hangzhou:1:instance/i-bp1a2b3c", -1, "ARN's end: i-bp1a2b3c"},
        {"acs:ecs:cn-shanghai-finance-1:1:instance/i-uf6a2b3c", -1, "ARN's end: i-uf6a2b3c"},
        {"acs:ecs:*:1:instance/*", -1, "at the ARN's end"},
        {"arn:acs:ecs", -1, "at the ARN's end"},
        {"sg-bp1a2b3c4d5e6f", -1, "the id of a security group"},
        {"eip-bp1a2b3c4d5e6f", -1, "the id of an elastic IP address"},
        {"vpc-bp1a2b3c4d5e6f", -1, "the id of a VPC"},
        {"sg-gateway", SPF_WORD_NAME, NULL},
        {"sg-gatewaygateway", SPF_WORD_NAME, NULL},
        {"sg-bp1a2b3c4d5e_f", SPF_WORD_NAME, NULL},
    };
    char name[200];

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        enum spf_instance_word kind = SPF_WORD_ID;
        struct spf_error error = spf_instance_word(cases[i].word, &kind, NULL);

        ck_assert_msg((error.code == SPF_OK) == (cases[i].kind >= 0), "%s: %s", cases[i].word,
                      error.text);
        ck_assert_msg(error.code != SPF_OK || (int)kind == cases[i].kind, "%s", cases[i].word);
        ck_assert_msg(error.code == SPF_OK || strstr(error.text, cases[i].says) != NULL, "%s: %s",
                      cases[i].word, error.text);
    }
    for (size_t len = 126; len < 132; len++) { /* a name has 2 to 128 characters */
        enum spf_instance_word kind = SPF_WORD_ID;

        memset(name, 'n', len);
        name[len] = '\0';
        ck_assert_int_eq(spf_instance_word(name, &kind, NULL).code == SPF_OK, len <= 128);
    }
}
END_TEST

/* ---- a command line -------------------------------------------------------------------------- */

START_TEST(how_a_command_line_is_split)
{
    static const struct {
        const char *line;
        const char *const words[5]; /* the first NULL: no command line */
    } cases[] = {
        {"a b", {"a", "b"}},
        {"  a\t\n\v\f\rb ", {"a", "b"}},
        {"a\xc2\x85"
         "b\xc2\xa0"
         "c\xe3\x80\x80"
         "d",
         {"a", "b", "c", "d"}},
        {"a\xe2\x80\x80"
         "b\xe2\x80\x8a"
         "c\xe2\x80\x8b",
         {"a", "b", "c\xe2\x80\x8b"}},
        {"a\xe1\x9a\x80"
         "b\xe2\x80\xa8"
         "c\xe1\xbf\xbe",
         {"a", "b", "c\xe1\xbf\xbe"}},
        {"a\xff b", {"a\xff", "b"}},
        {"a '' \"\"", {"a", "", ""}},
        {"'a b'\"c d\"e", {"a bc de"}},
        {"a\\ b \\'c\\' \\\"", {"a b", "'c'", "\""}},
        {"'a\\b' \"a\\b\"", {"a\\b", "a\\b"}},
        {"\"\\\"\\\\\\$\\`\"", {"\"\\$`"}},
        {"a\\\nb \"c\\\nd\"", {"ab", "cd"}},
        {"a '\\\n'", {"a", "\\\n"}},
        {"a \\\n b", {"a", "b"}},
        {"a \"b\\", {NULL}},
        {"a 'b", {NULL}},
        {"a \"b", {NULL}},
        {"a\\", {NULL}},
        {"", {NULL}},
        {"  ", {NULL}},
        {"\\\n", {NULL}},
        {"'' a", {NULL}},
        {"a b c d e", {NULL}},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char line[100];
        char *words[5];
        bool good;

        strcpy(line, cases[i].line);
        good = spf_command_words(line, words, 4);
        ck_assert_msg(good == (cases[i].words[0] != NULL), "%s", cases[i].line);
        for (size_t k = 0; good && k < 5; k++) {
            ck_assert_msg((words[k] == NULL) == (cases[i].words[k] == NULL), "%s: word %zu",
                          cases[i].line, k);
            if (words[k] == NULL) {
                break;
            }
            ck_assert_str_eq(words[k], cases[i].words[k]);
        }
    }
}
END_TEST

/* ---- endpoints ------------------------------------------------------------------------------- */

static char long_host[400];

START_TEST(endpoints_that_are_given)
{
    static const struct {
        const char *text, *product, *url; /* url NULL: refused */
        const char *says;
    } cases[] = {
        {"ecs.example", "", "https://ecs.example", NULL},
        {"ecs=https://ecs.example:8443", "ecs", "https://ecs.example:8443", NULL},
        {"vpc=ecs.example:443", "vpc", "https://ecs.example", NULL},
        {"sts=sts.example", "sts", "https://sts.example", NULL},
        {"http://127.0.0.1:80", "", "http://127.0.0.1", NULL},
        {"http://127.9.9.9:8080/", "", "http://127.9.9.9:8080", NULL},
        {"http://localhost:8080", "", "http://localhost:8080", NULL},
        {"http://LOCALHOST", "", "http://LOCALHOST", NULL},
        {"http://[::1]:8080", "", "http://[::1]:8080", NULL},
        {"https://[2001:db8::1]", "", "https://[2001:db8::1]", NULL},
        {"http://[2001:db8::1]", "", NULL, "must be https"},
        {"http://198.51.100.7", "", NULL, "must be https"},
        {"ftp://127.0.0.1", "", NULL, "must be https"},
        {"a-scheme-that-is-none://127.0.0.1", "", NULL, "must be https"},
        {"oss=ecs.example", "", NULL, "unknown product"},
        {"=ecs.example", "", NULL, "unknown product"},
        {"a-product-that-is-none=ecs.example", "", NULL, "unknown product"},
        {"https://ecs.example?a=b", "", NULL, "not an endpoint"},
        {"https://ecs.example#a", "", NULL, "not an endpoint"},
        {"https://user@ecs.example", "", NULL, "not an endpoint"},
        {"https://:pass@ecs.example", "", NULL, "not an endpoint"},
        {"https://ecs.example/path", "", NULL, "not an endpoint"},
        {"https://", "", NULL, "not an endpoint"},
        {"https://ecs.example:99999", "", NULL, "not an endpoint"},
        {"", "", NULL, "not an endpoint"},
        {long_host, "", NULL, "not an endpoint"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct spf_endpoint endpoint;
        struct spf_error error = spf_endpoint_parse(cases[i].text, &endpoint);

        ck_assert_msg((error.code == SPF_OK) == (cases[i].url != NULL), "%s: %s", cases[i].text,
                      error.text);
        if (cases[i].url == NULL) {
            ck_assert_int_eq(error.code, SPF_ERR_USAGE);
            ck_assert_msg(strstr(error.text, cases[i].says) != NULL, "%s: %s", cases[i].text,
                          error.text);
            continue;
        }
        ck_assert_str_eq(endpoint.product, cases[i].product);
        ck_assert_str_eq(endpoint.url, cases[i].url);
    }
}
END_TEST

START_TEST(endpoints_of_sts)
{
    static const struct {
        const char *text, *host; /* NULL: refused */
    } cases[] = {
        {" http://sts.example/ ", "sts.example"},
        {"https://http://sts.example", "sts.example"},
        {"sts.cn-beijing.aliyuncs.com", "sts.cn-beijing.aliyuncs.com"},
        {"\t\r\n", NULL},
        {"", NULL},
        {"/", NULL},
        {"sts.example/path", NULL},
        {"sts=sts.example", NULL},
        {long_host, NULL},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct spf_endpoint endpoint = {0};
        struct spf_error error = spf_endpoint_of_sts(cases[i].text, &endpoint);

        ck_assert_msg((error.code == SPF_OK) == (cases[i].host != NULL), "%s: %s", cases[i].text,
                      error.text);
        if (cases[i].host != NULL) {
            ck_assert_str_eq(endpoint.host, cases[i].host);
        }
    }
}
END_TEST

START_TEST(services_that_tell_an_address)
{
    static const struct {
        const char *text, *host; /* NULL: refused */
    } cases[] = {
        {"https://ip.example/", "ip.example"},
        {"https://ip.example:8443/path?format=text", "ip.example"},
        {"http://ip.example/", NULL},
        {"ip.example", NULL},
        {"https://", NULL},
        {"", NULL},
        {"https://user@ip.example/", NULL},
        {"https://:pass@ip.example/", NULL},
        {"https://ip.example/#a", NULL},
        {"https://a-name-that-is-longer-than-there-is-room-for.example/", NULL},
        {long_host, NULL},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char host[32];
        struct spf_error error = spf_lookup_parse(cases[i].text, host, sizeof host);

        ck_assert_msg((error.code == SPF_OK) == (cases[i].host != NULL), "%s", cases[i].text);
        if (cases[i].host != NULL) {
            ck_assert_str_eq(host, cases[i].host);
        } else {
            ck_assert_int_eq(error.code, SPF_ERR_USAGE);
        }
    }
}
END_TEST

START_TEST(the_region_that_an_id_suggests)
{
    static const struct {
        const char *id, *region;
    } cases[] = {
        {"i-bp1a2b3c4d5e6f7g8h9i", "cn-hangzhou"},
        {"i-uf6a2b3c4d5e6f7g8h9i", "cn-shanghai"},
        {"i-eb3a2b3c4d5e6f7g8h9i", "me-east-1"},
        {"i-zz3a2b3c4d5e6f7g8h9i", ""},
        {"i-bp1", ""},
        {"AY1212345678901234567", ""},
        {"", ""},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ck_assert_str_eq(spf_region_hint(cases[i].id), cases[i].region);
    }
}
END_TEST

START_TEST(names_of_regions_go_into_a_host)
{
    static const struct {
        const char *product, *region, *host; /* NULL: no region's name */
    } cases[] = {
        {"ecs", "cn-hangzhou", "ecs.cn-hangzhou.aliyuncs.com"},
        {"sts", "us-southeast-1", "sts.aliyuncs.com"},
        {"ecs", "-cn", NULL},
        {"ecs", "cn_hangzhou", NULL},
        {"ecs", "CN-hangzhou", NULL},
        {"ecs", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", NULL},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct spf_endpoint endpoint = {0};

        ck_assert_int_eq(spf_endpoint_of(cases[i].product, cases[i].region, false, &endpoint),
                         cases[i].host != NULL);
        if (cases[i].host != NULL) {
            ck_assert_str_eq(endpoint.host, cases[i].host);
        }
    }
}
END_TEST

/* What the API says of a region's endpoint is believed of the provider's names alone. */
START_TEST(endpoints_that_are_learned)
{
    static const struct {
        const char *host;
        bool learned;
    } cases[] = {
        {"ecs-cn-hangzhou.aliyuncs.com", true},
        {"ecs.cn-hangzhou.aliyuncs.com", false},
        {".aliyuncs.com", false},
        {"aliyuncs.com", false},
        {"", false},
        {"ecs.aliyuncs.com.evil.example", false},
        {"evil.example/.aliyuncs.com", false},
        {"ECS.aliyuncs.com", false},
        {"user@ecs.aliyuncs.com", false},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct spf_configured_places configured = {.vpc = false};
        struct spf_endpoint_cache places = {.configured = i % 2 == 0 ? &configured : NULL};
        struct spf_endpoint found;

        ck_assert_msg(spf_endpoint_cache_learn(&places, "cn-hangzhou", cases[i].host) ==
                          cases[i].learned,
                      "%s", cases[i].host);
        ck_assert(spf_endpoint_cache_find(&places, "ecs", "cn-hangzhou", NULL, &found));
        ck_assert_str_eq(found.host,
                         cases[i].learned ? cases[i].host : "ecs.cn-hangzhou.aliyuncs.com");
        ck_assert(spf_endpoint_cache_find(&places, "ecs", "cn-beijing", NULL, &found));
        ck_assert_str_eq(found.host, "ecs.cn-beijing.aliyuncs.com");
        configured.vpc = configured.vpc_for_sts = true;
        places.configured = &configured;
        ck_assert(!spf_endpoint_cache_learn(&places, "cn-qingdao", "ecs-cn-qd.aliyuncs.com"));
        ck_assert(spf_endpoint_cache_find(&places, "sts", "cn-beijing", NULL, &found));
        ck_assert_str_eq(found.host, "sts-vpc.cn-beijing.aliyuncs.com");
        spf_endpoint_cache_clear(&places);
    }
}
END_TEST

int main(void)
{
    memset(long_host, 'a', sizeof long_host - 1);
    return unit_main(
        "cloud_words",
        (const TTest *const[]){what_names_an_instance, how_a_command_line_is_split,
                               endpoints_that_are_given, endpoints_of_sts,
                               services_that_tell_an_address, the_region_that_an_id_suggests,
                               names_of_regions_go_into_a_host, endpoints_that_are_learned, NULL});
}
