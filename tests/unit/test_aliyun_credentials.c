#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/text.h"
#include "cloud/aliyun/config_file.h"
#include "cloud_lab.h"

/* --- what is found in the environment and in files, without any network --- */

static void forget_environment(void)
{
    static const char *const names[] = {
        "ALIBABA_CLOUD_ACCESS_KEY_ID",   "ALIBABA_CLOUD_ACCESS_KEY_SECRET",
        "ALIBABA_CLOUD_SECURITY_TOKEN",  "ALIBABA_CLOUD_REGION_ID",
        "ALIBABA_CLOUD_PROFILE",         "ALIBABA_CLOUD_CREDENTIALS_URI",
        "ALIBABA_CLOUD_ROLE_ARN",        "ALIBABA_CLOUD_OIDC_PROVIDER_ARN",
        "ALIBABA_CLOUD_OIDC_TOKEN_FILE", "ALIBABA_CLOUD_CREDENTIALS_FILE",
        "ALIBABA_CLOUD_CONFIG_FILE",     "ALIBABA_CLOUD_ECS_METADATA",
        "ALICLOUD_ACCESS_KEY",           "ALICLOUD_SECRET_KEY"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        unsetenv(names[i]);
    setenv("HOME", "/nonexistent", 1);
    setenv("ALIBABA_CLOUD_ECS_METADATA_DISABLED", "true", 1);
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
        ck_assert(!spf_credentials_find(&options, &found, &failure));
        ck_assert_int_eq(failure.cause, SPF_CREDENTIALS_INCOMPLETE);
        setenv(names[i][1], " secret ", 1);
        ck_assert(spf_credentials_find(&options, &found, &failure));
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
    const struct spf_credential_options options = {0}, missing = {.config_path = "/nonexistent/x"};
    struct spf_credentials found;
    struct spf_failure failure;

    forget_environment();
    ck_assert(!spf_credentials_find(&options, &found, &failure));
    ck_assert_int_eq(failure.cause, SPF_CREDENTIALS_MISSING);
    ck_assert_ptr_nonnull(strstr(failure.text, ".aliyun/config.json"));
    ck_assert(!spf_credentials_find(&missing, &found, &failure));
    ck_assert_int_eq(failure.cause, SPF_CREDENTIALS_INCOMPLETE);
    setenv("ALIBABA_CLOUD_ACCESS_KEY_ID", "id\r\nx-evil: 1", 1);
    setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "s", 1);
    ck_assert(!spf_credentials_find(&options, &found, &failure));
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
        if (good)
            ck_assert_str_eq(endpoint.host, names[i].host);
    }
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct spf_credential_options options = {.vpc = cases[i].option};
        struct spf_credentials found;
        struct spf_failure failure;

        forget_environment();
        setenv("ALIBABA_CLOUD_ACCESS_KEY_ID", "id", 1);
        setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "s", 1);
        setenv(cases[i].name, cases[i].value, 1);
        ck_assert(spf_credentials_find(&options, &found, &failure));
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
        if (!good)
            continue;
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
    struct spf_places places = {.given = given, .given_count = 2, .configured = &configured};
    struct spf_endpoint found;

    ck_assert(spf_places_find(&places, "vpc", "cn-beijing", &of_profile, &found));
    ck_assert_str_eq(found.host, "a");
    ck_assert(spf_places_find(&places, "sts", "", &of_profile, &found));
    ck_assert_str_eq(found.host, "b");
    ck_assert(!spf_places_learn(&places, "cn-beijing", "ecs.aliyuncs.com"));
    places.given_count = 0;
    ck_assert(spf_places_find(&places, "sts", "", &of_profile, &found));
    ck_assert_str_eq(found.host, "e");
    ck_assert(spf_places_find(&places, "sts", "", NULL, &found));
    ck_assert_str_eq(found.host, "d");
    ck_assert(spf_places_find(&places, "ecs", "cn-beijing", NULL, &found));
    ck_assert_str_eq(found.host, "c");
    ck_assert(spf_places_fixed(&places));
    strcpy(configured.all.product, "vpc");
    ck_assert(!spf_places_fixed(&places));
    ck_assert(spf_places_find(&places, "ecs", "cn-beijing", NULL, &found));
    ck_assert_str_eq(found.host, "ecs.cn-beijing.aliyuncs.com");
    ck_assert(!spf_places_learn(&places, "cn-beijing", "ecs.cn-beijing.aliyuncs.com"));
    ck_assert(!spf_places_learn(&places, "cn-beijing", "stranger.example"));
    ck_assert(!spf_places_learn(&places, "cn-beijing", "x/@y.aliyuncs.com"));
    ck_assert(spf_places_learn(&places, "cn-beijing", "ecs-cn-hangzhou.aliyuncs.com"));
    ck_assert(spf_places_find(&places, "ecs", "cn-beijing", NULL, &found));
    ck_assert_str_eq(found.host, "ecs-cn-hangzhou.aliyuncs.com");
    ck_assert(spf_places_find(&places, "ecs", "cn-shanghai", NULL, &found));
    ck_assert_str_eq(found.host, "ecs.cn-shanghai.aliyuncs.com");
    spf_places_clear(&places);
}
END_TEST

#define KEY  "\"access_key_id\":\"id\",\"access_key_secret\":\"s\""
#define ROLE "\"ram_role_arn\":\"acs:ram::1:role/r\""

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
            if (cases[i].steps > 0)
                ck_assert_int_eq(found.steps[found.step_count - 1].kind, cases[i].last);
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
        if (ok)
            ck_assert_uint_eq(found.step_count, cases[i].steps);
        spf_credentials_clear(&found);
    }
    spf_secret_free(text);
}
END_TEST

/* --- what takes a network or a program --- */

#define STS_ID "STS.LabCanaryStsId000000001"
#define STS_REPLY                                                                  \
    "{\"Code\":\"Success\",\"AccessKeyId\":\"" STS_ID                              \
    "\",\"AccessKeySecret\":\"LabCanarySecretSts00000000001x\",\"SecurityToken\":" \
    "\"CAISLabCanaryToken+/=000000000000000000000000000000000000001\"}"

static void with_roles(struct json_object *world)
{
    static const char roles[] =
        "{\"acs:ram::1:role/r\":{\"trusts\":\"" LAB_ID "\",\"oidc_token\":\"oidc-canary\","
        "\"Credentials\":" STS_REPLY "}}";

    json_object_object_add(world, "roles", json_tokener_parse(roles));
}

/* Answers GET and PUT by path, one connection after the other, until it is killed. */
static pid_t small_server(int *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    pid_t pid;

    ck_assert_int_eq(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
    ck_assert_int_eq(listen(listener, 16), 0);
    ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&address, &len), 0);
    *port = ntohs(address.sin_port);
    pid = fork();
    if (pid != 0) {
        close(listener);
        return pid;
    }
    for (;;) {
        int peer = accept(listener, NULL, NULL);
        char request[4000], reply[2000];
        const char *body = "no";
        ssize_t got = read(peer, request, sizeof request - 1);

        request[got > 0 ? got : 0] = '\0';
        if (strstr(request, "PUT /latest/api/token") == request)
            body = "metadata-token";
        else if (strstr(request, "metadata-token: metadata-token") == NULL &&
                 strstr(request, "/latest/") != NULL)
            body = "";
        else if (strstr(request, "security-credentials/lab-role ") != NULL)
            body = STS_REPLY;
        else if (strstr(request, "security-credentials/ ") != NULL)
            body = "lab-role\n";
        else if (strstr(request, "GET /uri ") == request)
            body = STS_REPLY;
        (void)snprintf(reply, sizeof reply,
                       "HTTP/1.1 %s\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n%s",
                       body[0] != '\0' ? "200 OK" : "403 No", strlen(body), body);
        if (write(peer, reply, strlen(reply)) < 0)
            continue;
        close(peer);
    }
}

static void write_file(const char *path, const char *text, mode_t mode)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, mode);

    ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
}

/* Puts the lab's folder and the small server's port in the places marked for them. */
static void fill(const char *text, const char *folder, int port, char *out, size_t size)
{
    struct spf_buf buf;

    spf_buf_init(&buf, size - 1);
    while (*text != '\0') {
        if (strncmp(text, "@FOLDER@", 8) == 0) {
            spf_buf_addstr(&buf, folder);
            text += 8;
        } else if (strncmp(text, "@PORT@", 6) == 0) {
            spf_buf_addf(&buf, "%d", port);
            text += 6;
        } else {
            spf_buf_addch(&buf, *text++);
        }
    }
    ck_assert(!spf_buf_failed(&buf));
    strcpy(out, buf.data);
    spf_buf_clear(&buf);
}

/* Credentials by this profile, then a call with them. */
static enum spf_finding by_profile(const char *members, const char *expected_id)
{
    char config[200], json[1500], path[200], metadata[100];
    const struct spf_failure *failure;
    enum spf_finding cause = SPF_NO_FINDING;
    struct lab lab;
    int port;
    pid_t server;

    lab_start(&lab, with_roles);
    forget_environment();
    server = small_server(&port);
    (void)snprintf(path, sizeof path, "%s/program", lab.folder);
    write_file(path,
               "#!/bin/sh\nread x && exit 1\n[ -z \"$LAB_TEST_SECRET\" ] || exit 2\n"
               "echo '{\"mode\":\"StsToken\",\"access_key_id\":\"" STS_ID
               "\",\"access_key_secret\":\"LabCanarySecretSts00000000001x\",\"sts_token\":"
               "\"CAISLabCanaryToken+/=000000000000000000000000000000000000001\"}'\n",
               0700);
    setenv("LAB_TEST_SECRET", "x", 1);
    (void)snprintf(path, sizeof path, "%s/token", lab.folder);
    write_file(path, "oidc-canary", 0600);
    (void)snprintf(config, sizeof config, "%s/config.json", lab.folder);
    fill(members, lab.folder, port, json, sizeof json);
    write_file(config, json, 0600);
    (void)snprintf(metadata, sizeof metadata, "http://127.0.0.1:%d", port);
    lab.options.credentials.config_path = config;
    lab.options.credentials.metadata_url = metadata;

    failure = lab_ask(&lab, SPF_GROUP_CREDENTIALS);
    if (failure == NULL) {
        ck_assert_str_eq(lab.facts.credentials.access_key, expected_id);
        failure = lab_ask(&lab, SPF_GROUP_IDENTITY);
    }
    if (failure != NULL)
        cause = failure->cause;
    kill(server, SIGKILL);
    waitpid(server, NULL, 0);
    lab_stop(&lab);
    return cause;
}

#define PROFILE(members) "{\"profiles\":[{\"name\":\"default\"," members "}]}"
#define LAB_KEY          "\"access_key_id\":\"" LAB_ID "\",\"access_key_secret\":\"" LAB_SECRET "\""

START_TEST(every_source_gives_a_key_that_works)
{
    static const struct {
        const char *profile;
        enum spf_finding cause;
    } cases[] = {
        {PROFILE("\"mode\":\"RamRoleArn\"," LAB_KEY "," ROLE), SPF_NO_FINDING},
        {PROFILE("\"mode\":\"RamRoleArn\"," LAB_KEY ",\"ram_role_arn\":\"acs:ram::1:role/none\""),
         SPF_ROLE_REFUSED},
        {PROFILE("\"mode\":\"EcsRamRole\",\"ram_role_name\":\"lab-role\""), SPF_NO_FINDING},
        {PROFILE("\"mode\":\"EcsRamRole\""), SPF_NO_FINDING},
        {PROFILE("\"mode\":\"EcsRamRole\",\"ram_role_name\":\"other\""),
         SPF_CREDENTIALS_INCOMPLETE},
        {"{\"profiles\":[{\"name\":\"default\",\"mode\":\"CredentialsURI\",\"credentials_uri\":"
         "\"http://127.0.0.1:@PORT@/uri\"}]}",
         SPF_NO_FINDING},
        {"{\"profiles\":[{\"name\":\"default\",\"mode\":\"External\",\"process_command\":"
         "\"'@FOLDER@/program' --json\"}]}",
         SPF_NO_FINDING},
        {"{\"profiles\":[{\"name\":\"default\",\"mode\":\"External\",\"process_command\":"
         "\"@FOLDER@/none\"}]}",
         SPF_CREDENTIALS_INCOMPLETE},
        {"{\"profiles\":[{\"name\":\"default\",\"mode\":\"External\",\"process_command\":"
         "\"/bin/false @FOLDER@\"}]}",
         SPF_CREDENTIALS_INCOMPLETE},
        {"{\"profiles\":[{\"name\":\"default\",\"mode\":\"OIDC\",\"oidc_provider_arn\":\"a\","
         "\"oidc_token_file\":\"@FOLDER@/token\"," ROLE "}]}",
         SPF_NO_FINDING},
        {"{\"profiles\":[{\"name\":\"default\",\"mode\":\"OIDC\",\"oidc_provider_arn\":\"a\","
         "\"oidc_token_file\":\"@FOLDER@/config.json\"," ROLE "}]}",
         SPF_ROLE_REFUSED},
        {"{\"current\":\"c\",\"profiles\":[{\"name\":\"c\",\"mode\":\"ChainableRamRoleArn\","
         "\"source_profile\":\"b\"," ROLE "},{\"name\":\"b\"," LAB_KEY "}]}",
         SPF_NO_FINDING},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        enum spf_finding cause = by_profile(cases[i].profile, "STS.LabC");

        ck_assert_msg(cause == cases[i].cause, "%s: %s", cases[i].profile,
                      cause == SPF_NO_FINDING ? "works" : spf_findings[cause].id);
    }
}
END_TEST

int main(void)
{
    return unit_main("aliyun_credentials",
                     (const TTest *const[]){the_environment_in_its_spellings, nothing_anywhere,
                                            endpoints_inside_a_vpc, endpoints_that_are_configured,
                                            places_in_their_order, the_modes_of_config_json,
                                            the_ini_file, every_source_gives_a_key_that_works,
                                            NULL});
}
