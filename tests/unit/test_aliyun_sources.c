#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/text.h"
#include "cloud_lab.h"
#include "credentials_fixture.h"

/* Sources of credentials that take a network or a program, against small servers on loopback. */

#define STS_ID "STS.LabCanaryStsId000000001"
#define STS_REPLY                                                                  \
    "{\"Code\":\"Success\",\"AccessKeyId\":\"" STS_ID                              \
    "\",\"AccessKeySecret\":\"LabCanarySecretSts00000000001x\",\"SecurityToken\":" \
    "\"CAISLabCanaryToken+/=000000000000000000000000000000000000001\"}"

static void with_roles(struct json_object *world)
{
    static const char roles[] =
        "{\"acs:ram::1:role/r\":{\"trusts\":\"" LAB_ID "\",\"oidc_token\":\"oidc-canary\","
        "\"Credentials\":" STS_REPLY "},"
        "\"acs:ram::1:role/second\":{\"trusts\":\"" STS_ID "\",\"Credentials\":" STS_REPLY "}}";

    json_object_object_add(world, "roles", json_tokener_parse(roles));
}

/* Answers GET and PUT by path, one connection after the other, until it is killed; the first after
 * so long. */
static pid_t small_server_after(int *port, unsigned late_ms)
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
        char request[4000];
        char reply[2000];
        const char *body = "no";
        ssize_t got = read(peer, request, sizeof request - 1);

        request[got > 0 ? got : 0] = '\0';
        (void)poll(NULL, 0, (int)late_ms);
        late_ms = 0;
        if (strstr(request, "PUT /latest/api/token") == request) {
            body = "metadata-token";
        } else if (strstr(request, "metadata-token: metadata-token") == NULL &&
                   strstr(request, "/latest/") != NULL) {
            body = "";
        } else if (strstr(request, "security-credentials/lab-role ") != NULL) {
            body = STS_REPLY;
        } else if (strstr(request, "/latest/meta-data/region-id ") != NULL) {
            body = "cn-shanghai\n";
        } else if (strstr(request, "security-credentials/ ") != NULL) {
            body = "lab-role\n";
        } else if (strstr(request, "GET /uri ") == request) {
            body = STS_REPLY;
        }
        (void)snprintf(reply, sizeof reply,
                       "HTTP/1.1 %s\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n%s",
                       body[0] != '\0' ? "200 OK" : "403 No", strlen(body), body);
        if (write(peer, reply, strlen(reply)) < 0) {
            continue;
        }
        close(peer);
    }
}

static pid_t small_server(int *port)
{
    return small_server_after(port, 0);
}

static void write_file(const char *path, const char *text, mode_t mode)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, mode);

    ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
}

/* Puts the lab's directory and the small server's port in the places marked for them. */
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

/* What a test of a source is about, besides the profile. */
struct source_case {
    const char *profile;
    enum spf_finding cause;
    const char *region;  /* NULL: any */
    mode_t program_mode; /* 0: 0700 */
    bool others_program; /* belongs to another user */
    const char *says;    /* part of the failure's text; NULL: any */
    bool metadata_off;   /* by the environment */
};

/* Credentials by this profile, then a call with them. */
static void by_profile(const struct source_case *one, const char *expected_id)
{
    char config[200];
    char json[1500];
    char path[200];
    char metadata[100];
    const struct spf_failure *failure;
    struct lab lab;
    int port;
    pid_t server;

    lab_start(&lab, with_roles);
    forget_environment();
    if (!one->metadata_off) {
        unsetenv("ALIBABA_CLOUD_ECS_METADATA_DISABLED");
    }
    server = small_server(&port);
    (void)snprintf(path, sizeof path, "%s/program", lab.folder);
    write_file(path,
               "#!/bin/sh\nread x && exit 1\n"
               "[ -z \"$SSHPREFLIGHT_PASSPHRASE\" ] || exit 2\n"
               "[ \"$ALICLOUD_SECRET_KEY$SECURITY_TOKEN$VAULT_TOKEN\" = xxx ] || exit 3\n"
               "[ \"$(ls /proc/self/fd | wc -l)\" -eq 4 ] || exit 5\n" /* ls opens the fourth */
               "echo '{\"mode\":\"StsToken\",\"access_key_id\":\"" STS_ID
               "\",\"access_key_secret\":\"LabCanarySecretSts00000000001x\",\"sts_token\":"
               "\"CAISLabCanaryToken+/=000000000000000000000000000000000000001\"}'\n"
               "exit \"${1:-0}\"\n",
               0700);
    if (one->program_mode != 0) {
        ck_assert_int_eq(chmod(path, one->program_mode), 0);
    }
    if (one->others_program) {
        ck_assert_int_eq(chown(path, 65534, 65534), 0);
    }
    setenv("ALICLOUD_SECRET_KEY", "x", 1);
    if (strstr(one->profile, "External") != NULL) { /* a role would take it for its own */
        setenv("SECURITY_TOKEN", "x", 1);
    } else {
        unsetenv("SECURITY_TOKEN");
    }
    setenv("SSHPREFLIGHT_PASSPHRASE", "x", 1);
    setenv("VAULT_TOKEN", "x", 1);
    (void)snprintf(path, sizeof path, "%s/token", lab.folder);
    write_file(path, "oidc-canary", 0600);
    (void)snprintf(config, sizeof config, "%s/config.json", lab.folder);
    fill(one->profile, lab.folder, port, json, sizeof json);
    write_file(config, json, 0600);
    (void)snprintf(metadata, sizeof metadata, "http://127.0.0.1:%d", port);
    lab.options.credentials.config_path = config;
    lab.options.credentials.metadata_url = metadata;

    failure = lab_ask(&lab, SPF_GROUP_CREDENTIALS);
    if (failure == NULL) {
        ck_assert_str_eq(lab.facts.credentials->access_key, expected_id);
        if (one->region != NULL) {
            ck_assert_str_eq(lab.facts.credentials->region, one->region);
        }
        failure = lab_ask(&lab, SPF_GROUP_IDENTITY);
    }
    ck_assert_msg((failure != NULL ? failure->cause : SPF_NO_FINDING) == one->cause, "%s: %s",
                  one->profile, failure != NULL ? failure->text : "works");
    if (one->says != NULL) {
        ck_assert_msg(strstr(failure->text, one->says) != NULL, "%s", failure->text);
    }
    kill(server, SIGKILL);
    waitpid(server, NULL, 0);
    lab_stop(&lab);
}

#define PROFILE(members) "{\"profiles\":[{\"name\":\"default\"," members "}]}"
#define LAB_KEY          "\"access_key_id\":\"" LAB_ID "\",\"access_key_secret\":\"" LAB_SECRET "\""

START_TEST(every_source_gives_a_key_that_works)
{
    static const struct source_case cases[] = {
        {PROFILE("\"mode\":\"RamRoleArn\"," LAB_KEY "," ROLE), SPF_NO_FINDING},
        {PROFILE("\"mode\":\"RamRoleArn\"," LAB_KEY ",\"ram_role_arn\":\"acs:ram::1:role/none\""),
         SPF_ROLE_REFUSED},
        {PROFILE("\"mode\":\"EcsRamRole\",\"ram_role_name\":\"lab-role\""), SPF_NO_FINDING,
         .region = "cn-shanghai"},
        {PROFILE("\"mode\":\"EcsRamRole\",\"region_id\":\"cn-beijing\""), SPF_NO_FINDING,
         .region = "cn-beijing"},
        {PROFILE("\"mode\":\"RamRoleArnWithRoleName\",\"ram_role_name\":\"lab-role\","
                 "\"ram_role_arn\":\"acs:ram::1:role/second\""),
         SPF_NO_FINDING, .region = "cn-shanghai"},
        {PROFILE("\"mode\":\"EcsRamRole\""), SPF_NO_FINDING},
        {PROFILE("\"mode\":\"EcsRamRole\""), SPF_CREDENTIALS_INCOMPLETE, .metadata_off = true,
         .says = "ALIBABA_CLOUD_ECS_METADATA_DISABLED"},
        {PROFILE("\"mode\":\"RamRoleArnWithRoleName\",\"ram_role_name\":\"lab-role\","
                 "\"ram_role_arn\":\"acs:ram::1:role/second\""),
         SPF_CREDENTIALS_INCOMPLETE, .metadata_off = true,
         .says = "ALIBABA_CLOUD_ECS_METADATA_DISABLED"},
        {PROFILE("\"mode\":\"EcsRamRole\",\"ram_role_name\":\"other\""),
         SPF_CREDENTIALS_INCOMPLETE},
        {"{\"profiles\":[{\"name\":\"default\",\"mode\":\"CredentialsURI\",\"credentials_uri\":"
         "\"http://127.0.0.1:@PORT@/uri\"}]}",
         SPF_NO_FINDING},
        {"{\"profiles\":[{\"name\":\"default\",\"mode\":\"External\",\"process_command\":"
         "\"'@FOLDER@/program' \\\"0\\\"\"}]}",
         SPF_NO_FINDING},
        /* takes signals, and is no shell, which clears its mask */
        {"{\"profiles\":[{\"name\":\"default\",\"mode\":\"External\",\"process_command\":"
         "\"timeout 1 sleep 60\"}]}",
         SPF_CREDENTIALS_INCOMPLETE, .says = "failed (exit status 124)"},
        {"{\"profiles\":[{\"name\":\"default\",\"mode\":\"External\",\"process_command\":"
         "\"@FOLDER@/program 7\"}]}",
         SPF_CREDENTIALS_INCOMPLETE, .says = "failed (exit status 7)"},
        {"{\"profiles\":[{\"name\":\"default\",\"mode\":\"External\",\"process_command\":"
         "\"@FOLDER@/none\"}]}",
         SPF_CREDENTIALS_INCOMPLETE},
        {"{\"profiles\":[{\"name\":\"default\",\"mode\":\"External\",\"process_command\":"
         "\"@FOLDER@/program\"}]}",
         SPF_CREDENTIALS_INCOMPLETE, .program_mode = 0720, .says = "can be written by others"},
        {"{\"profiles\":[{\"name\":\"default\",\"mode\":\"External\",\"process_command\":"
         "\"@FOLDER@/program\"}]}",
         SPF_CREDENTIALS_INCOMPLETE, .program_mode = 0702, .says = "can be written by others"},
        {"{\"profiles\":[{\"name\":\"default\",\"mode\":\"External\",\"process_command\":"
         "\"@FOLDER@/program\"}]}",
         SPF_CREDENTIALS_INCOMPLETE, .others_program = true, .says = "belongs to somebody else"},
        {"{\"profiles\":[{\"name\":\"default\",\"mode\":\"External\",\"process_command\":"
         "\"@FOLDER@\"}]}",
         SPF_CREDENTIALS_INCOMPLETE, .says = "is not a regular file"},
        {"{\"profiles\":[{\"name\":\"default\",\"mode\":\"External\",\"process_command\":"
         "\"@FOLDER@/program 'open\"}]}",
         SPF_CREDENTIALS_INCOMPLETE, .says = "not a command line"},
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
        if (!cases[i].others_program || geteuid() == 0) { /* only root can give a file away */
            by_profile(&cases[i], "STS.LabC");
        }
    }
}
END_TEST

static bool ends_whole(const char *text)
{
    size_t len = strlen(text);

    return len > 0 && text[len - 1] == ')' &&
           (strstr(text, "not there)") != NULL || strstr(text, "switched off)") != NULL ||
            strstr(text, "…)") != NULL);
}

/* As in the SDKs' chain an error in one source leads on to the next; the report names it. */
START_TEST(the_chain_goes_on)
{
    char path[200];
    char metadata[100];
    const struct spf_failure *failure;
    struct lab lab;
    int port;
    pid_t server;

    lab_start(&lab, with_roles);
    forget_environment();
    server = small_server(&port);
    (void)snprintf(metadata, sizeof metadata, "http://127.0.0.1:%d", port);
    lab.options.credentials.metadata_url = metadata;
    (void)snprintf(path, sizeof path, "%s/token", lab.folder);
    write_file(path, "not the canary", 0600);
    setenv("HOME", lab.folder, 1);
    setenv("ALIBABA_CLOUD_ACCESS_KEY_ID", "half", 1);
    setenv("ALIBABA_CLOUD_ROLE_ARN", "acs:ram::1:role/r", 1);
    setenv("ALIBABA_CLOUD_OIDC_PROVIDER_ARN", "a", 1);
    setenv("ALIBABA_CLOUD_OIDC_TOKEN_FILE", path, 1);

    /* Nothing behind them: the first one's cause, and the words of both. */
    failure = lab_ask(&lab, SPF_GROUP_CREDENTIALS);
    ck_assert_ptr_nonnull(failure);
    ck_assert_int_eq(failure->cause, SPF_CREDENTIALS_INCOMPLETE);
    ck_assert_ptr_nonnull(strstr(failure->text, "ALIBABA_CLOUD_ACCESS_KEY_SECRET is not"));
    ck_assert_ptr_nonnull(strstr(failure->text, "AssumeRoleWithOIDC"));
    /* What has no room is left out whole. */
    ck_assert_msg(ends_whole(failure->text), "%s", failure->text);

    /* The last source works: this instance's role, with its region. */
    unsetenv("ALIBABA_CLOUD_ECS_METADATA_DISABLED");
    failure = lab_ask(&lab, SPF_GROUP_CREDENTIALS);
    ck_assert_msg(failure == NULL, "%s", failure != NULL ? failure->text : "");
    ck_assert_str_eq(lab.facts.credentials->source, "this ECS instance's RAM role");
    ck_assert_str_eq(lab.facts.credentials->region, "cn-shanghai");
    ck_assert(lab.facts.credentials->region_guessed);
    ck_assert_ptr_nonnull(strstr(lab.facts.credentials->passed_over, "AssumeRoleWithOIDC"));
    kill(server, SIGKILL);
    waitpid(server, NULL, 0);
    lab_stop(&lab);
    forget_environment();
}
END_TEST

START_TEST(a_uri_of_the_environment)
{
    const struct spf_failure *failure;
    struct lab lab;
    char uri[100];
    int port;
    pid_t server;

    lab_start(&lab, NULL);
    forget_environment();
    server = small_server(&port);
    (void)snprintf(uri, sizeof uri, "http://127.0.0.1:%d/uri", port);
    setenv("ALIBABA_CLOUD_CREDENTIALS_URI", uri, 1);
    failure = lab_ask(&lab, SPF_GROUP_CREDENTIALS);
    ck_assert_msg(failure == NULL, "%s", failure != NULL ? failure->text : "");
    ck_assert_str_eq(lab.facts.credentials->source,
                     "environment variable ALIBABA_CLOUD_CREDENTIALS_URI");
    failure = lab_ask(&lab, SPF_GROUP_IDENTITY);
    ck_assert_msg(failure == NULL, "%s", failure != NULL ? failure->text : "");
    kill(server, SIGKILL);
    waitpid(server, NULL, 0);
    lab_stop(&lab);
    forget_environment();
}
END_TEST

/* Nobody answers where the metadata service should be: a word among the others, not the news. */
START_TEST(no_role_of_this_machine)
{
    const struct spf_failure *failure;
    struct lab lab;

    lab_start(&lab, NULL);
    forget_environment();
    unsetenv("ALIBABA_CLOUD_ECS_METADATA_DISABLED");
    lab.options.credentials.metadata_url = "http://127.0.0.1:1";
    failure = lab_ask(&lab, SPF_GROUP_CREDENTIALS);
    ck_assert_ptr_nonnull(failure);
    ck_assert_int_eq(failure->cause, SPF_CREDENTIALS_MISSING);
    ck_assert_ptr_nonnull(strstr(failure->text, "environment: no access key"));
    ck_assert_ptr_nonnull(strstr(failure->text, "instance's RAM role: "));
    lab_stop(&lab);
    forget_environment();
}
END_TEST

/* One that is there may take its time: a connection says that it is. */
START_TEST(a_role_of_this_machine_that_comes_late)
{
    const struct spf_failure *failure;
    struct lab lab;
    char metadata[100];
    int port;
    pid_t server;

    lab_start(&lab, NULL);
    forget_environment();
    unsetenv("ALIBABA_CLOUD_ECS_METADATA_DISABLED");
    server = small_server_after(&port, 1500);
    (void)snprintf(metadata, sizeof metadata, "http://127.0.0.1:%d", port);
    lab.options.credentials.metadata_url = metadata;
    failure = lab_ask(&lab, SPF_GROUP_CREDENTIALS);
    ck_assert_msg(failure == NULL, "%s", failure != NULL ? failure->text : "");
    ck_assert_str_eq(lab.facts.credentials->access_key, "STS.LabC");
    kill(server, SIGKILL);
    waitpid(server, NULL, 0);
    lab_stop(&lab);
    forget_environment();
}
END_TEST

/* Where nothing answers a SYN, nobody waits as long as for others. */
START_TEST(no_machine_of_a_role)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int filler = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const struct spf_failure *failure;
    struct lab lab;
    char metadata[100];
    int64_t began;

    ck_assert_int_eq(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
    ck_assert_int_eq(listen(listener, 0), 0); /* room for one */
    ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&address, &len), 0);
    ck_assert_int_eq(connect(filler, (struct sockaddr *)&address, len), 0);
    lab_start(&lab, NULL);
    forget_environment();
    unsetenv("ALIBABA_CLOUD_ECS_METADATA_DISABLED");
    (void)snprintf(metadata, sizeof metadata, "http://127.0.0.1:%d", ntohs(address.sin_port));
    lab.options.credentials.metadata_url = metadata;
    lab.target.timeout_ms = UNIT_HANGS_MS;
    began = spf_now_ms();
    failure = lab_ask(&lab, SPF_GROUP_CREDENTIALS);
    ck_assert_ptr_nonnull(failure);
    ck_assert_int_eq(failure->cause, SPF_CREDENTIALS_MISSING);
    ck_assert_int_lt(spf_now_ms() - began, UNIT_HANGS_MS / 2);
    close(filler);
    close(listener);
    lab_stop(&lab);
    forget_environment();
}
END_TEST

int main(void)
{
    return unit_main("aliyun_sources",
                     (const TTest *const[]){every_source_gives_a_key_that_works, the_chain_goes_on,
                                            a_uri_of_the_environment, no_role_of_this_machine,
                                            a_role_of_this_machine_that_comes_late,
                                            no_machine_of_a_role, NULL});
}
