#include <string.h>

#include "base/text.h"
#include "cloud/address.h"
#include "cloud/aliyun/operation.h"
#include "cloud/any_source.h"

/*
 * Our address as the internet sees it, from the https service that was named. It must be asked over
 * the kind of address that is dialled, and never through a proxy: the SSH packets use neither the
 * other kind nor the proxy, and would show another address. Of the reply only the address is kept.
 */
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

static void answered(void *owner, long status, const struct spf_secret *reply, const char *error)
{
    struct spf_operation *operation = owner;
    struct spf_lookup_facts *facts = &operation->inquiry->facts->lookup;
    const char *text = spf_secret_text(reply);
    const char *wrong = error;
    struct spf_failure failure;
    char said[40];

    operation->fetch = NULL;
    if (status != 0 && status != 200) {
        spf_format(said, sizeof said, "it answers with status %ld", status);
        wrong = said;
    } else if (status == 200 && strlen(text) != spf_secret_len(reply)) {
        wrong = "its reply has a zero byte, which no address has";
    } else if (status == 200 && take_address(text, family_of(operation), &facts->address, &wrong)) {
        spf_operation_finish(operation, NULL);
        return;
    }
    failure = spf_failure(SPF_SG_SOURCE_UNKNOWN, "%s does not tell your address: %s",
                          facts->service, wrong);
    spf_operation_finish(operation, &failure);
}

void spf_operation_lookup(struct spf_operation *operation)
{
    struct spf_lookup_facts *facts = &operation->inquiry->facts->lookup;
    struct spf_fetch_request request = {.method = "GET",
                                        .url = operation->inquiry->target->source_lookup,
                                        .ca_file = operation->aliyun->options->api.ca_file,
                                        .timeout_ms = operation->inquiry->target->timeout_ms,
                                        .direct = true,
                                        .family = family_of(operation)};
    struct spf_failure failure = {.cause = SPF_SYSTEM_ERROR};
    struct spf_error error;

    if (request.url == NULL) {
        request.url = "";
    }
    error = spf_lookup_parse(request.url, facts->service, sizeof facts->service);
    if (error.code != SPF_OK) {
        failure = spf_failure(SPF_SG_SOURCE_UNKNOWN, "%s", error.text);
    } else if (spf_operation_api(operation->aliyun) != NULL) {
        operation->fetch = spf_fetch_start(spf_api_transfers(operation->aliyun->api), &request,
                                           answered, operation);
    }
    if (operation->fetch == NULL) {
        spf_operation_finish(operation, &failure);
    }
}
