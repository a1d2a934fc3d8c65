#include "cloud/aliyun/parse.h"

#include <stdlib.h>
#include <string.h>

#include "base/encoding.h"
#include "cloud/aliyun/parse_common.h"
#include "cloud/console.h"

struct spf_error spf_parse_regions(struct json_object *reply, struct spf_region **regions,
                                   size_t *count)
{
    struct json_object *list = spf_json_path(reply, "Regions.Region");
    SPF_LIST(struct spf_region) found = {0};

    if (spf_json_count(list) == 0) {
        return lacks("Regions");
    }
    for (size_t i = 0; i < spf_json_count(list); i++) {
        struct json_object *item = spf_json_item(list, i);
        struct spf_region *region;

        /* One that is skipped would be one where the instance was not looked for. */
        if (spf_json_text(item, "RegionId")[0] == '\0') {
            free(found.items);
            return lacks("RegionId");
        }
        region = SPF_APPEND(&found);
        if (region == NULL) {
            free(found.items);
            return spf_no_memory();
        }
        take(item, "RegionId", region->id, sizeof region->id);
        take(item, "RegionEndpoint", region->endpoint, sizeof region->endpoint);
    }
    *regions = found.items;
    *count = found.count;
    return spf_ok();
}

/* "ssh-rsa AAAA…": a comment names its owner, and is nobody's business. NULL: no memory. */
static char *without_comment(const char *line)
{
    static const char blanks[] = " \t\r\n";
    struct spf_buf buf;

    spf_buf_init(&buf, 16384);
    for (int word = 0; word < 2; word++) {
        size_t len = strcspn(line += strspn(line, blanks), blanks);

        if (word > 0 && len > 0) {
            spf_buf_addch(&buf, ' ');
        }
        spf_buf_add_clean(&buf, line, len, 16000);
        line += len;
    }
    return spf_buf_take(&buf);
}

struct spf_error spf_parse_key_pair(struct json_object *reply, struct spf_key_pair_facts *facts)
{
    struct json_object *list = spf_json_path(reply, "KeyPairs.KeyPair");

    if (!json_object_is_type(list, json_type_array)) {
        return lacks("KeyPairs");
    }
    for (size_t i = 0; i < spf_json_count(list); i++) {
        struct json_object *item = spf_json_item(list, i);
        const char *key = spf_json_text(item, "PublicKey");

        if (strcmp(spf_json_text(item, "KeyPairName"), facts->name) != 0) {
            continue;
        }
        facts->found = true;
        TAKE(item, "KeyPairFingerPrint", facts->fingerprint);
        facts->created = take_time(item, "CreationTime");
        if (key[0] != '\0' && (facts->public_key = without_comment(key)) == NULL) {
            return spf_no_memory();
        }
        break;
    }
    return spf_ok();
}

struct spf_error spf_parse_vswitch(struct json_object *reply, struct spf_acl_facts *facts)
{
    struct json_object *acl = spf_json_get(reply, "NetworkAclId");

    if (spf_json_text(reply, "VSwitchId")[0] == '\0') {
        return lacks("VSwitchId");
    }
    if (acl != NULL && !json_object_is_type(acl, json_type_string)) {
        return spf_error(SPF_ERR_INVALID, "the API's reply has a NetworkAclId that is no text");
    }
    TAKE(reply, "NetworkAclId", facts->id);
    spf_block_set(&facts->vswitch_cidr, spf_json_text(reply, "CidrBlock"));
    TAKE(spf_json_get(reply, "RouteTable"), "RouteTableId", facts->route_table);
    facts->bound = facts->id[0] != '\0';
    return spf_ok();
}

struct spf_error spf_parse_identity(struct json_object *reply, struct spf_identity_facts *facts)
{
    if (spf_json_text(reply, "AccountId")[0] == '\0') {
        return lacks("AccountId");
    }
    TAKE(reply, "AccountId", facts->account);
    TAKE(reply, "Arn", facts->principal);
    return spf_ok();
}

/* "2018-03-22 10:04:57", in China's time, UTC+8. */
static int64_t take_china_time(struct json_object *json, const char *name)
{
    char text[24];
    int64_t utc;

    if (!spf_copy_whole(text, sizeof text - 1, spf_json_text(json, name)) || strlen(text) != 19) {
        return 0;
    }
    text[10] = 'T';
    text[19] = 'Z';
    text[20] = '\0';
    utc = spf_utc_parse(text);
    return utc > 8 * 3600 ? utc - 8 * 3600 : 0;
}

struct spf_error spf_parse_console(struct json_object *reply, struct spf_console_facts *facts)
{
    const char *base64 = spf_json_text(reply, "ConsoleOutput");
    size_t len = strlen(base64);
    size_t size = len / 4 * 3 + 3;
    struct spf_error error;
    uint8_t *text;
    long got;

    if (spf_json_get(reply, "ConsoleOutput") == NULL) {
        return lacks("ConsoleOutput");
    }
    text = malloc(size);
    if (text == NULL) {
        return spf_no_memory();
    }
    got = spf_base64_decode(base64, len, text, size);
    if (got < 0) {
        error = spf_error(SPF_ERR_INVALID, "the console's text is not base64");
    } else {
        error = spf_console_read((const char *)text, (size_t)got, facts);
    }
    free(text);
    facts->updated = take_china_time(reply, "LastUpdateTime");
    return error;
}
