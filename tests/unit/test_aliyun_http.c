#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"
#include "cloud/aliyun/http/api.h"
#include "unit.h"

/*
 * What comes over HTTP in place of the API's answer: statuses, bodies, headers of proxies, of
 * gateways and of connections that break. The cause, the request's id, how often it was asked, and
 * that no redirection is followed.
 */

/* ---- a server that says one thing ------------------------------------------------------------ */

struct server {
    int listener, port;
    const char *reply;
    size_t reply_len;
    atomic_int requests;
    pthread_t thread;
};

/* Requests have no body; the end of the header is theirs. */
static bool read_request(int peer)
{
    char request[8000];
    size_t len = 0;

    while (len < sizeof request - 1) {
        ssize_t got = recv(peer, request + len, sizeof request - 1 - len, 0);

        if (got <= 0) {
            return false;
        }
        len += (size_t)got;
        request[len] = '\0';
        if (strstr(request, "\r\n\r\n") != NULL) {
            return true;
        }
    }
    return false;
}

static void *serve(void *argument)
{
    struct server *server = argument;

    for (;;) {
        int peer = accept(server->listener, NULL, NULL);

        if (peer < 0) {
            return NULL;
        }
        if (read_request(peer)) {
            atomic_fetch_add(&server->requests, 1);
            (void)!send(peer, server->reply, server->reply_len, MSG_NOSIGNAL);
        }
        close(peer);
    }
}

static void server_start(struct server *server, const char *reply, size_t len)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;

    *server = (struct server){.reply = reply, .reply_len = len};
    server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(bind(server->listener, (struct sockaddr *)&address, sizeof address), 0);
    ck_assert_int_eq(listen(server->listener, 16), 0);
    ck_assert_int_eq(getsockname(server->listener, (struct sockaddr *)&address, &size), 0);
    server->port = ntohs(address.sin_port);
    ck_assert_int_eq(pthread_create(&server->thread, NULL, serve, server), 0);
}

static void server_stop(struct server *server)
{
    ck_assert_int_eq(shutdown(server->listener, SHUT_RDWR), 0);
    ck_assert_int_eq(pthread_join(server->thread, NULL), 0);
    close(server->listener);
}

/* ---- a call ---------------------------------------------------------------------------------- */

struct outcome {
    int told, lines;
    bool good;
    struct spf_failure failure;
    char request_id[64], line[512];
    int64_t date;
};

static void told(void *owner, const struct spf_api_reply *reply)
{
    struct outcome *outcome = owner;

    outcome->told++;
    outcome->good = reply->failure == NULL;
    ck_assert_int_eq(outcome->good, reply->body != NULL);
    if (reply->failure != NULL) {
        outcome->failure = *reply->failure;
    }
    spf_copy(outcome->request_id, sizeof outcome->request_id, reply->request_id);
    outcome->date = reply->date;
}

static void traced(void *owner, const char *line)
{
    struct outcome *outcome = owner;

    outcome->lines++;
    spf_copy(outcome->line, sizeof outcome->line, line);
}

static const struct spf_sign_pair params[] = {{"RegionId", "cn-hangzhou"}};

static struct outcome ask(int port, bool form, const char *token, unsigned timeout_ms)
{
    struct spf_api_key key = {.id = "id", .secret = spf_secret_new("secret", 6)};
    struct spf_endpoint endpoint = {.product = ""};
    struct outcome outcome = {0};
    struct spf_api_options options = {
        .endpoints = &endpoint, .endpoint_count = 1, .trace = traced, .trace_owner = &outcome};
    struct spf_api_request request = {.product = "ecs",
                                      .action = "DescribeRegions",
                                      .region = "cn-hangzhou",
                                      .params = params,
                                      .param_count = 1,
                                      .form = form,
                                      .timeout_ms = timeout_ms};
    struct spf_loop *loop = spf_loop_new();
    struct spf_api *api = spf_api_new(loop, &options);
    int64_t until = spf_now_ms() + UNIT_HANGS_MS;

    key.token = token != NULL ? spf_secret_new(token, strlen(token)) : NULL;
    spf_format(endpoint.url, sizeof endpoint.url, "http://127.0.0.1:%d", port);
    spf_format(endpoint.host, sizeof endpoint.host, "127.0.0.1:%d", port);
    ck_assert_ptr_nonnull(spf_api_start(api, &request, &key, told, &outcome));
    while (outcome.told == 0 && spf_now_ms() < until) {
        ck_assert_int_eq(spf_loop_turn(loop, until).code, SPF_OK);
    }
    ck_assert_int_eq(outcome.told, 1);
    spf_api_free(api);
    spf_loop_free(loop);
    spf_secret_free(key.secret);
    spf_secret_free(key.token);
    return outcome;
}

/* ---- tests ----------------------------------------------------------------------------------- */

#define OK       "HTTP/1.1 200 OK\r\nConnection: close\r\n"
#define GOOD     "{\"RequestId\":\"REQUEST-1\"}"
#define LOGIN    "<!DOCTYPE html><html><title>Sign in to the network</title></html>"
#define THROTTLE "{\"RequestId\":\"REQUEST-1\",\"Code\":\"Throttling.User\",\"Message\":\"slow\"}"

static const struct answer {
    const char *reply;
    enum spf_finding cause;
    int requests;
    const char *says, *request_id;
    int64_t date;
} answers[] = {
    /* the answer, whatever surrounds it */
    {OK "\r\n" GOOD, SPF_NO_FINDING, 1, "", "REQUEST-1", 0},
    {OK "Content-Type: text/html\r\n\r\n" GOOD, SPF_NO_FINDING, 1, "", "REQUEST-1", 0},
    {OK "x-acs-request-id: \t HEADER-1 \t\r\nDate: Mon, 30 Nov 2026 08:00:00 GMT\r\n\r\n" GOOD,
     SPF_NO_FINDING, 1, "", "HEADER-1", 1796025600},
    {OK "X-ACS-REQUEST-ID:HEADER-1\r\n\r\n" GOOD, SPF_NO_FINDING, 1, "", "HEADER-1", 0},
    {OK "x-acs-request-id:\r\nx-acs-request-idx: 1\r\nx-acs-request-i: 2\r\n\r\n" GOOD,
     SPF_NO_FINDING, 1, "", "REQUEST-1", 0},
    {OK "x-acs-request-id: a\x1b[31mb\r\n\r\n" GOOD, SPF_NO_FINDING, 1, "", "a\\x1b[31mb", 0},
    {OK "Date: yesterday\r\nx-acs-retry-after: soon\r\n\r\n" GOOD, SPF_NO_FINDING, 1, "",
     "REQUEST-1", -1},
    {OK "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", SPF_NO_FINDING, 1, "", "", 0},
    {"HTTP/1.1 100 Continue\r\n\r\n" OK "\r\n" GOOD, SPF_NO_FINDING, 1, "", "REQUEST-1", 0},
    /* something in its place */
    {OK "\r\n" LOGIN, SPF_API_REPLY_INVALID, 1, "not a JSON object", "", 0},
    {OK "\r\n", SPF_API_REPLY_INVALID, 1, "not a JSON object", "", 0},
    {OK "\r\n{\"RequestId\":\"REQ", SPF_API_REPLY_INVALID, 1, "not a JSON object", "", 0},
    {OK "\r\n[{}]", SPF_API_REPLY_INVALID, 1, "not a JSON object", "", 0},
    {OK "\r\n" GOOD GOOD, SPF_API_REPLY_INVALID, 1, "not a JSON object", "", 0},
    {OK "\r\n\xef\xbb\xbf" GOOD, SPF_API_REPLY_INVALID, 1, "not a JSON object", "", 0},
    {OK "Content-Encoding: gzip\r\n\r\n\x1f\x8b\x08", SPF_API_REPLY_INVALID, 1, "not a JSON object",
     "", 0},
    {OK "\r\n{\"Code\":5}", SPF_API_ERROR, 1, "", "", 0},
    {"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n", SPF_API_REPLY_INVALID, 1,
     "neither a result nor an error", "", 0},
    {"HTTP/1.1 202 Accepted\r\nConnection: close\r\n\r\n" GOOD, SPF_API_REPLY_INVALID, 1,
     "neither a result nor an error", "REQUEST-1", 0},
    {"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nConnection: close\r\n\r\n" LOGIN, SPF_API_ERROR,
     1, "HTTP status 302", "", 0},
    {"HTTP/1.1 307 Again\r\nLocation: /\r\nConnection: close\r\n\r\n", SPF_API_ERROR, 1,
     "HTTP status 307", "", 0},
    {"HTTP/1.1 400 Bad\r\nConnection: close\r\n\r\n" LOGIN, SPF_API_ERROR, 1, "HTTP status 400", "",
     0},
    {"HTTP/1.1 407 Proxy\r\nConnection: close\r\n\r\n" LOGIN, SPF_API_ERROR, 1, "HTTP status 407",
     "", 0},
    {"HTTP/1.1 511 Network Authentication Required\r\nConnection: close\r\n\r\n" LOGIN,
     SPF_API_ERROR, 1, "HTTP status 511", "", 0},
    {"HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n{\"requestId\":\"LOWER-1\",\"code\":"
     "\"InvalidAccessKeyId.NotFound\",\"message\":\"no\"}",
     SPF_ACCESS_KEY_UNKNOWN, 1, "", "", 0},
    /* worth another try at once, three times more */
    {"HTTP/1.1 503 Busy\r\nx-acs-retry-after: 0\r\nConnection: close\r\n\r\n" LOGIN, SPF_API_ERROR,
     4, "HTTP status 503", "", 0},
    {"HTTP/1.1 400 Busy\r\nx-acs-retry-after: 0\r\nConnection: close\r\n\r\n" THROTTLE,
     SPF_API_THROTTLED, 4, "", "REQUEST-1", 0},
    {"HTTP/1.1 500 Busy\r\nx-acs-retry-after: 1 \r\nConnection: close\r\n\r\n"
     "{\"Code\":\"ServiceUnavailable\"}",
     SPF_API_ERROR, 4, "ServiceUnavailable", "", 0},
    /* not within the call's time */
    {"HTTP/1.1 503 Busy\r\nx-acs-retry-after: 99999999\r\nConnection: close\r\n\r\n", SPF_API_ERROR,
     1, "HTTP status 503", "", 0},
    {"HTTP/1.1 400 Busy\r\nx-acs-retry-after: 900000000\r\nConnection: close\r\n\r\n" THROTTLE,
     SPF_API_THROTTLED, 1, "", "REQUEST-1", 0},
};

START_TEST(what_comes_in_place_of_an_answer)
{
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        for (int way = 0; way < 2; way++) { /* in the query, in a form with a token */
            struct server server;
            struct outcome outcome;

            server_start(&server, answers[i].reply, strlen(answers[i].reply));
            outcome = ask(server.port, way == 1, way == 1 ? "token" : NULL, 600000);
            server_stop(&server);
            ck_assert_msg((outcome.good ? SPF_NO_FINDING : outcome.failure.cause) ==
                              answers[i].cause,
                          "%s: %s %s", answers[i].reply, spf_findings[outcome.failure.cause].id,
                          outcome.failure.text);
            ck_assert_msg(strstr(outcome.failure.text, answers[i].says) != NULL, "%s: %s",
                          answers[i].reply, outcome.failure.text);
            ck_assert_msg(server.requests == answers[i].requests, "%s: %d requests",
                          answers[i].reply, server.requests);
            ck_assert_int_eq(outcome.lines, answers[i].requests);
            ck_assert_str_eq(outcome.request_id, answers[i].request_id);
            ck_assert_int_eq(outcome.date, answers[i].date);
            ck_assert(outcome.good || strcmp(outcome.failure.action, "ecs:DescribeRegions") == 0);
            ck_assert_ptr_nonnull(strstr(outcome.line, " DescribeRegions "));
        }
    }
}
END_TEST

/* Where no reply comes, or half of one: tried again only while there is time for it. */
START_TEST(replies_that_break_off)
{
    static const struct {
        const char *reply;
        enum spf_finding cause;
    } cases[] = {
        {"", SPF_API_UNREACHABLE},
        {OK "Content-Length: 100\r\n\r\n" GOOD, SPF_API_UNREACHABLE},
        {OK "Transfer-Encoding: chunked\r\n\r\n2\r\n{}", SPF_API_UNREACHABLE},
        {"SSH-2.0-OpenSSH_9.2\r\n", SPF_API_REPLY_INVALID},
        {"\x15\x03\x01", SPF_API_REPLY_INVALID},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct server server;
        struct outcome outcome;

        server_start(&server, cases[i].reply, strlen(cases[i].reply));
        outcome = ask(server.port, false, NULL, 400);
        server_stop(&server);
        ck_assert_msg(!outcome.good && outcome.failure.cause == cases[i].cause, "%s: %s %s",
                      cases[i].reply, spf_findings[outcome.failure.cause].id, outcome.failure.text);
        ck_assert_msg(strstr(outcome.failure.text, "127.0.0.1") != NULL, "%s",
                      outcome.failure.text);
    }
}
END_TEST

/* A region that is no name makes no host; a call that is dropped tells nobody. */
START_TEST(calls_that_are_not_made)
{
    struct spf_api_key key = {.id = "id", .secret = spf_secret_new("secret", 6)};
    const struct spf_api_options options = {.ca_file = NULL};
    struct spf_api_request request = {.product = "ecs",
                                      .action = "DescribeRegions",
                                      .region = "evil.example/",
                                      .timeout_ms = 1000};
    struct outcome outcome = {0};
    struct spf_loop *loop = spf_loop_new();
    struct spf_api *api = spf_api_new(loop, &options);

    ck_assert_ptr_nonnull(spf_api_start(api, &request, &key, told, &outcome));
    ck_assert_int_eq(spf_loop_turn(loop, spf_now_ms() + UNIT_HANGS_MS).code, SPF_OK);
    ck_assert_int_eq(outcome.told, 1);
    ck_assert_int_eq(outcome.failure.cause, SPF_REGION_UNKNOWN);
    request.region = "cn-hangzhou";
    ck_assert_ptr_nonnull(spf_api_start(api, &request, &key, told, &outcome));
    ck_assert_ptr_nonnull(spf_api_start(api, &request, &key, told, &outcome));
    spf_api_free(api);
    ck_assert_int_eq(outcome.told, 1);
    spf_api_free(NULL);
    spf_loop_free(loop);
    spf_secret_free(key.secret);
}
END_TEST

int main(void)
{
    (void)unsetenv("http_proxy");
    return unit_main("aliyun_http",
                     (const TTest *const[]){what_comes_in_place_of_an_answer,
                                            replies_that_break_off, calls_that_are_not_made, NULL});
}
