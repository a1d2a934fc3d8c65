#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cloud/address.h"
#include "cloud/aliyun/operation.h"
#include "cloud/any_source.h"

/*
 * Our address as the internet sees it, from the https service that was named. It must be asked over
 * the kind of address that is dialled, and never through a proxy: the SSH packets use neither the
 * other kind nor the proxy, and would show another address. Of the reply only the address is kept.
 * Several targets ask it once.
 */
struct spf_lookup {
    struct spf_lookup *next;
    char *url;
    int family;
    struct spf_fetch *fetch; /* NULL: it has answered */
    struct spf_ip address;   /* family 0: it has told none */
    char wrong[200];         /* and why */
    SPF_LIST(struct spf_operation *) waiting;
    bool telling;
};

static bool take_address(const char *reply, int family, struct spf_ip *address, const char **wrong)
{
    char text[SPF_IP_TEXT_SIZE];
    size_t len;

    reply += strspn(reply, " \t\r\n");
    len = strcspn(reply, " \t\r\n");
    *wrong = "its reply is not an address and nothing else";
    if (len == 0 || len >= sizeof text || reply[len + strspn(reply + len, " \t\r\n")] != '\0') {
        return false;
    }
    memcpy(text, reply, len);
    text[len] = '\0';
    if (!spf_ip_parse(text, address)) {
        return false;
    }
    spf_ip_unmap(address);
    *wrong = "it tells an address of the other kind (IPv4, IPv6) than the one that is dialled";
    if (address->family != family) {
        return false;
    }
    *wrong = "it tells an address that nobody has in the internet";
    return spf_ip_may_cross_internet(address);
}

static int family_of(const struct spf_operation *operation)
{
    return spf_cloud_judged_address(operation->inquiry->target, operation->inquiry->facts)
        .ip.family;
}

/* What came of it is one operation's. */
static void tell(const struct spf_lookup *lookup, struct spf_operation *operation)
{
    struct spf_lookup_facts *facts = operation->inquiry->facts->lookup;
    struct spf_failure failure;

    operation->lookup = NULL;
    if (lookup->address.family != 0) {
        facts->address = lookup->address;
        spf_operation_finish(operation, NULL);
        return;
    }
    failure = spf_failure(SPF_SG_SOURCE_UNKNOWN, "%s does not tell your address: %s",
                          facts->service, lookup->wrong);
    spf_operation_finish(operation, &failure);
}

static void free_lookup(struct spf_lookup *lookup)
{
    if (lookup->fetch != NULL) {
        spf_fetch_cancel(lookup->fetch);
    }
    for (size_t i = 0; i < lookup->waiting.count; i++) {
        lookup->waiting.items[i]->lookup = NULL;
    }
    free(lookup->waiting.items);
    free(lookup->url);
    free(lookup);
}

static void answered(void *owner, long status, const struct spf_secret *reply, const char *error)
{
    struct spf_lookup *lookup = owner;
    const char *text = spf_secret_text(reply);
    const char *wrong = error;
    struct spf_ip address;
    char said[40];

    lookup->fetch = NULL;
    if (status != 0 && status != 200) {
        spf_format(said, sizeof said, "it answers with status %ld", status);
        wrong = said;
    } else if (status == 200 && strlen(text) != spf_secret_len(reply)) {
        wrong = "its reply has a zero byte, which no address has";
    } else if (status == 200 && take_address(text, lookup->family, &address, &wrong)) {
        lookup->address = address;
    }
    spf_copy(lookup->wrong, sizeof lookup->wrong, wrong);
    lookup->telling = true; /* and not to be freed by what that leads to */
    while (lookup->waiting.count > 0) {
        tell(lookup, lookup->waiting.items[--lookup->waiting.count]);
    }
    lookup->telling = false;
}

/* The one that was begun in this round; NULL: none. */
static struct spf_lookup *find(const struct spf_aliyun *aliyun, const char *url, int family)
{
    struct spf_lookup *lookup = aliyun->lookups;

    while (lookup != NULL && (lookup->family != family || strcmp(lookup->url, url) != 0)) {
        lookup = lookup->next;
    }
    return lookup;
}

/* NULL: no memory. */
static struct spf_lookup *begin(const struct spf_operation *operation, const char *url, int family)
{
    struct spf_aliyun *aliyun = operation->aliyun;
    struct spf_lookup *lookup = calloc(1, sizeof *lookup);
    struct spf_fetch_request request = {.method = "GET",
                                        .url = url,
                                        .ca_file = aliyun->options->api.ca_file,
                                        .timeout_ms = operation->inquiry->target->timeout_ms,
                                        .direct = true,
                                        .family = family};

    if (lookup == NULL || (lookup->url = strdup(url)) == NULL ||
        spf_aliyun_api(operation->aliyun) == NULL ||
        (lookup->fetch =
             spf_fetch_start(spf_api_transfers(aliyun->api), &request, answered, lookup)) == NULL) {
        free(lookup != NULL ? lookup->url : NULL);
        free(lookup);
        return NULL;
    }
    lookup->family = family;
    lookup->next = aliyun->lookups;
    aliyun->lookups = lookup;
    return lookup;
}

static void leave(struct spf_operation *operation)
{
    struct spf_lookup *lookup = operation->lookup;
    size_t kept = 0;

    if (lookup == NULL) {
        return;
    }
    operation->lookup = NULL;
    for (size_t i = 0; i < lookup->waiting.count; i++) {
        if (lookup->waiting.items[i] != operation) {
            lookup->waiting.items[kept++] = lookup->waiting.items[i];
        }
    }
    lookup->waiting.count = kept;
}

void spf_operation_lookup(struct spf_operation *operation)
{
    struct spf_lookup_facts *facts = operation->inquiry->facts->lookup;
    const char *url = operation->inquiry->target->source_lookup;
    const int family = family_of(operation);
    struct spf_failure failure = {.cause = SPF_SYSTEM_ERROR};
    struct spf_operation **place;
    struct spf_lookup *lookup;
    struct spf_error error;

    error = spf_lookup_parse(url, facts->service, sizeof facts->service);
    if (error.code != SPF_OK) {
        failure = spf_failure(SPF_SG_SOURCE_UNKNOWN, "%s", error.text);
        spf_operation_finish(operation, &failure);
        return;
    }
    /* A target that shares nothing asks again in each round. */
    if (operation->aliyun->share == NULL) {
        spf_lookups_forget(operation->aliyun, false);
    }
    lookup = find(operation->aliyun, url, family);
    lookup = lookup != NULL ? lookup : begin(operation, url, family);
    if (lookup != NULL && lookup->fetch == NULL) {
        tell(lookup, operation);
        return;
    }
    place = lookup != NULL ? SPF_APPEND(&lookup->waiting) : NULL;
    if (place == NULL) {
        spf_operation_finish(operation, &failure);
        return;
    }
    *place = operation;
    operation->lookup = lookup;
    operation->leave = leave;
}

void spf_lookups_forget(struct spf_aliyun *aliyun, bool all)
{
    struct spf_lookup **link = &aliyun->lookups;

    while (*link != NULL) {
        struct spf_lookup *lookup = *link;

        if (all || (lookup->fetch == NULL && !lookup->telling)) {
            *link = lookup->next;
            free_lookup(lookup);
        } else {
            link = &lookup->next;
        }
    }
}
