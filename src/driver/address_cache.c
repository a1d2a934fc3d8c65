#include "driver/address_cache.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "base/clock.h"
#include "base/encoding.h"
#include "base/shape.h"
#include "platform/cache.h"

#define KEPT_S      ((int64_t)90 * 86400)
#define FRESH_S     ((int64_t)86400) /* so old a line may grow before it is written again */
#define AHEAD_S     ((int64_t)86400) /* another machine's clock, on a shared home */
#define ENTRIES_MAX 1000             /* below SPF_CACHE_FILE_MAX, whatever they hold */
#define LINE_BYTES  255

static const char title[] = "sshpreflight remembered addresses 1";

struct spf_address_cache {
    char name[17]; /* of the file: the hash of the scope; "" none */
    SPF_LIST(struct spf_cached_address) entries;
    SPF_LIST(struct spf_cached_address) learnt; /* address "": to be forgotten */
};

/* ---- a line -------------------------------------------------------------------------------- */

static bool is_word(const char *text)
{
    return text[0] != '\0' && text[strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-")] == '\0';
}

static bool is_fingerprint(const char *text)
{
    uint8_t octets[33];

    return strncmp(text, "SHA256:", 7) == 0 && strlen(text) == 7 + 43 &&
           spf_base64_decode(text + 7, 43, octets, sizeof octets) == 32;
}

/* Could it have been learnt? */
static bool is_sound(const struct spf_cached_address *entry)
{
    char again[SPF_IP_TEXT_SIZE];
    struct spf_ip ip;

    if (!is_word(entry->instance) || strncmp(entry->instance, "i-", 2) != 0 ||
        !is_word(entry->way) || !is_word(entry->region) || !spf_ip_parse(entry->address, &ip) ||
        (entry->host_key[0] != '\0' && !is_fingerprint(entry->host_key))) {
        return false;
    }
    spf_ip_format(&ip, again);
    return strcmp(again, entry->address) == 0;
}

static bool read_line(char *line, int64_t now, struct spf_cached_address *entry)
{
    char *word[6];
    size_t count = 0;

    for (char *part; (part = strsep(&line, " ")) != NULL; count++) {
        if (count == 6) {
            return false;
        }
        word[count] = part;
    }
    *entry = (struct spf_cached_address){0};
    if (count != 6 || !spf_copy_whole(entry->instance, sizeof entry->instance, word[0]) ||
        !spf_copy_whole(entry->way, sizeof entry->way, word[1]) ||
        !spf_copy_whole(entry->region, sizeof entry->region, word[2]) ||
        !spf_copy_whole(entry->address, sizeof entry->address, word[3]) ||
        !spf_copy_whole(entry->host_key, sizeof entry->host_key,
                        strcmp(word[4], "-") == 0 ? "" : word[4])) {
        return false;
    }
    entry->seen = spf_decimal(word[5], SPF_SECONDS_MAX, -1);
    return entry->seen >= now - KEPT_S && entry->seen <= now + AHEAD_S && is_sound(entry);
}

static bool is_same(const struct spf_cached_address *entry, const char *instance, const char *way)
{
    return strcmp(entry->instance, instance) == 0 && (way == NULL || strcmp(entry->way, way) == 0);
}

const struct spf_cached_address *spf_address_cache_find(const struct spf_address_cache *cache,
                                                        const char *instance, const char *way)
{
    for (size_t i = 0; i < cache->entries.count; i++) {
        if (is_same(&cache->entries.items[i], instance, way)) {
            return &cache->entries.items[i];
        }
    }
    return NULL;
}

void spf_address_cache_read(struct spf_address_cache *cache, const char *text, size_t len,
                            int64_t now)
{
    const char *end = text + len;
    bool titled = false;

    while (text < end && cache->entries.count < ENTRIES_MAX) {
        const char *feed = memchr(text, '\n', (size_t)(end - text));
        char line[LINE_BYTES + 1];
        struct spf_cached_address entry;
        struct spf_cached_address *place;
        size_t size;

        if (feed == NULL) {
            return; /* cut */
        }
        size = (size_t)(feed - text);
        if (size > LINE_BYTES || memchr(text, '\0', size) != NULL) {
            size = 0;
        }
        memcpy(line, text, size);
        line[size] = '\0';
        text = feed + 1;
        if (!titled && strcmp(line, title) != 0) {
            return; /* of another version, or of another program */
        }
        if (titled && read_line(line, now, &entry) &&
            spf_address_cache_find(cache, entry.instance, entry.way) == NULL &&
            (place = SPF_APPEND(&cache->entries)) != NULL) {
            *place = entry;
        }
        titled = true;
    }
}

void spf_address_cache_write(const struct spf_address_cache *cache, struct spf_buf *out)
{
    spf_buf_addf(out, "%s\n", title);
    for (size_t i = 0; i < cache->entries.count; i++) {
        const struct spf_cached_address *entry = &cache->entries.items[i];

        spf_buf_addf(out, "%s %s %s %s %s %lld\n", entry->instance, entry->way, entry->region,
                     entry->address, entry->host_key[0] != '\0' ? entry->host_key : "-",
                     (long long)entry->seen);
    }
}

/* ---- what changes -------------------------------------------------------------------------- */

/* The last one learnt is the first of the file, so that what was not seen for long is cut off. */
static void put(struct spf_address_cache *cache, const struct spf_cached_address *now)
{
    struct spf_cached_address *items;
    size_t kept = 0;

    for (size_t i = 0; i < cache->entries.count; i++) {
        if (!is_same(&cache->entries.items[i], now->instance,
                     now->address[0] != '\0' ? now->way : NULL)) {
            cache->entries.items[kept++] = cache->entries.items[i];
        }
    }
    cache->entries.count = kept;
    if (now->address[0] == '\0') {
        return;
    }
    if (cache->entries.count >= ENTRIES_MAX) {
        cache->entries.count = ENTRIES_MAX - 1;
    }
    if (SPF_APPEND(&cache->entries) == NULL) {
        return;
    }
    items = cache->entries.items;
    memmove(items + 1, items, (cache->entries.count - 1) * sizeof *items);
    items[0] = *now;
}

static void change(struct spf_address_cache *cache, const struct spf_cached_address *now)
{
    struct spf_cached_address *place =
        cache->learnt.count < ENTRIES_MAX ? SPF_APPEND(&cache->learnt) : NULL;

    if (place == NULL) {
        return;
    }
    *place = *now;
    put(cache, now);
}

void spf_address_cache_learn(struct spf_address_cache *cache, const struct spf_cached_address *now)
{
    const struct spf_cached_address *before =
        spf_address_cache_find(cache, now->instance, now->way);
    struct spf_cached_address next = *now;

    if (before != NULL && next.host_key[0] == '\0' && strcmp(before->address, next.address) == 0) {
        spf_copy(next.host_key, sizeof next.host_key, before->host_key);
    }
    if (!is_sound(&next) ||
        (before != NULL && strcmp(before->region, next.region) == 0 &&
         strcmp(before->address, next.address) == 0 &&
         strcmp(before->host_key, next.host_key) == 0 && next.seen - before->seen < FRESH_S)) {
        return;
    }
    change(cache, &next);
}

void spf_address_cache_forget(struct spf_address_cache *cache, const char *instance)
{
    struct spf_cached_address none = {0};

    if (spf_address_cache_find(cache, instance, NULL) != NULL &&
        spf_copy_whole(none.instance, sizeof none.instance, instance)) {
        change(cache, &none);
    }
}

static bool edit(void *context, const struct spf_buf *before, struct spf_buf *after)
{
    const struct spf_address_cache *cache = context;
    struct spf_address_cache *now = spf_address_cache_empty();

    if (now == NULL) {
        return false;
    }
    spf_address_cache_read(now, before->data, before->len, spf_utc_now());
    for (size_t i = 0; i < cache->learnt.count; i++) {
        put(now, &cache->learnt.items[i]);
    }
    spf_address_cache_write(now, after);
    spf_address_cache_free(now);
    return true;
}

void spf_address_cache_save(struct spf_address_cache *cache)
{
    if (cache->learnt.count > 0 && cache->name[0] != '\0') {
        (void)!spf_cache_edit(cache->name, edit, cache);
    }
    cache->learnt.count = 0;
}

/* ---- one set of credentials ---------------------------------------------------------------- */

static void hash(const char *scope, char out[17])
{
    uint8_t octets[EVP_MAX_MD_SIZE] = {0};
    struct spf_buf hex;

    spf_buf_init(&hex, 16);
    if (EVP_Digest(scope, strlen(scope), octets, NULL, EVP_sha256(), NULL) == 1) {
        spf_buf_add_hex(&hex, octets, 8, 0);
    }
    spf_copy(out, 17, hex.data);
    spf_buf_clear(&hex);
}

struct spf_address_cache *spf_address_cache_empty(void)
{
    return calloc(1, sizeof(struct spf_address_cache));
}

struct spf_address_cache *spf_address_cache_new(const char *scope)
{
    struct spf_address_cache *cache = spf_address_cache_empty();
    struct spf_buf text;

    if (cache == NULL) {
        return NULL;
    }
    hash(scope, cache->name);
    if (cache->name[0] == '\0') {
        return cache;
    }
    spf_buf_init(&text, SPF_CACHE_FILE_MAX);
    if (spf_cache_read(cache->name, &text)) {
        spf_address_cache_read(cache, text.data, text.len, spf_utc_now());
    }
    spf_buf_clear(&text);
    return cache;
}

bool spf_address_cache_is_about(const struct spf_address_cache *cache, const char *scope)
{
    char hashed[17];

    hash(scope, hashed);
    return strcmp(hashed, cache->name) == 0;
}

size_t spf_address_cache_count(const struct spf_address_cache *cache)
{
    return cache->entries.count;
}

void spf_address_cache_free(struct spf_address_cache *cache)
{
    if (cache == NULL) {
        return;
    }
    free(cache->entries.items);
    free(cache->learnt.items);
    free(cache);
}
