#include "cloud/aliyun/http/fetch.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define REPLY_MAX ((size_t)64 << 10)

struct spf_fetch {
    struct spf_transfers *transfers;
    struct spf_transfer transfer;
    spf_fetch_done *done;
    void *owner;
    struct curl_slist *headers;
    struct spf_secret *reply; /* REPLY_MAX bytes, of which len are used */
    size_t len;
    bool too_large;
    char error[CURL_ERROR_SIZE];
    char detail[CURL_ERROR_SIZE]; /* libcurl's words, unfiltered */
};

static size_t on_body(char *bytes, size_t size, size_t count, void *owner)
{
    struct spf_fetch *fetch = owner;
    size_t len = size * count;

    if (len > REPLY_MAX - fetch->len) {
        fetch->too_large = true;
        return 0;
    }
    memcpy(spf_secret_bytes(fetch->reply) + fetch->len, bytes, len);
    fetch->len += len;
    return len;
}

void spf_fetch_cancel(struct spf_fetch *fetch)
{
    spf_transfers_drop(fetch->transfers, &fetch->transfer);
    for (struct curl_slist *item = fetch->headers; item != NULL; item = item->next) {
        explicit_bzero(item->data, strlen(item->data));
    }
    curl_slist_free_all(fetch->headers);
    spf_secret_free(fetch->reply);
    free(fetch);
}

static void finished(struct spf_transfer *transfer, CURLcode result)
{
    struct spf_fetch *fetch = transfer->owner;
    long status = 0;

    if (result == CURLE_OK) {
        (void)curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
    } else if (fetch->too_large) {
        spf_copy(fetch->error, sizeof fetch->error, "the reply is larger than 64 KiB");
    } else {
        spf_transfer_words(fetch->error, sizeof fetch->error, (int)result, fetch->detail);
    }
    spf_secret_truncate(fetch->reply, fetch->len);
    fetch->done(fetch->owner, status, fetch->reply, fetch->error);
    spf_fetch_cancel(fetch);
}

static bool add_headers(struct spf_fetch *fetch, const struct spf_fetch_request *request)
{
    size_t len = request->header != NULL ? strlen(request->header) + 1 : 0;
    struct curl_slist *list;
    struct spf_secret *line;

    if (request->body != NULL) {
        fetch->headers = curl_slist_append(NULL, "Content-Type: application/json");
    }
    if (request->header == NULL) {
        return true;
    }
    if (request->secret != NULL) {
        len += spf_secret_len(request->secret);
    }
    line = spf_secret_alloc(len);
    if (line == NULL) {
        return false;
    }
    spf_format((char *)spf_secret_bytes(line), len, "%s%s", request->header,
               request->secret != NULL ? spf_secret_text(request->secret) : "");
    list = curl_slist_append(fetch->headers, spf_secret_text(line));
    spf_secret_free(line);
    if (list != NULL) {
        fetch->headers = list;
    }
    return list != NULL;
}

static bool prepare(struct spf_fetch *fetch, const struct spf_fetch_request *request)
{
    CURL *easy = fetch->transfer.easy;
    CURLcode bad = CURLE_OK;

    if (!spf_transfer_setup(easy, request->ca_file, spf_starts_with(request->url, "http://")) ||
        !add_headers(fetch, request)) {
        return false;
    }
    bad |= curl_easy_setopt(easy, CURLOPT_URL, request->url);
    bad |= curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method);
    bad |= curl_easy_setopt(easy, CURLOPT_HTTPHEADER, fetch->headers);
    bad |= curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)request->timeout_ms);
    bad |= curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)request->connect_ms);
    bad |= curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    bad |= curl_easy_setopt(easy, CURLOPT_WRITEDATA, fetch);
    bad |= curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, fetch->detail);
    if (request->body != NULL) {
        bad |= curl_easy_setopt(easy, CURLOPT_COPYPOSTFIELDS, request->body);
    }
    if (request->family != 0) {
        bad |=
            curl_easy_setopt(easy, CURLOPT_IPRESOLVE,
                             (long)(request->family == 4 ? CURL_IPRESOLVE_V4 : CURL_IPRESOLVE_V6));
    }
    if (request->direct) {
        bad |= curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
    }
    return bad == CURLE_OK;
}

struct spf_fetch *spf_fetch_start(struct spf_transfers *transfers,
                                  const struct spf_fetch_request *request, spf_fetch_done *done,
                                  void *owner)
{
    struct spf_fetch *fetch = calloc(1, sizeof *fetch);

    if (fetch == NULL) {
        return NULL;
    }
    fetch->transfers = transfers;
    fetch->done = done;
    fetch->owner = owner;
    fetch->reply = spf_secret_alloc(REPLY_MAX);
    fetch->transfer = (struct spf_transfer){curl_easy_init(), finished, fetch};
    if (fetch->reply == NULL || fetch->transfer.easy == NULL || !prepare(fetch, request) ||
        !spf_transfers_add(transfers, &fetch->transfer)) {
        spf_fetch_cancel(fetch);
        return NULL;
    }
    return fetch;
}
