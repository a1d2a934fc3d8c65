#include "request.h"

#include <err.h>
#include <stdlib.h>
#include <string.h>

void *lab_need(void *memory)
{
    if (memory == NULL) {
        err(1, "lab-cloud");
    }
    return memory;
}

void lab_pairs_add(struct lab_pairs *pairs, const char *name, const char *value)
{
    pairs->item = lab_need(reallocarray(pairs->item, pairs->count + 1, sizeof(struct lab_pair)));
    pairs->item[pairs->count].name = lab_need(strdup(name));
    pairs->item[pairs->count].value = lab_need(strdup(value));
    pairs->count++;
}

const char *lab_pairs_get(const struct lab_pairs *pairs, const char *name)
{
    for (size_t i = 0; i < pairs->count; i++) {
        if (strcmp(pairs->item[i].name, name) == 0) {
            return pairs->item[i].value;
        }
    }
    return NULL;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'A' && c <= 'F') {
        return c - 'A' + 10;
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return -1;
}

/* In place. A NUL byte cannot be part of a parameter and counts as malformed. */
static bool percent_decode(char *text)
{
    char *out = text;

    for (const char *in = text; *in; in++) {
        char c = *in == '+' ? ' ' : *in;
        if (c == '%') {
            int high = hex_digit(in[1]);
            int low = high < 0 ? -1 : hex_digit(in[2]);
            if (low < 0 || high + low == 0) {
                return false;
            }
            c = (char)(high * 16 + low);
            in += 2;
        }
        *out++ = c;
    }
    *out = '\0';
    return true;
}

bool lab_pairs_decode(struct lab_pairs *pairs, const char *text)
{
    char *copy = lab_need(strdup(text));
    char *rest = copy;
    char *field;
    bool ok = true;

    while (ok && (field = strsep(&rest, "&")) != NULL) {
        char *value = field;
        char *name = strsep(&value, "=");
        if (value == NULL) {
            value = name + strlen(name);
        }
        ok = percent_decode(name) && (value[0] == '\0' || percent_decode(value));
        if (ok && (name[0] != '\0' || value[0] != '\0')) {
            lab_pairs_add(pairs, name, value);
        }
    }
    free(copy);
    return ok;
}

void lab_pairs_clear(struct lab_pairs *pairs)
{
    for (size_t i = 0; i < pairs->count; i++) {
        free(pairs->item[i].name);
        free(pairs->item[i].value);
    }
    free(pairs->item);
    *pairs = (struct lab_pairs){0};
}

struct lab_request *lab_request_new(const char *method, const char *uri, unsigned long connection)
{
    struct lab_request *request = lab_need(calloc(1, sizeof(*request)));
    const char *mark = strchr(uri, '?');

    request->method = method;
    request->connection = connection;
    request->path = lab_need(mark != NULL ? strndup(uri, (size_t)(mark - uri)) : strdup(uri));
    /* What cannot be decoded is left out, and so its signature will not fit. */
    if (mark != NULL && !lab_pairs_decode(&request->query, mark + 1)) {
        lab_pairs_clear(&request->query);
    }
    return request;
}

void lab_request_free(struct lab_request *request)
{
    if (request == NULL) {
        return;
    }
    lab_pairs_clear(&request->headers);
    lab_pairs_clear(&request->query);
    lab_pairs_clear(&request->form);
    free(request->path);
    free(request->body);
    free(request);
}

const char *lab_request_param(const struct lab_request *request, const char *name)
{
    const char *value = lab_pairs_get(&request->query, name);
    return value != NULL ? value : lab_pairs_get(&request->form, name);
}
