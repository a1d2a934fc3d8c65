#pragma once

#include "base/ip.h"
#include "base/text.h"

/*
 * Where instances were found in earlier runs: a small file of the user's cache for each set of
 * credentials (platform/cache.h). It saves time and proves nothing: what it says is where the SSH
 * half may begin before the cloud has answered, and no check ever sees it.
 */
struct spf_cached_address {
    char instance[80]; /* its id */
    char way[8];       /* which of its addresses was asked for: --address's word, with a family */
    char region[40];
    char address[SPF_IP_TEXT_SIZE]; /* as spf_ip_format writes it */
    char host_key[64];              /* the one shown last, SHA256:...; "": none was */
    int64_t seen;                   /* seconds since the epoch */
};

struct spf_address_cache;

/* scope: what distinguishes credentials and endpoints from others; not kept in clear. Reads the
 * file; one that cannot be trusted or read is as good as none. NULL: no memory. */
struct spf_address_cache *spf_address_cache_new(const char *scope);
bool spf_address_cache_is_about(const struct spf_address_cache *cache, const char *scope);
/* Takes NULL. */
void spf_address_cache_free(struct spf_address_cache *cache);

/* NULL: nothing is remembered. Borrowed until something is learnt. */
const struct spf_cached_address *spf_address_cache_find(const struct spf_address_cache *cache,
                                                        const char *instance, const char *way);
/* The same from now on, and in the file once it is saved. What no line can hold is left out. */
void spf_address_cache_learn(struct spf_address_cache *cache, const struct spf_cached_address *now);
/* The cloud does not know the instance. */
void spf_address_cache_forget(struct spf_address_cache *cache, const char *instance);

/* Writes what has changed since, with what other processes wrote meanwhile. */
void spf_address_cache_save(struct spf_address_cache *cache);

/* The file's text, for spf_address_cache_new and its fuzzer: lines that are not whole, of the
 * future or older than 90 days do not count. now: seconds since the epoch. */
void spf_address_cache_read(struct spf_address_cache *cache, const char *text, size_t len,
                            int64_t now);
void spf_address_cache_write(const struct spf_address_cache *cache, struct spf_buf *out);
struct spf_address_cache *spf_address_cache_empty(void); /* of no file */
size_t spf_address_cache_count(const struct spf_address_cache *cache);
