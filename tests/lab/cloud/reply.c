#include "reply.h"

#include <err.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

static void make_request_id(char id[37])
{
    unsigned char b[16];

    if (getrandom(b, sizeof(b), 0) != (ssize_t)sizeof(b)) {
        err(1, "getrandom");
    }
    snprintf(id, 37, "%02X%02X%02X%02X-%02X%02X-%02X%02X-%02X%02X-%02X%02X%02X%02X%02X%02X", b[0],
             b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13],
             b[14], b[15]);
}

void lab_reply_init(struct lab_reply *reply)
{
    *reply = (struct lab_reply){.status = 200};
    make_request_id(reply->request_id);
    reply->body = lab_need(json_object_new_object());
    json_object_object_add(reply->body, "RequestId", json_object_new_string(reply->request_id));
}

void lab_reply_clear(struct lab_reply *reply)
{
    json_object_put(reply->body);
    reply->body = NULL;
}

const char *lab_product(const struct lab_request *request)
{
    const char *version = lab_pairs_get(&request->headers, "x-acs-version");

    if (version != NULL && strcmp(version, "2016-04-28") == 0) {
        return "vpc";
    }
    if (version != NULL && strcmp(version, "2015-04-01") == 0) {
        return "sts";
    }
    return "ecs";
}

static void add_string(struct json_object *object, const char *name, const char *value)
{
    json_object_object_add(object, name, json_object_new_string(value));
}

void lab_reply_error(struct lab_reply *reply, const struct lab_request *request, unsigned status,
                     const char *code, const char *message, ...)
{
    const char *product = lab_product(request);
    const char *region = lab_request_param(request, "RegionId");
    char text[4096];
    char host[160];
    char recommend[320];
    va_list args;

    va_start(args, message);
    vsnprintf(text, sizeof(text), message, args);
    va_end(args);
    if (region != NULL && strcmp(product, "sts") != 0) {
        snprintf(host, sizeof(host), "%s.%.100s.aliyuncs.com", product, region);
    } else {
        snprintf(host, sizeof(host), "%s.aliyuncs.com", product);
    }
    snprintf(recommend, sizeof(recommend),
             "https://api.aliyun.com/troubleshoot?q=%s&product=%c%s&requestId=%s", code,
             product[0] - 'a' + 'A', product + 1, reply->request_id);

    reply->status = status;
    snprintf(reply->code, sizeof(reply->code), "%s", code);
    json_object_put(reply->body);
    reply->body = lab_need(json_object_new_object());
    add_string(reply->body, "RequestId", reply->request_id);
    add_string(reply->body, "HostId", host);
    add_string(reply->body, "Code", code);
    add_string(reply->body, "Message", text);
    add_string(reply->body, "Recommend", recommend);
}

char *lab_reply_xml(const struct lab_reply *reply)
{
    char *text;
    int size;

    if (reply->code[0] != '\0') {
        size = asprintf(&text,
                        "<?xml version='1.0' encoding='UTF-8'?><Error><RequestId>%s</RequestId>"
                        "<Code>%s</Code></Error>",
                        reply->request_id, reply->code);
    } else {
        size = asprintf(&text,
                        "<?xml version='1.0' encoding='UTF-8'?><Response><RequestId>%s"
                        "</RequestId></Response>",
                        reply->request_id);
    }
    return lab_need(size < 0 ? NULL : text);
}
