#include "serve.h"

#include "legacy.h"

#include "action.h"
#include "calllog.h"
#include "verify.h"

#include <err.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum { BODY_MAX = 1 << 20 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static enum MHD_Result take_header(void *cls, enum MHD_ValueKind kind, const char *name,
                                   const char *value)
{
    struct lab_pairs *headers = cls;
    char lower[128];
    size_t size = 0;

    (void)kind;
    for (; name[size] && size < sizeof(lower) - 1; size++) {
        lower[size] = (char)(name[size] >= 'A' && name[size] <= 'Z' ? name[size] + 32 : name[size]);
    }
    lower[size] = '\0';
    value = value != NULL ? value : "";
    value += strspn(value, " \t");
    char *trimmed = lab_need(strdup(value));
    for (size = strlen(trimmed); size > 0 && strchr(" \t", trimmed[size - 1]) != NULL; size--) {
        trimmed[size - 1] = '\0';
    }
    lab_pairs_add(headers, lower, trimmed);
    free(trimmed);
    return MHD_YES;
}

static bool take_body(struct lab_request *request, const char *data, size_t size)
{
    if (size > BODY_MAX - request->body_size) {
        return false;
    }
    request->body = lab_need(realloc(request->body, request->body_size + size + 1));
    memcpy(request->body + request->body_size, data, size);
    request->body_size += size;
    request->body[request->body_size] = '\0';
    return true;
}

static bool wants_json(const struct lab_request *request)
{
    const char *accept = lab_pairs_get(&request->headers, "accept");
    const char *format = lab_request_param(request, "Format");

    return (accept != NULL && strcasestr(accept, "json") != NULL) ||
           (format != NULL && strcasecmp(format, "json") == 0);
}

/* Text without end; the memory of the server stays as it is. */
static ssize_t endless(void *cls, uint64_t position, char *buffer, size_t max)
{
    static const char start[] = "{\"Instances\":{\"Instance\":[{\"Description\":\"";

    (void)cls;
    for (size_t i = 0; i < max; i++) {
        buffer[i] = position + i < sizeof(start) - 1 ? start[position + i] : 'x';
    }
    return (ssize_t)max;
}

/* Half of the text, then an error in mid-body, which closes the connection. */
struct half {
    char *text;
    size_t size;
};

static ssize_t half_then_close(void *cls, uint64_t position, char *buffer, size_t max)
{
    struct half *half = cls;
    size_t left = half->size / 2 - (size_t)position;

    if (left == 0) {
        return MHD_CONTENT_READER_END_WITH_ERROR;
    }
    if (max > left) {
        max = left;
    }
    memcpy(buffer, half->text + position, max);
    return (ssize_t)max;
}

static void half_free(void *cls)
{
    struct half *half = cls;
    free(half->text);
    free(half);
}

static struct MHD_Response *text_response(char *text, size_t size)
{
    return lab_need(MHD_create_response_from_buffer(size, text, MHD_RESPMEM_MUST_FREE));
}

static struct MHD_Response *deep_response(void)
{
    enum { DEPTH = 100000 };
    char *text = lab_need(malloc(DEPTH));
    memset(text, '[', DEPTH);
    return text_response(text, DEPTH);
}

/* The bytes of the reply, spoiled as the fault wants; text is taken over. */
static struct MHD_Response *make_response(enum lab_fault fault, char *text, unsigned *status)
{
    static const char html[] = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>"
                               "<center><h1>502 Bad Gateway</h1></center></body>\r\n</html>\r\n";
    size_t size = strlen(text);
    struct half *half;

    switch (fault) {
    case LAB_FAULT_TRUNCATED:
        return text_response(text, size / 2);
    case LAB_FAULT_CUT:
        half = lab_need(malloc(sizeof(*half)));
        *half = (struct half){text, size};
        return lab_need(
            MHD_create_response_from_callback(size, 4096, half_then_close, half, half_free));
    case LAB_FAULT_HTML:
        free(text);
        *status = 502;
        text = lab_need(strdup(html));
        return text_response(text, strlen(text));
    case LAB_FAULT_INVALID:
        free(text);
        text = lab_need(strdup("{\"Instances\": {\"Instance\": [oops, 'no', ]}"));
        return text_response(text, strlen(text));
    case LAB_FAULT_WRONG_SHAPE:
        free(text);
        text = lab_need(strdup("{\"Instances\": [[7]], \"Permissions\": \"none\", \"KeyPairs\": "
                               "{\"KeyPair\": 3}, \"NetworkAclId\": {\"a\": []}, "
                               "\"NetworkAclAttribute\": [], \"TotalCount\": \"many\"}"));
        return text_response(text, strlen(text));
    case LAB_FAULT_DEEP:
        free(text);
        return deep_response();
    case LAB_FAULT_HUGE:
        free(text);
        return lab_need(
            MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 65536, endless, NULL, NULL));
    case LAB_FAULT_EMPTY:
        text[0] = '\0';
        return text_response(text, 0);
    default:
        return text_response(text, size);
    }
}

/* A TCP socket connected to nobody answers with RST at once, whatever layer is above it. */
static void reset_connection(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct sockaddr none = {.sa_family = AF_UNSPEC};

    if (connect(info->connect_fd, &none, sizeof(none)) < 0) {
        warn("reset");
    }
}

static void sleep_ms(unsigned ms)
{
    struct timespec left = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};
    while (nanosleep(&left, &left) < 0) {
        continue;
    }
}

static void add_headers(struct MHD_Response *response, const struct lab_reply *reply, time_t now,
                        bool json)
{
    char date[64];
    char after[16];
    struct tm tm;

    strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&now, &tm));
    MHD_add_response_header(response, "Date", date);
    MHD_add_response_header(response, "Content-Type",
                            json ? "application/json;charset=utf-8" : "text/xml;charset=utf-8");
    MHD_add_response_header(response, "x-acs-request-id", reply->request_id);
    MHD_add_response_header(response, "x-acs-trace-id", "00000000000000000000000000000000");
    if (reply->retry_after_ms > 0) {
        snprintf(after, sizeof(after), "%u", reply->retry_after_ms);
        MHD_add_response_header(response, "x-acs-retry-after", after);
    }
}

/* The one action that is called without a signature. */
static bool is_anonymous(const struct lab_request *request)
{
    const char *action = lab_pairs_get(&request->headers, "x-acs-action");

    return action != NULL && strcmp(action, "AssumeRoleWithOIDC") == 0 &&
           lab_pairs_get(&request->headers, "authorization") == NULL &&
           !lab_legacy_is_signed(request);
}

static enum MHD_Result answer(const struct lab_world *world, struct MHD_Connection *connection,
                              struct lab_request *request)
{
    time_t now = time(NULL) + world->clock_offset_s;
    const char *type = NULL;
    struct lab_reply reply;
    struct lab_call call = {.world = world, .request = request};

    MHD_get_connection_values(connection, MHD_HEADER_KIND, take_header, &request->headers);
    type = lab_pairs_get(&request->headers, "content-type");
    if (request->body != NULL && type != NULL &&
        strncasecmp(type, "application/x-www-form-urlencoded", 33) == 0) {
        lab_pairs_decode(&request->form, request->body);
    }

    lab_legacy_open(request);
    pthread_mutex_lock(&lock);
    lab_reply_init(&reply);
    if (is_anonymous(request)) {
        lab_action_serve(&call, &reply);
    } else if ((call.access_key = lab_legacy_is_signed(request)
                                      ? lab_legacy_verify(world, request, now, &reply)
                                      : lab_verify(world, request, now, &reply))) {
        lab_action_serve(&call, &reply);
    }
    struct lab_struck struck = lab_faults_apply(world, request, &reply);
    lab_calllog_add(request, call.access_key, &reply, &struck);
    bool json = wants_json(request);
    char *text = json ? lab_need(strdup(json_object_to_json_string_ext(
                            reply.body, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE)))
                      : lab_reply_xml(&reply);
    lab_reply_clear(&reply);
    pthread_mutex_unlock(&lock);

    if (struck.fault == LAB_FAULT_RESET) {
        reset_connection(connection);
        free(text);
        return MHD_NO;
    }
    if (struck.fault == LAB_FAULT_DELAY) {
        sleep_ms(struck.ms);
    }
    while (struck.fault == LAB_FAULT_HANG) {
        pause();
    }
    struct MHD_Response *response = make_response(struck.fault, text, &reply.status);
    add_headers(response, &reply, now, json && struck.fault != LAB_FAULT_HTML);
    enum MHD_Result result = MHD_queue_response(connection, reply.status, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result handle(void *cls, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *data,
                              size_t *size, void **context)
{
    const struct lab_world *world = cls;
    struct lab_request *request = *context;

    (void)url;
    (void)version;
    if (request->method == NULL) { /* called first with the headers only */
        request->method = method;
        return MHD_YES;
    }
    if (*size > 0) {
        if (!take_body(request, data, *size)) {
            return MHD_NO;
        }
        *size = 0;
        return MHD_YES;
    }
    return answer(world, connection, request);
}

/* The raw request target, before the library decodes it: what the client signed. */
static void *new_request(void *cls, const char *uri, struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

    (void)cls;
    return lab_request_new(NULL, uri, (unsigned long)(uintptr_t)info->socket_context);
}

static void request_done(void *cls, struct MHD_Connection *connection, void **context,
                         enum MHD_RequestTerminationCode how)
{
    (void)cls;
    (void)connection;
    (void)how;
    lab_request_free(*context);
    *context = NULL;
}

/* Numbers the connections. */
static void connection_event(void *cls, struct MHD_Connection *connection, void **context,
                             enum MHD_ConnectionNotificationCode code)
{
    static uintptr_t count;

    (void)cls;
    (void)connection;
    if (code != MHD_CONNECTION_NOTIFY_STARTED) {
        return;
    }
    pthread_mutex_lock(&lock);
    *context = (void *)++count;
    pthread_mutex_unlock(&lock);
}

uint16_t lab_serve_start(const struct lab_serve_options *options)
{
    union {
        const struct lab_world *in;
        void *out;
    } world = {.in = options->world};
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                                  .sin_port = htons(options->port)};
    unsigned flags = MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION |
                     MHD_USE_POLL | MHD_USE_SUPPRESS_DATE_NO_CLOCK;
    struct MHD_OptionItem tls[] = {
        {MHD_OPTION_HTTPS_MEM_CERT, 0, NULL},
        {MHD_OPTION_HTTPS_MEM_KEY, 0, NULL},
        {MHD_OPTION_END, 0, NULL},
    };
    union {
        const char *in;
        void *out;
    } certificate = {.in = options->certificate}, private_key = {.in = options->private_key};

    if (options->certificate != NULL) {
        flags |= MHD_USE_TLS;
        tls[0].ptr_value = certificate.out;
        tls[1].ptr_value = private_key.out;
    } else {
        tls[0].option = MHD_OPTION_END;
    }
    struct MHD_Daemon *daemon = MHD_start_daemon(
        flags, 0, NULL, NULL, handle, world.out, MHD_OPTION_SOCK_ADDR, &address,
        MHD_OPTION_URI_LOG_CALLBACK, new_request, NULL, MHD_OPTION_NOTIFY_COMPLETED, request_done,
        NULL, MHD_OPTION_NOTIFY_CONNECTION, connection_event, NULL,
        MHD_OPTION_LISTENING_ADDRESS_REUSE, 1u, MHD_OPTION_ARRAY, tls, MHD_OPTION_END);
    if (daemon == NULL) {
        err(71, "cannot listen on 127.0.0.1 port %u", (unsigned)options->port);
    }
    return MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
}
