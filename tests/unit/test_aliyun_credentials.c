#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/text.h"
#include "cloud/aliyun/identity/chain.h"
#include "cloud/aliyun/identity/config_file.h"
#include "cloud/aliyun/identity/credentials.h"
#include "credentials_fixture.h"
#include "unit.h"

/* --- what is found in the environment and in files, without any network --- */

/* The first source that is there. */
static bool find(const struct spf_credential_options *options, struct spf_credentials *found,
                 struct spf_failure *failure)
{
    struct spf_credential_trail trail = {0};

    return spf_credentials_find(options, &trail, found, failure);
}

START_TEST(the_environment_in_its_spellings)
{
    static const char *const names[][2] = {
        {"ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET"},
        {"ALIBABACLOUD_ACCESS_KEY_ID", "ALIBABACLOUD_ACCESS_KEY_SECRET"},
        {"ALICLOUD_ACCESS_KEY_ID", "ALICLOUD_ACCESS_KEY_SECRET"},
        {"ALICLOUD_ACCESS_KEY", "ALICLOUD_SECRET_KEY"},
        {"ACCESS_KEY_ID", "ACCESS_KEY_SECRET"},
    };
    const struct spf_credential_options options = {0};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct spf_credentials found;
        struct spf_failure failure;

        forget_environment();
        setenv(names[i][0], "id\n", 1);
        ck_assert(!find(&options, &found, &failure));
        ck_assert_int_eq(failure.cause, SPF_CREDENTIALS_INCOMPLETE);
        setenv(names[i][1], " secret ", 1);
        ck_assert(find(&options, &found, &failure));
        ck_assert_str_eq(found.key.id, "id");
        ck_assert_str_eq(spf_secret_text(found.key.secret), "secret");
        ck_assert_ptr_nonnull(strstr(found.source, names[i][0]));
        spf_credentials_clear(&found);
        unsetenv(names[i][0]);
        unsetenv(names[i][1]);
    }
}
END_TEST

START_TEST(nothing_anywhere)
{
    const struct spf_credential_options options = {0};
    const struct spf_credential_options missing = {.config_path = "/nonexistent/x"};
    struct spf_credentials found;
    struct spf_failure failure;

    forget_environment();
    ck_assert(!find(&options, &found, &failure));
    ck_assert_int_eq(failure.cause, SPF_CREDENTIALS_MISSING);
    ck_assert_ptr_nonnull(strstr(failure.text, ".aliyun/config.json"));
    ck_assert(!find(&missing, &found, &failure));
    ck_assert_int_eq(failure.cause, SPF_CREDENTIALS_INCOMPLETE);
    setenv("ALIBABA_CLOUD_ACCESS_KEY_ID", "id\r\nx-evil: 1", 1);
    setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "s", 1);
    ck_assert(!find(&options, &found, &failure));
    ck_assert_int_eq(failure.cause, SPF_CREDENTIALS_INCOMPLETE);
}
END_TEST

START_TEST(endpoints_inside_a_vpc)
{
    static const struct {
        const char *product, *region;
        bool vpc;
        const char *host;
    } names[] = {
        {"ecs", "cn-beijing", false, "ecs.cn-beijing.aliyuncs.com"},
        {"ecs", "cn-beijing", true, "ecs-vpc.cn-beijing.aliyuncs.com"},
        {"vpc", "cn-beijing", true, "vpc-vpc.cn-beijing.aliyuncs.com"},
        {"sts", "", true, "sts.aliyuncs.com"},
        {"sts", "cn-beijing", true, "sts-vpc.cn-beijing.aliyuncs.com"},
        {"sts", "cn-zhongwei", true, "sts.aliyuncs.com"},
        {"sts", "ap-southeast-6", false, "sts.aliyuncs.com"},
        {"sts", "cn-shenzhen-finance-1", false, "sts.aliyuncs.com"},
        {"sts", "cn-shenzhen-finance-1", true, "sts-vpc.cn-shenzhen-finance-1.aliyuncs.com"},
        {"sts", "cn-hangzhou-finance", true, "sts.aliyuncs.com"},
        {"ecs", "cn-zhongwei", false, "ecs.cn-zhongwei.aliyuncs.com"},
        {"ecs", "", false, "ecs.aliyuncs.com"},
        {"ecs", "cn-hangzhou-finance", true, "ecs.aliyuncs.com"},
        {"vpc", "cn-north-2-gov-1", false, "vpc.aliyuncs.com"},
        {"ecs", "evil.example/", false, NULL},
    };
    static const struct {
        bool option;
        const char *name, *value;
        bool all, sts;
    } cases[] = {
        {false, "HOME", "/nonexistent", false, false},
        {true, "HOME", "/nonexistent", true, true},
        {false, "ALIBABA_CLOUD_ENDPOINT_TYPE", "VPC", true, true},
        {false, "ALIBABA_CLOUD_ENDPOINT_TYPE", "", false, false},
        {false, "ALIBABA_CLOUD_VPC_ENDPOINT_ENABLED", "True", false, true},
    };

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct spf_endpoint endpoint = {0};
        bool good = spf_endpoint_of(names[i].product, names[i].region, names[i].vpc, &endpoint);

        ck_assert_int_eq(good, names[i].host != NULL);
        if (good) {
            ck_assert_str_eq(endpoint.host, names[i].host);
        }
    }
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct spf_credential_options options = {.vpc = cases[i].option};
        struct spf_credentials found;
        struct spf_failure failure;

        forget_environment();
        setenv("ALIBABA_CLOUD_ACCESS_KEY_ID", "id", 1);
        setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "s", 1);
        setenv(cases[i].name, cases[i].value, 1);
        ck_assert(find(&options, &found, &failure));
        ck_assert_int_eq(found.places.vpc, cases[i].all);
        ck_assert_int_eq(found.places.vpc_for_sts, cases[i].sts);
        spf_credentials_clear(&found);
        unsetenv(cases[i].name);
    }
    forget_environment();
}
END_TEST

START_TEST(endpoints_that_are_configured)
{
    static const struct {
        const char *text, *product, *host;
    } cases[] = {
        {"gateway.example", "", "gateway.example"},
        {"https://gateway.example:8443/", "", "gateway.example:8443"},
        {"ecs.cn-beijing.aliyuncs.com", "ecs", "ecs.cn-beijing.aliyuncs.com"},
        {"ecs-cn-hangzhou.aliyuncs.com", "ecs", "ecs-cn-hangzhou.aliyuncs.com"},
        {"vpc-vpc.cn-beijing.aliyuncs.com", "vpc", "vpc-vpc.cn-beijing.aliyuncs.com"},
        {"oss.cn-beijing.aliyuncs.com", "", "oss.cn-beijing.aliyuncs.com"},
        {"aliyuncs.com", "", "aliyuncs.com"},
        {"http://gateway.example", NULL, NULL},
        {"ecs=gateway.example", NULL, NULL},
        {"https://user:pass@gateway.example", NULL, NULL},
        {"https://gateway.example/path", NULL, NULL},
        {" ", NULL, NULL},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct spf_endpoint endpoint = {0};
        bool good = spf_endpoint_configured(cases[i].text, &endpoint).code == SPF_OK;

        ck_assert_msg(good == (cases[i].host != NULL), "%s", cases[i].text);
        if (!good) {
            continue;
        }
        ck_assert_str_eq(endpoint.product, cases[i].product);
        ck_assert_str_eq(endpoint.host, cases[i].host);
    }
}
END_TEST

/* The order of the sources, of which each says something else. */
START_TEST(places_in_their_order)
{
    struct spf_endpoint given[2] = {{.product = "vpc", .url = "https://a", .host = "a"},
                                    {.product = "", .url = "https://b", .host = "b"}};
    struct spf_configured_places configured = {.all = {.url = "https://c", .host = "c"},
                                               .sts = {.url = "https://d", .host = "d"}};
    const struct spf_endpoint of_profile = {.url = "https://e", .host = "e"};
    struct spf_endpoint_cache places = {
        .given = given, .given_count = 2, .configured = &configured};
    struct spf_endpoint found;

    ck_assert(spf_endpoint_cache_find(&places, "vpc", "cn-beijing", &of_profile, &found));
    ck_assert_str_eq(found.host, "a");
    ck_assert(spf_endpoint_cache_find(&places, "sts", "", &of_profile, &found));
    ck_assert_str_eq(found.host, "b");
    ck_assert(!spf_endpoint_cache_learn(&places, "cn-beijing", "ecs.aliyuncs.com"));
    places.given_count = 0;
    ck_assert(spf_endpoint_cache_find(&places, "sts", "", &of_profile, &found));
    ck_assert_str_eq(found.host, "e");
    ck_assert(spf_endpoint_cache_find(&places, "sts", "", NULL, &found));
    ck_assert_str_eq(found.host, "d");
    ck_assert(spf_endpoint_cache_find(&places, "ecs", "cn-beijing", NULL, &found));
    ck_assert_str_eq(found.host, "c");
    ck_assert(spf_endpoint_cache_fixed(&places));
    strcpy(configured.all.product, "vpc");
    ck_assert(!spf_endpoint_cache_fixed(&places));
    ck_assert(spf_endpoint_cache_find(&places, "ecs", "cn-beijing", NULL, &found));
    ck_assert_str_eq(found.host, "ecs.cn-beijing.aliyuncs.com");
    ck_assert(!spf_endpoint_cache_learn(&places, "cn-beijing", "ecs.cn-beijing.aliyuncs.com"));
    ck_assert(!spf_endpoint_cache_learn(&places, "cn-beijing", "stranger.example"));
    ck_assert(!spf_endpoint_cache_learn(&places, "cn-beijing", "x/@y.aliyuncs.com"));
    ck_assert(spf_endpoint_cache_learn(&places, "cn-beijing", "ecs-cn-hangzhou.aliyuncs.com"));
    ck_assert(spf_endpoint_cache_find(&places, "ecs", "cn-beijing", NULL, &found));
    ck_assert_str_eq(found.host, "ecs-cn-hangzhou.aliyuncs.com");
    ck_assert(spf_endpoint_cache_find(&places, "ecs", "cn-shanghai", NULL, &found));
    ck_assert_str_eq(found.host, "ecs.cn-shanghai.aliyuncs.com");
    spf_endpoint_cache_clear(&places);
}
END_TEST

#define KEY "\"access_key_id\":\"id\",\"access_key_secret\":\"s\""

START_TEST(the_modes_of_config_json)
{
    static const struct {
        const char *profile;
        enum spf_finding cause;
        int steps;
        enum spf_step_kind last;
    } cases[] = {
        {"\"mode\":\"AK\"," KEY, SPF_NO_FINDING, 0, 0},
        {"\"mode\":\"ak\"," KEY, SPF_NO_FINDING, 0, 0},
        {KEY, SPF_NO_FINDING, 0, 0},
        {"\"mode\":\"AK\",\"access_key_id\":\"id\"", SPF_CREDENTIALS_INCOMPLETE, 0, 0},
        {"\"mode\":\"StsToken\",\"sts_token\":\"t\"," KEY, SPF_NO_FINDING, 0, 0},
        {"\"mode\":\"StsToken\"," KEY, SPF_CREDENTIALS_INCOMPLETE, 0, 0},
        {"\"mode\":\"RamRoleArn\"," ROLE "," KEY, SPF_NO_FINDING, 1, SPF_STEP_ASSUME_ROLE},
        {"\"mode\":\"RamRoleArn\"," KEY, SPF_CREDENTIALS_INCOMPLETE, 0, 0},
        {"\"mode\":\"EcsRamRole\"", SPF_NO_FINDING, 1, SPF_STEP_METADATA},
        {"\"mode\":\"RamRoleArnWithRoleName\",\"ram_role_name\":\"n\"," ROLE, SPF_NO_FINDING, 2,
         SPF_STEP_ASSUME_ROLE},
        {"\"mode\":\"ChainableRamRoleArn\",\"source_profile\":\"base\"," ROLE, SPF_NO_FINDING, 1,
         SPF_STEP_ASSUME_ROLE},
        {"\"mode\":\"ChainableRamRoleArn\",\"source_profile\":\"p\"," ROLE,
         SPF_CREDENTIALS_INCOMPLETE, 0, 0},
        {"\"mode\":\"ChainableRamRoleArn\",\"source_profile\":\"none\"," ROLE, SPF_PROFILE_UNKNOWN,
         0, 0},
        {"\"mode\":\"External\",\"process_command\":\"x\"", SPF_NO_FINDING, 1, SPF_STEP_PROGRAM},
        {"\"mode\":\"External\"", SPF_CREDENTIALS_INCOMPLETE, 0, 0},
        {"\"mode\":\"CredentialsURI\",\"credentials_uri\":\"http://127.0.0.1/\"", SPF_NO_FINDING, 1,
         SPF_STEP_URI},
        {"\"mode\":\"OIDC\",\"oidc_provider_arn\":\"a\",\"oidc_token_file\":\"f\"," ROLE,
         SPF_NO_FINDING, 1, SPF_STEP_ASSUME_WITH_OIDC},
        {"\"mode\":\"CloudSSO\",\"sts_expiration\":2000,\"sts_token\":\"t\"," KEY, SPF_NO_FINDING,
         0, 0},
        {"\"mode\":\"CloudSSO\",\"sts_expiration\":10,\"sts_token\":\"t\"," KEY, SPF_TOKEN_EXPIRED,
         0, 0},
        {"\"mode\":\"CloudSSO\",\"access_token\":\"t\",\"cloud_sso_access_token_expire\":2000,"
         "\"cloud_sso_sign_in_url\":\"https://signin.example.com/start\"",
         SPF_NO_FINDING, 1, SPF_STEP_SIGN_IN},
        {"\"mode\":\"OAuth\",\"sts_expiration\":2000,\"sts_token\":\"t\"," KEY, SPF_NO_FINDING, 0,
         0},
        {"\"mode\":\"OAuth\"", SPF_TOKEN_EXPIRED, 0, 0},
        {"\"mode\":\"RsaKeyPair\"", SPF_PROFILE_MODE_UNSUPPORTED, 0, 0},
        {"\"mode\":\"BearerToken\"", SPF_PROFILE_MODE_UNSUPPORTED, 0, 0},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct spf_credentials found = {0};
        struct spf_failure failure = {0};
        struct spf_secret *text;
        char json[1000];
        bool ok;

        (void)snprintf(json, sizeof json,
                       "{\"current\":\"p\",\"profiles\":[{\"name\":\"base\"," KEY
                       "},{\"name\":\"p\",\"region_id\":\"cn-x\",%s}]}",
                       cases[i].profile);
        text = spf_secret_new(json, strlen(json));
        ok = spf_config_read(text, NULL, "config.json", 1000, &found, &failure);
        ck_assert_msg(failure.cause == cases[i].cause && ok == (cases[i].cause == SPF_NO_FINDING),
                      "%s: %s", cases[i].profile, failure.text);
        if (ok) {
            ck_assert_int_eq((int)found.step_count, cases[i].steps);
            if (cases[i].steps > 0) {
                ck_assert_int_eq(found.steps[found.step_count - 1].kind, cases[i].last);
            }
            ck_assert_str_eq(found.source, "profile \"p\" of config.json");
            ck_assert_str_eq(found.region, "cn-x");
        }
        spf_credentials_clear(&found);
        spf_secret_free(text);
    }
}
END_TEST

START_TEST(the_ini_file)
{
    static const char ini[] = "# comment\n[default]\ntype = access_key\naccess_key_id = id\r\n"
                              "access_key_secret=s\n[role]\ntype=ram_role_arn\naccess_key_id=id\n"
                              "access_key_secret=s\nrole_arn=acs:ram::1:role/r\n"
                              "[ecs]\ntype=ecs_ram_role\nrole_name=n\n[odd]\ntype=rsa_key_pair\n";
    static const struct {
        const char *section;
        enum spf_finding cause;
        size_t steps;
    } cases[] = {{"default", SPF_NO_FINDING, 0},
                 {"role", SPF_NO_FINDING, 1},
                 {"ecs", SPF_NO_FINDING, 1},
                 {"odd", SPF_CREDENTIALS_INCOMPLETE, 0},
                 {"none", SPF_PROFILE_UNKNOWN, 0}};
    struct spf_secret *text = spf_secret_new(ini, sizeof ini - 1);

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct spf_credentials found = {0};
        struct spf_failure failure = {0};
        bool ok = spf_ini_read(text, cases[i].section, "credentials", &found, &failure);

        ck_assert_msg(failure.cause == cases[i].cause, "%s: %s", cases[i].section, failure.text);
        if (ok) {
            ck_assert_uint_eq(found.step_count, cases[i].steps);
        }
        spf_credentials_clear(&found);
    }
    spf_secret_free(text);
}
END_TEST

int main(void)
{
    return unit_main("aliyun_credentials",
                     (const TTest *const[]){the_environment_in_its_spellings, nothing_anywhere,
                                            endpoints_inside_a_vpc, endpoints_that_are_configured,
                                            places_in_their_order, the_modes_of_config_json,
                                            the_ini_file, NULL});
}
