#include "base/secret.h"

#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/shortage.h"

/* Whole pages, so that neither mlock nor MADV_DONTDUMP touches a neighbour's memory. */
struct spf_secret {
    size_t len;
    size_t mapped;
    atomic_uint owners;
    unsigned char bytes[];
};

struct spf_secret *spf_secret_alloc(size_t len)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t need = sizeof(struct spf_secret) + len + 1;
    size_t mapped;
    struct spf_secret *secret;

    if (need < len || need > SIZE_MAX - page) {
        return NULL;
    }
    mapped = (need + page - 1) / page * page;
    secret = mmap(NULL, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (secret == MAP_FAILED) {
        spf_ran_short();
        return NULL;
    }
    /* Best effort: a small RLIMIT_MEMLOCK must not keep anyone from a diagnosis. */
    (void)mlock(secret, mapped);
    (void)madvise(secret, mapped, MADV_DONTDUMP);
    secret->len = len;
    secret->mapped = mapped;
    atomic_init(&secret->owners, 1);
    return secret;
}

struct spf_secret *spf_secret_new(const void *bytes, size_t len)
{
    struct spf_secret *secret = spf_secret_alloc(len);

    if (secret != NULL && len > 0) {
        memcpy(secret->bytes, bytes, len);
    }
    return secret;
}

struct spf_secret *spf_secret_share(struct spf_secret *secret)
{
    if (secret != NULL) {
        atomic_fetch_add(&secret->owners, 1);
    }
    return secret;
}

void spf_secret_free(struct spf_secret *secret)
{
    if (secret == NULL || atomic_fetch_sub(&secret->owners, 1) > 1) {
        return;
    }
    explicit_bzero(secret->bytes, secret->len);
    (void)munmap(secret, secret->mapped);
}

void spf_secret_truncate(struct spf_secret *secret, size_t len)
{
    if (len >= secret->len) {
        return;
    }
    explicit_bzero(secret->bytes + len, secret->len - len);
    secret->len = len;
}

const char *spf_secret_text(const struct spf_secret *secret)
{
    return (const char *)secret->bytes;
}

unsigned char *spf_secret_bytes(struct spf_secret *secret)
{
    return secret->bytes;
}

size_t spf_secret_len(const struct spf_secret *secret)
{
    return secret->len;
}

void spf_secret_guard_process(void)
{
    struct rlimit none = {0, 0};

    (void)setrlimit(RLIMIT_CORE, &none);
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}
