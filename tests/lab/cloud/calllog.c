#include "calllog.h"

#include <err.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "world.h"

static int log_fd = -1;

void lab_calllog_open(const char *file)
{
    if (file == NULL) {
        return;
    }
    log_fd = open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (log_fd < 0) {
        err(74, "%s", file);
    }
}

static void add(struct json_object *line, const char *name, const char *value)
{
    json_object_object_add(line, name, value != NULL ? json_object_new_string(value) : NULL);
}

void lab_calllog_add(const struct lab_request *request, struct json_object *access_key,
                     const struct lab_reply *reply, const struct lab_struck *struck)
{
    struct json_object *line;
    struct json_object *params;
    struct timespec now;

    if (log_fd < 0) {
        return;
    }
    clock_gettime(CLOCK_REALTIME, &now);
    line = lab_need(json_object_new_object());
    params = lab_need(json_object_new_object());
    for (size_t i = 0; i < request->query.count; i++) {
        add(params, request->query.item[i].name, request->query.item[i].value);
    }
    for (size_t i = 0; i < request->form.count; i++) {
        if (strcmp(request->form.item[i].name, "OIDCToken") != 0) {
            add(params, request->form.item[i].name, request->form.item[i].value);
        }
    }
    json_object_object_add(
        line, "time_ms", json_object_new_int64((int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000));
    json_object_object_add(line, "connection", json_object_new_int64((int64_t)request->connection));
    add(line, "method", request->method);
    add(line, "product", lab_product(request));
    add(line, "action", lab_pairs_get(&request->headers, "x-acs-action"));
    json_object_object_add(line, "params", params);
    json_object_object_add(line, "status", json_object_new_int64(reply->status));
    add(line, "code", reply->code);
    add(line, "signature", access_key != NULL ? "ok" : reply->code);
    add(line, "account", lab_text(lab_member(access_key, "identity"), "AccountId"));
    add(line, "fault", struck->name);

    const char *text = json_object_to_json_string_ext(line, JSON_C_TO_STRING_PLAIN |
                                                                JSON_C_TO_STRING_NOSLASHESCAPE);
    size_t size = strlen(text);
    char *with_end = lab_need(strdup(text));
    with_end[size] = '\n'; /* in the place of the NUL: one write, one line */
    if (write(log_fd, with_end, size + 1) < 0) {
        warn("call log");
    }
    free(with_end);
    json_object_put(line);
}
